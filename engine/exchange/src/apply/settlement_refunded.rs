//! The contract refunded a lease after its deadline, which anyone may ask for:
//! the tenant has all of the escrow back, whatever the exchange had in mind.

use berth_domain::{CloseReason, Code, LeasePaid, LeaseState, ProofPayload, ProofStep, SettlementRefunded, Stroops};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Place;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &SettlementRefunded) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    match lease.paid_tx {
        Some(tx) if tx == fact.tx => return Ok(Outcome::Repeated(Reply::Lease(fact.lease))),
        Some(_) => return Err(Code::SettlementMismatch),
        None => {}
    }
    if !lease.is_escrowed() || fact.amount != lease.escrow {
        return Err(Code::SettlementMismatch);
    }
    // What it had closed for, or was about to, before the chain spoke.
    let (tenant, state, reason) = (lease.tenant, lease.state, lease.reason);

    if state != LeaseState::Closed {
        x.close(step, fact.lease, CloseReason::Refunded);
        if state == LeaseState::Verifying {
            x.has_no_result(step, fact.lease);
        }
    }
    x.ledger.post(Place::Escrow(fact.lease, tenant), Place::Available(tenant), fact.amount);
    let lease = x.lease_mut(fact.lease);
    lease.pay = Stroops::ZERO;
    lease.fee = Stroops::ZERO;
    lease.reason = Some(CloseReason::Refunded);
    lease.paid_at = Some(step.at);
    lease.paid_tx = Some(fact.tx);
    let (pay, fee, refund) = (Stroops::ZERO, Stroops::ZERO, fact.amount);
    step.emit(LeasePaid { lease: fact.lease, tx: fact.tx, pay, fee, refund });
    let payload = ProofPayload::new([
        ("ledger", fact.ledger.into()),
        ("refund", refund.to_string().into()),
        ("tx", fact.tx.to_string().into()),
    ]);
    x.prove(step, fact.lease, ProofStep::Paid, step.seq, payload);
    x.take_over(step, fact.lease, reason);
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
