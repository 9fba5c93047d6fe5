//! The chain closed its first ledger after a lease had finished: its hash draws
//! the leases that are run again.

use berth_domain::{Code, LeaseState, LedgerSeen, Verify};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Origin;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &LedgerSeen) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    let is_spot = x.order(lease.order).is_some_and(|order| order.verify == Verify::Spot);
    if !is_spot || matches!(lease.origin, Origin::Rerun(_)) {
        return Err(Code::LeaseState);
    }
    match lease.state {
        // Whatever it said has been acted on, or comes too late to be.
        LeaseState::Closed => return Ok(Outcome::Repeated(Reply::Lease(fact.lease))),
        LeaseState::Verifying => {}
        _ => return Err(Code::LeaseState),
    }
    if let Some(check) = x.checks.get(&fact.lease) {
        let is_same = (check.ledger, check.hash) == (fact.ledger, fact.hash);
        return if is_same { Ok(Outcome::Repeated(Reply::Lease(fact.lease))) } else { Err(Code::SettlementMismatch) };
    }
    x.draw(step, fact);
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
