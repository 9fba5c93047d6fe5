//! Bringing the event store level with the log while that is applied.

use berth_domain::{Digest, Seq};

use super::report::Note;
use crate::chain::Tip;
use crate::database::StoreError;
use crate::event_store::{EventRecord, EventStore, Part};
use crate::replica::Applied;

/// Entries whose events are written at once.
const AT_ONCE: usize = 1_000;

/// Watches the log being applied and writes what the store lacks.
pub(super) struct CatchUp<'a> {
    store: &'a EventStore,
    /// Where the store ended, and its digest there.
    head: Seq,
    digest: Digest,
    waiting: EventRecord,
    /// An entry at which the store holds other events than the log gives.
    differs: Option<Seq>,
}

impl<'a> CatchUp<'a> {
    pub(super) fn new(store: &'a EventStore) -> Result<Self, StoreError> {
        let (head, digest) = store.tip()?.unwrap_or_default();
        Ok(Self { store, head, digest, waiting: EventRecord::default(), differs: None })
    }

    pub(super) fn see(&mut self, applied: Applied<'_>) {
        let seq = applied.entry.seq;
        if seq > self.head {
            let part = Part { at: applied.entry.at, digest: applied.digest, events: &applied.encoded };
            self.waiting.push(seq, part);
        } else if seq == self.head && applied.digest != self.digest {
            // The digest runs over all events: with the last, all agree.
            self.differs = Some(seq);
        }
    }

    pub(super) fn write_when_full(&mut self) -> Result<(), StoreError> {
        if self.waiting.entries() >= AT_ONCE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.store.append(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// The log ends at `tip`. False when the store held other events: then it is
    /// empty now, and the log must be applied once more. What goes on behind the
    /// log's own events stays: it is evidence.
    pub(super) fn finish(mut self, tip: &Tip, notes: &mut Vec<Note>) -> Result<bool, StoreError> {
        self.write()?;
        if self.head > tip.seq && tip.seq > Seq(0) && self.store.digest_at(tip.seq)? != Some(tip.events) {
            self.differs = Some(tip.seq);
        }
        let Some(seq) = self.differs else { return Ok(true) };
        self.store.cut(Seq(0))?;
        notes.push(Note::EventsDiffer(seq));
        Ok(false)
    }
}
