//! Verification: results are what agents first said, verdicts follow from them,
//! and nothing is paid before. Nobody is punished who is not shown to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{
    CloseReason, Command, Digest, Entry, Event, LeaseId, LeaseState, OrderId, Verdict, VerificationDrawn,
    VerificationEnded, VerificationRerun, Verify, is_drawn,
};
use berth_exchange::{Exchange, Origin};

use super::course::{Course, Courses};
use super::{Checked, ensure, rule};

/// What the ledger said of a lease, and who runs it again.
#[derive(Clone, Debug, Default)]
struct Check {
    is_drawn: bool,
    reruns: Vec<LeaseId>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Verifications {
    results: BTreeMap<LeaseId, Digest>,
    checks: BTreeMap<LeaseId, Check>,
    /// Verdicts whose leases are about to close.
    verdicts: BTreeMap<LeaseId, Verdict>,
    /// Whose verdict was told in this entry: they were compared together.
    judged: BTreeSet<LeaseId>,
}

impl Verifications {
    pub(super) fn before(&mut self) {
        self.judged.clear();
    }

    /// One event, before its lease's course goes on.
    pub(super) fn hear(&mut self, x: &Exchange, courses: &Courses, entry: &Entry, event: &Event) -> Checked {
        match event {
            Event::VerificationStarted(started) => {
                let result = match &entry.command {
                    Command::FinishLease(finish) if finish.lease == started.lease && finish.exit_code == Some(0) => {
                        finish.result
                    }
                    _ => None,
                };
                let is_checked = self.verify(x, courses, started.lease)? != Verify::None;
                let Some(result) = result.filter(|_| is_checked) else {
                    return Err(rule::VERIFY.broken(format!("lease {} is verified without a result", started.lease)));
                };
                self.results.insert(started.lease, result.sha256);
            }
            Event::VerificationDrawn(drawn) => self.drawn(x, courses, entry, drawn)?,
            Event::VerificationRerun(rerun) => self.rerun(x, courses, rerun)?,
            Event::VerificationEnded(ended) => {
                self.judge(x, courses, entry, ended)?;
                self.judged.insert(ended.lease);
                self.verdicts.insert(ended.lease, ended.verdict);
            }
            Event::LeaseClosed(closed) => {
                let verdict = self.verdicts.remove(&closed.lease);
                let holds = match (self.results.get(&closed.lease), verdict) {
                    // Its gang failed, or the chain gave its escrow back.
                    (Some(_), None) => matches!(closed.reason, CloseReason::GangFailed | CloseReason::Refunded),
                    (_, Some(Verdict::Differed)) => closed.reason == CloseReason::FailedVerification,
                    (_, Some(_)) => closed.reason == CloseReason::Completed,
                    (None, None) => {
                        let is_checked = self.verify(x, courses, closed.lease)? != Verify::None;
                        let unseen = closed.reason == CloseReason::Completed && is_checked;
                        !unseen && closed.reason != CloseReason::FailedVerification
                    }
                };
                ensure!(
                    holds,
                    rule::VERIFY,
                    "lease {} closes ({}) with the verdict {verdict:?}",
                    closed.lease,
                    closed.reason
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn verify(&self, x: &Exchange, courses: &Courses, lease: LeaseId) -> Result<Verify, super::Violation> {
        let order = courses.get(lease)?.order;
        Ok(x.order(order).map_or(Verify::None, |order| order.verify))
    }

    fn drawn(&mut self, x: &Exchange, courses: &Courses, entry: &Entry, told: &VerificationDrawn) -> Checked {
        let seen = match &entry.command {
            Command::LedgerSeen(seen) if seen.lease == told.lease => Some((seen.ledger, seen.hash)),
            _ => None,
        };
        let check = Check { is_drawn: told.drawn, reruns: Vec::new() };
        let is_first = self.checks.insert(told.lease, check).is_none();
        let is_spot = self.verify(x, courses, told.lease)? == Verify::Spot;
        ensure!(
            is_first
                && is_spot
                && self.results.contains_key(&told.lease)
                && seen == Some((told.ledger, told.hash))
                && told.drawn == is_drawn(told.hash, told.lease),
            rule::VERIFY,
            "{told:?} by {seen:?}"
        );
        Ok(())
    }

    fn rerun(&mut self, x: &Exchange, courses: &Courses, told: &VerificationRerun) -> Checked {
        let lease = x.lease(told.rerun).expect("it opened");
        let treasury = x.genesis().and_then(|genesis| x.account_by_address(genesis.treasury));
        let Some(check) = self.checks.get_mut(&told.lease).filter(|check| check.is_drawn) else {
            return Err(rule::VERIFY.broken(format!("{told:?}, and it was not drawn")));
        };
        let mut others = vec![courses.get(told.lease)?.tenant];
        others.extend(treasury);
        for run in [told.lease].iter().chain(&check.reruns) {
            others.push(courses.get(*run)?.owner);
        }
        ensure!(
            check.reruns.len() < 2
                && Some(lease.tenant) == treasury
                && lease.origin == Origin::Rerun(told.lease)
                && !others.contains(&lease.provider_account)
                && lease.prepay == lease.duration,
            rule::VERIFY,
            "{told:?} is by account {}, and has a part in it: {others:?}",
            lease.provider_account
        );
        check.reruns.push(told.rerun);
        Ok(())
    }

    /// A verdict is what the results say.
    fn judge(&self, x: &Exchange, courses: &Courses, entry: &Entry, told: &VerificationEnded) -> Checked {
        let course = courses.get(told.lease)?;
        let checked = match course.origin {
            Origin::Rerun(checked) => checked,
            Origin::Match | Origin::Failover(_) => told.lease,
        };
        let check = self.checks.get(&checked).cloned().unwrap_or_default();
        let (runs, of) = match self.verify(x, courses, told.lease)? {
            Verify::Replicas(n) => (self.voters(courses, course.order), usize::from(n)),
            _ => {
                let runs: Vec<LeaseId> = [checked].into_iter().chain(check.reruns).collect();
                let brought = runs.len();
                (runs, brought)
            }
        };
        let results = || runs.iter().filter_map(|run| self.results.get(run));
        let right = results().find(|result| 2 * results().filter(|other| other == result).count() > of);
        // Whoever comes too late for the chain is paid without the others.
        let is_late = matches!(entry.command, Command::Tick(_)) && course.last_moment() <= entry.at;
        let its = self.results.get(&told.lease);
        let holds = match told.verdict {
            Verdict::NotDrawn => self.checks.get(&told.lease).is_some_and(|check| !check.is_drawn),
            Verdict::NoLedger => !self.checks.contains_key(&told.lease),
            Verdict::Agreed => right.is_some() && right == its && runs.len() > 1,
            Verdict::Differed => right.is_some() && right != its,
            // A run whose comparison is over stays undecided by itself.
            Verdict::Undecided => right.is_none() || is_late || checked != told.lease || runs.len() == 1,
            Verdict::NoFunds | Verdict::NoProvider | Verdict::NoResult => true,
        };
        ensure!(
            holds && its.is_some(),
            rule::VERIFY,
            "{told:?} of runs {runs:?}, of which {right:?} is right, and it has {its:?}"
        );
        Ok(())
    }

    /// The leases of an order's own replicas whose results are compared now.
    fn voters(&self, courses: &Courses, order: OrderId) -> Vec<LeaseId> {
        let votes = |id: LeaseId, course: &Course| {
            course.order == order
                && course.origin == Origin::Match
                && (course.state == LeaseState::Verifying || self.judged.contains(&id))
        };
        courses.iter().filter(|(id, course)| votes(*id, course)).map(|(id, _)| id).collect()
    }
}
