//! The course of each lease, as its entries and events told it: under which
//! terms it opened, what it has to spend, and how long it was seen to run. Other
//! rules recount from this, and it has some of its own: what a top-up adds, when
//! funds end, and that a suspended lease accrues nothing.

use std::collections::BTreeMap;

use berth_domain::{
    AccountId, CloseReason, Command, Entry, Event, FinishOutcome, LeaseClosed, LeaseId, LeaseOpened, LeaseState,
    LeaseToppedUp, Micros, OrderId, RatePerHour, Seconds, Stroops, TopUpRequested,
};
use berth_exchange::{Exchange, Origin, Outcome, Terms};

use super::evidence::Seen;
use super::{Checked, Violation, ensure, rule};
use crate::reads;

/// What is known of one lease.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) order: OrderId,
    pub(super) origin: Origin,
    pub(super) tenant: AccountId,
    pub(super) owner: AccountId,
    pub(super) terms: Terms,
    pub(super) rate: RatePerHour,
    pub(super) replicas: u32,
    pub(super) escrow: Stroops,
    pub(super) duration: Seconds,
    pub(super) prepay: Seconds,
    pub(super) chain_deadline: u64,
    pub(super) state: LeaseState,
    pub(super) reason: Option<CloseReason>,
    pub(super) is_locked: bool,
    pub(super) is_paid: bool,
    pub(super) started_at: Option<Micros>,
    pub(super) closing_at: Option<Micros>,
    pub(super) suspended_at: Option<Micros>,
    /// How long it was suspended before, in microseconds.
    pub(super) suspended: u64,
    top_ups: u32,
    top_up: Option<TopUpRequested>,
    pub(super) seen: Seen,
}

impl Course {
    /// When its funds end, of one that has started.
    pub(super) fn funded_until(&self) -> Option<Micros> {
        Some(Micros(self.started_at?.plus(self.prepay).0 + self.suspended))
    }

    /// When it ends by itself.
    pub(super) fn ends_at(&self) -> Option<Micros> {
        Some(Micros(self.started_at?.plus(self.duration).0 + self.suspended))
    }

    /// Whether it is paid for to its end.
    pub(super) fn is_funded(&self) -> bool {
        self.prepay >= self.duration
    }

    /// What may be paid of the time up to `at`.
    fn paid_until(&self, at: Micros) -> Micros {
        let ends = [self.closing_at, self.suspended_at, self.funded_until()];
        ends.into_iter().flatten().fold(at, Micros::min)
    }

    /// Until when its result may be checked: the chain settles it no later.
    pub(super) fn last_moment(&self) -> Micros {
        Micros(0).plus(Seconds(self.chain_deadline.saturating_sub(self.terms.timing.settle_grace.0)))
    }

    /// What is held for a top-up.
    pub(super) fn topping_up(&self) -> i128 {
        self.top_up.map_or(0, |top_up| top_up.amount.get().into())
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, LeaseState::Closing | LeaseState::Closed)
    }

    fn owes(&self, seconds: Seconds) -> i128 {
        reads::owes(self.rate, seconds.0)
    }
}

/// All leases.
#[derive(Clone, Debug, Default)]
pub(super) struct Courses(BTreeMap<LeaseId, Course>);

impl Courses {
    pub(super) fn get(&self, lease: LeaseId) -> Result<&Course, Violation> {
        self.0.get(&lease).ok_or_else(|| rule::LEASE.broken(format!("nothing told of lease {lease} before")))
    }

    fn of(&mut self, lease: LeaseId) -> Result<&mut Course, Violation> {
        self.0.get_mut(&lease).ok_or_else(|| rule::LEASE.broken(format!("nothing told of lease {lease} before")))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (LeaseId, &Course)> {
        self.0.iter().map(|(id, course)| (*id, course))
    }

    /// What an entry's command shows of a lease, before its events.
    pub(super) fn witness(&mut self, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        let at = entry.at;
        match &entry.command {
            Command::LeaseBacklog(backlog) => {
                let Some(course) = self.0.get_mut(&backlog.lease) else { return Ok(()) };
                if course.owner == entry.account {
                    let timing = course.terms.timing;
                    let is_heard = matches!(course.state, LeaseState::Running | LeaseState::Suspended)
                        || (course.state == LeaseState::Closing);
                    course.seen.fill(entry, backlog, outcome, is_heard, &timing)?;
                }
            }
            Command::Heartbeat(beat) if matches!(outcome, Outcome::Done(_)) => {
                let course = self.of(beat.lease)?;
                let (timing, end) = (course.terms.timing, course.paid_until(at));
                course.seen.beat(at, end, beat.healthy, timing.heartbeat_grace);
                let fails = course.state == LeaseState::Running && course.seen.failed_checks >= timing.missed_checks;
                let closes =
                    events.iter().any(|event| matches!(event, Event::LeaseClosing(c) if c.lease == beat.lease));
                ensure!(
                    fails == closes,
                    rule::EVIDENCE,
                    "lease {} failed {} checks in a row, and {} to close for it",
                    beat.lease,
                    course.seen.failed_checks,
                    if closes { "began" } else { "did not begin" }
                );
            }
            // Containers that were removed as asked had run until then.
            Command::FinishLease(finish)
                if matches!(outcome, Outcome::Done(_)) && finish.outcome == FinishOutcome::Stopped =>
            {
                let course = self.of(finish.lease)?;
                let (timing, end) = (course.terms.timing, course.paid_until(at));
                if course.started_at.is_some() {
                    course.seen.until(at, end, timing.heartbeat_grace);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One event after the other.
    pub(super) fn hear(&mut self, x: &Exchange, terms: &Terms, at: Micros, event: &Event) -> Checked {
        match event {
            Event::LeaseOpened(opened) => self.open(x, terms, opened)?,
            Event::LeaseEscrowed(escrowed) => {
                let course = self.of(escrowed.lease)?;
                course.is_locked = true;
                if course.state == LeaseState::Opened {
                    course.state = LeaseState::Escrowed;
                }
            }
            Event::LeaseStarted(started) => {
                let course = self.of(started.lease)?;
                course.state = LeaseState::Running;
                course.started_at = Some(at);
                course.seen = Seen::from(at);
            }
            Event::LeaseHeartbeat(accrued) => {
                let course = self.of(accrued.lease)?;
                let seconds = course.seen.seconds();
                let cost = course.owes(seconds).min(course.escrow.get().into());
                ensure!(
                    accrued.evidenced == seconds && i128::from(accrued.cost.get()) == cost,
                    rule::EVIDENCE,
                    "lease {} has evidence of {seconds}, {cost} stroops, and the exchange tells {accrued:?}",
                    accrued.lease
                );
            }
            Event::LeaseSuspended(suspended) => {
                let course = self.of(suspended.lease)?;
                course.suspended_at = course.funded_until();
                course.state = LeaseState::Suspended;
            }
            Event::LeaseResumed(resumed) => {
                let course = self.of(resumed.lease)?;
                let since = course.suspended_at.take();
                ensure!(since.is_some(), rule::RUNWAY, "lease {} resumes and was not suspended", resumed.lease);
                course.suspended += since.map_or(0, |since| at.since(since));
                course.state = LeaseState::Running;
                course.seen.resume(at);
                ensure!(
                    Some(resumed.ends_at) == course.ends_at(),
                    rule::RUNWAY,
                    "lease {} resumes until {:?} and should until {:?}",
                    resumed.lease,
                    resumed.ends_at,
                    course.ends_at()
                );
            }
            Event::TopUpRequested(asked) => self.top_up(asked)?,
            Event::LeaseToppedUp(came) => self.topped_up(came)?,
            Event::TopUpReleased(failed) => {
                let course = self.of(failed.lease)?;
                let asked = course.top_up.take();
                ensure!(
                    asked.is_some_and(|asked| (asked.number, asked.amount) == (failed.number, failed.amount)),
                    rule::RUNWAY,
                    "{failed:?} answers {asked:?}"
                );
            }
            Event::VerificationStarted(started) => self.of(started.lease)?.state = LeaseState::Verifying,
            Event::LeaseClosing(closing) => {
                let course = self.of(closing.lease)?;
                ensure!(!course.is_over(), rule::LEASE, "lease {} closes twice", closing.lease);
                course.state = LeaseState::Closing;
                course.closing_at = Some(at);
                course.reason = Some(closing.reason);
            }
            Event::LeaseClosed(closed) => self.close(closed)?,
            Event::LeasePaid(paid) => {
                let course = self.of(paid.lease)?;
                ensure!(!course.is_paid, rule::LEASE, "lease {} is paid twice", paid.lease);
                course.is_paid = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, x: &Exchange, terms: &Terms, opened: &LeaseOpened) -> Checked {
        let lease = x.lease(opened.lease).ok_or_else(|| rule::LEASE.broken(format!("{opened:?} opened nothing")))?;
        let overhead = {
            let timing = &terms.timing;
            let own = timing.escrow_timeout.0 + timing.start_timeout.0 + timing.suspend_timeout.0;
            own + timing.closing_timeout.0 + timing.settle_grace.0
        };
        let run = terms.timing.escrow_timeout.0
            + terms.timing.start_timeout.0
            + opened.duration.0
            + terms.timing.closing_timeout.0;
        let is_spot = x.order(opened.order).is_some_and(|order| order.verify == berth_domain::Verify::Spot);
        let checks = if is_spot { terms.timing.escrow_timeout.0 + 2 * run } else { 0 };
        let deadline = lease.opened_at.unix_seconds() + overhead + opened.duration.0 + checks;
        ensure!(
            opened.chain_deadline == deadline,
            rule::LEASE,
            "the chain's deadline of lease {} is {} and not {deadline}",
            opened.lease,
            opened.chain_deadline
        );
        let course = Course {
            order: opened.order,
            origin: lease.origin,
            tenant: lease.tenant,
            owner: lease.provider_account,
            terms: *terms,
            rate: opened.rate,
            replicas: opened.replicas,
            escrow: opened.escrow,
            duration: opened.duration,
            prepay: lease.prepay,
            chain_deadline: opened.chain_deadline,
            state: LeaseState::Opened,
            reason: None,
            is_locked: false,
            is_paid: false,
            started_at: None,
            closing_at: None,
            suspended_at: None,
            suspended: 0,
            top_ups: 0,
            top_up: None,
            seen: Seen::default(),
        };
        let is_new = self.0.insert(opened.lease, course).is_none();
        ensure!(is_new, rule::LEASE, "lease {} opens twice", opened.lease);
        Ok(())
    }

    fn top_up(&mut self, asked: &TopUpRequested) -> Checked {
        let course = self.of(asked.lease)?;
        let prepay = Seconds(course.prepay.0 + asked.seconds.0);
        let amount = course.owes(prepay) - course.owes(course.prepay);
        ensure!(
            course.top_up.is_none()
                && asked.number == course.top_ups + 1
                && prepay <= course.duration
                && i128::from(asked.amount.get()) == amount
                && matches!(course.state, LeaseState::Running | LeaseState::Suspended),
            rule::RUNWAY,
            "{asked:?} should be of {amount} stroops, behind {:?}, of a lease that is {}",
            course.top_up,
            course.state
        );
        course.top_ups += 1;
        course.top_up = Some(*asked);
        Ok(())
    }

    fn topped_up(&mut self, came: &LeaseToppedUp) -> Checked {
        let course = self.of(came.lease)?;
        let asked = course.top_up.take();
        let seconds = asked.map_or(0, |asked| asked.seconds.0);
        course.prepay = Seconds(course.prepay.0 + seconds);
        course.escrow = came.escrow;
        ensure!(
            asked.is_some_and(|asked| asked.amount == came.amount)
                && came.prepay == course.prepay
                && i128::from(came.escrow.get()) == course.owes(course.prepay),
            rule::RUNWAY,
            "{came:?} answers {asked:?}"
        );
        Ok(())
    }

    fn close(&mut self, closed: &LeaseClosed) -> Checked {
        let course = self.of(closed.lease)?;
        let seconds = course.seen.seconds();
        let pays = course.started_at.is_some() && !closed.reason.is_unpaid();
        let pay = if pays { course.owes(seconds).min(course.escrow.get().into()) } else { 0 };
        let fee = pay * i128::from(course.terms.fee.get()) / 10_000;
        ensure!(
            i128::from(closed.pay.get()) == pay && i128::from(closed.fee.get()) == fee,
            rule::EVIDENCE,
            "lease {} closes ({}) with evidence of {seconds}: it owes {pay} and {fee} of that, and is told as {closed:?}",
            closed.lease,
            closed.reason
        );
        let told =
            if closed.reason.is_unpaid() && closed.reason != CloseReason::Refunded { Seconds(0) } else { seconds };
        ensure!(
            closed.evidenced == told,
            rule::EVIDENCE,
            "lease {} has evidence of {told}, and closes with {}",
            closed.lease,
            closed.evidenced
        );
        course.state = LeaseState::Closed;
        // What the chain gave back may have failed before.
        if closed.reason != CloseReason::Refunded || course.reason.is_none() {
            course.reason = Some(closed.reason);
        }
        Ok(())
    }
}
