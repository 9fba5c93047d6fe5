//! An exchange that follows a log batch by batch: recovery, replay and audit
//! are all this one loop.

use berth_domain::{Digest, Entry, Event, Seq};
use berth_exchange::{Exchange, LogViolation, Outcome};
use thiserror::Error;

use crate::batch::Batch;
use crate::chain::{ChainBreak, Tip, encode_events, next_digest};

/// An exchange and the place in the log that it stands at.
#[derive(Clone)]
pub struct Replica {
    exchange: Exchange,
    tip: Tip,
    log_id: Option<Digest>,
}

/// One entry, as it was applied.
#[derive(Debug)]
pub struct Applied<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// What it came to.
    pub outcome: Outcome,
    /// What followed from it.
    pub events: &'a [Event],
    /// The same in canonical bytes.
    pub encoded: Vec<u8>,
    /// The running digest of all events up to here.
    pub digest: Digest,
}

/// Why a batch could not be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FollowError {
    /// It does not link to what is before it.
    #[error(transparent)]
    Break(#[from] ChainBreak),
    /// An entry cannot stand where it stands.
    #[error(transparent)]
    Violation(#[from] LogViolation),
}

impl Default for Replica {
    fn default() -> Self {
        Self::new()
    }
}

impl Replica {
    /// Before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self { exchange: Exchange::new(), tip: Tip::default(), log_id: None }
    }

    /// The exchange as it is here.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Where it stands.
    #[must_use]
    pub const fn tip(&self) -> &Tip {
        &self.tip
    }

    /// Hash of the genesis entry, which names the log; none before it.
    #[must_use]
    pub const fn log_id(&self) -> Option<Digest> {
        self.log_id
    }

    /// Checks a batch's links and applies its entries, telling each.
    ///
    /// # Errors
    /// When it does not follow. After a violation the replica stands inside the
    /// batch and is of no further use.
    pub fn follow(&mut self, batch: &Batch, mut each: impl FnMut(Applied<'_>)) -> Result<(), FollowError> {
        self.tip.check(batch)?;
        let mut events = Vec::new();
        for entry in &batch.entries {
            each(self.apply(entry, &mut events)?);
        }
        self.close(batch.epoch, batch.hash);
        Ok(())
    }

    /// Applies the next entry. The batch around it is not known yet: that is
    /// told to [`Self::close`].
    pub(crate) fn apply<'a>(
        &mut self,
        entry: &'a Entry,
        events: &'a mut Vec<Event>,
    ) -> Result<Applied<'a>, LogViolation> {
        events.clear();
        let outcome = self.exchange.apply(entry, events)?;
        let encoded = encode_events(events);
        self.tip.events = next_digest(&self.tip.events, entry.seq, &encoded);
        self.tip.seq = entry.seq;
        if entry.seq == Seq(1) {
            self.log_id = Some(entry.hash());
        }
        Ok(Applied { entry, outcome, events, encoded, digest: self.tip.events })
    }

    pub(crate) fn close(&mut self, epoch: u64, hash: Digest) {
        self.tip.epoch = epoch;
        self.tip.hash = hash;
    }
}
