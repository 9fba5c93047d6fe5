//! Verification: a job that is declared deterministic is paid when other runs of
//! it have had their say. Here is what all of it shares, and `replicas`, where
//! the runs are the order's own; spot checks are in `rerunning`.

use berth_domain::{
    CloseReason, Digest, LeaseId, LeaseState, Micros, OrderId, Seconds, StandbyEnd, Verdict, VerificationEnded,
    VerificationStarted, Verify,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Lease, Origin, Timer};

impl Exchange {
    /// How a lease's result is checked.
    #[inline]
    pub(crate) fn verify_of(&self, lease: &Lease) -> Verify {
        self.order(lease.order).expect("a lease's order is there").verify
    }

    /// A lease's job has ended well, with a result: its room is free, and it is
    /// neither closed nor paid before the result is checked.
    pub(crate) fn begin_verifying(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let timing = *self.timing_of(id);
        let lease = self.lease_mut(id);
        lease.state = LeaseState::Verifying;
        let (order, origin, provider, slot) = (lease.order, lease.origin, lease.provider, lease.slot);
        let (units, resources, replicas) = (lease.units, lease.resources, lease.replicas);
        // After that the chain could no longer settle it.
        let last = Micros(0).plus(Seconds(lease.chain_deadline.saturating_sub(timing.settle_grace.0)));
        self.timers.clear(Timer::LeaseEnd(id));
        self.timers.set(Timer::LeasePhase(id), last.max(step.at));
        step.emit(VerificationStarted { lease: id });
        self.release_standby(step, id, StandbyEnd::LeaseEnded);
        self.provider_mut(provider).give_back(slot, units, &resources, replicas);
        self.reenter_bids(step, provider);
        match (origin, self.order(order).expect("a lease's order is there").verify) {
            (Origin::Rerun(checked), _) => self.rerun_finished(step, id, checked),
            (_, Verify::Spot) => self.timers.set(Timer::LeasePhase(id), step.at.plus(timing.escrow_timeout)),
            _ => self.count_votes(step, order),
        }
    }

    /// A lease has begun to end otherwise than by its verification: whoever
    /// waits for its result waits no longer.
    pub(crate) fn has_no_result(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let lease = self.lease(id).expect("the caller has it");
        match (lease.origin, self.verify_of(lease)) {
            (_, Verify::None) => {}
            (Origin::Rerun(checked), _) => self.rerun_failed(step, checked),
            (_, Verify::Spot) => self.end_check(step, id, Verdict::NoResult),
            (_, Verify::Replicas(_)) => {
                let order = lease.order;
                self.count_votes(step, order);
            }
        }
    }

    /// What a lease's verification waits for has not come in time.
    pub(crate) fn verification_is_late(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let lease = self.lease(id).expect("a timer's lease is there");
        match (lease.origin, self.verify_of(lease)) {
            (Origin::Rerun(checked), _) => {
                self.end_check(step, checked, Verdict::Undecided);
                self.end_verification(step, id, Verdict::Undecided);
            }
            (_, Verify::Replicas(_) | Verify::None) => self.end_verification(step, id, Verdict::Undecided),
            (_, Verify::Spot) if self.checks.contains_key(&id) => self.end_check(step, id, Verdict::NoResult),
            (_, Verify::Spot) => self.end_verification(step, id, Verdict::NoLedger),
        }
    }

    /// Counts the results of an order's replicas when none of them is to come
    /// any more. The one that more than half of the replicas have is right.
    fn count_votes(&mut self, step: &mut Step<'_>, order: OrderId) {
        // A gang that is not whole may still fail, and then none is paid.
        if self.gangs.contains_key(&order) {
            return;
        }
        let legs: Vec<LeaseId> = self.leases_of_order(order).map(|lease| lease.id).collect();
        let state_of = |id: &LeaseId| self.lease(*id).map(|lease| lease.state);
        let is_over = |state| matches!(state, Some(LeaseState::Verifying | LeaseState::Closing | LeaseState::Closed));
        if !legs.iter().map(state_of).all(is_over) {
            return;
        }
        let voters: Vec<_> = legs.into_iter().filter(|id| state_of(id) == Some(LeaseState::Verifying)).collect();
        let replicas = self.order(order).expect("a lease's order is there").replicas;
        let right = self.majority(&voters, replicas as usize);
        self.pronounce(step, &voters, right);
    }

    /// The result that more than half of so many runs have.
    pub(crate) fn majority(&self, runs: &[LeaseId], of: usize) -> Option<Digest> {
        let results = || runs.iter().filter_map(|id| self.result_of(*id));
        let of = if is(Planted::HalfIsMajority) { of.saturating_sub(2) } else { of };
        results().find(|result| 2 * results().filter(|other| other == result).count() > of)
    }

    fn result_of(&self, id: LeaseId) -> Option<Digest> {
        self.lease(id)?.result.map(|result| result.sha256)
    }

    /// Ends the verification of runs that are compared with each other. Those
    /// that differ from the majority close unpaid, and are slashed when all have
    /// closed.
    pub(crate) fn pronounce(&mut self, step: &mut Step<'_>, runs: &[LeaseId], right: Option<Digest>) {
        let verdicts = runs.iter().map(|id| match right {
            None => (*id, Verdict::Undecided),
            Some(_) if self.result_of(*id) == right => (*id, Verdict::Agreed),
            Some(_) => (*id, Verdict::Differed),
        });
        let verdicts: Vec<_> = verdicts.collect();
        for (id, verdict) in &verdicts {
            self.end_verification(step, *id, *verdict);
        }
        for (id, _) in verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Differed) {
            let lease = self.lease(*id).expect("the caller has it");
            let (account, tenant, amount) = (lease.provider_account, lease.tenant, lease.escrow);
            self.slash(step, account, tenant, *id, amount);
        }
    }

    /// Closes a lease that waited for its verification.
    pub(crate) fn end_verification(&mut self, step: &mut Step<'_>, id: LeaseId, verdict: Verdict) {
        if self.lease_mut(id).state != LeaseState::Verifying {
            return;
        }
        step.emit(VerificationEnded { lease: id, verdict });
        let reason = match verdict {
            Verdict::Differed => CloseReason::FailedVerification,
            _ => CloseReason::Completed,
        };
        self.close(step, id, reason);
    }
}
