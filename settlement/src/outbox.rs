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
//! it at most once. Settlements may share one: then each of them names it, and
//! all of them are sealed, and opened again, in one write.

mod todo;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use berth_wire::domain::LeaseId;
use serde::{Deserialize, Serialize};

use crate::chain::Signed;
use crate::plan::{Intent, Live, Name};
use crate::queue::Job;
use crate::store::{Changes, Store, StoreError};

use todo::Todos;
pub(crate) use todo::{Subject, Todo, Waiting};

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
    /// The account whose sequence number the envelope takes: 0 is the operator's,
    /// others are channels.
    #[serde(default)]
    pub(crate) lane: u32,
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
    /// This envelope may be applied, which others share, and no other.
    Batched {
        /// Its hash, under which it is kept.
        #[serde(with = "hex::serde")]
        hash: [u8; 32],
    },
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

impl Outcome {
    /// What it is called in figures.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Found => "found",
            Self::Moot { .. } => "moot",
            Self::Failed { .. } => "failed",
        }
    }
}

impl Stage {
    /// Whether an envelope may be applied.
    pub(crate) const fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed(_) | Self::Batched { .. })
    }
}

/// An envelope that several settlements share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) signed: Signed,
    /// As a record's.
    pub(crate) lane: u32,
    /// Leases that it settles, in the order of the call.
    pub(crate) leases: Vec<u64>,
}

/// The settler's outbox for one log.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) store: Store,
    /// What is not done, which the database has as well.
    todo: Todos,
    /// Intents that ended in failure.
    failed: AtomicU64,
}

impl Outbox {
    pub(crate) fn open(path: &Path, log: &str) -> Result<Self, StoreError> {
        let store = Store::open(path, log)?;
        let outbox = Self { store, todo: Todos::default(), failed: AtomicU64::new(0) };
        outbox.load()?;
        let records = outbox.store.scan::<Record>(&outbox.store.keys.intents());
        let failed = count(records.filter(|record| match record {
            Ok((_, record)) => matches!(record.stage, Stage::Done(Outcome::Failed { .. })),
            Err(_) => true,
        }))?;
        outbox.failed.store(failed, Ordering::Relaxed);
        Ok(outbox)
    }

    /// The next entry of the log to read, from 1.
    pub(crate) fn cursor(&self) -> Result<u64, StoreError> {
        Ok(self.store.get(&self.store.keys.exchange_cursor())?.unwrap_or(1))
    }

    /// Takes an entry that nothing of top-ups follows from.
    #[cfg(test)]
    pub(crate) fn accept(&self, seq: u64, intents: Vec<Intent>, now: u64) -> Result<(), StoreError> {
        self.accept_with(seq, intents, &[], now)
    }

    /// Takes what entry `seq` led to, and how many top-ups are in leases' escrows
    /// then, and moves the cursor past it, in one write. What is known already
    /// stays as it is.
    pub(crate) fn accept_with(
        &self,
        seq: u64,
        intents: Vec<Intent>,
        topped_up: &[(LeaseId, u32)],
        now: u64,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        for (lease, count) in topped_up {
            changes.put(&self.store.keys.topped_up(*lease), count);
        }
        let mut new = Vec::new();
        for intent in intents {
            let name = intent.name();
            if self.get(name)?.is_some() {
                continue;
            }
            let record = Record::new(intent, seq, now);
            changes.put(&self.store.keys.intent(name), &record);
            changes.put(&self.store.keys.todo(seq, name), &record.intent);
            new.push(record);
        }
        changes.put(&self.store.keys.exchange_cursor(), &(seq + 1));
        if new.is_empty() {
            // Without a new intent the entry can be read again.
            return self.store.note(changes);
        }
        self.store.commit(changes)?;
        for record in &new {
            self.todo.add(record);
        }
        Ok(())
    }

    pub(crate) fn get(&self, name: Name) -> Result<Option<Record>, StoreError> {
        self.store.get(&self.store.keys.intent(name))
    }

    /// The jobs of which an envelope may be applied.
    pub(crate) fn sealed(&self) -> Result<Vec<Job>, StoreError> {
        let mut jobs: Vec<Job> = Vec::new();
        let mut batches = BTreeSet::new();
        for name in self.todo.names() {
            let Some(record) = self.get(name)? else { continue };
            match record.stage {
                Stage::Sealed(_) => jobs.push(Job { names: vec![name], lane: record.lane }),
                Stage::Batched { hash } if batches.insert(hash) => {
                    let batch = self.batch(hash)?;
                    let names = batch.leases.iter().map(|lease| Name::Settle(LeaseId(*lease))).collect();
                    jobs.push(Job { names, lane: batch.lane });
                }
                Stage::Batched { .. } | Stage::Planned | Stage::Done(_) => {}
            }
        }
        Ok(jobs)
    }

    /// Looks at what is not done.
    pub(crate) fn todo<T>(&self, look: impl FnOnce(&Todo) -> T) -> T {
        self.todo.look(look)
    }

    /// The envelope that settlements share.
    pub(crate) fn batch(&self, hash: [u8; 32]) -> Result<Batch, StoreError> {
        let key = self.store.keys.batch(&hash);
        self.store.get(&key)?.ok_or(StoreError::Missing { key })
    }

    /// Stores the envelope that from now on may be applied.
    pub(crate) fn seal(&self, record: &mut Record, lane: u32, signed: Signed) -> Result<(), StoreError> {
        record.lane = lane;
        record.stage = Stage::Sealed(signed);
        self.write(record)
    }

    /// Stores the envelope of several settlements that from now on may be applied.
    pub(crate) fn seal_batch(&self, records: &mut [Record], lane: u32, signed: &Signed) -> Result<(), StoreError> {
        let leases = records.iter().filter_map(|record| record.intent.name().lease()).map(|lease| lease.0).collect();
        let mut changes = Changes::default();
        let batch = Batch { signed: signed.clone(), lane, leases };
        changes.put(&self.store.keys.batch(&signed.hash), &batch);
        for record in records {
            record.lane = lane;
            record.stage = Stage::Batched { hash: signed.hash };
            changes.put(&self.store.keys.intent(record.intent.name()), record);
        }
        self.store.commit(changes)
    }

    /// What became of settlements that share an envelope: an end for each, or why
    /// it goes back to planning, to be tried alone.
    pub(crate) fn end_batch(
        &self,
        records: &mut [Record],
        hash: Option<[u8; 32]>,
        ends: &[Result<Outcome, String>],
    ) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        if let Some(hash) = hash {
            changes.delete(&self.store.keys.batch(&hash));
        }
        for (record, end) in records.iter_mut().zip(ends) {
            let (seq, name) = (record.seq, record.intent.name());
            match end {
                Ok(outcome) => {
                    record.stage = Stage::Done(outcome.clone());
                    changes.delete(&self.store.keys.todo(seq, name));
                }
                Err(why) => record.back_to_planning(why),
            }
            changes.put(&self.store.keys.intent(name), record);
        }
        self.store.commit(changes)?;
        for record in records {
            self.todo.update(record);
        }
        Ok(())
    }

    /// Goes back to planning, since no envelope can be applied any more.
    pub(crate) fn reopen(&self, record: &mut Record, why: &str) -> Result<(), StoreError> {
        record.back_to_planning(why);
        self.write(record)?;
        self.todo.update(record);
        Ok(())
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
        Ok(record.stage.is_sealed())
    }

    /// Ends an intent. A failed opening is then owed to the exchange.
    pub(crate) fn finish(&self, record: &mut Record, outcome: Outcome) -> Result<(), StoreError> {
        self.end(record, outcome, Changes::default(), None)
    }

    /// Ends an intent that cannot be brought about, and takes on another in
    /// its place, in one write.
    pub(crate) fn replace(&self, record: &mut Record, reason: String, by: Intent) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        let name = by.name();
        let mut next = None;
        if self.get(name)?.is_none() {
            changes.put(&self.store.keys.todo(record.seq, name), &by);
            let other = Record::new(by, record.seq, record.planned_at);
            changes.put(&self.store.keys.intent(name), &other);
            next = Some(other);
        }
        self.end(record, Outcome::Failed { reason }, changes, next)
    }

    fn end(
        &self,
        record: &mut Record,
        outcome: Outcome,
        mut changes: Changes,
        next: Option<Record>,
    ) -> Result<(), StoreError> {
        let failed = matches!(outcome, Outcome::Failed { .. });
        let (seq, name, keys) = (record.seq, record.intent.name(), &self.store.keys);
        if let (Name::Open(_) | Name::TopUp(..), Outcome::Failed { reason }) = (name, &outcome) {
            changes.put(
                &keys.unreported(seq, name),
                &Unreported { intent: record.intent.clone(), reason: reason.clone() },
            );
        }
        record.stage = Stage::Done(outcome);
        changes.put(&keys.intent(name), record).delete(&keys.todo(seq, name));
        self.store.commit(changes)?;
        self.todo.update(record);
        if let Some(next) = next {
            self.todo.add(&next);
        }
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn write(&self, record: &Record) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        changes.put(&self.store.keys.intent(record.intent.name()), record);
        self.store.commit(changes)
    }

    /// Failed openings and top-ups that the exchange has not acknowledged, oldest first.
    pub(crate) fn unreported(&self) -> Result<Vec<(String, Name, String)>, StoreError> {
        let entries = self.store.scan::<Unreported>(&self.store.keys.all_unreported());
        entries.map(|entry| entry.map(|(key, Unreported { intent, reason })| (key, intent.name(), reason))).collect()
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
    pub(crate) fn failed_count(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Reads what is not done.
    fn load(&self) -> Result<(), StoreError> {
        for entry in self.store.scan::<Intent>(&self.store.keys.todos()) {
            if let Some(record) = self.get(entry?.1.name())? {
                self.todo.add(&record);
            }
        }
        Ok(())
    }

    /// The leases that are opened here and not settled.
    pub(crate) fn live(&self) -> Result<Vec<Live>, StoreError> {
        let mut live = Vec::new();
        for entry in self.store.scan::<Record>(&self.store.keys.intents()) {
            if let Intent::Open { lease, terms } = entry?.1.intent
                && self.get(Name::Settle(lease))?.is_none()
            {
                let topped_up = self.store.get(&self.store.keys.topped_up(lease))?.unwrap_or(0);
                live.push(Live { lease, deadline: terms.deadline, topped_up });
            }
        }
        Ok(live)
    }
}

impl Record {
    fn new(intent: Intent, seq: u64, planned_at: u64) -> Self {
        Self { intent, seq, planned_at, attempts: 0, lane: 0, stage: Stage::Planned, last_error: None }
    }

    fn back_to_planning(&mut self, why: &str) {
        self.stage = Stage::Planned;
        self.attempts += 1;
        self.last_error = Some(why.to_owned());
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
