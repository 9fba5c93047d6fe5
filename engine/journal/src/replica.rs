//! An exchange that follows a log batch by batch: recovery, replay and audit
//! are all this one loop.

use berth_domain::{Command, Digest, Entry, Event, Seq};
use berth_exchange::{Exchange, LogViolation, Outcome};
use thiserror::Error;

use crate::batch::Batch;
use crate::chain::{ChainBreak, Tip, encode_events, next_digest};
use crate::event_store::EventRecord;

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
    /// A run of the node begins without saying so, or says so in its middle:
    /// each resumption lets what waits for agents wait anew.
    #[error("entry {0} is out of place: a new epoch begins with a resumption, and nothing else is one")]
    Resumption(Seq),
}

impl Applied<'_> {
    /// Whether it registered a key: then the key must have asked for it.
    #[must_use]
    pub const fn registers_key(&self) -> bool {
        matches!((&self.entry.command, self.outcome), (Command::RegisterKey(_), Outcome::Done(_)))
    }
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

    /// Behind what has been applied elsewhere.
    pub(crate) const fn at(exchange: Exchange, tip: Tip, log_id: Digest) -> Self {
        Self { exchange, tip, log_id: Some(log_id) }
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
        let mut begins = batch.epoch > self.tip.epoch && self.tip.seq > Seq(0);
        for group in batch.entries.chunks(Exchange::AHEAD) {
            self.exchange.look_ahead(group);
            for entry in group {
                if matches!(entry.command, Command::Resumed(_)) != std::mem::take(&mut begins) {
                    return Err(FollowError::Resumption(entry.seq));
                }
                each(self.apply(entry, &mut events)?);
            }
        }
        self.close(batch.epoch, batch.hash);
        Ok(())
    }

    /// Checks a batch's links and applies its entries up to `last`. Where that
    /// is not its last, the replica stands inside the batch and only its exchange
    /// is of further use.
    pub(crate) fn follow_to(&mut self, batch: &Batch, last: Seq) -> Result<(), FollowError> {
        if batch.last() <= last {
            return self.follow(batch, |_| {});
        }
        self.tip.check(batch)?;
        let mut events = Vec::new();
        for entry in batch.entries.iter().take_while(|entry| entry.seq <= last) {
            self.apply(entry, &mut events)?;
        }
        Ok(())
    }

    /// Whether the key that an entry registered asked for it itself. The state
    /// machine does not look at that, nor at signatures.
    #[must_use]
    pub fn is_proven(&self, entry: &Entry) -> bool {
        let log = self.log_id.unwrap_or_default();
        let account = self.exchange.account(entry.account);
        account.and_then(|account| entry.is_proven_well(log, account.address)) == Some(true)
    }

    /// Only the exchange.
    pub(crate) fn into_exchange(self) -> Exchange {
        self.exchange
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
        let digest = next_digest(&self.tip.events, entry.seq, &encoded);
        self.applied(entry, digest);
        Ok(Applied { entry, outcome, events, encoded, digest })
    }

    /// The same, with the events behind others for the event store.
    pub(crate) fn apply_and_record(
        &mut self,
        entry: &Entry,
        events: &mut Vec<Event>,
        record: &mut EventRecord,
    ) -> Result<Outcome, LogViolation> {
        events.clear();
        let outcome = self.exchange.apply(entry, events)?;
        let digest = record.follow(&self.tip.events, entry, events);
        self.applied(entry, digest);
        Ok(outcome)
    }

    fn applied(&mut self, entry: &Entry, digest: Digest) {
        self.tip.events = digest;
        self.tip.seq = entry.seq;
        if entry.seq == Seq(1) {
            self.log_id = Some(entry.hash());
        }
    }

    pub(crate) fn close(&mut self, epoch: u64, hash: Digest) {
        self.tip.epoch = epoch;
        self.tip.hash = hash;
    }
}

#[cfg(test)]
mod tests {
    use berth_domain::{AccountId, Address, Authority, Micros, RULES_VERSION, Resumed};

    use super::*;
    use crate::batch::BatchBuilder;
    use crate::testing::genesis;

    fn entry(seq: u64, command: impl Into<Command>) -> Entry {
        let (account, authority) = (AccountId::EXCHANGE, Authority::Exchange);
        Entry { rules: RULES_VERSION, seq: Seq(seq), at: Micros(seq), account, authority, command: command.into() }
    }

    /// Follows a batch of one entry in an epoch.
    fn follow(replica: &mut Replica, epoch: u64, entry: &Entry) -> Result<(), FollowError> {
        let tip = *replica.tip();
        let mut builder = BatchBuilder::new(epoch, entry.seq, tip.hash, tip.events);
        builder.push(entry);
        let batch = Batch::decode(&builder.seal().bytes).unwrap();
        replica.follow(&batch, |_| {})
    }

    #[test]
    fn a_resumption_stands_where_a_run_begins_and_nowhere_else() {
        let mut replica = Replica::new();
        follow(&mut replica, 1, &entry(1, genesis())).unwrap();
        let resumed = entry(2, Resumed { down_from: Micros(1), up_at: Micros(2) });
        assert_eq!(follow(&mut replica.clone(), 1, &resumed), Err(FollowError::Resumption(Seq(2))));
        let other = entry(2, berth_domain::OpenAccount { address: Address([1; 32]) });
        assert_eq!(follow(&mut replica.clone(), 2, &other), Err(FollowError::Resumption(Seq(2))));
        assert_eq!(follow(&mut replica, 2, &resumed), Ok(()));
        let again = entry(3, Resumed { down_from: Micros(2), up_at: Micros(3) });
        assert_eq!(follow(&mut replica, 2, &again), Err(FollowError::Resumption(Seq(3))));
    }
}
