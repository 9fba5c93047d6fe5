//! What leases wait for.

use berth_domain::{
    BidState, CloseReason, Command, Event, LeaseRunway, LeaseSuspended, Micros, Mode, OrderId, Verdict, Verify,
};
use berth_exchange::{Exchange, Origin};

use super::{Clock, Moment, Wait, Watch, ends, is_due};
use crate::referee::course::Course;
use crate::referee::{Checked, ensure, rule};

impl Clock {
    pub(super) fn hear_of_lease(&mut self, moment: Moment<'_>, event: &Event, first: Option<Micros>) -> Checked {
        let Moment { x, entry, courses } = moment;
        let at = entry.at;
        match event {
            Event::LeaseOpened(opened) => {
                self.leases.insert(opened.lease, Watch { wait: Wait::Escrow(at), is_warned: false });
                if x.bid(opened.bid).is_some_and(|bid| bid.state == BidState::Matched) {
                    self.bids.remove(&opened.bid);
                }
                self.auction_is_due(moment, opened.order)?;
            }
            Event::LeaseEscrowed(escrowed) => {
                let watch = self.watch(escrowed.lease)?;
                if let Wait::Escrow(_) = watch.wait {
                    watch.wait = Wait::Start(at);
                }
            }
            Event::LeaseStarted(started) => {
                let due = at.plus(courses.get(started.lease)?.duration);
                ensure!(
                    started.ends_at == due,
                    rule::TIMERS,
                    "lease {} ends at {:?} and not {due:?}",
                    started.lease,
                    started.ends_at
                );
                *self.watch(started.lease)? = Watch { wait: Wait::Beat(at), is_warned: false };
            }
            Event::LeaseRunway(runway) => self.warned(moment, runway, first)?,
            Event::LeaseSuspended(suspended) => self.suspended(moment, suspended, first)?,
            Event::LeaseResumed(resumed) => {
                *self.watch(resumed.lease)? = Watch { wait: Wait::Beat(at), is_warned: false };
            }
            // Its funds end another time.
            Event::LeaseToppedUp(came) => {
                if let Some(watch) = self.leases.get_mut(&came.lease) {
                    watch.is_warned = false;
                }
            }
            Event::LeaseHeartbeat(beat) => {
                let watch = self.watch(beat.lease)?;
                if let (Wait::Beat(_), Command::Heartbeat(_)) = (watch.wait, &entry.command) {
                    watch.wait = Wait::Beat(at);
                }
            }
            Event::VerificationStarted(started) => {
                let course = courses.get(started.lease)?;
                let awaits_ledger = verify(x, course) == Verify::Spot && !matches!(course.origin, Origin::Rerun(_));
                let others = Wait::Others(course.last_moment().max(at));
                self.watch(started.lease)?.wait = if awaits_ledger { Wait::Ledger(at) } else { others };
            }
            Event::VerificationDrawn(drawn) => {
                let until = courses.get(drawn.lease)?.last_moment().max(at);
                self.watch(drawn.lease)?.wait = Wait::Others(until);
            }
            Event::VerificationEnded(ended) if ended.verdict == Verdict::NoLedger => {
                let due = self.due(courses, ended.lease)?;
                is_due(&format!("lease {} (no ledger)", ended.lease), due, first, at)?;
            }
            Event::LeaseClosing(closing) => {
                let what = format!("lease {} ({})", closing.lease, closing.reason);
                match closing.reason {
                    CloseReason::EscrowTimeout | CloseReason::StartTimeout | CloseReason::Exhausted => {
                        is_due(&what, self.due(courses, closing.lease)?, first, at)?;
                    }
                    // By a tick, and not by its agent: its time is over.
                    CloseReason::Completed | CloseReason::Failed if moment.is_tick() => {
                        let course = courses.get(closing.lease)?;
                        ensure!(course.is_funded(), rule::TIMERS, "{what} closes and has funds for a part");
                        is_due(&what, course.ends_at(), first, at)?;
                    }
                    _ => {}
                }
                let watch = self.watch(closing.lease)?;
                watch.wait = if let Wait::Escrow(_) = watch.wait { Wait::Word } else { Wait::Removal(at) };
            }
            Event::LeaseClosed(closed) => {
                let wait = self.watch(closed.lease)?.wait;
                if moment.is_tick() && !matches!(wait, Wait::Others(_) | Wait::Ledger(_)) {
                    let what = format!("lease {} ({})", closed.lease, closed.reason);
                    is_due(&what, self.due(courses, closed.lease)?, first, at)?;
                }
                let is_dark = closed.reason == CloseReason::Dark;
                ensure!(!is_dark || moment.is_tick(), rule::TIMERS, "lease {} went dark without a tick", closed.lease);
                self.leases.remove(&closed.lease);
            }
            _ => {}
        }
        Ok(())
    }

    /// An auction takes no bid before its close.
    fn auction_is_due(&self, Moment { x, entry, .. }: Moment<'_>, order: OrderId) -> Checked {
        let Some(order) = x.order(order).filter(|order| order.mode == Mode::Auction) else { return Ok(()) };
        let is_time = matches!(entry.command, Command::Tick(_) | Command::ResumeMarket(_));
        // A rerun of its lease comes whenever its result is checked.
        let is_rerun = !self.auctions.contains_key(&order.id);
        let is_closed = order.closes_at.is_some_and(|closes_at| closes_at <= entry.at);
        ensure!(
            is_rerun || (is_time && is_closed),
            rule::TIMERS,
            "auction {} takes a bid at {:?} and closes at {:?}",
            order.id,
            entry.at,
            order.closes_at
        );
        Ok(())
    }

    fn warned(&mut self, moment: Moment<'_>, runway: &LeaseRunway, first: Option<Micros>) -> Checked {
        let course = moment.courses.get(runway.lease)?;
        let at = moment.entry.at;
        let watch = self.watch(runway.lease)?;
        let due = ends(course, *watch);
        let is_again = std::mem::replace(&mut watch.is_warned, true);
        is_due(&format!("the warning of lease {}", runway.lease), due, if moment.is_tick() { first } else { due }, at)?;
        ensure!(
            !is_again && Some(runway.ends_at) == course.funded_until(),
            rule::RUNWAY,
            "lease {} is paid until {:?} and not {:?}",
            runway.lease,
            course.funded_until(),
            runway.ends_at
        );
        Ok(())
    }

    fn suspended(&mut self, moment: Moment<'_>, told: &LeaseSuspended, first: Option<Micros>) -> Checked {
        let course = moment.courses.get(told.lease)?;
        let at = moment.entry.at;
        let watch = self.watch(told.lease)?;
        let (due, was_warned) = (ends(course, *watch), watch.is_warned);
        watch.wait = Wait::Funds(at);
        let closes_at = watch.wait.due(&course.terms.timing, course.suspended);
        is_due(&format!("lease {} (suspended)", told.lease), due, first, at)?;
        ensure!(
            was_warned && Some(told.closes_at) == closes_at,
            rule::RUNWAY,
            "lease {} is suspended at {at:?} until {:?}, not {closes_at:?}",
            told.lease,
            told.closes_at
        );
        Ok(())
    }
}

fn verify(x: &Exchange, course: &Course) -> Verify {
    x.order(course.order).map_or(Verify::None, |order| order.verify)
}
