//! The tenant stops a lease: what was used is paid, the rest is refunded.

use berth_domain::{CloseReason, Code, LeaseState, StopLease};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, stop: &StopLease) -> Result<Outcome, Code> {
    let lease = x.lease(stop.lease).ok_or(Code::UnknownLease)?;
    if lease.tenant != step.account {
        return Err(Code::NotYours);
    }
    if matches!(lease.state, LeaseState::Closing | LeaseState::Closed) {
        return Ok(Outcome::Repeated(Reply::Lease(stop.lease)));
    }
    // Its job is done: what is left is to pay for it.
    if lease.state == LeaseState::Verifying {
        return Err(Code::LeaseState);
    }
    x.begin_closing(step, stop.lease, CloseReason::Stopped);
    Ok(Outcome::Done(Reply::Lease(stop.lease)))
}
