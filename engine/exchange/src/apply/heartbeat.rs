//! The agent saw the containers run: pay accrues on this.

use berth_domain::{Code, Heartbeat, LeaseAccrued, LeaseState};

use super::as_provider;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, heartbeat: &Heartbeat) -> Result<Outcome, Code> {
    let lease = as_provider(x, step, heartbeat.lease)?;
    let state = lease.state;
    // A lease may close without having run: there is nothing to see then.
    if lease.started_at.is_none() || !matches!(state, LeaseState::Running | LeaseState::Closing) {
        return Err(Code::LeaseState);
    }
    let timing = x.timing_of(heartbeat.lease);
    let grace = timing.heartbeat_grace;
    let dark_at = step.at.plus(timing.dark_after);

    let lease = x.lease_mut(heartbeat.lease);
    lease.witness(step.at, grace);
    lease.evidence.heartbeats = lease.evidence.heartbeats.saturating_add(1);
    lease.cpu_millis = heartbeat.cpu_millis;
    lease.memory_bytes = heartbeat.memory_bytes;
    let accrued = LeaseAccrued { lease: heartbeat.lease, evidenced: lease.evidence.seconds(), cost: lease.cost() };
    if state == LeaseState::Running {
        x.timers.set(Timer::LeasePhase(heartbeat.lease), dark_at);
    }
    step.emit(accrued);
    Ok(Outcome::Done(Reply::Lease(heartbeat.lease)))
}
