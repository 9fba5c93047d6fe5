//! A fill: what one bid fills of one order becomes a lease.

use berth_domain::{
    AccountId, BidId, BidState, BidTarget, LeaseId, LeaseOpened, LeaseState, OrderFilled, OrderId, OrderState, Rate,
    RatePerHour, Seconds, Stroops, Text, Verify, owed,
};

use super::plan::Plan;
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is, outside};
use crate::state::{Bid, Evidence, Funding, Lease, Origin, Place, Timer, add};

/// What a lease is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    pub(crate) order: OrderId,
    pub(crate) bid: BidId,
    pub(crate) price: Rate,
    pub(crate) rate: RatePerHour,
    pub(crate) escrow: Stroops,
    pub(crate) replicas: u32,
    pub(crate) duration: Seconds,
    pub(crate) prepay: Seconds,
    pub(crate) tenant: AccountId,
    pub(crate) origin: Origin,
}

impl Exchange {
    /// Fills a directed bid with as many replicas of its order as fit. Answers
    /// whether any did.
    pub(crate) fn fill_directed(&mut self, step: &mut Step<'_>, id: BidId) -> bool {
        let bid = self.bid(id).expect("the caller has it");
        let BidTarget::Directed { order } = bid.target else { return false };
        let (price, provider, order_id) = (bid.price, bid.provider, order);
        let replicas = self.directed_replicas(bid, order);
        let fills = replicas > 0 && step.budget.fills > 0;
        if fills {
            step.budget.fills -= 1;
            self.fill(step, order_id, id, price, replicas);
            self.park_without_room(step, provider);
            let order = self.order(order_id).expect("a bid's order is there");
            if order.is_capped {
                self.park_beyond_mandate(step, order.account);
            }
        }
        fills
    }

    /// Replicas of its order that a directed bid may take now.
    pub(crate) fn directed_replicas(&self, bid: &Bid, order: OrderId) -> u32 {
        let order = self.order(order).expect("a bid's order is there");
        let host = self.provider(bid.provider).expect("a bid's provider is registered");
        // It offered what is required when it was placed, and may not any more.
        let is_offered = host.available && self.suits(host, order) && !self.is_below_floor(bid, bid.price);
        if order.state == OrderState::Open && is_offered {
            let room = host.room(bid.slot, order.units, &order.resources);
            self.lot(order, order.remaining, u32::MAX, room, bid.price, &Plan::default()).replicas
        } else {
            0
        }
    }

    /// Opens a lease of so many replicas, which order, bid and provider have.
    pub(crate) fn fill(&mut self, step: &mut Step<'_>, order_id: OrderId, bid_id: BidId, price: Rate, replicas: u32) {
        let order = self.order(order_id).expect("the caller has it");
        let (units, tenant, market, failover) = (order.units, order.account, order.market, order.failover);
        let rate = price.of(units, replicas).expect("the hold at a higher price was counted");
        let escrow = owed(rate, order.prepay).expect("the hold at a higher price was counted");
        let remaining = order.remaining - replicas;
        let hold = if remaining == 0 { Some(Stroops::ZERO) } else { Self::hold_for(order, remaining) };
        let hold = hold.expect("the hold for more replicas was counted");
        // floor(a) + floor(b) ≤ floor(a + b), and the price is within the limit,
        // so this is never negative.
        let left_over = order.hold - escrow - hold;
        let (duration, prepay, origin) = (order.duration, order.prepay, Origin::Match);
        let opening =
            Opening { order: order_id, bid: bid_id, price, rate, escrow, replicas, duration, prepay, tenant, origin };
        let id = self.open_lease(step, opening);
        let lease = &self.leases[self.leases.len() - 1];
        let (provider, slot, resources) = (lease.provider, lease.slot, lease.resources);
        self.provider_mut(provider).take(slot, units, &resources, replicas);
        let held = Place::Held(tenant);
        self.ledger.post(held, Place::Escrow(id, tenant), escrow);
        if !is(Planted::BetterPriceKept) {
            self.ledger.post(held, Place::Available(tenant), left_over);
        }

        self.count_in_order(order_id, id, remaining, hold);
        step.emit(OrderFilled { order: order_id, market, lease: id, replicas, remaining, hold });
        self.count_in_bid(step, bid_id, id, units * replicas);
        if remaining == 0 {
            self.finish_order(step, order_id, OrderState::Filled);
        }
        if failover {
            self.standbys.seek(id);
        }
    }

    /// Opens a lease whose room and escrow the caller takes.
    #[inline]
    pub(crate) fn open_lease(&mut self, step: &mut Step<'_>, opening: Opening) -> LeaseId {
        let id = LeaseId(self.leases.len() as u64 + 1);
        let Opening { order: order_id, bid: bid_id, price, rate, escrow, replicas, duration, prepay, tenant, origin } =
            opening;
        let deadline = step.at.unix_seconds() + self.chain_overhead();
        let escrow_by = step.at.plus(self.timing().escrow_timeout);
        let bid = self.bid(bid_id).expect("the caller has it");
        let (provider, provider_account, slot) = (bid.provider, bid.account, bid.slot);
        let order = self.order(order_id).expect("the caller has it");
        // The contract must be able to settle it when it has been checked.
        let deadline = deadline + if order.verify == Verify::Spot { self.spot_time(duration) } else { 0 };
        let level = self.level_of(provider_account);
        let terms = u32::try_from(self.config.terms.len() - 1).expect("terms change seldom");
        let (market, units, resources) = (order.market, order.units, order.resources);
        add(&mut self.leases, || Lease {
            id,
            order: order_id,
            bid: bid_id,
            origin,
            market,
            provider,
            provider_account,
            tenant,
            level,
            price,
            rate,
            units,
            resources,
            replicas,
            duration,
            prepay,
            escrow,
            state: LeaseState::Opened,
            reason: None,
            detail: Text::default(),
            opened_at: step.at,
            opened_seq: step.seq,
            escrowed_at: None,
            started_at: None,
            ends_at: None,
            closing_at: None,
            closed_at: None,
            paid_at: None,
            chain_deadline: deadline + duration.0 + if is(Planted::ReadsOutside) { outside() % 2 } else { 0 },
            escrow_tx: None,
            paid_tx: None,
            image: Text::default(),
            containers: Vec::new(),
            finished: false,
            result: None,
            cpu_millis: 0,
            memory_bytes: 0,
            evidence: Evidence::default(),
            funding: Funding::default(),
            proof: Vec::new(),
            pay: Stroops::ZERO,
            fee: Stroops::ZERO,
            terms,
            slot,
            next_of_order: LeaseId(0),
            next_of_bid: LeaseId(0),
        });
        step.emit(self.opened(&self.leases[self.leases.len() - 1]));
        self.account_mut(tenant).spend(step.at, escrow);
        self.timers.set(Timer::LeasePhase(id), escrow_by);
        id
    }

    /// How long a spot check may take after a lease has finished, in seconds:
    /// until the chain's ledger is reported, and for two more runs.
    fn spot_time(&self, duration: Seconds) -> u64 {
        let timing = self.timing();
        let run = timing.escrow_timeout.0 + timing.start_timeout.0 + duration.0 + timing.closing_timeout.0;
        timing.escrow_timeout.0 + 2 * run
    }

    /// What the chain's deadline adds to a lease's duration, in seconds.
    fn chain_overhead(&self) -> u64 {
        let timing = self.timing();
        timing.escrow_timeout.0
            + timing.start_timeout.0
            + timing.suspend_timeout.0
            + timing.closing_timeout.0
            + timing.settle_grace.0
    }

    fn count_in_order(&mut self, id: OrderId, lease: LeaseId, remaining: u32, hold: Stroops) {
        let order = self.order_mut(id);
        order.remaining = remaining;
        order.hold = hold;
        self.link_to_order(id, lease);
        if remaining > 0 {
            self.resize_order(id);
        }
    }

    /// Adds a lease to its order's.
    pub(crate) fn link_to_order(&mut self, id: OrderId, lease: LeaseId) {
        let order = self.order_mut(id);
        let last = std::mem::replace(&mut order.last_lease, lease);
        if last == LeaseId(0) {
            order.first_lease = lease;
        } else {
            self.lease_mut(last).next_of_order = lease;
        }
    }

    pub(crate) fn count_in_bid(&mut self, step: &mut Step<'_>, id: BidId, lease: LeaseId, units: u32) {
        let bid = self.bid_mut(id);
        let is_used_up = match bid.target {
            BidTarget::Standing { .. } => {
                bid.remaining -= units;
                bid.remaining == 0
            }
            BidTarget::Directed { .. } => true,
        };
        let stands_by = bid.reserved > 0;
        self.link_to_bid(id, lease);
        if !is_used_up {
            self.resize_bid(id);
        } else if stands_by {
            self.park_bid(step, id);
        } else {
            self.finish_bid(id, BidState::Matched);
        }
    }

    /// Adds a lease to its bid's.
    pub(crate) fn link_to_bid(&mut self, id: BidId, lease: LeaseId) {
        let bid = self.bid_mut(id);
        let last = std::mem::replace(&mut bid.last_lease, lease);
        if last == LeaseId(0) {
            bid.first_lease = lease;
        } else {
            self.lease_mut(last).next_of_bid = lease;
        }
    }

    #[inline]
    fn opened(&self, lease: &Lease) -> LeaseOpened {
        let address = |account| self.accounts.get(account).expect("both sides have accounts").address;
        LeaseOpened {
            lease: lease.id,
            order: lease.order,
            bid: lease.bid,
            market: lease.market,
            provider: lease.provider,
            provider_address: address(lease.provider_account),
            tenant_address: address(lease.tenant),
            price: lease.price,
            rate: lease.rate,
            units: lease.units,
            replicas: lease.replicas,
            escrow: lease.escrow,
            duration: lease.duration,
            chain_deadline: lease.chain_deadline,
            level: lease.level,
        }
    }
}
