//! Heartbeats: the evidence that a lease is paid by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::debug;

use super::step::Crew;
use crate::docker::{Engine, EngineError};
use crate::exchange::{Exchange, ExchangeError, Vitals};
use crate::lease::{Lease, LeaseId, LeaseState};
use crate::plan::{Desired, Observed, Status};

/// Heartbeats that are under way at once.
const AT_ONCE_MAX: usize = 16;
/// How long one may take, from the engine's statistics to the answer.
const BEAT_TIME_MAX: Duration = Duration::from_secs(10);

/// The leases that beat. Each round of the agent sets them; this beats on its
/// own, so that a round that waits for somebody costs no lease its pay.
#[derive(Debug)]
pub(super) struct Beats {
    running: Mutex<BTreeMap<LeaseId, Beating>>,
    again: Arc<Notify>,
}

#[derive(Clone, Debug)]
struct Beating {
    lease: Lease,
    containers: Vec<String>,
}

impl Beats {
    pub(super) fn new(again: Arc<Notify>) -> Self {
        Self { running: Mutex::default(), again }
    }

    /// Notified when a heartbeat tells that the agent should look again.
    pub(super) fn again(&self) -> Arc<Notify> {
        Arc::clone(&self.again)
    }

    /// The leases that run and whose outcome is not kept yet. Those of which a
    /// replica is gone do not beat: the round that sees it ends them. Nor do
    /// those of which one is paused: it does not do what is paid for.
    pub(super) fn set(&self, desired: &Desired, observed: &Observed) {
        let beating = |lease: &Lease| {
            let of_lease = || observed.containers.iter().filter(|container| container.labels.lease == lease.id);
            let running = of_lease().filter(|container| container.status == Status::Running);
            let containers: Vec<_> = running.map(|container| container.id.clone()).collect();
            let is_whole = of_lease().count() == lease.replicas as usize
                && of_lease().all(|container| container.status != Status::Paused)
                && !containers.is_empty();
            is_whole.then(|| Beating { lease: lease.clone(), containers })
        };
        let running = desired
            .leases
            .values()
            .filter(|lease| lease.state == LeaseState::Running && !desired.ended.contains(&lease.id))
            .filter_map(|lease| Some((lease.id, beating(lease)?)))
            .collect();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    /// The leases that beat now.
    pub(super) fn leases(&self) -> Vec<Lease> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.values().map(|beating| beating.lease.clone()).collect()
    }

    pub(super) async fn run<X: Exchange>(&self, crew: Arc<Crew<X>>, every: Duration) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let running: Vec<_> =
                self.running.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
            stream::iter(running)
                .for_each_concurrent(AT_ONCE_MAX, |beating| {
                    let crew = &crew;
                    async move {
                        if timeout(BEAT_TIME_MAX, self.beat(crew, &beating)).await.is_err() {
                            debug!(lease = beating.lease.id.0, "a heartbeat took too long");
                        }
                    }
                })
                .await;
        }
    }

    /// A heartbeat that fails is not made up for: the next one comes soon, and
    /// says all that this one would have said.
    async fn beat<X: Exchange>(&self, crew: &Crew<X>, beating: &Beating) {
        let lease = &beating.lease;
        let ids = &beating.containers;
        let vitals = match look(&crew.engine, ids).await {
            Ok(vitals) => vitals,
            Err(error) => {
                debug!(lease = lease.id.0, "no heartbeat: {error}");
                self.again.notify_one();
                return;
            }
        };
        match crew.exchange.heartbeat(lease, vitals).await {
            Ok(()) => {}
            Err(error @ ExchangeError::Away(_)) => debug!(lease = lease.id.0, "no heartbeat: {error}"),
            Err(error @ ExchangeError::Refused { .. }) => {
                debug!(lease = lease.id.0, "heartbeat {error}");
                // No longer running, most likely: it is looked at again.
                self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&lease.id);
                self.again.notify_one();
            }
        }
    }
}

async fn look(engine: &Engine, containers: &[String]) -> Result<Vitals, EngineError> {
    Ok(Vitals { usage: engine.usage(containers).await?, healthy: engine.healthy(containers).await? })
}
