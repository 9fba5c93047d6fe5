//! The database of specifications. After a failed write it is opened anew: a
//! RocksDB that failed once writes no more, and the node must not wait for a
//! restart when its disk has room again.

use std::path::PathBuf;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use rocksdb::{DB, IteratorMode, Options, WriteBatch};

use crate::database::{SMALL_MEMTABLE_BYTES, StoreError, durable_options, put_synced, scan_options, spare_room};
use crate::keys::DataDir;

pub(super) struct Vault {
    dir: DataDir,
    path: PathBuf,
    open: RwLock<Open>,
}

struct Open {
    /// None while not even reading is possible.
    db: Option<DB>,
    /// A write failed since it was opened.
    failed: bool,
}

impl Vault {
    pub(super) fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let path = dir.private();
        dir.create_private().map_err(StoreError::file(&path))?;
        let db = DB::open(&options(dir), &path).map_err(StoreError::database(&path))?;
        dir.sync().map_err(StoreError::file(dir.root()))?;
        let open = RwLock::new(Open { db: Some(db), failed: false });
        Ok(Self { dir: dir.clone(), path, open })
    }

    pub(super) fn altered(&self) -> StoreError {
        StoreError::Altered { path: self.path.clone() }
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let open = self.read();
        let db = open.db.as_ref().ok_or(StoreError::Poisoned)?;
        db.get(key).map_err(StoreError::database(&self.path))
    }

    /// Writes, durably.
    pub(super) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.write(|db| put_synced(db, key, value))
    }

    /// Removes, at some time: what comes back after a crash is swept.
    pub(super) fn remove(&self, key: &[u8]) -> Result<(), StoreError> {
        self.write(|db| db.delete(key))
    }

    /// Tells every key.
    pub(super) fn each_key(&self, mut tell: impl FnMut(&[u8])) -> Result<(), StoreError> {
        let open = self.read();
        let db = open.db.as_ref().ok_or(StoreError::Poisoned)?;
        for record in db.iterator_opt(IteratorMode::Start, scan_options()) {
            let (key, _) = record.map_err(StoreError::database(&self.path))?;
            tell(&key);
        }
        Ok(())
    }

    /// Removes every key but those that `stays` says; how many.
    pub(super) fn remove_unless(&self, stays: impl Fn(&[u8]) -> bool) -> Result<u64, StoreError> {
        let open = self.read();
        let db = open.db.as_ref().ok_or(StoreError::Poisoned)?;
        let (mut removed, mut batch) = (0, WriteBatch::default());
        for record in db.iterator_opt(IteratorMode::Start, scan_options()) {
            let (key, _) = record.map_err(StoreError::database(&self.path))?;
            if !stays(&key) {
                batch.delete(&key);
                removed += 1;
            }
        }
        if removed > 0 {
            db.write(batch).map_err(StoreError::database(&self.path))?;
        }
        Ok(removed)
    }

    fn write(&self, write: impl FnOnce(&DB) -> Result<(), rocksdb::Error>) -> Result<(), StoreError> {
        if self.read().failed {
            self.reopen()?;
        }
        let written = {
            let open = self.read();
            write(open.db.as_ref().ok_or(StoreError::Poisoned)?)
        };
        written.map_err(|source| {
            self.open.write().unwrap_or_else(PoisonError::into_inner).failed = true;
            StoreError::Database { path: self.path.clone(), source }
        })
    }

    /// Opens the database anew. Where that fails, what is there can be read all the
    /// same, and the next write tries again.
    fn reopen(&self) -> Result<(), StoreError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if !open.failed {
            // Somebody else was faster.
            return Ok(());
        }
        // It is locked as long as it is open.
        open.db = None;
        match DB::open(&options(&self.dir), &self.path) {
            Ok(db) => {
                *open = Open { db: Some(db), failed: false };
                tracing::info!("the private store is open again");
                Ok(())
            }
            Err(source) => {
                open.db = DB::open_for_read_only(&durable_options(), &self.path, false).ok();
                Err(StoreError::Database { path: self.path.clone(), source })
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Open> {
        // What it guards is whole between any two statements.
        self.open.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn options(dir: &DataDir) -> Options {
    let mut options = durable_options();
    options.create_if_missing(true);
    options.set_write_buffer_size(SMALL_MEMTABLE_BYTES);
    spare_room(&mut options, dir.root());
    options
}
