//! How the databases are opened, and what can go wrong in them.

use std::io;
use std::path::{Path, PathBuf};

use berth_domain::Seq;
use berth_domain::codec::DecodeError;
use rocksdb::{DB, DBRecoveryMode, LogLevel, Options, ReadOptions, WriteBatch, WriteOptions};
use thiserror::Error;

use crate::space::Room;

/// Bytes that a scan reads ahead: a log is read from front to back.
const READAHEAD_BYTES: usize = 2 << 20;
/// Bytes of a memtable of a database that little is written to.
pub(crate) const SMALL_MEMTABLE_BYTES: usize = 16 << 20;
/// With less free than this, databases reserve only so much.
const LITTLE_ROOM: u64 = 2 << 30;
const RESERVED_BYTES: u64 = 256 << 10;

/// Why a file or a database of the data directory could not be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
    /// RocksDB refused.
    #[error("{}: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What it said.
        source: rocksdb::Error,
    },
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// A record is none that this program wrote.
    #[error("{}: the record at {seq} cannot be read: {source}", path.display())]
    Record {
        /// The database.
        path: PathBuf,
        /// Its key.
        seq: Seq,
        /// Why.
        source: DecodeError,
    },
    /// A record that must be there is not.
    #[error("{}: the record at {seq} is missing", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
        /// Its key.
        seq: Seq,
    },
    /// A specification does not have the hash that it is kept under.
    #[error("{}: a specification does not have the hash that it is kept under", path.display())]
    Altered {
        /// The database.
        path: PathBuf,
    },
    /// The operating system gave no randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// An earlier write failed; nothing is written any more.
    #[error("an earlier write failed; nothing is written any more")]
    Poisoned,
}

impl StoreError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn database(path: &Path) -> impl FnOnce(rocksdb::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Database { path, source }
    }
}

/// What all databases have in common.
fn options() -> Options {
    let mut options = Options::default();
    // Everything is written once and in order of its key (the private store
    // aside, which is small), so there is little to compact.
    options.set_max_background_jobs(2);
    options.set_keep_log_file_num(4);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options
}

/// Options for what must never be lost.
///
/// Corruption anywhere but in an incomplete last record refuses to open.
/// RocksDB's default, point-in-time recovery, would stop silently at the damage
/// and drop all that follows it.
pub(crate) fn durable_options() -> Options {
    let mut options = options();
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_paranoid_checks(true);
    options
}

/// Options for what can be rebuilt: after a power loss any prefix will do.
pub(crate) fn rebuildable_options() -> Options {
    let mut options = options();
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options
}

/// Lets a database of a data directory whose disk has little room reserve none.
/// RocksDB reserves more than a memtable's worth for a log as soon as it is made,
/// and takes what there is where that is too much: the next database would have
/// nothing to be opened with.
pub(crate) fn spare_room(options: &mut Options, root: &Path) {
    if Room::on(root).is_ok_and(|room| room.free < LITTLE_ROOM) {
        // With one column family this bounds what is reserved, and nothing else.
        options.set_max_total_wal_size(RESERVED_BYTES);
        options.set_manifest_preallocation_size(RESERVED_BYTES as usize);
    }
}

/// RocksDB has no kind of error for this; these are the words of the operating
/// system.
pub(crate) fn is_full(error: &rocksdb::Error) -> bool {
    error.as_ref().contains("No space left on device")
}

/// Writes one value and returns when it is on the disk.
pub(crate) fn put_synced(db: &DB, key: &[u8], value: &[u8]) -> Result<(), rocksdb::Error> {
    let mut write = WriteOptions::default();
    write.set_sync(true);
    let mut batch = WriteBatch::default();
    batch.put(key, value);
    db.write_opt(batch, &write)
}

/// Read options for a scan that will not come back.
pub(crate) fn scan_options() -> ReadOptions {
    let mut read = ReadOptions::default();
    read.fill_cache(false);
    read.set_readahead_size(READAHEAD_BYTES);
    read
}
