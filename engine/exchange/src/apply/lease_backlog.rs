//! What the agent recorded while it could not be heard: it fills the newest gap
//! between two heartbeats that the exchange stamped itself.

use berth_domain::{Code, LeaseAccrued, LeaseBacklog, LeaseState};

use super::as_provider;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

/// Beats of one backlog.
const BEATS_MAX: usize = 4_096;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, backlog: &LeaseBacklog) -> Result<Outcome, Code> {
    let lease = as_provider(x, step, backlog.lease)?;
    // Nobody's word but the provider's own says what it saw unheard.
    if !step.authority.is_signed() {
        return Err(Code::SignatureRequired);
    }
    if !matches!(lease.state, LeaseState::Running | LeaseState::Suspended | LeaseState::Closing) {
        return Err(Code::LeaseState);
    }
    if backlog.beats.len() > BEATS_MAX {
        return Err(Code::OutOfBounds);
    }
    let timing = *x.timing_of(backlog.lease);

    let lease = x.lease_mut(backlog.lease);
    if !lease.evidence.fill_gap(&backlog.beats, timing.heartbeat_grace, timing.backlog_window) {
        return Err(Code::BacklogMismatch);
    }
    let (evidenced, cost) = (lease.evidence.seconds(), lease.cost());
    step.emit(LeaseAccrued { lease: backlog.lease, evidenced, cost, healthy: true });
    Ok(Outcome::Done(Reply::Lease(backlog.lease)))
}
