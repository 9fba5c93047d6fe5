//! How a lease does, from what its agent last said and when.

use berth_domain::{CloseReason, LeaseState, Micros, Seconds};
use berth_exchange::Lease;
use berth_wire::response::{LeaseHealth, LeaseStatus, ReplicaHealth};

/// Intervals without a heartbeat after which a lease is not healthy: one that
/// is late is no news, two that are missing are.
const INTERVALS_MISSED: u64 = 2;

/// Judges a lease at `now`, with heartbeats due every `interval`.
#[must_use]
pub fn lease_health(lease: &Lease, now: Micros, interval: Seconds) -> LeaseHealth {
    let (status, reason) = judge(lease, now, interval);
    let heard = lease.started_at.map(|started| started.max(lease.evidence.last_at()).0);
    let replicas = lease.containers.iter().zip(0..).map(|(container, index)| ReplicaHealth {
        index,
        id: container.id.as_str().to_owned(),
        status,
    });
    LeaseHealth { lease_id: lease.id.0, status, reason, checked_at: heard, replicas: replicas.collect() }
}

fn judge(lease: &Lease, now: Micros, interval: Seconds) -> (LeaseStatus, Option<String>) {
    match lease.state {
        LeaseState::Opened => (LeaseStatus::Starting, Some("its escrow is being locked on the chain".to_owned())),
        LeaseState::Escrowed => (LeaseStatus::Starting, Some("its provider starts the containers".to_owned())),
        LeaseState::Running => {
            let silence = Seconds(now.since(lease.evidence.last_at()) / 1_000_000);
            if silence.0 > interval.0.saturating_mul(INTERVALS_MISSED) {
                let words = format!("no heartbeat for {silence}; one is due every {interval}");
                (LeaseStatus::Unhealthy, Some(words))
            } else {
                (LeaseStatus::Healthy, None)
            }
        }
        LeaseState::Suspended => {
            (LeaseStatus::Unhealthy, Some("its prepaid time is used up, and a top-up lets it go on".to_owned()))
        }
        LeaseState::Verifying => {
            (LeaseStatus::Closed, Some("its job has ended and its result is being checked".to_owned()))
        }
        LeaseState::Closing | LeaseState::Closed => ended(lease),
    }
}

fn ended(lease: &Lease) -> (LeaseStatus, Option<String>) {
    let reason = lease.reason.unwrap_or(CloseReason::Completed);
    let (status, words) = match reason {
        CloseReason::Completed => (LeaseStatus::Closed, "it ran to its end"),
        CloseReason::Stopped => (LeaseStatus::Closed, "its tenant stopped it"),
        CloseReason::Exhausted => (LeaseStatus::Closed, "its prepaid time is used up"),
        CloseReason::Refunded => (LeaseStatus::Closed, "its escrow was refunded on the chain after its deadline"),
        CloseReason::Failed => (LeaseStatus::Failed, "its containers could not start, or ended badly"),
        CloseReason::Dark => (LeaseStatus::Failed, "its provider's heartbeats stopped"),
        CloseReason::EscrowFailed => (LeaseStatus::Failed, "the chain refused its escrow"),
        CloseReason::EscrowTimeout => (LeaseStatus::Failed, "its escrow was not locked in time"),
        CloseReason::GangFailed => (LeaseStatus::Failed, "another lease of its gang failed before all had started"),
        CloseReason::FailedVerification => (LeaseStatus::Failed, "other runs of its job had another result"),
        CloseReason::StartTimeout => (LeaseStatus::Failed, "its provider did not start it in time"),
    };
    let detail = lease.detail.as_str();
    let words = if detail.is_empty() { words.to_owned() } else { format!("{words}: {detail}") };
    (status, Some(words))
}
