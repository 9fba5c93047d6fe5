//! A copy of a data directory that can be opened, made beside a running node.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::{Digest, Seq};
use rocksdb::{DB, DEFAULT_COLUMN_FAMILY_NAME, IteratorMode, WriteBatch, WriteOptions};
use thiserror::Error;

use crate::batch::Batch;
use crate::chain::{ChainBreak, Tip};
use crate::database::{StoreError, durable_options, scan_options};
use crate::keys::{DataDir, seq_key};
use crate::reader::{LogReader, RawBatch, ReadError};
use crate::scratch::Scratch;
use crate::watermark::{Mark, MarkError, Watermark};

/// Bytes that are written at a time.
const CHUNK_BYTES: usize = 4 << 20;

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The end of the copied log.
    pub tip: Tip,
    /// Hash of its genesis entry, which names it.
    pub log_id: Digest,
    /// Its batches.
    pub batches: u64,
}

/// Why there is no copy. What was written of it is of no use.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The copy's folder has something in it.
    #[error("{}: not an empty folder", .0.display())]
    Occupied(PathBuf),
    /// Something cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log cannot be read, or its archive is missing.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A record of the log is no batch.
    #[error("the record at {at} is no batch: {source}")]
    Batch {
        /// Its key.
        at: Seq,
        /// Why.
        source: berth_domain::codec::DecodeError,
    },
    /// A batch does not follow the one before it.
    #[error("the batch at {at}: {source}")]
    Break {
        /// Its first entry.
        at: Seq,
        /// Why.
        source: ChainBreak,
    },
    /// The log is empty.
    #[error("the log is empty")]
    Empty,
    /// The watermark cannot tell how far the log was durable.
    #[error("{}: the watermark is damaged, so nobody can say whether the log is whole; `verify` says more", .0.display())]
    WatermarkDamaged(PathBuf),
    /// The log lacks what was durable once, or has something else there: a copy of
    /// it would pass for whole.
    #[error("the log was durable up to entry {durable} once, and what can be read ends at {end}; `verify` says more")]
    Short {
        /// What the watermark says.
        durable: Seq,
        /// Where the log ends.
        end: Seq,
    },
}

/// Copies log and private store of `from`, beside whoever may be writing them, to
/// `to`, which must be empty or not there. Only what is known to be durable is
/// copied, and every link of it is checked on the way. Events, tree and snapshots
/// are not: they are made anew out of the log. What was archived is part of the log
/// of the copy again.
///
/// The specification of an order is kept before the order is in the log, and the
/// private store is copied after the log: so the copy has all of them.
///
/// # Errors
/// When something cannot be read, written, or does not link.
pub fn copy(from: &DataDir, to: &DataDir) -> Result<Copied, CopyError> {
    let root = to.root();
    let occupied = fs::read_dir(root).map(|mut files| files.next().is_some());
    match occupied {
        Ok(true) => return Err(CopyError::Occupied(root.to_owned())),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(StoreError::file(root)(e).into()),
        _ => {}
    }
    to.create().map_err(StoreError::file(root))?;
    // Before the log is opened: what is durable by now must be in it.
    let marked = from.watermark();
    let mark = match Mark::read(&marked) {
        Ok(mark) => mark,
        Err(MarkError::File(source)) => return Err(StoreError::file(&marked)(source).into()),
        Err(MarkError::Damaged) => return Err(CopyError::WatermarkDamaged(marked)),
    };
    let mut copied = Copied { tip: Tip::default(), log_id: Digest::default(), batches: 0 };
    let mut target = Target::create(&to.log(), &[DEFAULT_COLUMN_FAMILY_NAME.to_owned()])?;
    for record in LogReader::open(from)?.read_raw(Seq(1)) {
        let RawBatch { first: at, last, bytes } = record?;
        if mark.is_some_and(|mark| last > mark.seq) {
            break;
        }
        let batch = Batch::decode(&bytes).map_err(|source| CopyError::Batch { at, source })?;
        copied.tip.check_links(&batch).map_err(|source| CopyError::Break { at, source })?;
        if copied.batches == 0 {
            copied.log_id = batch.entries.first().map(berth_domain::Entry::hash).unwrap_or_default();
        }
        copied.tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events };
        copied.batches += 1;
        target.put(DEFAULT_COLUMN_FAMILY_NAME, &seq_key(at), &bytes)?;
    }
    target.finish()?;
    if copied.batches == 0 {
        return Err(CopyError::Empty);
    }
    if let Some(mark) = mark.filter(|mark| (mark.seq, mark.hash) != (copied.tip.seq, copied.tip.hash)) {
        return Err(CopyError::Short { durable: mark.seq, end: copied.tip.seq });
    }
    let mark = to.watermark();
    drop(Watermark::open(&mark, Mark { seq: copied.tip.seq, hash: copied.tip.hash }).map_err(StoreError::file(&mark))?);
    if from.private().join("CURRENT").exists() {
        to.create_private().map_err(StoreError::file(&to.private()))?;
        copy_database(&from.private(), &to.private(), |_, _| Ok(true))?;
    }
    to.sync().map_err(StoreError::file(root))?;
    Ok(copied)
}

/// Copies a RocksDB database record by record, one column family after the other,
/// each in the order of its keys, until `take` will have no more of it; durable when
/// this returns. The other may be in use.
///
/// # Errors
/// When one of them fails, and those of `take`.
pub fn copy_database(
    from: &Path,
    to: &Path,
    mut take: impl FnMut(&[u8], &[u8]) -> Result<bool, CopyError>,
) -> Result<(), CopyError> {
    // Opening what is not there would make its folder.
    if !from.join("CURRENT").exists() {
        return Err(StoreError::file(from)(io::ErrorKind::NotFound.into()).into());
    }
    let scratch = Scratch::new().map_err(StoreError::file(&std::env::temp_dir()))?;
    let mut options = durable_options();
    // A secondary must hold every table open: the primary may delete one.
    options.set_max_open_files(-1);
    let families = DB::list_cf(&options, from).map_err(StoreError::database(from))?;
    let source =
        DB::open_cf_as_secondary(&options, from, scratch.path(), &families).map_err(StoreError::database(from))?;
    let mut target = Target::create(to, &families)?;
    for family in &families {
        let records = source.cf_handle(family).expect("the database was opened with it");
        for record in source.iterator_cf_opt(records, scan_options(), IteratorMode::Start) {
            let (key, value) = record.map_err(StoreError::database(from))?;
            if !take(&key, &value)? {
                break;
            }
            target.put(family, &key, &value)?;
        }
    }
    Ok(target.finish()?)
}

/// A database that is written once, from front to back.
struct Target {
    db: DB,
    path: PathBuf,
    families: Vec<String>,
    waiting: WriteBatch,
}

impl Target {
    fn create(path: &Path, families: &[String]) -> Result<Self, StoreError> {
        let mut options = durable_options();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_error_if_exists(true);
        let db = DB::open_cf(&options, path, families).map_err(StoreError::database(path))?;
        Ok(Self { db, path: path.to_owned(), families: families.to_vec(), waiting: WriteBatch::default() })
    }

    fn put(&mut self, family: &str, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let family = self.db.cf_handle(family).expect("the database was made with it");
        self.waiting.put_cf(family, key, value);
        if self.waiting.size_in_bytes() >= CHUNK_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        // What is flushed at the end needs no log of its own.
        let mut unlogged = WriteOptions::default();
        unlogged.disable_wal(true);
        let waiting = std::mem::take(&mut self.waiting);
        self.db.write_opt(waiting, &unlogged).map_err(StoreError::database(&self.path))
    }

    /// All of it is durable then.
    fn finish(mut self) -> Result<(), StoreError> {
        self.write()?;
        for family in &self.families {
            let family = self.db.cf_handle(family).expect("the database was made with it");
            self.db.flush_cf(family).map_err(StoreError::database(&self.path))?;
        }
        Ok(())
    }
}
