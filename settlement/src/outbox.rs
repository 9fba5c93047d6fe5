//! What is to be done on the chain, and how far it is: kept durably, so that a
//! crash at any moment neither loses a payment nor makes it twice.
//!
//! ```text
//!            ┌────────── can no longer be applied ──────────┐
//!            ▼                                              │
//! planned ──▶ sealed (envelope, hash, bound: synced) ──▶ delivering ──▶ done
//!    └────────────── the contract has it, or never will ─────────────▶ done
//! ```
//!
//! An envelope is on disk before it is first handed in. Until its bound has
//! passed, only this same envelope is handed in again, and the chain applies
//! it at most once.

use std::path::Path;

use berth_wire::domain::{LeaseId, Stroops};
use serde::{Deserialize, Serialize};

use crate::chain::Signed;
use crate::plan::{Intent, Name};
use crate::store::{Changes, Store, StoreError};

/// One intent and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) intent: Intent,
    /// The entry of the log that led to it.
    pub(crate) seq: u64,
    /// When it was planned, in unix seconds.
    pub(crate) planned_at: u64,
    /// How many envelopes came to nothing.
    pub(crate) attempts: u32,
    pub(crate) stage: Stage,
    pub(crate) last_error: Option<String>,
}

/// How far an intent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// No envelope of it can be applied.
    Planned,
    /// This envelope may be applied, and no other.
    Sealed(Signed),
    /// Nothing is left to do.
    Done(Outcome),
}

/// How an intent ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Our transaction did it.
    Applied {
        /// Its hash, as hexadecimal.
        tx: String,
        /// The ledger that it is in.
        ledger: u32,
    },
    /// The contract had it already.
    Found,
    /// It need not be done any more.
    Moot {
        /// Why.
        why: String,
    },
    /// It cannot be done.
    Failed {
        /// Why.
        reason: String,
    },
}

/// What waits to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    pub(crate) pending: u64,
    /// When the oldest was planned, in unix seconds.
    pub(crate) oldest: Option<u64>,
}

/// The settler's outbox for one log.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) store: Store,
}

impl Outbox {
    pub(crate) fn open(path: &Path, log: &str) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(path, log)? })
    }

    /// The next entry of the log to read, from 1.
    pub(crate) fn cursor(&self) -> Result<u64, StoreError> {
        Ok(self.store.get(&self.store.keys.exchange_cursor())?.unwrap_or(1))
    }

    /// Takes what entry `seq` led to, and moves the cursor past it, in one
    /// write. What is known already stays as it is.
    pub(crate) fn accept(&self, seq: u64, intents: Vec<Intent>, now: u64) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        let mut new = false;
        for intent in intents {
            let name = intent.name();
            if self.get(name)?.is_some() {
                continue;
            }
            new = true;
            let record = Record { intent, seq, planned_at: now, attempts: 0, stage: Stage::Planned, last_error: None };
            changes.put(&self.store.keys.intent(name), &record);
            changes.put(&self.store.keys.todo(seq, name), &record.intent);
        }
        changes.put(&self.store.keys.exchange_cursor(), &(seq + 1));
        // Without a new intent the entry can be read again.
        if new { self.store.commit(changes) } else { self.store.note(changes) }
    }

    pub(crate) fn get(&self, name: Name) -> Result<Option<Record>, StoreError> {
        self.store.get(&self.store.keys.intent(name))
    }

    /// What is not done, in the order of the log.
    pub(crate) fn todo(&self) -> Result<Vec<Name>, StoreError> {
        self.store.scan::<Intent>(&self.store.keys.todos()).map(|entry| Ok(entry?.1.name())).collect()
    }

    /// The intent of which an envelope may be applied. There is one at most:
    /// no other envelope is sealed before it is known what became of this one.
    pub(crate) fn in_flight(&self) -> Result<Option<Name>, StoreError> {
        for name in self.todo()? {
            if self.get(name)?.is_some_and(|record| matches!(record.stage, Stage::Sealed(_))) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// The oldest intent that is not done.
    pub(crate) fn next(&self) -> Result<Option<Record>, StoreError> {
        let first = self.store.scan::<Intent>(&self.store.keys.todos()).next().transpose()?;
        match first {
            Some((_, intent)) => self.get(intent.name()),
            None => Ok(None),
        }
    }

    /// Stores the envelope that from now on may be applied.
    pub(crate) fn seal(&self, record: &mut Record, signed: Signed) -> Result<(), StoreError> {
        record.stage = Stage::Sealed(signed);
        self.write(record)
    }

    /// Goes back to planning, since no envelope can be applied any more.
    pub(crate) fn reopen(&self, record: &mut Record, why: &str) -> Result<(), StoreError> {
        record.stage = Stage::Planned;
        record.attempts += 1;
        record.last_error = Some(why.to_owned());
        self.write(record)
    }

    /// Keeps what stands in the way of an intent, for people to look at, and
    /// answers whether an envelope of it may still be applied.
    pub(crate) fn trouble(&self, name: Name, why: &str) -> Result<bool, StoreError> {
        let Some(mut record) = self.get(name)? else { return Ok(false) };
        if record.last_error.as_deref() != Some(why) {
            record.last_error = Some(why.to_owned());
            let mut changes = Changes::default();
            changes.put(&self.store.keys.intent(name), &record);
            // Trying again after a crash tells it again.
            self.store.note(changes)?;
        }
        Ok(matches!(record.stage, Stage::Sealed(_)))
    }

    /// Ends an intent. A failed opening is then owed to the exchange.
    pub(crate) fn finish(&self, record: &mut Record, outcome: Outcome) -> Result<(), StoreError> {
        self.end(record, outcome, Changes::default())
    }

    /// Ends an intent that cannot be brought about, and takes on another in
    /// its place, in one write.
    pub(crate) fn replace(&self, record: &mut Record, reason: String, by: Intent) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        let name = by.name();
        if self.get(name)?.is_none() {
            changes.put(&self.store.keys.todo(record.seq, name), &by);
            let other = Record { intent: by, attempts: 0, stage: Stage::Planned, last_error: None, ..*record };
            changes.put(&self.store.keys.intent(name), &other);
        }
        self.end(record, Outcome::Failed { reason }, changes)
    }

    fn end(&self, record: &mut Record, outcome: Outcome, mut changes: Changes) -> Result<(), StoreError> {
        let (seq, name, keys) = (record.seq, record.intent.name(), &self.store.keys);
        if let (Name::Open(_), Outcome::Failed { reason }) = (name, &outcome) {
            changes.put(
                &keys.unreported(seq, name),
                &Unreported { intent: record.intent.clone(), reason: reason.clone() },
            );
        }
        record.stage = Stage::Done(outcome);
        changes.put(&keys.intent(name), record).delete(&keys.todo(seq, name));
        self.store.commit(changes)
    }

    fn write(&self, record: &Record) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.put(&self.store.keys.intent(record.intent.name()), record);
        self.store.commit(changes)
    }

    /// Failed openings that the exchange has not acknowledged, oldest first.
    pub(crate) fn unreported(&self) -> Result<Vec<(String, LeaseId, String)>, StoreError> {
        let entries = self.store.scan::<Unreported>(&self.store.keys.all_unreported());
        entries
            .filter_map(|entry| match entry {
                Ok((key, Unreported { intent: Intent::Open { lease, .. }, reason })) => Some(Ok((key, lease, reason))),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            })
            .collect()
    }

    /// The exchange knows it now.
    pub(crate) fn reported(&self, key: &str) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.delete(key);
        self.store.commit(changes)
    }

    /// Keeps a fact that the exchange refused for people to look at.
    pub(crate) fn refused(&self, what: &str, why: &str) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.put(&self.store.keys.refused(what), why);
        self.store.commit(changes)
    }

    pub(crate) fn refused_count(&self) -> Result<u64, StoreError> {
        count(self.store.scan::<String>(&self.store.keys.all_refused()))
    }

    /// How many intents ended in failure.
    pub(crate) fn failed_count(&self) -> Result<u64, StoreError> {
        let records = self.store.scan::<Record>(&self.store.keys.intents());
        count(records.filter(|record| match record {
            Ok((_, record)) => matches!(record.stage, Stage::Done(Outcome::Failed { .. })),
            Err(_) => true,
        }))
    }

    pub(crate) fn backlog(&self) -> Result<Backlog, StoreError> {
        let pending = count(self.store.scan::<Intent>(&self.store.keys.todos()))?;
        let oldest = self.next()?.map(|record| record.planned_at);
        Ok(Backlog { pending, oldest })
    }

    /// The leases that are opened here and not settled, and what they lock.
    pub(crate) fn live(&self) -> Result<Vec<(LeaseId, Stroops)>, StoreError> {
        let mut live = Vec::new();
        for entry in self.store.scan::<Record>(&self.store.keys.intents()) {
            if let Intent::Open { lease, terms } = entry?.1.intent
                && self.get(Name::Settle(lease))?.is_none()
            {
                live.push((lease, terms.amount));
            }
        }
        Ok(live)
    }
}

#[derive(Serialize, Deserialize)]
struct Unreported {
    intent: Intent,
    reason: String,
}

fn count<T>(entries: impl Iterator<Item = Result<T, StoreError>>) -> Result<u64, StoreError> {
    let mut number = 0;
    for entry in entries {
        entry?;
        number += 1;
    }
    Ok(number)
}
