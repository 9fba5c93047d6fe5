//! What a settler has still to do, read from its database beside it.

use std::path::Path;

use crate::outbox::{Outcome, Record, Stage};
use crate::plan::Name;
use crate::store::{Store, StoreError};

/// How far a settler is, as its database says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Contract and network that the log settles in.
    pub chain: Option<String>,
    /// The next entry of the exchange's log to read.
    pub exchange_cursor: u64,
    /// Where to go on in the contract's events.
    pub chain_cursor: Option<String>,
    /// What is not done, in the order of the log.
    pub pending: Vec<Pending>,
    /// What ended in failure, over all time, and why.
    pub failed: Vec<(Name, String)>,
    /// Facts that the exchange refused, over all time, and why.
    pub refused: Vec<(String, String)>,
    /// Failed openings that the exchange does not know of yet.
    pub unreported: u64,
}

/// An intent that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which.
    pub name: Name,
    /// The entry of the log that asked for it.
    pub seq: u64,
    /// When it was planned, in unix seconds.
    pub planned_at: u64,
    /// How many envelopes came to nothing.
    pub attempts: u32,
    /// The envelope that may be applied.
    pub envelope: Option<Envelope>,
    /// What stood in its way last.
    pub last_error: Option<String>,
}

/// An envelope in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Its hash, as hexadecimal.
    pub tx: String,
    /// The channel that pays for it; 0 is the operator's own account.
    pub channel: u32,
    /// The ledger from which on it is invalid; 0 when it says nothing of ledgers.
    pub valid_until_ledger: u32,
    /// It is invalid in ledgers that close after this, in unix seconds.
    pub valid_until: u64,
    /// How many settlements share it.
    pub shared_by: usize,
}

impl Inspection {
    /// Reads the settler's database in `path`, which may be in use, as far as it is
    /// about the log `log`. `None` when there is no database.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path, log: &str) -> Result<Option<Self>, StoreError> {
        if !path.join("CURRENT").exists() {
            return Ok(None);
        }
        let store = Store::open_to_read(path, log)?;
        let keys = &store.keys;
        let mut found = Self {
            chain: store.get(&keys.chain())?,
            exchange_cursor: store.get(&keys.exchange_cursor())?.unwrap_or(1),
            chain_cursor: store.get(&keys.chain_cursor())?,
            ..Self::default()
        };
        for entry in store.scan::<Record>(&keys.intents()) {
            let (_, record) = entry?;
            match &record.stage {
                Stage::Done(Outcome::Failed { reason }) => found.failed.push((record.intent.name(), reason.clone())),
                Stage::Done(_) => {}
                Stage::Planned | Stage::Sealed(_) | Stage::Batched { .. } => {
                    found.pending.push(pending(&store, record)?);
                }
            }
        }
        found.pending.sort_by_key(|pending| (pending.seq, pending.name));
        for entry in store.scan::<String>(&keys.all_refused()) {
            let (key, why) = entry?;
            found.refused.push((key.trim_start_matches(&keys.all_refused()).to_owned(), why));
        }
        for entry in store.scan::<serde_json::Value>(&keys.all_unreported()) {
            entry?;
            found.unreported += 1;
        }
        Ok(Some(found))
    }
}

fn pending(store: &Store, record: Record) -> Result<Pending, StoreError> {
    let (signed, shared_by) = match &record.stage {
        Stage::Sealed(signed) => (Some(signed.clone()), 1),
        Stage::Batched { hash } => {
            let key = store.keys.batch(hash);
            let batch: crate::outbox::Batch = store.get(&key)?.ok_or(StoreError::Missing { key })?;
            (Some(batch.signed), batch.leases.len())
        }
        Stage::Planned | Stage::Done(_) => (None, 0),
    };
    let envelope = signed.map(|signed| Envelope {
        tx: hex::encode(signed.hash),
        channel: record.lane,
        valid_until_ledger: signed.valid_until_ledger,
        valid_until: signed.max_time,
        shared_by,
    });
    let Record { intent, seq, planned_at, attempts, last_error, .. } = record;
    Ok(Pending { name: intent.name(), seq, planned_at, attempts, envelope, last_error })
}
