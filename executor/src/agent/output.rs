//! Output: what containers write is told to the exchange while they run, for their
//! tenant. Nothing is paid by it, so whatever fails is left to the next time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::debug;

use super::beat::Beats;
use super::step::Crew;
use crate::docker::name;
use crate::exchange::{Exchange, ExchangeError};
use crate::lease::{Lease, LeaseId, ReplicaIndex};

/// Replicas whose output is read at once.
const AT_ONCE_MAX: usize = 4;
/// Looks without anything new after which the exchange is asked what it knows.
const QUIET_MAX: u32 = 5;
/// How long one may take, from the engine's log to the answer.
const TELL_TIME_MAX: Duration = Duration::from_secs(5);

/// How far the exchange knows each replica's output. It may be forgotten: the
/// exchange takes a line once.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<BTreeMap<(LeaseId, ReplicaIndex), Mark>>);

#[derive(Debug)]
struct Mark {
    /// The time of the last line that the exchange knows.
    until: String,
    /// How often there was nothing new since it was asked.
    quiet: u32,
}

impl Told {
    fn until(&self, of: (LeaseId, ReplicaIndex)) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&of).map(|mark| mark.until.clone())
    }

    /// Counts a look that found nothing new; whether the exchange is to be asked
    /// whether it still knows what it did.
    fn is_quiet_for_long(&self, of: (LeaseId, ReplicaIndex)) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = told.get_mut(&of) else { return false };
        mark.quiet += 1;
        mark.quiet >= QUIET_MAX
    }

    fn set(&self, of: (LeaseId, ReplicaIndex), until: Option<String>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) => drop(told.insert(of, Mark { until, quiet: 0 })),
            None => drop(told.remove(&of)),
        }
    }

    fn keep(&self, wanted: impl Fn(LeaseId) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(lease, _), _| wanted(*lease));
    }
}

/// Tells the output of the leases that beat, again and again.
pub(super) async fn run<X: Exchange>(crew: Arc<Crew<X>>, beats: Arc<Beats>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let leases = beats.leases();
        crew.told.keep(|id| leases.iter().any(|lease| lease.id == id));
        let replicas =
            leases.iter().flat_map(|lease| (0..lease.replicas).map(move |index| (lease, ReplicaIndex(index))));
        stream::iter(replicas)
            .for_each_concurrent(AT_ONCE_MAX, |(lease, index)| {
                let crew = &crew;
                async move { crew.tell(lease, index).await }
            })
            .await;
    }
}

impl<X: Exchange> Crew<X> {
    /// Tells what is new of a replica's output.
    pub(super) async fn tell(&self, lease: &Lease, index: ReplicaIndex) {
        match timeout(TELL_TIME_MAX, self.try_tell(lease, index)).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => debug!(lease = lease.id.0, replica = index.0, "output is not told: {why}"),
            Err(_) => debug!(lease = lease.id.0, replica = index.0, "telling output took too long"),
        }
    }

    async fn try_tell(&self, lease: &Lease, index: ReplicaIndex) -> Result<(), String> {
        let of = (lease.id, index);
        let after = self.told.until(of);
        let container = name(&self.log, lease.id, index);
        let written = self.engine.written(&container, after.as_deref()).await.map_err(|why| why.to_string())?;
        if written.lines.is_empty() && !self.told.is_quiet_for_long(of) {
            return Ok(());
        }
        let until = self.exchange.tell(lease, index, after.as_deref(), written.lines).await;
        let until = until.map_err(|why: ExchangeError| why.to_string())?;
        self.told.set(of, until);
        Ok(())
    }

    /// Hands in what a lease left behind, where it left something; whether that is
    /// done with.
    pub(super) async fn hand_in(&self, lease: &Lease) -> bool {
        let result = match std::fs::read(self.results.log_path(&self.log, lease.id)) {
            Ok(result) => result,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return true,
            Err(why) => {
                debug!(lease = lease.id.0, "a result cannot be read: {why}");
                return true;
            }
        };
        match timeout(TELL_TIME_MAX, self.exchange.hand_in(lease, result)).await {
            Ok(Ok(())) => true,
            Ok(Err(why)) => {
                debug!(lease = lease.id.0, "a result is not handed in: {why}");
                matches!(why, ExchangeError::Refused { .. })
            }
            Err(_) => false,
        }
    }
}
