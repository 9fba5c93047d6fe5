//! The contract refused a lease's escrow for good.

use berth_domain::{CloseReason, Code, EscrowFailed, LeaseState};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &EscrowFailed) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    if lease.is_escrowed() {
        return Err(Code::SettlementMismatch);
    }
    if lease.state == LeaseState::Closed {
        return Ok(Outcome::Repeated(Reply::Lease(fact.lease)));
    }
    let reason = lease.reason.unwrap_or(CloseReason::EscrowFailed);
    x.lease_mut(fact.lease).detail = fact.reason.clone();
    x.close(step, fact.lease, reason);
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
