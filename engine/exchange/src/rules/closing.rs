//! How a lease closes: first the containers go, then the money is counted.

use berth_domain::{
    CloseReason, LeaseClosed, LeaseClosing, LeaseId, LeaseState, ProofPayload, ProofStep, ProofValue, Stroops, fee,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Place, Timer};

impl Exchange {
    /// Asks the agent to remove the containers. Nothing after this moment is
    /// paid. Does nothing to a lease that closes or is closed.
    pub(crate) fn begin_closing(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        let closing_timeout = self.timing().closing_timeout;
        let lease = self.lease_mut(id);
        if matches!(lease.state, LeaseState::Closing | LeaseState::Closed) {
            return;
        }
        let awaits_chain = lease.state == LeaseState::Opened;
        lease.state = LeaseState::Closing;
        lease.reason = Some(reason);
        lease.closing_at = Some(step.at);
        self.timers.clear(Timer::LeaseEnd(id));
        if awaits_chain {
            // Nothing was started. Only the contract's word says whether there
            // is an escrow to give back, so no timer may guess.
            self.timers.clear(Timer::LeasePhase(id));
        } else {
            self.timers.set(Timer::LeasePhase(id), step.at.plus(closing_timeout));
        }
        step.emit(LeaseClosing { lease: id, reason });
    }

    /// Closes a lease: counts what its evidence owes, frees its room, and has
    /// the contract settle it when it holds the escrow.
    pub(crate) fn close(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        let bps = self.genesis().expect("no entry is applied before the genesis").fee;
        let lease = self.lease_mut(id);
        assert!(lease.state != LeaseState::Closed, "a lease closes once");
        let pays = lease.started_at.is_some() && reason != CloseReason::Refunded;
        lease.pay = if pays { lease.cost() } else { Stroops::ZERO };
        lease.fee = fee(lease.pay, bps);
        if is(Planted::FeeRoundsUp) && lease.pay > Stroops::ZERO {
            lease.fee = lease.pay.min(lease.fee.checked_add(Stroops::new(1).unwrap_or_default()).unwrap_or_default());
        }
        lease.state = LeaseState::Closed;
        lease.reason = Some(reason);
        lease.closed_at = Some(step.at);
        let lease = lease.clone();
        self.timers.clear(Timer::LeaseEnd(id));
        self.timers.clear(Timer::LeasePhase(id));
        self.prove_close(step, &lease, reason);
        let refund = lease.escrow - lease.pay;
        step.emit(LeaseClosed {
            lease: id,
            reason,
            detail: lease.detail.clone(),
            evidenced: lease.evidence.seconds(),
            pay: lease.pay,
            fee: lease.fee,
            refund,
            // A refund was the contract's last word on it.
            escrowed: lease.is_escrowed() && reason != CloseReason::Refunded,
            proof: self.lease_mut(id).proof_head(),
        });
        if !lease.is_escrowed() {
            self.ledger.post(Place::Escrow(id, lease.tenant), Place::Available(lease.tenant), lease.escrow);
        }
        let class = self.market(lease.market).expect("a lease's market is open").class.clone();
        let replicas = if is(Planted::RoomLeaks) { 1 } else { lease.replicas };
        self.provider_mut(lease.provider).give_back(&class, lease.units, &lease.resources, replicas);
        self.reenter_bids(step, lease.provider);
    }

    /// The steps between started and paid. Where a lease never ran, the chain
    /// says so rather than leaving a step out.
    fn prove_close(&mut self, step: &mut Step<'_>, lease: &crate::state::Lease, reason: CloseReason) {
        let finished = ProofPayload::new([
            ("at", step.at.0.into()),
            ("reason", reason.as_str().into()),
            ("started", lease.started_at.map_or(ProofValue::Null, |at| at.0.into())),
        ]);
        self.prove(step, lease.id, ProofStep::Finished, step.seq, finished);
        let (sha256, size) = match lease.result {
            Some(result) => (result.sha256.to_string().into(), result.size.into()),
            None => (ProofValue::Null, ProofValue::Null),
        };
        let stored = ProofPayload::new([("sha256", sha256), ("size", size)]);
        self.prove(step, lease.id, ProofStep::ResultStored, step.seq, stored);
        let verified = ProofPayload::new([
            ("evidencedSeconds", lease.evidence.seconds().0.into()),
            ("fee", lease.fee.to_string().into()),
            ("heartbeats", lease.evidence.heartbeats.into()),
            ("pay", lease.pay.to_string().into()),
            ("refund", (lease.escrow - lease.pay).to_string().into()),
        ]);
        self.prove(step, lease.id, ProofStep::Verified, step.seq, verified);
    }
}
