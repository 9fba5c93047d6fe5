//! Standbys: what waits for leases to fail, kept from the events alone. It is
//! another account's, its room and units are taken, nobody is paid for it, and it
//! takes over when the lease that failed is settled, for the time that is left.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{
    AccountId, CloseReason, Command, Entry, Event, LeaseFailedOver, LeaseId, LeaseState, OrderContinued, StandbyEnd,
    StandbyReserved, Stroops,
};
use berth_exchange::{Account, Bid, Exchange, Origin, Standby};

use super::course::{Course, Courses};
use super::{Checked, ensure, rule};
use crate::reads::{self, Demand, Offer};

#[derive(Clone, Debug, Default)]
pub(super) struct Standbys {
    of: BTreeMap<LeaseId, Standby>,
    /// Leases that want one and have not been answered.
    seeking: BTreeSet<LeaseId>,
    /// Leases that failed and were settled in this entry, until it is told what
    /// takes their place.
    failed: BTreeSet<LeaseId>,
    /// Who owed something before this entry: what comes back repays it first.
    debtors: BTreeSet<AccountId>,
}

impl Standbys {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Standby> {
        self.of.values()
    }

    /// One event, behind those of the lease's course.
    pub(super) fn hear(&mut self, x: &Exchange, courses: &Courses, event: &Event) -> Checked {
        match event {
            Event::LeaseOpened(opened) => {
                let course = courses.get(opened.lease)?;
                if wants(x, course) {
                    self.seeking.insert(opened.lease);
                }
            }
            Event::StandbyReserved(told) => self.reserved(x, courses.get(told.lease)?, told)?,
            Event::StandbyMissing(missing) => {
                let asked = self.seeking.remove(&missing.lease);
                ensure!(asked, rule::STANDBY, "lease {} misses a standby and looked for none", missing.lease);
            }
            Event::StandbyReleased(told) => {
                let course = courses.get(told.lease)?;
                let standby = self.of.remove(&told.lease);
                ensure!(
                    standby.is_some_and(|standby| standby.bid == told.bid),
                    rule::STANDBY,
                    "{told:?} ends {standby:?}"
                );
                let seeks = matches!(told.reason, StandbyEnd::BidEnded | StandbyEnd::ProviderUnavailable);
                if seeks {
                    self.seeking.insert(told.lease);
                }
                // Nothing of it may be left to run.
                self.failed.remove(&told.lease);
                let may_end =
                    told.reason != StandbyEnd::LeaseEnded || course.is_over() || course.state == LeaseState::Verifying;
                ensure!(may_end, rule::STANDBY, "{told:?}, and the lease is {}", course.state);
            }
            Event::LeasePaid(paid) => {
                let course = courses.get(paid.lease)?;
                // Refunded by the chain after it had failed, it still did.
                let reason = course.reason;
                let left = course.prepay.0.saturating_sub(course.seen.seconds().0);
                let has_standby = self.of.contains_key(&paid.lease);
                if wants(x, course) && reason.is_some_and(CloseReason::fails_over) && (left > 0 || has_standby) {
                    self.failed.insert(paid.lease);
                }
            }
            Event::LeaseFailedOver(told) => self.failed_over(x, courses, told)?,
            Event::OrderContinued(told) => self.continued(x, courses.get(told.lease)?, told)?,
            Event::OrderDiscontinued(told) => {
                let was_due = self.failed.remove(&told.lease) && !self.of.contains_key(&told.lease);
                ensure!(was_due, rule::STANDBY, "{told:?} of a lease that has a standby or has not failed");
            }
            _ => {}
        }
        Ok(())
    }

    fn reserved(&mut self, x: &Exchange, course: &Course, told: &StandbyReserved) -> Checked {
        let bid = x.bid(told.bid).expect("it was reserved");
        let lease = x.lease(told.lease).expect("it wants a standby");
        let limit = x.order(course.order).and_then(|order| order.limits.at(reads::level(x, bid.account)));
        let dear = reads::owed(told.price, lease.units, lease.replicas, course.prepay.0);
        let hold = (dear - i128::from(course.escrow.get())).max(0);
        let asked = self.seeking.remove(&told.lease);
        ensure!(
            asked
                && ![course.owner, course.tenant].contains(&bid.account)
                && (bid.provider, bid.price, lease.replicas) == (told.provider, told.price, told.replicas)
                && limit.is_some_and(|limit| told.price <= limit)
                && i128::from(told.hold.get()) == hold,
            rule::STANDBY,
            "{told:?} of {bid:?}, within {limit:?}, should hold {hold}"
        );
        let per_lease = x.account(course.tenant).and_then(|tenant| tenant.mandate?.per_lease);
        ensure!(
            per_lease.is_none_or(|most| dear <= most.get().into()),
            rule::MANDATE,
            "a standby of {dear} stroops is reserved for lease {}, and its tenant allows {per_lease:?}",
            told.lease
        );
        let standby = Standby {
            lease: told.lease,
            bid: told.bid,
            provider: told.provider,
            price: told.price,
            units: lease.units * lease.replicas,
            hold: told.hold,
        };
        let is_first = self.of.insert(told.lease, standby).is_none();
        ensure!(is_first, rule::STANDBY, "lease {} has two standbys", told.lease);
        Ok(())
    }

    /// The new lease is for what is left of the old, at the standby's price.
    fn failed_over(&mut self, x: &Exchange, courses: &Courses, told: &LeaseFailedOver) -> Checked {
        let (from, to) = (courses.get(told.from)?, x.lease(told.to).expect("it opened"));
        let old = x.lease(told.from).expect("it failed");
        let standby = self.of.remove(&told.from);
        let was_due = self.failed.remove(&told.from);
        let Some(standby) = standby.filter(|_| was_due) else {
            return Err(rule::STANDBY.broken(format!("{told:?} without a standby, or before it was settled")));
        };
        let used = from.seen.seconds().0;
        let most = from.prepay.0.saturating_sub(used);
        let funds = i128::from(from.escrow.get()) - i128::from(old.pay.get()) + i128::from(standby.hold.get());
        let escrow = reads::owed(standby.price, old.units, old.replicas, to.prepay.0);
        ensure!(
            (to.bid, to.provider, to.price, to.order) == (standby.bid, standby.provider, standby.price, from.order)
                && (to.units, to.replicas, to.resources) == (old.units, old.replicas, old.resources)
                && to.origin == Origin::Failover(told.from)
                && to.duration.0 == from.duration.0.saturating_sub(used)
                && to.prepay.0 <= most
                && i128::from(to.escrow.get()) == escrow
                && escrow <= funds,
            rule::STANDBY,
            "{told:?} after {used} s, with {funds} stroops: {to:?}"
        );
        // It is shorter only where the funds, a debt or a mandate end it.
        let more = reads::owed(standby.price, old.units, old.replicas, to.prepay.0 + 1);
        let is_limited = more > funds
            || self.debtors.contains(&from.tenant)
            || x.account(from.tenant).is_some_and(|tenant| tenant.mandate.is_some());
        ensure!(
            to.prepay.0 == most || is_limited,
            rule::STANDBY,
            "lease {} is paid for {} s of {most}, and there are funds for more",
            told.to,
            to.prepay.0
        );
        Ok(())
    }

    fn continued(&mut self, x: &Exchange, course: &Course, told: &OrderContinued) -> Checked {
        let was_due = self.failed.remove(&told.lease) && !self.of.contains_key(&told.lease);
        let (Some(old), Some(new)) = (x.order(course.order), x.order(told.order)) else {
            return Err(rule::STANDBY.broken(format!("{told:?} names no order")));
        };
        let used = course.seen.seconds().0;
        let left = (course.duration.0.saturating_sub(used), course.prepay.0.saturating_sub(used));
        ensure!(
            was_due
                && (new.duration.0, new.prepay.0) == left
                && new.asked == course.replicas
                && new.replicas == course.replicas
                && (new.account, new.market, new.units, new.resources)
                    == (old.account, old.market, old.units, old.resources)
                && (new.limits, new.mode, new.verify, new.failover) == (old.limits, old.mode, old.verify, old.failover)
                && new.requires == old.requires,
            rule::STANDBY,
            "{told:?} after {used} s stands for {left:?} as {new:?}"
        );
        Ok(())
    }

    pub(super) fn after(&mut self, x: &Exchange, courses: &Courses) -> Checked {
        let owes = |account: &&Account| x.balances(account.id).owed > Stroops::ZERO;
        self.debtors = x.accounts().filter(owes).map(|account| account.id).collect();
        ensure!(self.failed.is_empty(), rule::STANDBY, "nothing takes the place of leases {:?}", self.failed);
        let there = x.standbys().eq(self.of.values());
        ensure!(there, rule::STANDBY, "standing by is {:?}, and what was told is {:?}", ids(x.standbys()), self.of);
        for (lease, standby) in &self.of {
            let course = courses.get(*lease)?;
            let may_fail = match course.state {
                LeaseState::Verifying => false,
                LeaseState::Closing | LeaseState::Closed => {
                    !course.is_paid && course.reason.is_some_and(CloseReason::fails_over)
                }
                _ => true,
            };
            let bid = x.bid(standby.bid).expect("a bid stands by");
            ensure!(may_fail, rule::STANDBY, "lease {lease} is {} and has {standby:?}", course.state);
            ensure!(bid.is_live(), rule::STANDBY, "bid {} is {} and stands by for lease {lease}", bid.id, bid.state);
        }
        if !reads::is_pending(x) {
            self.seeking.retain(|lease| {
                courses.get(*lease).is_ok_and(|course| !course.is_over() && course.state != LeaseState::Verifying)
            });
            ensure!(self.seeking.is_empty(), rule::STANDBY, "leases {:?} still look for a standby", self.seeking);
        }
        Ok(())
    }
}

/// What a new order's first lease has behind it is the best of what is there. It
/// is looked at where nothing else has happened that could hide it; nobody who
/// stands in the book has more room for it now than he had then.
pub(super) fn is_best(x: &Exchange, entry: &Entry, events: &[Event]) -> Checked {
    let Command::PlaceOrder(place) = &entry.command else { return Ok(()) };
    let (mut opened, mut reserved, mut missing) = (None, None, false);
    for event in events {
        match event {
            Event::LeaseOpened(lease) if opened.is_none() => opened = x.lease(lease.lease),
            Event::StandbyReserved(standby) if reserved.is_none() => reserved = x.bid(standby.bid),
            Event::StandbyMissing(_) => missing = true,
            Event::OrderAccepted(_) | Event::OrderFilled(_) | Event::BidParked(_) => {}
            _ => return Ok(()),
        }
    }
    let Some(lease) = opened else { return Ok(()) };
    let demand = Demand::from(place);
    let could = |bid: &&Bid| {
        let offer = Offer::of(x, bid);
        reads::bid_rests(bid)
            && reserved.is_none_or(|reserved: &Bid| reserved.id != bid.id)
            && ![lease.tenant, lease.provider_account].contains(&bid.account)
            && bid.remaining >= lease.units * lease.replicas
            && reads::within_limit(&demand, &offer)
            && reads::is_eligible(x, &demand, &offer, bid.price)
            && reads::fits_all(x, &demand, offer.provider, lease.replicas)
    };
    let rank = |bid: &Bid| (bid.price, Reverse(reads::level(x, bid.account)), bid.age, bid.id);
    let best = x.bids().filter(could).min_by_key(|bid| rank(bid));
    if let (Some(reserved), Some(best)) = (reserved, best) {
        ensure!(
            rank(reserved) < rank(best),
            rule::STANDBY,
            "bid {} stands by, and bid {} is better",
            reserved.id,
            best.id
        );
    }
    if let (true, Some(best)) = (missing, best) {
        let dear = reads::owed(best.price, lease.units, lease.replicas, lease.prepay.0);
        let hold = (dear - i128::from(lease.escrow.get())).max(0);
        let is_short = hold > i128::from(x.balances(lease.tenant).available.get());
        // A walk may end before it, and a mandate may forbid it.
        let is_hidden = x.bids().count() > x.bounds().scan as usize || reads::is_capped(x, lease.tenant);
        ensure!(is_short || is_hidden, rule::STANDBY, "lease {} has none, and bid {} could", lease.id, best.id);
    }
    Ok(())
}

/// Whether a lease's order wants it to go on when it fails.
fn wants(x: &Exchange, course: &Course) -> bool {
    !matches!(course.origin, Origin::Rerun(_)) && x.order(course.order).is_some_and(|order| order.failover)
}

fn ids<'a>(standbys: impl Iterator<Item = &'a Standby>) -> Vec<Standby> {
    standbys.copied().collect()
}
