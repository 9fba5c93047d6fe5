//! How a lease closes: first the containers go, then the money is counted.

use berth_domain::{CloseReason, LeaseClosed, LeaseClosing, LeaseId, LeaseState, StandbyEnd, Stroops, fee};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Place, Timer};

impl Exchange {
    /// Asks the agent to remove the containers. Nothing after this moment is
    /// paid. Does nothing to a lease that closes or is closed.
    pub(crate) fn begin_closing(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        let closing_timeout = self.timing_of(id).closing_timeout;
        let lease = self.lease_mut(id);
        if matches!(lease.state, LeaseState::Closing | LeaseState::Closed) {
            return;
        }
        if lease.state == LeaseState::Verifying {
            // Its containers are gone already.
            self.close(step, id, reason);
            self.has_no_result(step, id);
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
        self.lease_ends(step, id, reason);
    }

    /// Closes a lease: counts what its evidence owes, frees its room, and has
    /// the contract settle it when it holds the escrow.
    pub(crate) fn close(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        let bps = self.terms_of(self.lease(id).expect("the caller has it")).fee;
        let lease = self.lease_mut(id);
        assert!(lease.state != LeaseState::Closed, "a lease closes once");
        let was_verifying = lease.state == LeaseState::Verifying;
        let ends = !was_verifying && lease.state != LeaseState::Closing;
        let pays = lease.started_at.is_some() && !reason.is_unpaid();
        lease.pay = if pays { lease.cost() } else { Stroops::ZERO };
        lease.fee = fee(lease.pay, bps);
        if is(Planted::FeeRoundsUp) && lease.pay > Stroops::ZERO {
            lease.fee = lease.pay.min(lease.fee.checked_add(Stroops::new(1).unwrap_or_default()).unwrap_or_default());
        }
        lease.state = LeaseState::Closed;
        lease.reason = Some(reason);
        lease.closed_at = Some(step.at);
        self.timers.clear(Timer::LeaseEnd(id));
        self.timers.clear(Timer::LeasePhase(id));
        self.prove_match(step, id);
        let lease = self.lease_mut(id).clone();
        self.prove_close(step, &lease, reason);
        let refund = lease.escrow - lease.pay;
        step.emit(LeaseClosed {
            lease: id,
            reason,
            detail: lease.detail.clone(),
            evidenced: lease.paid_seconds(),
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
        if was_verifying {
            // Its room has been free since its job ended.
            self.fold_lease(step, &lease);
        } else {
            let replicas = if is(Planted::RoomLeaks) { 1 } else { lease.replicas };
            self.provider_mut(lease.provider).give_back(lease.slot, lease.units, &lease.resources, replicas);
            if !self.fold_lease(step, &lease) {
                self.reenter_bids(step, lease.provider);
            }
        }
        if ends {
            self.lease_ends(step, id, reason);
        }
    }

    /// A lease has begun to end, whether its containers are gone or not.
    fn lease_ends(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        if !self.standbys.is_empty() && !reason.fails_over() {
            self.release_standby(step, id, StandbyEnd::LeaseEnded);
        }
        if !self.gangs.is_empty() {
            self.gang_leg_ends(step, id, reason);
        }
        self.has_no_result(step, id);
    }
}
