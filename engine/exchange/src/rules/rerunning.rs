//! Spot checks: a tenth of the leases is run again by another account, at the
//! platform's cost. Where the results differ a third run decides.

use berth_domain::{
    BidId, LeaseId, LeaseState, LedgerSeen, Micros, RatePerHour, Seconds, Stroops, Verdict, VerificationDrawn,
    VerificationRerun, is_drawn, owed,
};

use super::filling::Opening;
use crate::exchange::{Exchange, Step};
use crate::state::{Check, Origin, Place, Timer};

impl Exchange {
    /// The first ledger after a lease has finished says whether it is run again.
    pub(crate) fn draw(&mut self, step: &mut Step<'_>, fact: &LedgerSeen) {
        let LedgerSeen { lease: id, ledger, hash } = *fact;
        let drawn = is_drawn(hash, id);
        step.emit(VerificationDrawn { lease: id, ledger, hash, drawn });
        if !drawn {
            self.end_verification(step, id, Verdict::NotDrawn);
            return;
        }
        let grace = self.timing_of(id).settle_grace.0;
        let deadline = self.lease_mut(id).chain_deadline;
        let last = Micros(0).plus(Seconds(deadline.saturating_sub(grace)));
        self.timers.set(Timer::LeasePhase(id), last.max(step.at));
        self.checks.insert(id, Check { lease: id, ledger, hash, reruns: [None; 2] });
        if let Err(verdict) = self.run_again(step, id) {
            self.end_check(step, id, verdict);
        }
    }

    /// Opens a lease that runs a job again, paid by the platform.
    fn run_again(&mut self, step: &mut Step<'_>, id: LeaseId) -> Result<(), Verdict> {
        let (bid_id, rate, escrow) = self.next_to_run(step, id)?;
        let lease = self.lease(id).expect("the caller has it");
        let (order, replicas) = (lease.order, lease.replicas);
        let duration = self.order(order).expect("a lease's order is there").duration;
        let (tenant, origin) = (self.treasury, Origin::Rerun(id));
        let (bid, prepay) = (self.bid_mut(bid_id), duration);
        let (price, provider, slot) = (bid.price, bid.provider, bid.slot);
        let opening = Opening { order, bid: bid_id, price, rate, escrow, replicas, duration, prepay, tenant, origin };
        let rerun = self.open_lease(step, opening);
        let opened = self.lease_mut(rerun);
        let (units, resources) = (opened.units, opened.resources);
        self.provider_mut(provider).take(slot, units, &resources, replicas);
        self.ledger.post(Place::Available(tenant), Place::Escrow(rerun, tenant), escrow);
        self.link_to_order(order, rerun);
        self.count_in_bid(step, bid_id, rerun, units * replicas);
        let check = self.checks.get_mut(&id).expect("the caller has it");
        if let Some(free) = check.reruns.iter_mut().find(|rerun| rerun.is_none()) {
            *free = Some(rerun);
        }
        step.emit(VerificationRerun { lease: id, rerun });
        self.park_without_room(step, provider);
        if self.is_capped(tenant) {
            self.park_beyond_mandate(step, tenant);
        }
        Ok(())
    }

    /// The bid that runs a job again: the best of an account that has no part in
    /// it, if the platform's fees suffice.
    fn next_to_run(&self, step: &mut Step<'_>, id: LeaseId) -> Result<(BidId, RatePerHour, Stroops), Verdict> {
        let lease = self.lease(id).expect("the caller has it");
        let order = self.order(lease.order).expect("a lease's order is there");
        let mut others = vec![lease.tenant, self.treasury];
        others.extend(self.runs_of(id).iter().filter_map(|run| self.lease(*run)).map(|run| run.provider_account));
        let found = self.next_best(order, lease.replicas, &others, &mut step.budget.skips);
        let bid = found.ok_or(Verdict::NoProvider)?;
        let price = self.bid(bid).expect("it stands in the book").price;
        let rate = price.of(lease.units, lease.replicas).ok_or(Verdict::NoFunds)?;
        let escrow = owed(rate, order.duration).ok_or(Verdict::NoFunds)?;
        // The platform's mandate binds it as any tenant's.
        let funds = self.ledger.available(self.treasury).min(self.escrow_cap(self.treasury, Stroops::ZERO));
        if escrow > funds { Err(Verdict::NoFunds) } else { Ok((bid, rate, escrow)) }
    }

    /// A checked lease and those that run it again.
    fn runs_of(&self, id: LeaseId) -> Vec<LeaseId> {
        let reruns = self.checks.get(&id).map_or([None; 2], |check| check.reruns);
        std::iter::once(id).chain(reruns.into_iter().flatten()).collect()
    }

    /// A job that was run again has another result to compare with.
    pub(crate) fn rerun_finished(&mut self, step: &mut Step<'_>, rerun: LeaseId, checked: LeaseId) {
        if !self.checks.contains_key(&checked) {
            // What it was to check has been settled meanwhile.
            self.end_verification(step, rerun, Verdict::Undecided);
            return;
        }
        let runs = self.runs_of(checked);
        let right = self.majority(&runs, runs.len());
        // With two runs, a majority is both.
        if right.is_none() && runs.len() == 2 && self.run_again(step, checked).is_ok() {
            return;
        }
        self.checks.remove(&checked);
        self.pronounce(step, &runs, right);
    }

    /// A lease that was to run a job again has no result.
    pub(crate) fn rerun_failed(&mut self, step: &mut Step<'_>, checked: LeaseId) {
        let runs = self.runs_of(checked);
        // Two that differ stay undecided without the third.
        let verdict = if runs.len() == 3 { Verdict::Undecided } else { Verdict::NoResult };
        self.end_check(step, checked, verdict);
    }

    /// Ends a check that can no longer be decided: nobody is shown to be wrong,
    /// so whoever has a result is paid. A lease that still runs the job again
    /// goes on, and is paid for it.
    pub(crate) fn end_check(&mut self, step: &mut Step<'_>, checked: LeaseId, verdict: Verdict) {
        let runs = self.runs_of(checked);
        if self.checks.remove(&checked).is_none() {
            return;
        }
        for run in runs {
            if self.lease_mut(run).state == LeaseState::Verifying {
                self.end_verification(step, run, verdict);
            }
        }
    }
}
