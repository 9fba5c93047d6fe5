//! The contract added a top-up to a lease's escrow.

use berth_domain::{Code, LeaseState, LeaseToppedUp, Seconds, ToppedUp};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Place;

/// In whatever state the lease is: what came too late goes back with the rest
/// when the contract settles it.
pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &ToppedUp) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    if lease.funding.txs.contains(&fact.tx) {
        return Ok(Outcome::Repeated(Reply::Lease(fact.lease)));
    }
    let top_up = lease.funding.top_up.ok_or(Code::SettlementMismatch)?;
    // Settled, the contract has no escrow to add to.
    if lease.paid_tx.is_some() || fact.amount != top_up.amount {
        return Err(Code::SettlementMismatch);
    }
    let (tenant, state) = (lease.tenant, lease.state);

    x.ledger.post(Place::Held(tenant), Place::Escrow(fact.lease, tenant), top_up.amount);
    x.account_mut(tenant).topping_up -= top_up.amount;
    let lease = x.lease_mut(fact.lease);
    lease.prepay = Seconds(lease.prepay.0 + top_up.seconds.0);
    lease.escrow += top_up.amount;
    lease.funding.top_up = None;
    lease.funding.txs.push(fact.tx);
    let (escrow, prepay) = (lease.escrow, lease.prepay);
    step.emit(LeaseToppedUp { lease: fact.lease, tx: fact.tx, amount: top_up.amount, escrow, prepay });
    match state {
        LeaseState::Running => x.watch_runway(step, fact.lease),
        LeaseState::Suspended => x.resume_lease(step, fact.lease),
        LeaseState::Opened
        | LeaseState::Escrowed
        | LeaseState::Verifying
        | LeaseState::Closing
        | LeaseState::Closed => {}
    }
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
