//! Rounds: look, plan, and set tasks to work, on one log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};
use tracing::{debug, error, info, warn};

use super::Agent;
use super::backoff::{Backoff, jittered};
use super::beat::Beats;
use super::output::{self, Told};
use super::step::{Crew, StepError};
use crate::docker::EngineError;
use crate::exchange::{Change, Exchange, ExchangeError, Head};
use crate::lease::{Lease, LeaseId, LeaseState, Leases};
use crate::plan::{Action, Desired, Observed, Scope, plan};

/// The longest pause between rounds that come to nothing. Leases that wait to
/// be started or stopped wait for the next round.
const ROUND_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Why a round came to nothing.
#[derive(Debug, Error)]
enum RoundError {
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The exchange behind the address is another one now.
    #[error("the exchange has another log now")]
    OtherLog,
}

/// The agent at work on one log.
pub(super) struct Service<'a, X> {
    agent: &'a Agent<X>,
    scope: Scope,
    crew: Arc<Crew<X>>,
    beats: Arc<Beats>,
    /// `None` after it ended, until the next round opens another.
    changes: Option<BoxStream<'static, Change>>,
    tasks: JoinSet<Done>,
    busy: BTreeMap<LeaseId, Busy>,
    resting: BTreeMap<LeaseId, Resting>,
    known: BTreeSet<LeaseId>,
}

/// What a task comes to.
type Done = (LeaseId, Result<(), StepError>);

/// A lease whose steps are being taken.
struct Busy {
    task: AbortHandle,
    starts: bool,
    state: Option<LeaseState>,
}

/// A lease whose steps failed, until they are tried again. What failed in one
/// state does not hold up what the next one asks for.
#[derive(Default)]
struct Resting {
    backoff: Backoff,
    until: Option<Instant>,
    state: Option<LeaseState>,
}

impl<'a, X: Exchange> Service<'a, X> {
    pub(super) fn new(agent: &'a Agent<X>, head: Head) -> Self {
        let again = Arc::new(Notify::new());
        Self {
            agent,
            scope: Scope { log: head.log.clone(), serves: agent.config.serves },
            crew: Arc::new(Crew {
                log: head.log,
                by_house: agent.config.serves == Leases::House,
                exchange: Arc::clone(&agent.exchange),
                engine: Arc::clone(&agent.engine),
                results: agent.results.clone(),
                told: Told::default(),
                config: agent.config.clone(),
            }),
            beats: Arc::new(Beats::new(again)),
            changes: Some(agent.exchange.changes(head.seq)),
            tasks: JoinSet::new(),
            busy: BTreeMap::new(),
            resting: BTreeMap::new(),
            known: BTreeSet::new(),
        }
    }

    /// Ends when the exchange has another log.
    pub(super) async fn run(mut self) {
        let beats = Arc::clone(&self.beats);
        let every = self.agent.config.interval;
        let beating = beats.run(Arc::clone(&self.crew), every);
        let telling = output::run(Arc::clone(&self.crew), Arc::clone(&beats), every);
        tokio::select! {
            () = beating => {}
            () = telling => {}
            () = self.rounds() => {}
        }
        // Tasks of a log that is gone are dropped with the set.
    }

    async fn rounds(&mut self) {
        let again = self.beats.again();
        let mut ticks = interval(self.agent.config.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut backoff = Backoff::default();
        loop {
            match self.round().await {
                Ok(()) => {
                    if !backoff.is_fresh() {
                        info!("the exchange and the engine answer again");
                    }
                    backoff = Backoff::default();
                }
                Err(RoundError::OtherLog) => {
                    warn!("the exchange has another log now; following that one");
                    return;
                }
                Err(error) => {
                    // Told once; what runs goes on running.
                    if backoff.is_fresh() {
                        warn!("no round: {error}");
                    } else {
                        debug!("no round: {error}");
                    }
                    sleep(jittered(backoff.next().min(ROUND_PAUSE_MAX))).await;
                    continue;
                }
            }
            ticks.reset();
            self.wait(&mut ticks, &again).await;
        }
    }

    /// Until there is a reason for another round.
    async fn wait(&mut self, ticks: &mut Interval, again: &Notify) {
        loop {
            tokio::select! {
                _ = ticks.tick() => return,
                () = again.notified() => return,
                Some(done) = self.tasks.join_next() => {
                    self.done(done);
                    return;
                }
                change = next(&mut self.changes) => match change {
                    Some(change) if self.concerns(change) => return,
                    Some(_) => {}
                    None => self.changes = None,
                }
            }
        }
    }

    fn concerns(&self, change: Change) -> bool {
        match (change.provider, self.scope.serves) {
            _ if self.known.contains(&change.lease) => true,
            (Some(provider), Leases::Provider(ours)) => provider == ours,
            (Some(_), Leases::House) => true,
            (None, _) => false,
        }
    }

    fn done(&mut self, done: Result<Done, JoinError>) {
        let (lease, outcome) = match done {
            Ok(done) => done,
            Err(failed) => {
                let lease = self.busy.iter().find(|(_, busy)| busy.task.id() == failed.id()).map(|(lease, _)| *lease);
                if let Some(lease) = lease {
                    let busy = self.busy.remove(&lease);
                    if failed.is_panic() {
                        error!(lease = lease.0, "a step panicked: {failed}");
                        self.rest(lease, busy);
                    }
                }
                return;
            }
        };
        let busy = self.busy.remove(&lease);
        match outcome {
            Ok(()) => drop(self.resting.remove(&lease)),
            Err(failure) => {
                warn!(lease = lease.0, "{failure}");
                self.rest(lease, busy);
            }
        }
    }

    fn rest(&mut self, lease: LeaseId, busy: Option<Busy>) {
        let resting = self.resting.entry(lease).or_default();
        resting.state = busy.and_then(|busy| busy.state);
        resting.until = Some(Instant::now() + jittered(resting.backoff.next()));
    }

    async fn round(&mut self) -> Result<(), RoundError> {
        let head = self.agent.exchange.head().await?;
        if head.log != self.scope.log {
            return Err(RoundError::OtherLog);
        }
        // Before the leases are asked for, so that no change falls between.
        self.changes.get_or_insert_with(|| self.agent.exchange.changes(head.seq));
        let leases = self.agent.exchange.leases(self.scope.serves).await?;
        let observed = self.agent.engine.observe(&self.scope.log).await?;
        let busy = self.busy.keys().copied().collect();
        let desired = self.crew.desired(&self.scope, leases, &observed, busy).await?;
        self.known = desired.leases.keys().copied().collect();
        let now = Instant::now();
        self.drop_starts_of_ended(&desired);
        self.beats.set(&desired, &observed);
        let plans = plan(&self.scope, &desired, &observed);
        self.resting.retain(|lease, _| plans.contains_key(lease) || self.busy.contains_key(lease));
        for (id, steps) in plans {
            let state = desired.leases.get(&id).map(|lease| lease.state);
            let rests = self
                .resting
                .get(&id)
                .is_some_and(|resting| resting.state == state && resting.until.is_some_and(|until| until > now));
            if self.busy.contains_key(&id) || rests {
                continue;
            }
            self.begin(id, desired.leases.get(&id).cloned(), &observed, steps);
        }
        Ok(())
    }

    fn begin(&mut self, id: LeaseId, lease: Option<Lease>, observed: &Observed, steps: Vec<Action>) {
        debug!(lease = id.0, ?steps, "planned");
        let labels = self.crew.labels(id, lease.as_ref(), observed);
        let Some(labels) = labels else {
            return;
        };
        let crew = Arc::clone(&self.crew);
        let state = lease.as_ref().map(|lease| lease.state);
        let starts = steps.iter().any(|step| matches!(step, Action::Start(_) | Action::ReportStart));
        let task = self.tasks.spawn(async move { (id, crew.take(lease.as_ref(), &labels, &steps).await) });
        self.busy.insert(id, Busy { task, starts, state });
    }

    /// A start that is no longer wanted is dropped where it stands, even in the
    /// middle of a pull; the next round clears what it left.
    fn drop_starts_of_ended(&mut self, desired: &Desired) {
        for (id, busy) in &self.busy {
            let is_wanted = desired
                .leases
                .get(id)
                .is_some_and(|lease| !matches!(lease.state, LeaseState::Closing | LeaseState::Closed));
            if busy.starts && !is_wanted {
                busy.task.abort();
            }
        }
    }
}

/// The next change; never comes while there is no stream.
async fn next(changes: &mut Option<BoxStream<'static, Change>>) -> Option<Change> {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}
