//! The log on this machine's disk: one batch is one RocksDB record and one
//! synced write.

use std::path::{Path, PathBuf};

use berth_domain::Seq;
use rocksdb::{DB, Direction, IteratorMode, WriteBatch, WriteOptions};

use crate::archive::Archive;
use crate::batch::{Batch, SealedBatch};
use crate::chain::Tip;
use crate::database::{StoreError, durable_options, put_synced, rebuildable_options, scan_options, spare_room};
use crate::journal::Journal;
use crate::keys::{DataDir, seq_key, seq_of_key};
use crate::reader::{Batches, ReadError, decode};
use crate::watermark::{Mark, Watermark};

/// Bytes of a memtable. Writing one out makes the slowest commits, so they are
/// few.
const MEMTABLE_BYTES: usize = 128 << 20;

/// The log of one data directory, open for writing by this process alone.
pub(crate) struct LogStore {
    db: DB,
    path: PathBuf,
    archive: Archive,
    head: Seq,
    /// Nothing can be appended: it is not resumed yet, or a write failed, and what
    /// that left on the disk is known only after opening anew.
    poisoned: bool,
}

impl LogStore {
    /// Opens the database; nothing is read or checked yet, and nothing can be
    /// appended until [`Self::resume`].
    pub(crate) fn open(dir: &DataDir, create: bool) -> Result<Self, StoreError> {
        let path = dir.log();
        let mut options = durable_options();
        options.create_if_missing(create);
        options.set_write_buffer_size(MEMTABLE_BYTES);
        spare_room(&mut options, dir.root());
        let db = DB::open(&options, &path).map_err(StoreError::database(&path))?;
        Ok(Self { db, path, archive: Archive::of(dir), head: Seq(0), poisoned: true })
    }

    /// The last batch before whatever RocksDB calls damage; nothing is written.
    pub(crate) fn end_before_damage(dir: &DataDir) -> Result<Option<Batch>, ReadError> {
        let path = dir.log();
        let db = DB::open_for_read_only(&rebuildable_options(), &path, false).map_err(StoreError::database(&path))?;
        let Some(item) = db.iterator(IteratorMode::End).next() else { return Ok(None) };
        let (key, value) = item.map_err(StoreError::database(&path))?;
        let at = seq_of_key(&key).ok_or(ReadError::Key(key.len()))?;
        Ok(Some(Batch::decode(&value).map_err(|source| ReadError::Batch { at, source })?))
    }

    /// Makes the log writable behind `tip`, where recovery found its end, and
    /// gives the mark that whoever appends moves.
    pub(crate) fn resume(&mut self, dir: &DataDir, tip: &Tip) -> Result<Watermark, StoreError> {
        let path = dir.watermark();
        let mark = Mark { seq: tip.seq, hash: tip.hash };
        let watermark = Watermark::open(&path, mark).map_err(StoreError::file(&path))?;
        dir.sync().map_err(StoreError::file(dir.root()))?;
        self.head = tip.seq;
        self.poisoned = false;
        Ok(watermark)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn batches(&self, from: Seq) -> Batches<'_> {
        Batches::new(&self.db, &self.path, &self.archive, from)
    }

    /// The batches of the database alone, with their bytes, from the first that
    /// begins at or behind `from`.
    pub(crate) fn records(&self, from: Seq) -> impl Iterator<Item = Result<(Batch, Box<[u8]>), ReadError>> + '_ {
        let key = seq_key(from);
        self.db.iterator_opt(IteratorMode::From(&key, Direction::Forward), scan_options()).map(|record| {
            let (key, bytes) = record.map_err(StoreError::database(&self.path))?;
            let at = seq_of_key(&key).ok_or(ReadError::Key(key.len()))?;
            Ok((decode(at, &bytes)?, bytes))
        })
    }

    /// Removes the batches that begin at an entry from `first` to `last`, durably,
    /// and gives their room back. They must be durable elsewhere.
    pub(crate) fn remove(&mut self, first: Seq, last: Seq) -> Result<(), StoreError> {
        let (from, to) = (seq_key(first), seq_key(last.next()));
        let mut batch = WriteBatch::default();
        batch.delete_range(from, to);
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        self.db.write_opt(batch, &synced).map_err(StoreError::database(&self.path))?;
        self.db.compact_range(Some(from), Some(to));
        Ok(())
    }
}

impl Journal for LogStore {
    fn append(&mut self, batch: &SealedBatch) -> Result<(), StoreError> {
        assert_eq!(batch.first, self.head.next(), "a batch follows the one before it");
        if self.poisoned {
            return Err(StoreError::Poisoned);
        }
        let written =
            put_synced(&self.db, &seq_key(batch.first), &batch.bytes).map_err(StoreError::database(&self.path));
        match &written {
            Ok(()) => self.head = batch.last,
            Err(_) => self.poisoned = true,
        }
        written
    }

    fn durable_head(&self) -> Seq {
        self.head
    }

    fn read(&self, from: Seq) -> Box<dyn Iterator<Item = Result<Batch, ReadError>> + '_> {
        Box::new(self.batches(from))
    }
}
