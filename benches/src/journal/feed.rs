//! A sequencer over a log on the disk, as a node has it, and what feeds it.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Command as Input, Genesis, Seq};
use berth_exchange::Outcome;
use berth_journal::{
    Ack, Batch, DataDir, Fatal, Journal, ReadError, SealedBatch, Sequencer, SequencerConfig, SequencerHandle,
    StoreError, Submission, recover,
};

use super::gate::Gate;
use super::raw::Raw;
use super::{While, fault};
use crate::drive::Inputs;
use crate::measure::MeasureFault;

/// Between two tries to submit into a full queue.
const PAUSE: Duration = Duration::from_micros(50);

/// A running sequencer, which stands still between two rounds. It stops where
/// this is dropped.
pub(super) struct Feed {
    // Before the sequencer, so that it can go on to its end.
    gate: Gate,
    told: Receiver<Told>,
    tell: Sender<Told>,
    watch: Watch,
    refused: Arc<AtomicU64>,
    handle: SequencerHandle,
    sequencer: Sequencer,
}

/// What the sequencer's threads tell.
enum Told {
    /// A round is over.
    Over(io::Result<Round>),
    Died(Fatal),
}

/// One round, by the readings of the clock on the sequencer's threads.
#[derive(Default)]
pub(super) struct Round {
    /// Of each batch, from the end of the one before: they add up to the round's.
    pub(super) spent: Vec<Duration>,
    /// Bytes of each batch.
    pub(super) sizes: Vec<usize>,
    /// Of each record of the plain file, when there is one.
    pub(super) plain: Vec<Duration>,
}

/// The round that is under way, and when its last batch ended. The sequencer's
/// threads alone look at it, so that nobody else is woken while the clock runs.
#[derive(Clone)]
pub(super) struct Watch(Arc<Mutex<(Round, Instant)>>);

impl Watch {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Round::default(), Instant::now()))))
    }

    fn get(&self) -> MutexGuard<'_, (Round, Instant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) {
        *self.get() = (Round::default(), Instant::now());
    }

    fn written(&self, bytes: usize) {
        self.get().0.sizes.push(bytes);
    }

    fn committed(&self) {
        let (round, since) = &mut *self.get();
        let now = Instant::now();
        round.spent.push(now - *since);
        *since = now;
    }

    /// The last batch is over when its submitters are answered, as those before
    /// it were.
    fn answered(&self) -> Round {
        let (round, since) = &mut *self.get();
        if let Some(last) = round.spent.last_mut() {
            *last += since.elapsed();
        }
        std::mem::take(round)
    }
}

impl Feed {
    /// Opens a log, makes it where there is none, and starts a sequencer behind
    /// it that takes so many entries into a batch.
    pub(super) fn start(
        dir: &DataDir,
        genesis: Option<Genesis>,
        batch_max: usize,
        queue: usize,
    ) -> Result<Self, MeasureFault> {
        let (tell, told) = channel();
        let watch = Watch::new();
        let (on_write, on_commit, on_fatal) = (watch.clone(), watch.clone(), tell.clone());
        let gate = Gate::default();
        let recovered = recover(dir).or_fault("opening the log")?;
        let recovered = recovered.with_journal(|inner| Box::new(Watched { inner, watch: on_write }));
        let config = SequencerConfig {
            queue,
            batch_max,
            clock: Box::new(gate.clock(watch.clone())),
            // Nobody listens any more once a measurement has failed.
            on_fatal: Box::new(move |fatal| drop(on_fatal.send(Told::Died(fatal)))),
            ..SequencerConfig::new(move |_| on_commit.committed())
        };
        let sequencer = Sequencer::start(recovered, genesis, config).or_fault("starting the sequencer")?;
        Ok(Self { gate, told, tell, watch, refused: Arc::default(), handle: sequencer.handle(), sequencer })
    }

    /// Submits all of these and waits until the last is answered; then the
    /// sequencer stands still, until the next round or the end. It begins when
    /// all are submitted, or the queue is full.
    ///
    /// A plain file gets records as long as the round's batches, after them and
    /// on the thread that answers: one of those that were at work until then.
    pub(super) fn round(
        &mut self,
        inputs: impl IntoIterator<Item = (AccountId, Input)>,
        plain: Option<&Arc<Mutex<Raw>>>,
    ) -> Result<Round, MeasureFault> {
        let mut inputs = inputs.into_iter().peekable();
        if inputs.peek().is_none() {
            return Ok(Round::default());
        }
        self.gate.close();
        while let Some((account, command)) = inputs.next() {
            while self.handle.queued() == self.handle.capacity() {
                self.gate.open();
                std::thread::sleep(PAUSE);
            }
            let last = inputs.peek().is_none().then(|| self.end_of_round(plain.map(Arc::clone)));
            let refused = Arc::clone(&self.refused);
            let reply = move |ack: Ack| {
                if !matches!(ack.outcome, Outcome::Done(_)) {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                if let Some(last) = last {
                    last();
                }
            };
            let submission = Submission { account, authority: Inputs::authority(account), command };
            if let Err(stopped) = self.handle.submit(submission, reply) {
                return Err(self.why().unwrap_or_else(|| fault("submitting", stopped)));
            }
        }
        self.gate.open();
        match self.told.recv().expect("this holds a sender") {
            Told::Over(round) => round.or_fault("writing a file"),
            Told::Died(why) => Err(fault("running the sequencer", why)),
        }
    }

    /// Stops the sequencer behind the last round, and closes the log.
    ///
    /// # Errors
    /// When the exchange refused a command: figures of other work than was meant
    /// mean nothing.
    pub(super) fn stop(self) -> Result<(), MeasureFault> {
        let Self { gate, sequencer, refused, .. } = self;
        gate.open();
        sequencer.stop();
        match refused.load(Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(fault("feeding the sequencer", format_args!("the exchange refuses {count} commands"))),
        }
    }

    /// What is done when all of a round is answered.
    fn end_of_round(&self, plain: Option<Arc<Mutex<Raw>>>) -> impl FnOnce() + Send + use<> {
        let (tell, watch) = (self.tell.clone(), self.watch.clone());
        move || {
            let mut round = watch.answered();
            let written = plain.map(|plain| plain.lock().unwrap_or_else(PoisonError::into_inner).append(&round.sizes));
            let round = written.transpose().map(|spent| {
                round.plain = spent.unwrap_or_default();
                round
            });
            let _ = tell.send(Told::Over(round));
        }
    }

    fn why(&self) -> Option<MeasureFault> {
        self.told.try_iter().find_map(|told| match told {
            Told::Died(why) => Some(fault("running the sequencer", why)),
            Told::Over(_) => None,
        })
    }
}

/// The log, and how large its batches are.
struct Watched {
    inner: Box<dyn Journal>,
    watch: Watch,
}

impl Journal for Watched {
    fn append(&mut self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.inner.append(batch)?;
        self.watch.written(batch.bytes.len());
        Ok(())
    }

    fn durable_head(&self) -> Seq {
        self.inner.durable_head()
    }

    fn read(&self, from: Seq) -> Box<dyn Iterator<Item = Result<Batch, ReadError>> + '_> {
        self.inner.read(from)
    }
}
