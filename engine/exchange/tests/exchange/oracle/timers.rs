//! Time: what is due, in the order of deadlines, then of kinds, then of ids.

use berth_domain::{
    AccountId, BidId, CloseReason, LeaseId, LeaseRunway, LeaseState, LeaseSuspended, Micros, Mode, OrderId, Verify,
};

use super::account::DeadMan;
use super::{Lease, Oracle, Rule};

/// What a timer is for. Two that are due at one time fire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    OrderExpiry(OrderId),
    AuctionClose(OrderId),
    BidExpiry(BidId),
    LeaseEnd(LeaseId),
    LeaseOverdue(LeaseId),
    DeadMan(AccountId),
    Trust(AccountId),
    Mandate(AccountId),
    Gang(OrderId),
    Reentry,
    NewTerms,
    NewRules,
}

impl Oracle {
    /// All timers, searched for in all that there is, the first due first.
    pub(super) fn timers(&self) -> Vec<(Micros, Timer)> {
        let mut timers = Vec::new();
        for order in self.orders.iter().filter(|order| order.is_live()) {
            timers.extend(order.place.expires_at.map(|at| (at, Timer::OrderExpiry(order.id))));
            if order.place.mode == Mode::Auction && !order.is_postponed {
                timers.extend(order.place.closes_at.map(|at| (at, Timer::AuctionClose(order.id))));
            }
        }
        for bid in self.bids.iter().filter(|bid| bid.is_live()) {
            timers.extend(bid.place.expires_at.map(|at| (at, Timer::BidExpiry(bid.id))));
        }
        for lease in &self.leases {
            timers.extend(lease.overdue_at.map(|at| (at, Timer::LeaseOverdue(lease.id))));
            if lease.state == LeaseState::Running {
                timers.extend(Self::runs_until(lease).map(|at| (at, Timer::LeaseEnd(lease.id))));
            }
        }
        for account in &self.accounts {
            timers.extend(account.dead_man.map(|armed| (armed.deadline, Timer::DeadMan(account.id))));
            let mandate_due = account.watched.and_then(|watched| watched.due_at());
            timers.extend(mandate_due.map(|due_at| (due_at, Timer::Mandate(account.id))));
            timers.extend(self.trust_until(account.id).map(|until| (until, Timer::Trust(account.id))));
        }
        timers.extend(self.gangs.iter().filter_map(|gang| Some((gang.put_off?, Timer::Gang(gang.order)))));
        timers.extend(self.waits_since().map(|since| (since, Timer::Reentry)));
        timers.extend(self.operation.announced_terms.map(|terms| (terms.effective_at, Timer::NewTerms)));
        timers.extend(self.operation.announced_rules.map(|rules| (rules.effective_at, Timer::NewRules)));
        timers.sort_unstable();
        timers
    }

    /// When the next timer is due.
    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        self.timers().first().map(|(deadline, _)| *deadline)
    }

    /// Fires what is due, so many and no more. What has no budget left ends the
    /// tick and waits for one of its own.
    pub(super) fn tick(&mut self) {
        let (at, bound) = (self.step.at, self.rules().bounds.tick);
        for _ in 0..bound {
            let due = self.timers().into_iter().find(|(deadline, _)| *deadline <= at);
            let Some((_, timer)) = due else { return };
            if self.step.events.len() >= bound as usize {
                self.reach(Rule::TickHasToldEnough);
                break;
            }
            if !self.fire(timer) {
                break;
            }
        }
        if self.next_deadline().is_some_and(|deadline| deadline <= at) {
            self.reach(Rule::TickLeavesSomeDue);
        }
    }

    /// Fires a timer; whether the tick goes on.
    fn fire(&mut self, timer: Timer) -> bool {
        match timer {
            Timer::OrderExpiry(order) => self.expire_order(order),
            Timer::BidExpiry(bid) => self.expire_bid(bid),
            Timer::AuctionClose(order) => return self.close_auction(order),
            Timer::DeadMan(account) => self.dead_man_fires(account),
            Timer::Mandate(account) => self.mandate_is_due(account),
            Timer::Trust(account) => self.trust_expires(account),
            Timer::Reentry => {
                self.go_on();
                return self.waits_since().is_none();
            }
            // What is due behind them happens under them, in a tick of its own.
            Timer::NewTerms => {
                self.new_terms();
                return false;
            }
            Timer::NewRules => {
                self.new_rules();
                return false;
            }
            Timer::LeaseEnd(lease) => self.run_out(lease),
            Timer::Gang(order) => {
                if let Some(gang) = self.gangs.iter_mut().find(|gang| gang.order == order) {
                    gang.put_off = None;
                }
                return self.close_gang(order);
            }
            Timer::LeaseOverdue(lease) => self.overdue(lease),
        }
        true
    }

    /// What comes next in a lease that runs: its end, or, when it is not paid for
    /// to its end, a warning and then the end of its funds.
    fn runs_until(lease: &Lease) -> Option<Micros> {
        let warning = lease.timing.runway_warning.micros();
        let funded_until = lease.funded_until()?;
        match lease.prepay < lease.duration {
            false => lease.ends_at,
            true if lease.funding.is_warned => Some(funded_until),
            true => Some(Micros(funded_until.0.saturating_sub(warning))),
        }
    }

    fn run_out(&mut self, id: LeaseId) {
        let at = self.step.at;
        let lease = self.find_lease(id).expect("a timer's lease");
        // A job whose result is to be checked has brought none in its time.
        let is_checked = self.verify_of(lease) != Verify::None;
        let lease = self.lease_mut(id);
        if lease.prepay >= lease.duration {
            self.begin_closing(id, if is_checked { CloseReason::Failed } else { CloseReason::Completed });
        } else if lease.funding.is_warned {
            let closes_at = lease.may_be_suspended_until(at);
            lease.state = LeaseState::Suspended;
            lease.funding.suspended_at = lease.funded_until();
            lease.overdue_at = Some(closes_at);
            self.reach(Rule::Suspended);
            self.tell(LeaseSuspended { lease: id, closes_at });
        } else {
            self.warn(id);
        }
    }

    pub(super) fn warn(&mut self, id: LeaseId) {
        self.reach(Rule::Warned);
        let lease = self.lease_mut(id);
        lease.funding.is_warned = true;
        let ends_at = lease.funded_until().expect("it runs");
        self.tell(LeaseRunway { lease: id, ends_at });
    }

    /// What the lease's state waited for has not come.
    fn overdue(&mut self, id: LeaseId) {
        let lease = self.lease_mut(id);
        lease.overdue_at = None;
        let reason = lease.reason;
        match lease.state {
            LeaseState::Opened => self.begin_closing(id, CloseReason::EscrowTimeout),
            LeaseState::Escrowed => self.begin_closing(id, CloseReason::StartTimeout),
            LeaseState::Running => self.close(id, CloseReason::Dark),
            LeaseState::Suspended => self.begin_closing(id, CloseReason::Exhausted),
            LeaseState::Closing => self.close(id, reason.expect("what closes has a reason")),
            LeaseState::Verifying => self.verification_is_late(id),
            other => unreachable!("nothing is overdue of what is {other}"),
        }
    }

    /// The node was down: nobody could be heard, so whoever is waited for is
    /// waited for anew. Ends of leases, orders, bids and auctions do not move.
    pub(super) fn resume(&mut self) {
        let at = self.step.at;
        let mut moved = Vec::new();
        let awaiting: Vec<_> = self.leases.iter().map(|lease| self.awaits_ledger(lease)).collect();
        for (lease, awaits) in self.leases.iter_mut().zip(awaiting).filter(|(lease, _)| lease.overdue_at.is_some()) {
            let timing = lease.timing;
            let overdue_at = match lease.state {
                LeaseState::Opened => at.plus(timing.escrow_timeout),
                LeaseState::Escrowed => at.plus(timing.start_timeout),
                LeaseState::Running => at.plus(timing.dark_after),
                LeaseState::Suspended => lease.may_be_suspended_until(at),
                LeaseState::Closing => at.plus(timing.closing_timeout),
                LeaseState::Verifying if awaits => at.plus(timing.escrow_timeout),
                // What other runs take does not move.
                LeaseState::Verifying => continue,
                other => unreachable!("nothing is overdue of what is {other}"),
            };
            lease.overdue_at = Some(overdue_at);
            moved.push(Rule::LeaseMovedByResumption);
        }
        for id in self.accounts.iter().map(|account| account.id).collect::<Vec<_>>() {
            if let Some(DeadMan { millis, .. }) = self.account(id).dead_man {
                let deadline = self.in_millis(millis);
                self.account_mut(id).dead_man = Some(DeadMan { millis, deadline });
                moved.push(Rule::DeadManMovedByResumption);
            }
        }
        moved.into_iter().for_each(|rule| self.reach(rule));
    }
}
