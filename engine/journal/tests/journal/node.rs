//! A node's log and sequencer, by a clock that stands still until it is told.

use std::sync::Arc;
use std::time::Duration;

use berth_domain::{AccountId, Authority, Command, Digest, Micros, Seconds};
use berth_exchange::Outcome;
use berth_journal::{
    Ack, Committed, DataDir, EventStore, Fatal, Journal, Sequencer, SequencerConfig, SequencerHandle, SimulatedClock,
    Submission, recover,
};
use crossbeam_channel::{Receiver, bounded, unbounded};

use crate::cast::{TENANT, deposit, genesis, order};

/// 2026-01-01T00:00:00Z.
pub(crate) const OPENING: Micros = Micros(1_767_225_600_000_000);
/// Entries that one batch may hold.
pub(crate) const BATCH: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Node {
    sequencer: Sequencer,
    pub(crate) handle: SequencerHandle,
    pub(crate) clock: SimulatedClock,
    pub(crate) events: EventStore,
    committed: Receiver<Arc<Committed>>,
    pub(crate) fatal: Receiver<Fatal>,
}

impl Node {
    pub(crate) fn start(dir: &DataDir, at: Micros) -> Self {
        Self::start_with(dir, at, 64, |journal| journal)
    }

    pub(crate) fn start_with(
        dir: &DataDir,
        at: Micros,
        queue: usize,
        wrap: impl FnOnce(Box<dyn Journal>) -> Box<dyn Journal>,
    ) -> Self {
        let recovered = recover(dir).unwrap().with_journal(wrap);
        let events = recovered.events();
        let clock = SimulatedClock::new(at);
        let (publish, committed) = unbounded();
        let (fail, fatal) = bounded(1);
        let config = SequencerConfig {
            queue,
            batch_max: BATCH,
            clock: Box::new(clock.clone()),
            admission: Default::default(),
            on_committed: Box::new(move |batch| publish.send(batch).unwrap()),
            on_fatal: Box::new(move |why| fail.send(why).unwrap()),
        };
        let sequencer = Sequencer::start(recovered, Some(genesis()), config).unwrap();
        Self { handle: sequencer.handle(), sequencer, clock, events, committed, fatal }
    }

    /// Submits and does not wait.
    pub(crate) fn submit(&self, account: AccountId, command: impl Into<Command>) -> Receiver<Ack> {
        let authority = if account == AccountId::EXCHANGE { Authority::Exchange } else { Authority::OperatorAttested };
        self.submit_by(account, authority, command)
    }

    /// Submits what is believed for another reason, and does not wait.
    pub(crate) fn submit_by(
        &self,
        account: AccountId,
        authority: Authority,
        command: impl Into<Command>,
    ) -> Receiver<Ack> {
        let (reply, answer) = bounded(1);
        let submission = Submission { account, authority, command: command.into() };
        // Not every test waits for its answer.
        self.handle
            .submit(submission, move |ack| {
                let _ = reply.send(ack);
            })
            .unwrap();
        answer
    }

    pub(crate) fn say(&self, account: AccountId, command: impl Into<Command>) -> Ack {
        wait(&self.submit(account, command))
    }

    /// Takes an order that nobody will fill, good until a time.
    pub(crate) fn place_order(&self, expires_at: Micros) {
        let ack = self.say(TENANT, order(Digest([9; 32]), expires_at));
        assert!(matches!(ack.outcome, Outcome::Done(_)), "{ack:?}");
    }

    /// Stops, and closes every database.
    pub(crate) fn stop(self) {
        self.sequencer.stop();
    }

    /// The next batch that is published.
    pub(crate) fn committed(&self) -> Arc<Committed> {
        wait(&self.committed)
    }

    /// What is published and was not looked at.
    pub(crate) fn published(&self) -> usize {
        self.committed.len()
    }
}

#[track_caller]
pub(crate) fn wait<T>(channel: &Receiver<T>) -> T {
    channel.recv_timeout(PATIENCE).expect("nothing came")
}

/// A data directory that is removed with the first value.
pub(crate) fn data_dir() -> (tempfile::TempDir, DataDir) {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::new(root.path());
    (root, dir)
}

/// A log of six batches in two runs: genesis, three deposits; resumed, an order.
pub(crate) fn write_log(dir: &DataDir) {
    let node = Node::start(dir, OPENING);
    for n in 1..=3 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    node.stop();
    let node = Node::start(dir, OPENING.plus(Seconds(60)));
    node.place_order(OPENING.plus(Seconds(90)));
    node.stop();
}
