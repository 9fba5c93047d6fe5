//! How orders and bids take their place and leave it, and access to things
//! that are known to be there.

use berth_domain::{BidId, BidTarget, LeaseId, Mode, OrderId, ProviderId};

use crate::exchange::Exchange;
use crate::state::{Bid, Lease, Market, Order, Provider, place_mut};

impl Exchange {
    /// Adds an order; an `auto` one rests in the book of its market.
    pub(crate) fn enter_order(&mut self, order: Order) {
        self.account_mut(order.account).open_orders += 1;
        if order.mode == Mode::Auto {
            self.market_mut(&order).rest_order(order.limits.iter(), order.age, order.id);
        }
        self.orders.push(order);
    }

    /// Takes an order out of the book of its market.
    pub(crate) fn leave_order(&mut self, id: OrderId) {
        let order = self.order(id).expect("ids of orders are never given twice").clone();
        if order.mode == Mode::Auto {
            self.market_mut(&order).remove_order(order.limits.iter(), order.age);
        }
        self.account_mut(order.account).open_orders -= 1;
    }

    /// Adds a bid; a standing one rests in the book, a directed one at its
    /// order.
    pub(crate) fn enter_bid(&mut self, bid: Bid) {
        self.account_mut(bid.account).live_bids += 1;
        self.live_bids.entry(bid.provider).or_default().insert((bid.age, bid.id.0));
        let id = bid.id;
        self.bids.push(bid);
        self.rest_bid(id);
    }

    /// Lets a bid rest in the book, or at its order.
    pub(crate) fn rest_bid(&mut self, id: BidId) {
        let bid = self.bid(id).expect("ids of bids are never given twice");
        let (level, price, age) = (self.level_of(bid.account), bid.price, bid.age);
        let (market, target) = (bid.market, bid.target);
        match target {
            BidTarget::Standing { .. } => {
                let market = place_mut(&mut self.markets, market.0.into()).expect("a bid's market is open");
                market.rest_bid(level, price, age, id);
            }
            BidTarget::Directed { order } => {
                let order = self.order_mut(order);
                if !order.directed.contains(&id) {
                    order.directed.push(id);
                }
            }
        }
    }

    /// Takes a bid out of the book, or away from its order.
    pub(crate) fn unrest_bid(&mut self, id: BidId) {
        let bid = self.bid(id).expect("ids of bids are never given twice");
        let (level, price, age) = (self.level_of(bid.account), bid.price, bid.age);
        let (market, target) = (bid.market, bid.target);
        match target {
            BidTarget::Standing { .. } => {
                let market = place_mut(&mut self.markets, market.0.into()).expect("a bid's market is open");
                market.remove_bid(level, price, age);
            }
            BidTarget::Directed { order } => self.order_mut(order).directed.retain(|waiting| *waiting != id),
        }
    }

    /// Takes a bid that is over out of every index.
    pub(crate) fn leave_bid(&mut self, id: BidId) {
        self.unrest_bid(id);
        let bid = self.bid(id).expect("ids of bids are never given twice");
        let (account, provider, key) = (bid.account, bid.provider, (bid.age, id.0));
        self.account_mut(account).live_bids -= 1;
        if let Some(live) = self.live_bids.get_mut(&provider) {
            live.remove(&key);
        }
    }

    pub(crate) fn order_mut(&mut self, id: OrderId) -> &mut Order {
        place_mut(&mut self.orders, id.0).expect("ids of orders are never given twice")
    }

    pub(crate) fn bid_mut(&mut self, id: BidId) -> &mut Bid {
        place_mut(&mut self.bids, id.0).expect("ids of bids are never given twice")
    }

    pub(crate) fn lease_mut(&mut self, id: LeaseId) -> &mut Lease {
        place_mut(&mut self.leases, id.0).expect("ids of leases are never given twice")
    }

    pub(crate) fn provider_mut(&mut self, id: ProviderId) -> &mut Provider {
        place_mut(&mut self.providers, id.0.into()).expect("ids of providers are never given twice")
    }

    fn market_mut(&mut self, order: &Order) -> &mut Market {
        place_mut(&mut self.markets, order.market.0.into()).expect("an order's market is open")
    }
}
