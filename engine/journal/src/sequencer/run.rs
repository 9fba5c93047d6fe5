//! The sequencer's core: stamp, apply, seal, and hand over.

use std::collections::VecDeque;

use berth_domain::{
    AccountId, Authority, Command, Digest, Entry, Event, Genesis, Micros, RULES_VERSION, Resumed, Tick,
};
use berth_exchange::{Exchange, Outcome};
use crossbeam_channel::{Receiver, TryRecvError, never, select};

use super::pipeline::Pipeline;
use super::stages::{Contents, Sealed};
use super::{Committed, CommittedEntry, Fatal, Reply, StartError, Submission, Submissions, Waiting};
use crate::batch::BatchBuilder;
use crate::clock::Clock;
use crate::event_store::EventRecord;
use crate::replica::Replica;

/// A batch is closed when it is this large, however few entries it holds: one
/// write must not keep everybody waiting.
const BATCH_BYTES: usize = 4 << 20;
/// Ticks in a row that may stand at one time. Each fires as many timers as the
/// genesis allows, so this many leave none unless the exchange makes new ones.
const TICKS_MAX: usize = 1 << 16;
/// Entries of a batch that the sequencer's first thread writes and shows itself
/// when nothing else is on its way: waking two threads takes longer.
pub const CARRIED_MAX: usize = 64;

pub(super) struct Core {
    replica: Replica,
    clock: Box<dyn Clock>,
    epoch: u64,
    batch_max: usize,
    /// Taken from the queue and looked at, but not applied: the next ones.
    near: VecDeque<Waiting>,
    pending: Pending,
    /// Of the entry that is being applied.
    events: Vec<Event>,
}

/// Applied, but not sealed.
#[derive(Default)]
struct Pending {
    builder: Option<BatchBuilder>,
    entries: Vec<CommittedEntry>,
    record: EventRecord,
    /// Who waits for which of the entries.
    replies: Vec<(usize, Reply)>,
}

impl Core {
    pub(super) fn new(replica: Replica, clock: Box<dyn Clock>, batch_max: usize) -> Self {
        let epoch = replica.tip().epoch + 1;
        let (near, pending) = (VecDeque::new(), Pending::default());
        Self { replica, clock, epoch, batch_max, near, pending, events: Vec::new() }
    }

    pub(super) const fn log_id(&self) -> Option<Digest> {
        self.replica.log_id()
    }

    /// The entry that every run begins with.
    pub(super) fn open(&mut self, genesis: Option<Genesis>) -> Result<Sealed, StartError> {
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
        Ok(self.seal())
    }

    pub(super) fn run(
        mut self,
        pipeline: &mut Pipeline,
        submissions: &Submissions,
        stopped: &Receiver<()>,
    ) -> Result<(), Fatal> {
        loop {
            let stopping = self.wait(pipeline, submissions, stopped)?;
            // Group commit: whatever came while the batch before is written goes
            // into one write, too.
            while !self.pending.is_full(self.batch_max)
                && let Some(waiting) = self.next(submissions)
            {
                self.take(waiting)?;
            }
            if !self.pending.is_full(self.batch_max) {
                self.fire_due(self.now())?;
            }
            if stopping {
                return self.drain(pipeline, submissions);
            }
            self.pass_on(pipeline)?;
        }
    }

    /// Waits until there is something to do; whether that is to stop.
    fn wait(&mut self, pipeline: &Pipeline, submissions: &Submissions, stopped: &Receiver<()>) -> Result<bool, Fatal> {
        if !self.near.is_empty() {
            return Ok(stopped.try_recv() != Err(TryRecvError::Empty));
        }
        let alarm = self.exchange().next_deadline().map_or_else(never, |at| self.clock.alarm(at));
        // Without a batch at hand nothing is to be done when the writer is free.
        let freed = if self.pending.is_empty() { &never() } else { pipeline.freed() };
        select! {
            recv(submissions) -> waiting => match waiting {
                Ok(waiting) => self.near.push_back(waiting),
                Err(_) => return Ok(true),
            },
            recv(freed) -> _ => {}
            recv(alarm) -> _ => {}
            recv(stopped) -> _ => return Ok(true),
            recv(pipeline.failed()) -> fatal => return Err(fatal.unwrap_or(Fatal::Panicked)),
        }
        Ok(false)
    }

    /// Lets what is pending go on, if it is time.
    fn pass_on(&mut self, pipeline: &mut Pipeline) -> Result<(), Fatal> {
        if self.pending.is_empty() {
            return Ok(());
        }
        if self.pending.entries.len() <= CARRIED_MAX && pipeline.is_idle() {
            return pipeline.carry(self.seal());
        }
        // A small batch would only keep the writer from the large one that it
        // becomes until then.
        if self.pending.is_full(self.batch_max) || pipeline.is_free() {
            return pipeline.hand_over(self.seal());
        }
        Ok(())
    }

    /// Takes what still waits; the number of places in the queue bounds it.
    fn drain(mut self, pipeline: &mut Pipeline, submissions: &Submissions) -> Result<(), Fatal> {
        for _ in 0..self.near.len() + submissions.capacity().unwrap_or(0) {
            if self.pending.is_full(self.batch_max) {
                pipeline.hand_over(self.seal())?;
            }
            let Some(waiting) = self.next(submissions) else { break };
            self.take(waiting)?;
        }
        if !self.pending.is_empty() {
            pipeline.hand_over(self.seal())?;
        }
        pipeline.finish()
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
        let Submission { account, authority, command } = *submission;
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
        let record = &mut self.pending.record;
        let applied = self.replica.apply_and_record(&entry, &mut self.events, record);
        let outcome = applied.map_err(Fatal::Violation)?;
        // In as much memory as they take: they stay as long as somebody reads them.
        let events = self.events.drain(..).collect();
        self.pending.entries.push(CommittedEntry { entry, hash, outcome, events });
        Ok(())
    }

    /// Closes the batch; the next one follows it, whether or not it is durable by
    /// then.
    fn seal(&mut self) -> Sealed {
        let next = self.pending.like();
        let Pending { builder, entries, record, replies } = std::mem::replace(&mut self.pending, next);
        let batch = builder.expect("who seals has appended").seal();
        self.replica.close(self.epoch, batch.hash);
        let committed = Committed { epoch: self.epoch, batch: batch.hash, entries };
        Sealed { batch, contents: Contents { committed, record, replies } }
    }
}

impl Pending {
    /// An empty one with room for as much: batches are much like those before.
    fn like(&self) -> Self {
        Self {
            builder: None,
            entries: Vec::with_capacity(self.entries.len()),
            record: EventRecord::with_capacity(self.record.size()),
            replies: Vec::with_capacity(self.replies.len()),
        }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn is_full(&self, entries: usize) -> bool {
        self.entries.len() >= entries || self.builder.as_ref().is_some_and(|builder| builder.size() >= BATCH_BYTES)
    }
}
