//! The sequencer: gives commands their place and time, runs the exchange, and
//! lets nothing out before it is durable.
//!
//! One thread computes: stamp, apply, encode, hash. Behind it one writes and one
//! shows, so that the disk works while the next batch is computed. A small batch
//! that finds nobody at work is written and shown by the first thread itself.

mod pipeline;
mod run;
mod stages;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use berth_domain::{AccountId, Authority, Code, Command, Digest, Entry, Event, Genesis, Micros, Seq};
use berth_exchange::{LogViolation, Outcome};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use thiserror::Error;

use self::pipeline::Pipeline;
pub use self::run::CARRIED_MAX;
use self::run::Core;
use self::stages::{Showing, Stages};
use crate::admission::Admission;
use crate::clock::{Clock, WallClock};
use crate::database::StoreError;
use crate::recovery::Recovered;

/// A command that asks for a place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Who says it; [`AccountId::EXCHANGE`] for facts of the chain.
    pub account: AccountId,
    /// Why that is believed.
    pub authority: Authority,
    /// What is said.
    pub command: Command,
}

/// What became of a submission. It is in the log, durable, also when the
/// exchange refused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Its place.
    pub seq: Seq,
    /// Its stamp.
    pub at: Micros,
    /// BLAKE3 over the entry's canonical bytes.
    pub entry_hash: Digest,
    /// What it came to.
    pub outcome: Outcome,
}

/// A durable batch with all that followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Which run of the node wrote it.
    pub epoch: u64,
    /// Hash of the batch.
    pub batch: Digest,
    /// Its entries, at least one, in consecutive order.
    pub entries: Vec<CommittedEntry>,
}

/// A durable entry with all that followed from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedEntry {
    /// The entry.
    pub entry: Entry,
    /// BLAKE3 over its canonical bytes.
    pub hash: Digest,
    /// What it came to.
    pub outcome: Outcome,
    /// What followed from it; may be empty.
    pub events: Vec<Event>,
}

/// Why a submission was not taken. It is not in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SubmitError {
    /// The queue is full: try again later.
    #[error("the queue is full")]
    QueueFull,
    /// The sequencer stops or has stopped.
    #[error("the node is stopping")]
    Stopped,
    /// The disk is nearly full, and the command would begin something new.
    #[error("the disk is nearly full: nothing new is taken")]
    NoRoom,
    /// A genesis, tick or resumption, which only the sequencer itself may log.
    #[error("only the sequencer may say this")]
    Reserved,
}

/// Why the sequencer cannot go on. The node must end: opening the log anew shows
/// what of the last batch is in it.
#[derive(Debug, Error)]
pub enum Fatal {
    /// A write failed.
    #[error("the log could not be written: {0}")]
    Journal(StoreError),
    /// The event store failed.
    #[error("the event store could not be written: {0}")]
    Events(StoreError),
    /// The exchange refuses an entry that the sequencer made: a fault of the
    /// program.
    #[error("the exchange refuses an entry of its own sequencer: {0}")]
    Violation(LogViolation),
    /// However many ticks, a timer is still due: a fault of the program.
    #[error("timers are still due at {0:?} after more ticks than any log can need")]
    Stuck(Micros),
    /// One of its threads panicked.
    #[error("the sequencer panicked")]
    Panicked,
}

/// Why the sequencer did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log is empty and no genesis was given.
    #[error("the log is empty, and no genesis was given to begin it")]
    NoGenesis,
    /// The log began with another genesis than the one given.
    #[error("the log began with another genesis")]
    OtherGenesis,
    /// The genesis is none that the exchange accepts; nothing was written.
    #[error("the exchange refuses the genesis: {0}")]
    GenesisRefused(Code),
    /// The first entry could not be written.
    #[error(transparent)]
    Fatal(#[from] Fatal),
    /// The operating system gave no thread.
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

/// Bounds and connections of a sequencer.
pub struct SequencerConfig {
    /// Submissions that may wait; more are refused. From 1.
    pub queue: usize,
    /// Entries that one batch may hold. From 1.
    pub batch_max: usize,
    /// Where stamps come from.
    pub clock: Box<dyn Clock>,
    /// What is taken: [`crate::Space::admission`], or everything.
    pub admission: Admission,
    /// Called on a thread of the sequencer's with each durable batch, in order and
    /// one at a time, before its submitters are answered: who is answered finds
    /// what he did. It must be quick and must not wait for an answer of the
    /// sequencer.
    pub on_committed: Box<dyn FnMut(Arc<Committed>) + Send>,
    /// Called once when the sequencer cannot go on. Of those who wait, only whose
    /// command is durable by then may still be answered.
    pub on_fatal: Box<dyn FnOnce(Fatal) + Send>,
}

impl SequencerConfig {
    /// The bounds of a node in service, the machine's clock, and an abort when
    /// the sequencer cannot go on.
    #[must_use]
    pub fn new(on_committed: impl FnMut(Arc<Committed>) + Send + 'static) -> Self {
        Self {
            queue: 8_192,
            batch_max: 1_024,
            clock: Box::new(WallClock),
            admission: Admission::default(),
            on_committed: Box::new(on_committed),
            on_fatal: Box::new(abort_on_fatal),
        }
    }
}

/// Logs why and aborts the process: nothing that is only in memory may be seen
/// once a write has failed.
pub fn abort_on_fatal(fatal: Fatal) {
    tracing::error!("the node stops: {fatal}");
    std::process::abort();
}

/// A running sequencer. Dropping it stops it like [`Self::stop`].
pub struct Sequencer {
    handle: SequencerHandle,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// Submits commands, from any thread.
#[derive(Clone)]
pub struct SequencerHandle {
    queue: Sender<Waiting>,
    admission: Admission,
    log_id: Digest,
}

/// A submission in the queue.
struct Waiting {
    /// A command is long, and would be copied from hand to hand.
    submission: Box<Submission>,
    reply: Reply,
}

impl Sequencer {
    /// Begins the log with `genesis`, or continues it with a `Resumed` entry; that
    /// entry is durable when this returns, and `on_committed` gets it first.
    ///
    /// `genesis` is needed for a fresh log. For any other it may be given to make
    /// sure that it is the one the log began with.
    ///
    /// # Errors
    /// When there is no genesis or another one, or the first write fails.
    pub fn start(recovered: Recovered, genesis: Option<Genesis>, config: SequencerConfig) -> Result<Self, StartError> {
        let opened = recovered.exchange().genesis();
        let fresh = match (opened, &genesis) {
            (None, None) => return Err(StartError::NoGenesis),
            (Some(opened), Some(given)) if opened != given => return Err(StartError::OtherGenesis),
            (opened, _) => opened.is_none(),
        };
        let SequencerConfig { queue, batch_max, clock, admission, on_committed, on_fatal } = config;
        let Recovered { journal, watermark, events, replica, .. } = recovered;
        let stages = Arc::new(Stages::new(journal, Showing { watermark, events, on_committed }));
        let mut core = Core::new(replica, clock, batch_max.max(1));
        let opening = core.open(genesis.filter(|_| fresh))?;
        let opening = stages.keep(stages.write(opening)?)?;
        let log_id = core.log_id().ok_or(StartError::NoGenesis)?;

        let (sender, submissions) = bounded(queue.max(1));
        let (stop, stopped) = bounded(1);
        let mut pipeline = Pipeline::start(Arc::clone(&stages)).map_err(StartError::Thread)?;
        let run = move || {
            let result = catch_unwind(AssertUnwindSafe(|| {
                stages.tell(opening, || ());
                core.run(&mut pipeline, &submissions, &stopped)
            }));
            // Whoever submits from here on is told that nobody listens.
            drop(submissions);
            match result {
                Ok(Ok(())) => {}
                Ok(Err(fatal)) => on_fatal(fatal),
                Err(_) => on_fatal(Fatal::Panicked),
            }
            // The other two end now at the latest, and the log is closed.
            drop(pipeline);
        };
        let thread = std::thread::Builder::new().name("sequencer".into()).spawn(run).map_err(StartError::Thread)?;
        Ok(Self { handle: SequencerHandle { queue: sender, admission, log_id }, stop, thread: Some(thread) })
    }

    /// Where commands are submitted.
    #[must_use]
    pub fn handle(&self) -> SequencerHandle {
        self.handle.clone()
    }

    /// Takes what is in the queue to its end, answers it, and closes the log.
    /// What is submitted after that is refused.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sequencer {
    fn drop(&mut self) {
        self.end();
    }
}

impl SequencerHandle {
    /// Puts a command into the queue. `reply` is called on a thread of the
    /// sequencer's once the command is durable, after those of all commands before
    /// it; it must be quick. A reply that is dropped
    /// without a call means that the node stopped: the command may or may not be
    /// in the log if a write failed, and is not in it after a clean stop.
    ///
    /// # Errors
    /// When the command was not taken; it is then not in the log.
    pub fn submit(&self, submission: Submission, reply: impl FnOnce(Ack) + Send + 'static) -> Result<(), SubmitError> {
        if let Command::Genesis(_) | Command::Tick(_) | Command::Resumed(_) = submission.command {
            return Err(SubmitError::Reserved);
        }
        if !self.admission.admits(&submission.command) {
            return Err(SubmitError::NoRoom);
        }
        self.queue.try_send(Waiting { submission: Box::new(submission), reply: Box::new(reply) }).map_err(|e| match e {
            TrySendError::Full(_) => SubmitError::QueueFull,
            TrySendError::Disconnected(_) => SubmitError::Stopped,
        })
    }

    /// What is taken now: who must prepare a command can ask before.
    #[must_use]
    pub const fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Hash of the genesis entry: it names the log.
    #[must_use]
    pub const fn log_id(&self) -> Digest {
        self.log_id
    }

    /// Submissions that wait now.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Submissions that may wait.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.capacity().unwrap_or(usize::MAX)
    }
}

type Submissions = Receiver<Waiting>;
type Reply = Box<dyn FnOnce(Ack) + Send>;
type OnCommitted = Box<dyn FnMut(Arc<Committed>) + Send>;
