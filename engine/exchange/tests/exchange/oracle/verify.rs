//! Verification: a lease whose job is declared deterministic is paid when other
//! runs of the job have had their say.

use berth_domain::{
    CloseReason, Code, Digest, LeaseId, LeaseState, LedgerSeen, Micros, OrderId, ProviderId, Rate, Seconds, StandbyEnd,
    Verdict, VerificationDrawn, VerificationEnded, VerificationRerun, VerificationStarted, Verify,
};
use sha2::Digest as _;

use super::lease::{Opening, Origin};
use super::order::owed;
use super::{Answer, Lease, Oracle, Reply, Rule};

/// A lease that was drawn to be run again.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) lease: LeaseId,
    pub(crate) ledger: u32,
    pub(crate) hash: Digest,
    pub(crate) reruns: Vec<LeaseId>,
}

impl Oracle {
    pub(super) fn verify_of(&self, lease: &Lease) -> Verify {
        self.order(lease.order).place.verify
    }

    /// Its job has ended well, with a result: its room is free, and it is paid
    /// when the result has been checked.
    pub(super) fn begins_verifying(&mut self, id: LeaseId) {
        let at = self.step.at;
        let lease = self.lease_mut(id);
        lease.state = LeaseState::Verifying;
        lease.overdue_at = Some(lease.decided_by().max(at));
        let lease = lease.clone();
        self.tell(VerificationStarted { lease: id });
        self.release_standby(id, StandbyEnd::LeaseEnded);
        self.reenter_host(lease.host);
        match (lease.origin, self.verify_of(&lease)) {
            (Origin::Rerun(checked), _) => self.rerun_finishes(id, checked),
            (_, Verify::Spot) => {
                let until = at.plus(lease.timing.escrow_timeout);
                self.lease_mut(id).overdue_at = Some(until);
            }
            _ => self.count_results(lease.order),
        }
    }

    /// Whether the chain is still to say if a lease is run again.
    pub(super) fn awaits_ledger(&self, lease: &Lease) -> bool {
        let is_spot = self.verify_of(lease) == Verify::Spot && !matches!(lease.origin, Origin::Rerun(_));
        is_spot && lease.state == LeaseState::Verifying && self.check_of(lease.id).is_none()
    }

    pub(crate) fn check_of(&self, lease: LeaseId) -> Option<&Check> {
        self.checks.iter().find(|check| check.lease == lease)
    }

    /// The first ledger after a lease has finished.
    pub(super) fn ledger_seen(&mut self, fact: &LedgerSeen) -> Result<Answer, Code> {
        let LedgerSeen { lease: id, ledger, hash } = *fact;
        let lease = self.find_lease(id).ok_or(Code::UnknownLease)?;
        let is_spot = self.verify_of(lease) == Verify::Spot && !matches!(lease.origin, Origin::Rerun(_));
        match lease.state {
            LeaseState::Closed if is_spot => return Ok(Answer::Repeated(Reply::Lease(id))),
            LeaseState::Verifying if is_spot => {}
            _ => return Err(Code::LeaseState),
        }
        if let Some(check) = self.check_of(id) {
            let is_same = (check.ledger, check.hash) == (ledger, hash);
            return if is_same { Ok(Answer::Repeated(Reply::Lease(id))) } else { Err(Code::SettlementMismatch) };
        }
        let drawn = is_tenth(hash, id);
        self.tell(VerificationDrawn { lease: id, ledger, hash, drawn });
        if drawn {
            let at = self.step.at;
            let lease = self.lease_mut(id);
            lease.overdue_at = Some(lease.decided_by().max(at));
            self.checks.push(Check { lease: id, ledger, hash, reruns: Vec::new() });
            if let Err(verdict) = self.run_again(id) {
                self.end_check(id, verdict);
            }
        } else {
            self.end_verification(id, Verdict::NotDrawn);
        }
        Ok(Answer::Done(Reply::Lease(id)))
    }

    /// A checked lease and those that run it again.
    fn runs(&self, checked: LeaseId) -> Vec<LeaseId> {
        let reruns = self.check_of(checked).map_or(&[][..], |check| &check.reruns);
        [&[checked], reruns].concat()
    }

    /// Opens a lease that runs a job again, on the best bid of an account that
    /// has no part in it, paid out of the platform's fees.
    fn run_again(&mut self, checked: LeaseId) -> Result<(), Verdict> {
        let lease = self.find_lease(checked).expect("it is checked").clone();
        let treasury = self.account_of(self.rules().treasury);
        let ran = self.runs(checked);
        let mut others: Vec<_> = ran.iter().filter_map(|run| self.find_lease(*run)).map(|run| run.owner).collect();
        others.extend([lease.tenant, treasury]);
        let (found, skipped) = self.next_best(self.order(lease.order), lease.replicas, &others);
        self.step.skipped = skipped;
        let bid = self.bid(found.ok_or(Verdict::NoProvider)?);
        let (bid, host, price): (_, ProviderId, Rate) = (bid.id, bid.place.provider, bid.place.price);
        let (duration, replicas, order) = (self.order(lease.order).place.duration, lease.replicas, lease.order);
        let escrow = owed(price, lease.units, replicas, duration);
        if escrow > self.available(treasury) {
            return Err(Verdict::NoFunds);
        }
        if self.cap(treasury, 0).is_some_and(|cap| escrow > cap) {
            self.reach(Rule::RerunBeyondMandate);
            return Err(Verdict::NoFunds);
        }
        let origin = Origin::Rerun(checked);
        let opening = Opening { order, bid, replicas, price, duration, prepay: duration, tenant: treasury, origin };
        let rerun = self.new_lease(&opening);
        self.takes_units(bid, lease.units * replicas);
        self.park_used_up(bid);
        let check = self.checks.iter_mut().find(|check| check.lease == checked).expect("it is checked");
        check.reruns.push(rerun);
        self.reach(if ran.len() == 1 { Rule::SecondRun } else { Rule::ThirdRun });
        self.tell(VerificationRerun { lease: checked, rerun });
        self.park_what_cannot_be_met(host, Rule::ParkedByARerun);
        self.park_beyond_mandate(treasury, Rule::ParkedByASpentMandate);
        Ok(())
    }

    fn rerun_finishes(&mut self, rerun: LeaseId, checked: LeaseId) {
        if self.check_of(checked).is_none() {
            self.reach(Rule::RerunAfterTheCheck);
            self.end_verification(rerun, Verdict::Undecided);
            return;
        }
        let runs = self.runs(checked);
        let right = self.majority(&runs, runs.len());
        if right.is_none() && runs.len() == 2 && self.run_again(checked).is_ok() {
            return;
        }
        self.checks.retain(|check| check.lease != checked);
        self.pronounce(&runs, right);
    }

    /// A lease has begun to end without a result, or will not bring it: nobody
    /// waits for that any longer.
    pub(super) fn has_no_result(&mut self, id: LeaseId) {
        let lease = self.find_lease(id).expect("the caller has it").clone();
        match (lease.origin, self.verify_of(&lease)) {
            (_, Verify::None) => {}
            (Origin::Rerun(checked), _) => {
                let is_third = self.runs(checked).len() == 3;
                self.end_check(checked, if is_third { Verdict::Undecided } else { Verdict::NoResult });
            }
            (_, Verify::Spot) => self.end_check(id, Verdict::NoResult),
            (_, Verify::Replicas(_)) => self.count_results(lease.order),
        }
    }

    /// What a verification waits for has not come in time.
    pub(super) fn verification_is_late(&mut self, id: LeaseId) {
        let lease = self.find_lease(id).expect("a timer's lease").clone();
        if let Origin::Rerun(checked) = lease.origin {
            self.end_check(checked, Verdict::Undecided);
            self.end_verification(id, Verdict::Undecided);
        } else if self.verify_of(&lease) != Verify::Spot {
            self.end_verification(id, Verdict::Undecided);
        } else if self.check_of(id).is_some() {
            self.end_check(id, Verdict::NoResult);
        } else {
            self.end_verification(id, Verdict::NoLedger);
        }
    }

    /// A check that can no longer be decided: whoever has a result is paid.
    fn end_check(&mut self, checked: LeaseId, verdict: Verdict) {
        if self.check_of(checked).is_none() {
            return;
        }
        let runs = self.runs(checked);
        self.checks.retain(|check| check.lease != checked);
        runs.into_iter().for_each(|run| self.end_verification(run, verdict));
    }

    /// The replicas of an order are compared when none of them is to bring a
    /// result any more.
    fn count_results(&mut self, order: OrderId) {
        if self.is_gang(order) {
            return;
        }
        let legs = self.leases.iter().filter(|lease| lease.order == order);
        let runs =
            |lease: &Lease| !matches!(lease.state, LeaseState::Verifying | LeaseState::Closing | LeaseState::Closed);
        if legs.clone().any(runs) {
            return;
        }
        let voters: Vec<_> = legs.filter(|leg| leg.state == LeaseState::Verifying).map(|leg| leg.id).collect();
        let right = self.majority(&voters, self.order(order).place.replicas as usize);
        self.pronounce(&voters, right);
    }

    /// The result that more than half of so many have.
    fn majority(&self, runs: &[LeaseId], of: usize) -> Option<Digest> {
        let results: Vec<Digest> = runs.iter().filter_map(|run| self.result(*run)).collect();
        let votes = |result: &Digest| results.iter().filter(|other| *other == result).count();
        results.iter().find(|result| 2 * votes(result) > of).copied()
    }

    fn result(&self, id: LeaseId) -> Option<Digest> {
        self.find_lease(id)?.result.map(|result| result.sha256)
    }

    /// Runs that are compared with each other: first all of them close, then
    /// those that differ from what is right are slashed.
    fn pronounce(&mut self, runs: &[LeaseId], right: Option<Digest>) {
        let mut differ = Vec::new();
        for id in runs {
            let verdict = match right {
                None => Verdict::Undecided,
                Some(_) if self.result(*id) == right => Verdict::Agreed,
                Some(_) => Verdict::Differed,
            };
            if verdict == Verdict::Differed {
                differ.push(*id);
            }
            self.end_verification(*id, verdict);
        }
        for id in differ {
            let lease = self.find_lease(id).expect("it was compared").clone();
            self.slash(lease.owner, lease.tenant, id, lease.escrow());
        }
    }

    fn end_verification(&mut self, id: LeaseId, verdict: Verdict) {
        if self.find_lease(id).is_some_and(|lease| lease.state == LeaseState::Verifying) {
            self.tell(VerificationEnded { lease: id, verdict });
            let differs = verdict == Verdict::Differed;
            self.close(id, if differs { CloseReason::FailedVerification } else { CloseReason::Completed });
        }
    }
}

impl Lease {
    /// When its verdict must stand, so that the chain can still settle it.
    fn decided_by(&self) -> Micros {
        Micros((self.record.chain_deadline - self.timing.settle_grace.0) * 1_000_000)
    }

    /// For how much longer the chain has to wait for a lease of a spot check:
    /// until the ledger is reported, and for two more runs.
    pub(super) fn time_to_check(&self) -> u64 {
        let timing = self.timing;
        let run = [timing.escrow_timeout, timing.start_timeout, self.duration, timing.closing_timeout];
        timing.escrow_timeout.0 + 2 * run.iter().map(|time: &Seconds| time.0).sum::<u64>()
    }
}

/// One lease in ten, by the ledger's hash: SHA-256 of the hash and the lease's
/// id as 8 little-endian bytes, a big-endian number that ten divides.
pub(crate) fn is_tenth(hash: Digest, lease: LeaseId) -> bool {
    let bytes = [&hash.0[..], &lease.0.to_le_bytes()].concat();
    sha2::Sha256::digest(bytes).iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % 10) == 0
}
