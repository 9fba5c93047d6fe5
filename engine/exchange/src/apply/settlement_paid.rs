//! The contract paid a lease out.

use berth_domain::{Code, LeasePaid, LeaseState, ProofPayload, ProofStep, SettlementPaid};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Place;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &SettlementPaid) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    match lease.paid_tx {
        Some(tx) if tx == fact.tx => return Ok(Outcome::Repeated(Reply::Lease(fact.lease))),
        Some(_) => return Err(Code::SettlementMismatch),
        None => {}
    }
    if lease.state != LeaseState::Closed || !lease.is_escrowed() {
        return Err(Code::LeaseState);
    }
    // Contract and exchange compute from the same seconds; anything else is
    // for the operator to look at, not for the ledger to follow.
    let refund = lease.escrow - lease.pay;
    if (fact.pay, fact.fee, fact.refund) != (lease.pay, lease.fee, refund) {
        return Err(Code::SettlementMismatch);
    }
    let (tenant, provider, reason) = (lease.tenant, lease.provider_account, lease.reason);

    let escrow = Place::Escrow(fact.lease, tenant);
    x.ledger.post(escrow, Place::Available(provider), fact.pay - fact.fee);
    x.ledger.post(escrow, Place::Available(x.treasury), fact.fee);
    x.ledger.post(escrow, Place::Available(tenant), refund);
    let lease = x.lease_mut(fact.lease);
    lease.paid_at = Some(step.at);
    lease.paid_tx = Some(fact.tx);
    step.emit(LeasePaid { lease: fact.lease, tx: fact.tx, pay: fact.pay, fee: fact.fee, refund });
    let payload = ProofPayload::new([
        ("fee", fact.fee.to_string().into()),
        ("ledger", fact.ledger.into()),
        ("pay", fact.pay.to_string().into()),
        ("refund", refund.to_string().into()),
        ("tx", fact.tx.to_string().into()),
    ]);
    x.prove(step, fact.lease, ProofStep::Paid, step.seq, payload);
    x.take_over(step, fact.lease, reason);
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
