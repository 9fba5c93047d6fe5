//! Leases, what waits for them, and timers.

use berth_domain::{BidTarget, LeaseId, LeaseState, Micros, OrderId, ProviderId, Seconds, owed};

use super::places::ascend;
use super::{ContentError, agree};
use crate::content::Component;
use crate::exchange::Exchange;
use crate::state::{Check, Gang, Lease, Origin, Standby, Timer, place};

/// No lease is longer, whatever the bounds were when it was opened.
const DURATION_MAX: Seconds = Seconds(u32::MAX as u64);

fn check(is_so: bool, thing: &'static str, place: u64, field: &'static str) -> Result<(), ContentError> {
    agree(is_so, Component::Leases, thing, place, field)
}

impl Exchange {
    /// Leases, in the lists of their orders and bids.
    pub(super) fn restore_leases(&mut self) -> Result<(), ContentError> {
        for id in 1..=self.leases.len() as u64 {
            let lease = &self.leases[id as usize - 1];
            check(lease.id.0 == id, "lease", id, "id")?;
            self.check_lease(lease)?;
            let (lease, order, bid) = (lease.id, lease.order, lease.bid);
            let slot = self.bid_mut(bid).slot;
            self.lease_mut(lease).slot = slot;
            self.link_to_order(order, lease);
            self.link_to_bid(bid, lease);
        }
        Ok(())
    }

    fn check_lease(&self, lease: &Lease) -> Result<(), ContentError> {
        let lease_is = |is_so, field| check(is_so, "lease", lease.id.0, field);
        let order = place(&self.orders, lease.order.0).filter(|order| order.market == lease.market);
        lease_is(order.is_some_and(|order| order.units == lease.units), "order")?;
        let bid = place(&self.bids, lease.bid.0).filter(|bid| bid.market == lease.market);
        lease_is(bid.is_some(), "bid")?;
        lease_is(bid.is_some_and(|bid| bid.provider == lease.provider), "provider")?;
        lease_is(bid.is_some_and(|bid| bid.account == lease.provider_account), "provider_account")?;
        lease_is(self.has_account(lease.tenant), "tenant")?;
        let origin = match lease.origin {
            Origin::Match => None,
            Origin::Failover(origin) | Origin::Rerun(origin) => Some(origin),
        };
        lease_is(origin.is_none_or(|origin| origin < lease.id && self.has_lease(origin)), "origin")?;
        lease_is(lease.replicas > 0 && lease.units.checked_mul(lease.replicas).is_some(), "replicas")?;
        lease_is(lease.duration <= DURATION_MAX, "duration")?;
        lease_is(lease.prepay <= DURATION_MAX, "prepay")?;
        let rate = lease.price.of(lease.units, lease.replicas);
        lease_is(rate == Some(lease.rate), "rate")?;
        lease_is(owed(lease.rate, lease.prepay) == Some(lease.escrow), "escrow")?;
        lease_is(lease.opened_seq <= self.head, "opened_seq")?;
        lease_is(lease.opened_at <= self.last_at, "opened_at")?;
        let is_closed = lease.state == LeaseState::Closed;
        lease_is(is_closed == lease.closed_at.is_some(), "closed_at")?;
        lease_is(!is_closed || lease.reason.is_some(), "reason")?;
        lease_is(lease.evidence.seconds() <= lease.duration, "evidence")?;
        let suspended = lease.funding.suspended_micros();
        lease_is(suspended <= self.last_at.since(lease.opened_at), "funding")?;
        lease_is(lease.pay <= lease.escrow, "pay")?;
        lease_is(lease.fee <= lease.pay, "fee")?;
        lease_is((lease.terms as usize) < self.config.terms.len(), "terms")
    }

    pub(super) fn restore_standbys(
        &mut self,
        standbys: Vec<Standby>,
        seeking: &[LeaseId],
        freed: &[ProviderId],
    ) -> Result<(), ContentError> {
        check(ascend(standbys.iter().map(|standby| standby.lease)), "standby", 0, "lease")?;
        for (place, standby) in (1_u64..).zip(standbys) {
            let standby_is = |is_so, field| check(is_so, "standby", place, field);
            let lease = self.lease(standby.lease);
            standby_is(lease.is_some_and(|lease| standby.units == lease.units * lease.replicas), "units")?;
            let bid = self.bid(standby.bid).filter(|bid| bid.is_live() && bid.is_standing());
            let fits = bid.is_some_and(|bid| bid.provider == standby.provider);
            standby_is(fits && lease.zip(bid).is_some_and(|(lease, bid)| bid.market == lease.market), "bid")?;
            let bid = self.bid_mut(standby.bid);
            let reserved = bid.reserved.checked_add(standby.units);
            standby_is(reserved.is_some(), "units")?;
            bid.reserved = reserved.unwrap_or_default();
            self.standbys.insert(standby);
        }
        check(ascend(seeking.iter()), "lease that seeks a standby", 0, "value")?;
        for (place, lease) in (1_u64..).zip(seeking) {
            check(self.has_lease(*lease), "lease that seeks a standby", place, "value")?;
            self.standbys.seek(*lease);
        }
        check(ascend(freed.iter()), "host that is freed", 0, "value")?;
        for (place, host) in (1_u64..).zip(freed) {
            check(self.has_provider(*host), "host that is freed", place, "value")?;
            self.standbys.freed(*host);
        }
        Ok(())
    }

    pub(super) fn restore_gangs(&mut self, gangs: Vec<Gang>) -> Result<(), ContentError> {
        check(ascend(gangs.iter().map(|gang| gang.order)), "gang", 0, "order")?;
        for (place, gang) in (1_u64..).zip(gangs) {
            check(self.has_order(gang.order), "gang", place, "order")?;
            check(gang.unstarted > 0, "gang", place, "unstarted")?;
            let closing = gang.closing.map(|lease| self.lease(lease).is_some_and(|lease| lease.order == gang.order));
            check(closing.unwrap_or(true), "gang", place, "closing")?;
            self.gangs.insert(gang.order, gang);
        }
        Ok(())
    }

    pub(super) fn restore_checks(&mut self, checks: Vec<Check>) -> Result<(), ContentError> {
        check(ascend(checks.iter().map(|checked| checked.lease)), "check", 0, "lease")?;
        for (place, checked) in (1_u64..).zip(checks) {
            check(self.has_lease(checked.lease), "check", place, "lease")?;
            let in_order = checked.reruns[0].is_some() || checked.reruns[1].is_none();
            let are_there = checked.reruns.iter().flatten().all(|rerun| self.has_lease(*rerun));
            check(in_order && are_there, "check", place, "reruns")?;
            self.checks.insert(checked.lease, checked);
        }
        Ok(())
    }

    pub(super) fn restore_timers(&mut self, timers: Vec<(Micros, Timer)>) -> Result<(), ContentError> {
        check(ascend(timers.iter()), "timer", 0, "deadline")?;
        for (place, (deadline, timer)) in (1_u64..).zip(timers) {
            let is_alone = self.timers.deadline(timer).is_none();
            check(is_alone && self.may_fire(timer), "timer", place, "id")?;
            self.timers.set(timer, deadline);
        }
        let config = &self.config;
        let new_terms = self.timers.deadline(Timer::NewTerms).is_some();
        check(new_terms == config.announced_terms.is_some(), "timer", 0, "new terms")?;
        let new_rules = self.timers.deadline(Timer::NewRules).is_some();
        check(new_rules == config.announced_rules.is_some(), "timer", 0, "new rules")
    }

    /// Whether there is still something for a timer to do.
    fn may_fire(&self, timer: Timer) -> bool {
        let live = |id: OrderId| self.order(id).filter(|order| order.is_live());
        match timer {
            Timer::OrderExpiry(id) => live(id).is_some_and(|order| order.expires_at.is_some()),
            Timer::AuctionClose(id) => live(id).is_some_and(|order| order.closes_at.is_some()),
            Timer::BidExpiry(id) => self.bid(id).is_some_and(|bid| bid.is_live() && bid.expires_at.is_some()),
            Timer::LeaseEnd(id) | Timer::LeasePhase(id) => {
                self.lease(id).is_some_and(|lease| lease.state != LeaseState::Closed)
            }
            Timer::DeadMan(id) | Timer::Trust(id) | Timer::Mandate(id) => self.has_account(id),
            Timer::Gang(id) => self.gangs.contains_key(&id),
            Timer::Reentry | Timer::NewTerms | Timer::NewRules => true,
        }
    }

    /// What is free on the hosts, and what bids and orders have left, is what
    /// leases and standbys do not take.
    pub(super) fn check_room(&mut self) -> Result<(), ContentError> {
        let mut hosts = self.providers.clone();
        let mut taken_of_bids = vec![0_u64; self.bids.len()];
        let mut taken_of_orders = vec![0_u64; self.orders.len()];
        for lease in &self.leases {
            let (bid, order) = (at(lease.bid.0), at(lease.order.0));
            taken_of_bids[bid] += u64::from(lease.units) * u64::from(lease.replicas);
            taken_of_orders[order] += if lease.origin == Origin::Match { u64::from(lease.replicas) } else { 0 };
            // The room of a lease that is being checked is free already.
            if !matches!(lease.state, LeaseState::Closed | LeaseState::Verifying) {
                let host = &mut hosts[at(lease.provider.0.into())];
                let gives = host.may_give_back(lease.slot, lease.units, &lease.resources, lease.replicas);
                check(gives, "lease", lease.id.0, "resources")?;
            }
        }
        for standby in self.standbys.iter() {
            let lease = &self.leases[at(standby.lease.0)];
            let slot = self.bids[at(standby.bid.0)].slot;
            let host = &mut hosts[at(standby.provider.0.into())];
            let gives = host.may_give_back(slot, lease.units, &lease.resources, lease.replicas);
            check(gives, "standby", lease.id.0, "units")?;
        }
        for host in &hosts {
            let is_empty = host.free == host.total
                && host.free_gpus.iter().zip(&host.gpus).all(|(free, gpus)| *free == gpus.count);
            agree(is_empty, Component::Providers, "provider", host.id.0.into(), "free")?;
        }
        for (bid, taken) in self.bids.iter().zip(taken_of_bids) {
            let is_all = match bid.target {
                BidTarget::Standing { quantity, .. } => {
                    taken + u64::from(bid.reserved) + u64::from(bid.remaining) == u64::from(quantity)
                }
                BidTarget::Directed { .. } => true,
            };
            agree(is_all, Component::Books, "bid", bid.id.0, "remaining")?;
        }
        for (order, taken) in self.orders.iter().zip(taken_of_orders) {
            let is_all = taken + u64::from(order.remaining) == u64::from(order.replicas);
            agree(is_all, Component::Books, "order", order.id.0, "remaining")?;
        }
        Ok(())
    }
}

/// Where the thing with an id stands.
fn at(id: u64) -> usize {
    usize::try_from(id).expect("it was looked up before") - 1
}
