//! Reading batches back, from the node's own database or beside a running one.

use std::io;
use std::path::{Path, PathBuf};

use berth_domain::Seq;
use berth_domain::codec::DecodeError;
use rocksdb::{DB, DBIteratorWithThreadMode, Direction, IteratorMode};
use thiserror::Error;

use crate::archive::{Archive, Filling, SegmentFault};
use crate::batch::{Batch, span};
use crate::database::{StoreError, durable_options, scan_options};
use crate::keys::{DataDir, seq_key, seq_of_key};
use crate::scratch::Scratch;

/// Why a record of the log is no batch.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The database could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is no sequence number.
    #[error("a record's key is {0} bytes, not 8")]
    Key(usize),
    /// The bytes are no batch.
    #[error("the batch at {at}: {source}")]
    Batch {
        /// The record's key.
        at: Seq,
        /// Why.
        source: DecodeError,
    },
    /// The batch stands under another number than its own.
    #[error("the batch at {at} says that it begins at {first}")]
    Misplaced {
        /// The record's key.
        at: Seq,
        /// What the batch says.
        first: Seq,
    },
    /// Batches were archived, and the archive is not there.
    #[error("entries {first} to {last} were archived, and {} does not hold them", folder.display())]
    Archived {
        /// The first that is missing.
        first: Seq,
        /// The last.
        last: Seq,
        /// Where they should be.
        folder: PathBuf,
    },
    /// A segment of the archive cannot be read.
    #[error("{}: {fault}", file.display())]
    Archive {
        /// The segment, or the folder.
        file: PathBuf,
        /// Why.
        fault: Box<SegmentFault>,
    },
}

impl ReadError {
    /// Where in the log it is, when that is known.
    #[must_use]
    pub const fn seq(&self) -> Option<Seq> {
        match self {
            Self::Batch { at, .. } | Self::Misplaced { at, .. } => Some(*at),
            Self::Archived { first, .. } => Some(*first),
            Self::Store(_) | Self::Key(_) | Self::Archive { .. } => None,
        }
    }
}

/// Batches in order, from the database and, where that has a gap, from the
/// archive.
pub(crate) struct Batches<'a> {
    records: DBIteratorWithThreadMode<'a, DB>,
    path: &'a Path,
    archive: &'a Archive,
    /// What comes next, when that is known.
    next: Option<Seq>,
    filling: Option<Filling>,
    /// Stands behind what is filled in.
    held: Option<(Seq, Box<[u8]>)>,
}

impl<'a> Batches<'a> {
    /// From the batch that holds `from`; behind the end of the log, from its last.
    pub(crate) fn new(db: &'a DB, path: &'a Path, archive: &'a Archive, from: Seq) -> Self {
        // The batch that holds an entry stands at or before the entry's number.
        let key = seq_key(from);
        let before = db.iterator_opt(IteratorMode::From(&key, Direction::Reverse), scan_options()).next();
        let before = before.and_then(Result::ok);
        let scan = |key: &[u8]| db.iterator_opt(IteratorMode::From(key, Direction::Forward), scan_options());
        let ends_before = before.as_ref().and_then(|(_, bytes)| span(bytes)).is_some_and(|(_, last)| last < from);
        // It ends before, and others stand behind it: the entry was archived.
        let is_in_gap = ends_before && scan(&key).next().is_some();
        let start = before.filter(|_| !is_in_gap).map_or_else(|| Box::from(&key[..]), |(key, _)| key);
        let next = is_in_gap.then_some(from);
        Self { records: scan(&start), path, archive, next, filling: None, held: None }
    }
}

/// The number that a record stands under, and its bytes.
pub(crate) type Record = Result<(Seq, Box<[u8]>), ReadError>;

impl Batches<'_> {
    fn record(&mut self) -> Option<Record> {
        if let Some(filling) = &mut self.filling {
            match filling.next() {
                Some(record) => return Some(record),
                None => self.filling = None,
            }
        }
        if let Some(held) = self.held.take() {
            return Some(Ok(self.went_by(held)));
        }
        let (at, bytes) = match self.stored()? {
            Ok(record) => record,
            Err(e) => return Some(Err(e)),
        };
        if let Some(next) = self.next
            && next < at
            && let Some(filling) = self.archive.fill(next, Seq(at.0 - 1))
        {
            self.filling = Some(filling);
            self.held = Some((at, bytes));
            return self.record();
        }
        Some(Ok(self.went_by((at, bytes))))
    }

    fn went_by(&mut self, (at, bytes): (Seq, Box<[u8]>)) -> (Seq, Box<[u8]>) {
        self.next = span(&bytes).filter(|(first, _)| *first == at).map(|(_, last)| last.next());
        (at, bytes)
    }

    /// The next record of the database.
    fn stored(&mut self) -> Option<Record> {
        let item = self.records.next()?;
        Some(item.map_err(|e| ReadError::Store(StoreError::database(self.path)(e))).and_then(|(key, value)| {
            let at = seq_of_key(&key).ok_or(ReadError::Key(key.len()))?;
            Ok((at, value))
        }))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.record()?;
        Some(record.and_then(|(at, bytes)| decode(at, &bytes)))
    }
}

/// The batch of a record.
pub(crate) fn decode(at: Seq, bytes: &[u8]) -> Result<Batch, ReadError> {
    let batch = Batch::decode(bytes).map_err(|source| ReadError::Batch { at, source })?;
    if batch.first() != at {
        return Err(ReadError::Misplaced { at, first: batch.first() });
    }
    Ok(batch)
}

/// A batch as it lies in the log, not checked by anybody yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBatch {
    /// Its first entry.
    pub first: Seq,
    /// Its last entry.
    pub last: Seq,
    /// Its canonical bytes.
    pub bytes: Box<[u8]>,
}

/// The log of a data directory, read as a RocksDB secondary: the node may run,
/// and nothing in its directory is written.
pub struct LogReader {
    db: DB,
    path: PathBuf,
    archive: Archive,
    /// A secondary keeps its own notes somewhere; removed at the end.
    _scratch: Scratch,
}

impl LogReader {
    /// Opens the log as it is now. What is written later is seen after
    /// [`Self::catch_up`].
    ///
    /// # Errors
    /// When there is no log, or RocksDB finds it damaged.
    pub fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let path = dir.log();
        // Opening what is not there would make its folder.
        if !path.join("CURRENT").exists() {
            return Err(StoreError::file(&path)(io::ErrorKind::NotFound.into()));
        }
        let scratch = Scratch::new().map_err(StoreError::file(&std::env::temp_dir()))?;
        let mut options = durable_options();
        // A secondary must hold every table open: the primary may delete one.
        options.set_max_open_files(-1);
        let db =
            DB::open_as_secondary(&options, &path, &scratch.path().to_owned()).map_err(StoreError::database(&path))?;
        Ok(Self { db, path, archive: Archive::of(dir), _scratch: scratch })
    }

    /// Sees from now on what was written meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub fn catch_up(&self) -> Result<(), StoreError> {
        self.db.try_catch_up_with_primary().map_err(StoreError::database(&self.path))
    }

    /// The batches in order, from the one that holds `from`.
    pub fn read(&self, from: Seq) -> impl Iterator<Item = Result<Batch, ReadError>> + '_ {
        Batches::new(&self.db, &self.path, &self.archive, from)
    }

    /// The same as they lie there, for who reads them elsewhere.
    pub fn read_raw(&self, from: Seq) -> impl Iterator<Item = Result<RawBatch, ReadError>> + '_ {
        let mut batches = Batches::new(&self.db, &self.path, &self.archive, from);
        std::iter::from_fn(move || {
            let record = batches.record()?;
            Some(record.and_then(|(at, bytes)| {
                let source = DecodeError::Truncated;
                let (first, last) = span(&bytes).ok_or(ReadError::Batch { at, source })?;
                if first != at {
                    return Err(ReadError::Misplaced { at, first });
                }
                Ok(RawBatch { first, last, bytes })
            }))
        })
    }
}
