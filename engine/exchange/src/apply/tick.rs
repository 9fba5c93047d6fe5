//! Fires due timers, in the order of their deadlines and ids.

use berth_domain::{CloseReason, LeaseId, LeaseState};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>) -> Outcome {
    for _ in 0..x.bounds().tick {
        match x.timers.pop_due(step.at) {
            Some(Timer::OrderExpiry(order)) => x.expire_order(step, order),
            Some(Timer::LeaseEnd(lease)) => lease_end(x, step, lease),
            Some(Timer::LeasePhase(lease)) => lease_phase(x, step, lease),
            None => break,
        }
    }
    if is(Planted::TickForgets) {
        x.timers.pop_due(step.at);
    }
    Outcome::Done(Reply::None)
}

fn lease_end(x: &mut Exchange, step: &mut Step<'_>, id: LeaseId) {
    let Some(lease) = x.lease(id) else { return };
    let reason = if lease.prepay < lease.duration { CloseReason::Exhausted } else { CloseReason::Completed };
    x.begin_closing(step, id, reason);
}

/// What the lease's state waited for has not come.
fn lease_phase(x: &mut Exchange, step: &mut Step<'_>, id: LeaseId) {
    let Some(lease) = x.lease(id) else { return };
    match lease.state {
        LeaseState::Opened => x.begin_closing(step, id, CloseReason::EscrowTimeout),
        LeaseState::Escrowed => x.begin_closing(step, id, CloseReason::StartTimeout),
        LeaseState::Running => x.close(step, id, CloseReason::Dark),
        LeaseState::Closing => {
            let reason = lease.reason.unwrap_or(CloseReason::Failed);
            x.close(step, id, reason);
        }
        LeaseState::Closed => {}
    }
}
