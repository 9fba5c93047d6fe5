//! The agent saw the containers end, could not start them, or removed them.

use berth_domain::{CloseReason, Code, FinishLease, FinishOutcome, LeaseState, Verify};

use super::as_provider;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

/// The largest result in bytes. The proof names its size in JSON, whose numbers
/// are exact up to here.
const RESULT_BYTES_MAX: u64 = (1 << 53) - 1;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, finish: &FinishLease) -> Result<Outcome, Code> {
    let lease = as_provider(x, step, finish.lease)?;
    match lease.state {
        LeaseState::Closed => return Ok(Outcome::Repeated(Reply::Lease(finish.lease))),
        // Nothing may have been started yet, so nothing can have ended.
        LeaseState::Opened => return Err(Code::LeaseState),
        LeaseState::Verifying if lease.result == finish.result => {
            return Ok(Outcome::Repeated(Reply::Lease(finish.lease)));
        }
        // What it said first is being checked.
        LeaseState::Verifying => return Err(Code::LeaseState),
        // To be suspended is to be stopped, and no end.
        LeaseState::Suspended if finish.outcome == FinishOutcome::Stopped => return Err(Code::LeaseState),
        LeaseState::Escrowed | LeaseState::Running | LeaseState::Suspended | LeaseState::Closing => {}
    }
    if finish.result.is_some_and(|result| result.size > RESULT_BYTES_MAX) {
        return Err(Code::OutOfBounds);
    }
    let (asked_for, escrowed, ran) = (lease.reason, lease.is_escrowed(), lease.started_at.is_some());
    let is_checked = x.verify_of(lease) != Verify::None;
    let reason = asked_for.unwrap_or(match (finish.outcome, finish.exit_code) {
        // A job whose result is to be checked must have one.
        (FinishOutcome::Exited, Some(0)) if ran && is_checked && finish.result.is_none() => CloseReason::Failed,
        (FinishOutcome::Exited, Some(0)) if ran => CloseReason::Completed,
        _ => CloseReason::Failed,
    });
    let grace = x.timing_of(finish.lease).heartbeat_grace;

    let lease = x.lease_mut(finish.lease);
    // Containers that were removed as asked had run until then. When those
    // that ended by themselves did so, nobody saw: their last heartbeat counts.
    if finish.outcome == FinishOutcome::Stopped && ran {
        lease.witness(step.at, grace);
    }
    lease.finished = true;
    lease.result = finish.result;
    if !finish.detail.as_str().is_empty() {
        lease.detail = finish.detail.clone();
    }
    if is_checked && asked_for.is_none() && reason == CloseReason::Completed {
        x.begin_verifying(step, finish.lease);
        return Ok(Outcome::Done(Reply::Lease(finish.lease)));
    }
    // Stopped before the chain answered: the contract's word is awaited, so
    // that what it locked is given back by it.
    if escrowed {
        x.close(step, finish.lease, reason);
    }
    Ok(Outcome::Done(Reply::Lease(finish.lease)))
}
