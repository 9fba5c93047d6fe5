//! The contract locked a lease's escrow.

use berth_domain::{CloseReason, Code, Escrowed, LeaseEscrowed, LeaseState, ProofPayload, ProofStep};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};
use crate::state::Timer;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, fact: &Escrowed) -> Result<Outcome, Code> {
    let lease = x.lease(fact.lease).ok_or(Code::UnknownLease)?;
    match lease.escrow_tx {
        Some(tx) if tx == fact.tx => return Ok(Outcome::Repeated(Reply::Lease(fact.lease))),
        Some(_) => return Err(Code::SettlementMismatch),
        None => {}
    }
    // Closed without an escrow: the chain had refused it for good, so this is
    // no fact of this chain.
    if lease.state == LeaseState::Closed {
        return Err(Code::SettlementMismatch);
    }
    let (state, escrow) = (lease.state, lease.escrow);
    let start_by = step.at.plus(x.timing_of(fact.lease).start_timeout);

    let lease = x.lease_mut(fact.lease);
    lease.escrow_tx = Some(fact.tx);
    lease.escrowed_at = Some(step.at);
    step.emit(LeaseEscrowed { lease: fact.lease, tx: fact.tx });
    x.prove_match(step, fact.lease);
    let payload = ProofPayload::new([
        ("amount", escrow.to_string().into()),
        ("ledger", fact.ledger.into()),
        ("tx", fact.tx.to_string().into()),
    ]);
    x.prove(step, fact.lease, ProofStep::EscrowLocked, step.seq, payload);
    if state == LeaseState::Opened {
        x.lease_mut(fact.lease).state = LeaseState::Escrowed;
        x.timers.set(Timer::LeasePhase(fact.lease), start_by);
    } else if !is(Planted::LateLockIgnored) {
        // It was stopped, or had timed out, before the chain answered: nothing
        // was started, so the contract gives all of it back.
        let reason = x.lease(fact.lease).and_then(|lease| lease.reason).unwrap_or(CloseReason::Stopped);
        x.close(step, fact.lease, reason);
    }
    Ok(Outcome::Done(Reply::Lease(fact.lease)))
}
