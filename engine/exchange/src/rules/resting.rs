//! How orders and bids take their places in the ladders and leave them, and
//! access to things that are known to be there.

use berth_domain::{
    BidId, BidTarget, Code, LeaseId, MarketId, Mode, OrderId, ProviderId, TimeInForce, TrustLevel, TrustSet,
};

use super::plan::Plan;
use crate::exchange::Exchange;
use crate::state::{Bid, Lease, Market, Order, Provider, bid_key, bids_of, order_key, orders_of, place_mut};

impl Order {
    /// Moves it to the place of its limits and age in its market, from the
    /// ladders of the levels that it accepted before.
    #[inline(always)]
    pub(crate) fn shift(&mut self, market: &mut Market, old_levels: TrustSet) {
        let units = self.units_left();
        for (level, limit) in self.limits.iter() {
            let node = &mut self.nodes[level.index()];
            match *node {
                Some(node) => market.ladders_mut().shift(node, orders_of(level), order_key(limit), self.age.0, units),
                None => *node = Some(market.rest_order(level, limit, self.age, self.id, units)),
            }
        }
        if old_levels != self.limits.levels() {
            self.leave_others(market);
        }
    }

    /// Leaves the ladders of levels that it does not accept any more.
    #[cold]
    fn leave_others(&mut self, market: &mut Market) {
        for (level, node) in TrustLevel::ALL.iter().zip(&mut self.nodes) {
            if self.limits.at(*level).is_none()
                && let Some(gone) = node.take()
            {
                market.ladders_mut().remove(gone);
            }
        }
    }
}

impl Bid {
    /// Moves it to the place of its owner's level, its price and age in its
    /// market.
    #[inline]
    pub(crate) fn shift(&self, level: TrustLevel, market: &mut Market) {
        if let Some(node) = self.node {
            market.ladders_mut().shift(node, bids_of(level), bid_key(self.price), self.age.0, self.remaining);
        }
    }
}

impl Exchange {
    /// Lets an `auto` order rest in the ladder of each level that it accepts.
    pub(crate) fn rest_order(&mut self, id: OrderId) {
        let Self { orders, markets, .. } = self;
        let order = place_mut(orders, id.0).expect("ids of orders are never given twice");
        let market = place_mut(markets, order.market.0.into()).expect("an order's market is open");
        let units = order.units_left();
        for (level, limit) in order.limits.iter() {
            order.nodes[level.index()] = Some(market.rest_order(level, limit, order.age, id, units));
        }
        market.resting += 1;
    }

    /// Says in the ladders how many units an order has left.
    pub(crate) fn resize_order(&mut self, id: OrderId) {
        let Self { orders, markets, .. } = self;
        let order = place_mut(orders, id.0).expect("ids of orders are never given twice");
        let market = place_mut(markets, order.market.0.into()).expect("an order's market is open");
        for node in order.nodes.into_iter().flatten() {
            market.ladders_mut().set_quantity(node, order.units_left());
        }
    }

    /// Takes an order out of the ladders.
    pub(crate) fn unrest_order(&mut self, id: OrderId) {
        let Self { orders, markets, .. } = self;
        let order = place_mut(orders, id.0).expect("ids of orders are never given twice");
        let market = place_mut(markets, order.market.0.into()).expect("an order's market is open");
        let rests = order.nodes.iter().any(Option::is_some);
        for node in &mut order.nodes {
            if let Some(node) = node.take() {
                market.ladders_mut().remove(node);
            }
        }
        market.resting -= u32::from(rests);
    }

    /// Lets a standing bid rest in the ladder of its level.
    pub(crate) fn rest_bid(&mut self, id: BidId) {
        let Self { bids, markets, accounts, .. } = self;
        let bid = place_mut(bids, id.0).expect("ids of bids are never given twice");
        let market = place_mut(markets, bid.market.0.into()).expect("a bid's market is open");
        let level = accounts.get(bid.account).expect("an owner has an account").level;
        bid.node = Some(market.rest_bid(level, bid.price, bid.age, id, bid.remaining));
        market.resting += 1;
    }

    /// Moves a standing bid to the place of its level, price and age.
    pub(crate) fn shift_bid(&mut self, id: BidId) {
        let Self { bids, markets, accounts, .. } = self;
        let bid = place_mut(bids, id.0).expect("ids of bids are never given twice");
        let market = place_mut(markets, bid.market.0.into()).expect("a bid's market is open");
        bid.shift(accounts.get(bid.account).expect("an owner has an account").level, market);
    }

    /// Says in its ladder how many units a bid has left.
    pub(crate) fn resize_bid(&mut self, id: BidId) {
        let Self { bids, markets, .. } = self;
        let bid = place_mut(bids, id.0).expect("ids of bids are never given twice");
        let market = place_mut(markets, bid.market.0.into()).expect("a bid's market is open");
        if let Some(node) = bid.node {
            market.ladders_mut().set_quantity(node, bid.remaining);
        }
    }

    /// Takes a standing bid out of its ladder.
    pub(crate) fn unrest_bid(&mut self, id: BidId) {
        let Self { bids, markets, .. } = self;
        let bid = place_mut(bids, id.0).expect("ids of bids are never given twice");
        if let Some(node) = bid.node.take() {
            let market = place_mut(markets, bid.market.0.into()).expect("a bid's market is open");
            market.ladders_mut().remove(node);
            market.resting -= 1;
        }
    }

    /// Takes a bid that is over out of every index.
    pub(crate) fn leave_bid(&mut self, id: BidId) {
        let bid = self.bid_mut(id);
        match bid.target {
            BidTarget::Standing { .. } => self.unrest_bid(id),
            BidTarget::Directed { order } => self.order_mut(order).directed.retain(|waiting| *waiting != id),
        }
        self.unlist_bid(id);
    }

    /// Refuses an order that would only be added to a book that is full. What
    /// rests in `gone` ends before it enters.
    pub(crate) fn check_depth(&self, order: &Order, plan: &Plan, gone: Option<MarketId>) -> Result<(), Code> {
        let rests = matches!(order.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd) && order.mode == Mode::Auto;
        let freed = u32::from(gone == Some(order.market));
        if rests && plan.actions.is_empty() && self.is_full(order.market, freed) {
            return Err(Code::BookFull);
        }
        Ok(())
    }

    /// Refuses a bid that would only be added to a book that is full; `freed`
    /// things leave it before.
    pub(crate) fn check_bid_depth(&self, bid: &Bid, freed: u32) -> Result<(), Code> {
        let rests = matches!(bid.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd);
        if rests && self.is_full(bid.market, freed) { Err(Code::BookFull) } else { Ok(()) }
    }

    /// Whether a market's book has no place for one more, when so many have
    /// left it.
    pub(crate) fn is_full(&self, market: MarketId, freed: u32) -> bool {
        self.resting_in(market).saturating_sub(freed) >= self.bounds().depth
    }

    /// Orders and bids that rest in a market, each once.
    pub(crate) fn resting_in(&self, market: MarketId) -> u32 {
        self.market(market).map_or(0, |market| market.resting)
    }

    #[inline]
    pub(crate) fn order_mut(&mut self, id: OrderId) -> &mut Order {
        place_mut(&mut self.orders, id.0).expect("ids of orders are never given twice")
    }

    #[inline]
    pub(crate) fn bid_mut(&mut self, id: BidId) -> &mut Bid {
        place_mut(&mut self.bids, id.0).expect("ids of bids are never given twice")
    }

    pub(crate) fn lease_mut(&mut self, id: LeaseId) -> &mut Lease {
        place_mut(&mut self.leases, id.0).expect("ids of leases are never given twice")
    }

    pub(crate) fn market_mut(&mut self, id: MarketId) -> &mut Market {
        place_mut(&mut self.markets, id.0.into()).expect("ids of markets are never given twice")
    }

    pub(crate) fn provider_mut(&mut self, id: ProviderId) -> &mut Provider {
        place_mut(&mut self.providers, id.0.into()).expect("ids of providers are never given twice")
    }
}
