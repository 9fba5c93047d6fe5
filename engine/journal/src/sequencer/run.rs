//! The sequencer's loop: stamp, apply, write, publish, answer.

use std::collections::VecDeque;
use std::sync::Arc;

use berth_domain::{AccountId, Authority, Command, Digest, Entry, Genesis, Micros, RULES_VERSION, Resumed, Tick};
use berth_exchange::{Exchange, Outcome};
use crossbeam_channel::{Receiver, TryRecvError, never, select};

use super::{Ack, Committed, CommittedEntry, Fatal, StartError, Submission, Submissions, Waiting};
use crate::batch::BatchBuilder;
use crate::clock::Clock;
use crate::event_store::{EventRecord, EventStore};
use crate::journal::Journal;
use crate::recovery::Recovered;
use crate::replica::Replica;

/// A batch is closed when it is this large, however few entries it holds: one
/// write must not keep everybody waiting.
const BATCH_BYTES: usize = 4 << 20;
/// Ticks in a row that may stand at one time. Each fires as many timers as the
/// genesis allows, so this many leave none unless the exchange makes new ones.
const TICKS_MAX: usize = 1 << 16;

type Reply = Box<dyn FnOnce(Ack) + Send>;

pub(super) struct Core {
    journal: Box<dyn Journal>,
    events: EventStore,
    replica: Replica,
    clock: Box<dyn Clock>,
    epoch: u64,
    batch_max: usize,
    /// Taken from the queue and looked at, but not applied: the next ones.
    near: VecDeque<Waiting>,
    pending: Pending,
}

/// Applied, but not durable: nobody may see any of it.
#[derive(Default)]
struct Pending {
    builder: Option<BatchBuilder>,
    entries: Vec<CommittedEntry>,
    /// For the event store: running digest and canonical bytes of each entry's events.
    encoded: Vec<(Digest, Vec<u8>)>,
    /// Who waits for which of the entries.
    replies: Vec<(usize, Reply)>,
}

/// Durable, and still to be shown.
pub(super) struct Durable {
    committed: Arc<Committed>,
    replies: Vec<(usize, Reply)>,
}

impl Core {
    pub(super) fn new(recovered: Recovered, clock: Box<dyn Clock>, batch_max: usize) -> Self {
        let Recovered { journal, events, replica, .. } = recovered;
        let epoch = replica.tip().epoch + 1;
        Self { journal, events, replica, clock, epoch, batch_max, near: VecDeque::new(), pending: Pending::default() }
    }

    pub(super) const fn log_id(&self) -> Option<Digest> {
        self.replica.log_id()
    }

    /// The entry that every run begins with.
    pub(super) fn open(&mut self, genesis: Option<Genesis>) -> Result<Durable, StartError> {
        let at = self.now();
        let command = match genesis {
            Some(genesis) => Command::Genesis(genesis),
            // No tick before it: the timers that waited for somebody wait anew,
            // and only then may any fire.
            None => Command::Resumed(Resumed { down_from: self.exchange().last_at(), up_at: at }),
        };
        self.append(at, AccountId::EXCHANGE, Authority::Exchange, command)?;
        if let Some(CommittedEntry { outcome: Outcome::Refused(code), .. }) = self.pending.entries.last() {
            return Err(StartError::GenesisRefused(*code));
        }
        Ok(self.commit()?)
    }

    pub(super) fn run(
        mut self,
        opening: Durable,
        mut on_committed: impl FnMut(Arc<Committed>),
        submissions: &Submissions,
        stopped: &Receiver<()>,
    ) -> Result<(), Fatal> {
        opening.release(&mut on_committed);
        loop {
            let mut stopping = false;
            if self.near.is_empty() {
                let alarm = self.exchange().next_deadline().map_or_else(never, |at| self.clock.alarm(at));
                select! {
                    recv(submissions) -> waiting => match waiting {
                        Ok(waiting) => self.near.push_back(waiting),
                        Err(_) => stopping = true,
                    },
                    recv(alarm) -> _ => {}
                    recv(stopped) -> _ => stopping = true,
                }
            } else {
                stopping = stopped.try_recv() != Err(TryRecvError::Empty);
            }
            // Group commit: whatever came while the last batch was written goes
            // into one write, too.
            while !self.pending.is_full(self.batch_max)
                && let Some(waiting) = self.next(submissions)
            {
                self.take(waiting)?;
            }
            if !self.pending.is_full(self.batch_max) {
                self.fire_due(self.now())?;
            }
            if !self.pending.is_empty() {
                self.commit()?.release(&mut on_committed);
            }
            if stopping {
                return self.drain(submissions, &mut on_committed);
            }
        }
    }

    /// Takes what still waits; the number of places in the queue bounds it.
    fn drain(mut self, submissions: &Submissions, on_committed: &mut impl FnMut(Arc<Committed>)) -> Result<(), Fatal> {
        for _ in 0..self.near.len() + submissions.capacity().unwrap_or(0) {
            let Some(waiting) = self.next(submissions) else { break };
            self.take(waiting)?;
            if self.pending.is_full(self.batch_max) {
                self.commit()?.release(on_committed);
            }
        }
        if !self.pending.is_empty() {
            self.commit()?.release(on_committed);
        }
        Ok(())
    }

    const fn exchange(&self) -> &Exchange {
        self.replica.exchange()
    }

    /// The clock may run back; stamps never do.
    fn now(&self) -> Micros {
        self.clock.now().max(self.exchange().last_at())
    }

    /// The submission that comes next, if one waits. Some are taken out of the
    /// queue at a time, no more than the batch has room for, so that the exchange
    /// can ask for the memory of all of them before it needs any.
    fn next(&mut self, submissions: &Submissions) -> Option<Waiting> {
        if self.near.is_empty() {
            let room = self.batch_max.saturating_sub(self.pending.entries.len());
            self.near.extend(submissions.try_iter().take(room.min(Exchange::AHEAD)));
            let near = self.near.iter().map(|waiting| (waiting.submission.account, &waiting.submission.command));
            self.replica.exchange().look_ahead_at(near);
        }
        self.near.pop_front()
    }

    fn take(&mut self, Waiting { submission, reply }: Waiting) -> Result<(), Fatal> {
        let at = self.now();
        self.fire_due(at)?;
        let Submission { account, authority, command } = submission;
        self.append(at, account, authority, command)?;
        self.pending.replies.push((self.pending.entries.len() - 1, reply));
        Ok(())
    }

    /// Appends ticks until no timer is due at `at`.
    fn fire_due(&mut self, at: Micros) -> Result<(), Fatal> {
        for _ in 0..TICKS_MAX {
            if self.exchange().next_deadline().is_none_or(|due| due > at) {
                return Ok(());
            }
            self.append(at, AccountId::EXCHANGE, Authority::Exchange, Command::Tick(Tick))?;
        }
        Err(Fatal::Stuck(at))
    }

    fn append(&mut self, at: Micros, account: AccountId, authority: Authority, command: Command) -> Result<(), Fatal> {
        let tip = *self.replica.tip();
        let entry = Entry { rules: RULES_VERSION, seq: tip.next(), at, account, authority, command };
        // Links of a batch are those of its first entry.
        let builder =
            self.pending.builder.get_or_insert_with(|| BatchBuilder::new(self.epoch, entry.seq, tip.hash, tip.events));
        let hash = builder.push(&entry);
        let mut events = Vec::new();
        let applied = self.replica.apply(&entry, &mut events).map_err(Fatal::Violation)?;
        let (outcome, digest, encoded) = (applied.outcome, applied.digest, applied.encoded);
        self.pending.encoded.push((digest, encoded));
        self.pending.entries.push(CommittedEntry { entry, hash, outcome, events });
        Ok(())
    }

    /// Makes what is pending durable.
    fn commit(&mut self) -> Result<Durable, Fatal> {
        let Pending { builder, entries, encoded, replies } = std::mem::take(&mut self.pending);
        let sealed = builder.expect("who commits has appended").seal();
        self.journal.append(&sealed).map_err(Fatal::Journal)?;
        self.replica.close(self.epoch, sealed.hash);
        // The event store comes before the publication: a reader that is told of
        // an entry finds its events, so that it can go over from the store to
        // what is published without a gap.
        let records = entries.iter().zip(&encoded).map(|(committed, (digest, encoded))| EventRecord {
            seq: committed.entry.seq,
            at: committed.entry.at,
            digest: *digest,
            encoded,
        });
        self.events.append(records).map_err(Fatal::Events)?;
        let committed = Committed { epoch: self.epoch, batch: sealed.hash, entries };
        Ok(Durable { committed: Arc::new(committed), replies })
    }
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn is_full(&self, entries: usize) -> bool {
        self.entries.len() >= entries || self.builder.as_ref().is_some_and(|builder| builder.size() >= BATCH_BYTES)
    }
}

impl Durable {
    /// Publishes, then answers.
    fn release(self, on_committed: &mut impl FnMut(Arc<Committed>)) {
        on_committed(Arc::clone(&self.committed));
        for (place, reply) in self.replies {
            let CommittedEntry { entry, hash, outcome, .. } = &self.committed.entries[place];
            reply(Ack { seq: entry.seq, at: entry.at, entry_hash: *hash, outcome: *outcome });
        }
    }
}
