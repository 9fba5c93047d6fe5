//! The agent saw the containers run: pay accrues on this. Not on a check that
//! failed, and too many of those in a row fail the lease.

use berth_domain::{CloseReason, Code, Heartbeat, LeaseAccrued, LeaseState, Text};

use super::as_provider;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, heartbeat: &Heartbeat) -> Result<Outcome, Code> {
    let Heartbeat { lease: id, cpu_millis, memory_bytes, healthy } = *heartbeat;
    let lease = as_provider(x, step, id)?;
    let state = lease.state;
    // A lease may close without having run: there is nothing to see then.
    let is_seen = matches!(state, LeaseState::Running | LeaseState::Suspended | LeaseState::Closing);
    if lease.started_at.is_none() || !is_seen {
        return Err(Code::LeaseState);
    }
    let timing = *x.timing_of(id);

    let lease = x.lease_mut(id);
    lease.beat(step.at, timing.heartbeat_grace, healthy);
    lease.evidence.heartbeats = lease.evidence.heartbeats.saturating_add(1);
    lease.cpu_millis = cpu_millis;
    lease.memory_bytes = memory_bytes;
    let fails = state == LeaseState::Running && lease.evidence.failed_checks >= timing.missed_checks;
    let accrued = LeaseAccrued { lease: id, evidenced: lease.evidence.seconds(), cost: lease.cost(), healthy };
    if state == LeaseState::Running {
        x.timers.set(Timer::LeasePhase(id), step.at.plus(timing.dark_after));
    }
    step.emit(accrued);
    if fails {
        x.lease_mut(id).detail = Text::lossy("its health checks failed");
        x.begin_closing(step, id, CloseReason::Failed);
    }
    Ok(Outcome::Done(Reply::Lease(id)))
}
