//! The settler's database and its keys.
//!
//! Everything is kept under the id of the exchange's log, so that a new log
//! never meets the intents of an old one:
//!
//! ```text
//! {log}/chain                     the network and contract that it settles on
//! {log}/cursor/exchange           next entry of the log to read
//! {log}/cursor/chain              where to go on in the contract's events
//! {log}/intent/{name}             a record, kept for ever: done is done
//! {log}/todo/{seq}/{name}         what is not done, in the order of the log
//! {log}/batch/{hash}              an envelope that several settlements share
//! {log}/topped/{lease}            top-ups in a lease's escrow, as far as the log is read
//! {log}/unreported/{seq}/{name}   failures that the exchange does not know yet
//! {log}/refused/{what}            facts that the exchange refused
//! ```
//!
//! Numbers in keys have 20 digits, so that the order of keys is theirs. Values
//! are JSON: they are few, and people read them when something went wrong.

use std::path::Path;

use rocksdb::{DB, Direction, IteratorMode, Options, WriteBatch, WriteOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use berth_wire::domain::LeaseId;

use crate::plan::Name;

/// Why the database cannot be used. None of these passes by waiting.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database fails.
    #[error("the settler's database: {0}")]
    Database(#[from] rocksdb::Error),
    /// A value that another names is not there.
    #[error("the settler's database has nothing at {key}")]
    Missing {
        /// Where.
        key: String,
    },
    /// A value is damaged.
    #[error("the settler's database is damaged at {key}: {cause}")]
    Damaged {
        /// Where.
        key: String,
        /// What is wrong.
        cause: serde_json::Error,
    },
}

/// The keys of one log.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    log: String,
}

impl Keys {
    pub(crate) fn chain(&self) -> String {
        format!("{}/chain", self.log)
    }

    pub(crate) fn exchange_cursor(&self) -> String {
        format!("{}/cursor/exchange", self.log)
    }

    pub(crate) fn chain_cursor(&self) -> String {
        format!("{}/cursor/chain", self.log)
    }

    pub(crate) fn intent(&self, name: Name) -> String {
        format!("{}/intent/{}", self.log, slug(name))
    }

    pub(crate) fn intents(&self) -> String {
        format!("{}/intent/", self.log)
    }

    pub(crate) fn todo(&self, seq: u64, name: Name) -> String {
        format!("{}/todo/{seq:020}/{}", self.log, slug(name))
    }

    pub(crate) fn todos(&self) -> String {
        format!("{}/todo/", self.log)
    }

    pub(crate) fn topped_up(&self, lease: LeaseId) -> String {
        format!("{}/topped/{:020}", self.log, lease.0)
    }

    pub(crate) fn batch(&self, hash: &[u8; 32]) -> String {
        format!("{}/batch/{}", self.log, hex::encode(hash))
    }

    pub(crate) fn unreported(&self, seq: u64, name: Name) -> String {
        format!("{}/unreported/{seq:020}/{}", self.log, slug(name))
    }

    pub(crate) fn all_unreported(&self) -> String {
        format!("{}/unreported/", self.log)
    }

    pub(crate) fn refused(&self, what: &str) -> String {
        format!("{}/refused/{what}", self.log)
    }

    pub(crate) fn all_refused(&self) -> String {
        format!("{}/refused/", self.log)
    }
}

fn slug(name: Name) -> String {
    match name {
        Name::Open(lease) => format!("open/{:020}", lease.0),
        Name::TopUp(lease, number) => format!("topup/{:020}/{number:010}", lease.0),
        Name::Settle(lease) => format!("settle/{:020}", lease.0),
        Name::Refund(lease) => format!("refund/{:020}", lease.0),
        Name::PayWithdraw(seq) => format!("withdraw/{seq:020}"),
    }
}

/// The database, and the keys of the log that it is used for.
#[derive(Debug)]
pub(crate) struct Store {
    db: DB,
    pub(crate) keys: Keys,
}

/// Changes that happen together or not at all.
#[derive(Default)]
pub(crate) struct Changes(WriteBatch);

impl Changes {
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> &mut Self {
        let bytes = serde_json::to_vec(value).expect("records of this crate are plain JSON");
        self.0.put(key, bytes);
        self
    }

    pub(crate) fn delete(&mut self, key: &str) -> &mut Self {
        self.0.delete(key);
        self
    }
}

impl Store {
    pub(crate) fn open(path: &Path, log: &str) -> Result<Self, StoreError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.set_keep_log_file_num(4);
        Ok(Self { db: DB::open(&options, path)?, keys: Keys { log: log.to_owned() } })
    }

    /// Opens it beside the process that writes it, as it is now.
    pub(crate) fn open_to_read(path: &Path, log: &str) -> Result<Self, StoreError> {
        let db = DB::open_for_read_only(&Options::default(), path, false)?;
        Ok(Self { db, keys: Keys { log: log.to_owned() } })
    }

    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        self.db.get_pinned(key)?.map(|bytes| parse(key, &bytes)).transpose()
    }

    /// The entries whose key starts with `prefix`, in the order of their keys.
    pub(crate) fn scan<'a, T: DeserializeOwned>(
        &'a self,
        prefix: &str,
    ) -> impl Iterator<Item = Result<(String, T), StoreError>> + use<'a, T> {
        let start = IteratorMode::From(prefix.as_bytes(), Direction::Forward);
        let prefix = prefix.to_owned();
        self.db
            .iterator(start)
            .take_while(move |entry| entry.as_ref().map_or(true, |(key, _)| key.starts_with(prefix.as_bytes())))
            .map(|entry| {
                let (key, bytes) = entry?;
                let key = String::from_utf8_lossy(&key).into_owned();
                let value = parse(&key, &bytes)?;
                Ok((key, value))
            })
    }

    /// Writes durably: when it returns, a power cut takes nothing back.
    pub(crate) fn commit(&self, changes: Changes) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        Ok(self.db.write_opt(changes.0, &options)?)
    }

    /// Writes what may be lost in a crash: reading it again does no harm.
    pub(crate) fn note(&self, changes: Changes) -> Result<(), StoreError> {
        Ok(self.db.write(changes.0)?)
    }
}

fn parse<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|cause| StoreError::Damaged { key: key.to_owned(), cause })
}
