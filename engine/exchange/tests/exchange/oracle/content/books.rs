//! Markets, orders, bids, and what waits to enter again.

use std::cmp::Reverse;

use berth_domain::{BidId, MarketId, OrderId, TrustLevel};

use super::super::order::stroops;
use super::super::reentry::Entrant;
use super::super::{Bid, Oracle, Order};
use super::{put, sequence};

impl Oracle {
    pub(super) fn books(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let markets: Vec<_> = (1_u16..).zip(&self.markets).collect();
        sequence(&mut out, &markets, |out, (id, class)| {
            put(out, &[id, *class, &self.is_paused(MarketId(*id))]);
            sequence(out, &self.postponed(MarketId(*id)), |out, order| put(out, &[order]));
            for level in TrustLevel::ALL {
                sequence(out, &self.bid_ladder(MarketId(*id), *level), |out, bid| put(out, &[bid]));
                sequence(out, &self.order_ladder(MarketId(*id), *level), |out, order| put(out, &[order]));
            }
        });
        sequence(&mut out, &self.orders, |out, order| self.put_order_content(out, order));
        sequence(&mut out, &self.bids, put_bid_content);
        sequence(&mut out, &self.waiting, |out, (age, thing)| match thing {
            Entrant::Bid(id) => put(out, &[age, &0_u8, id]),
            Entrant::Order(id) => put(out, &[age, &1_u8, id]),
        });
        out
    }

    /// Auctions that were to close while the market is paused.
    fn postponed(&self, market: MarketId) -> Vec<OrderId> {
        let waits = |order: &&Order| order.is_live() && order.is_postponed && order.place.market == market;
        let mut due: Vec<_> = self.orders.iter().filter(waits).collect();
        due.sort_by_key(|order| (order.place.closes_at, order.id));
        due.into_iter().map(|order| order.id).collect()
    }

    /// Bids that rest at a level, the lowest price first.
    fn bid_ladder(&self, market: MarketId, level: TrustLevel) -> Vec<BidId> {
        let rest = self.bids.iter().filter(|bid| bid.rests() && bid.market == market);
        let mut rest: Vec<_> = rest.filter(|bid| self.level(bid.place.provider) == level).collect();
        rest.sort_by_key(|bid| (bid.place.price, bid.age, bid.id));
        rest.into_iter().map(|bid| bid.id).collect()
    }

    /// Orders that rest at a level, the highest limit first.
    fn order_ladder(&self, market: MarketId, level: TrustLevel) -> Vec<OrderId> {
        let rest = self.orders.iter().filter(|order| order.rests() && order.place.market == market);
        let mut rest: Vec<_> = rest.filter_map(|order| Some((order.limit(level)?, order))).collect();
        rest.sort_by_key(|(limit, order)| (Reverse(*limit), order.age, order.id));
        rest.into_iter().map(|(_, order)| order.id).collect()
    }

    fn put_order_content(&self, out: &mut Vec<u8>, order: &Order) {
        let (asked, placed) = (&order.place, &order.placed);
        put(out, &[&order.id, &order.account, &asked.market, &order.state, &order.age, &asked.units]);
        put(out, &[&asked.resources, &asked.replicas, &placed.replicas, &order.left, &asked.limits]);
        put(out, &[&asked.duration, &asked.prepay, &asked.mode, &asked.closes_at, &asked.time_in_force]);
        put(out, &[&asked.expires_at, &asked.post_only, &asked.self_trade, &asked.requires, &asked.min_uptime]);
        put(out, &[&asked.aim, &asked.failover, &asked.verify, &asked.spec_hash, &asked.session, &asked.client_id]);
        put(out, &[&stroops(order.hold()), &placed.seq, &placed.at]);
        let directed = self.bids.iter().filter(|bid| bid.is_live() && bid.answers() == Some(order.id));
        let directed: Vec<_> = directed.map(|bid| bid.id).collect();
        sequence(out, &directed, |out, bid| put(out, &[bid]));
    }
}

fn put_bid_content(out: &mut Vec<u8>, bid: &Bid) {
    let asked = &bid.place;
    put(out, &[&bid.id, &asked.provider, &bid.account, &bid.market, &asked.target, &asked.price, &bid.state]);
    put(out, &[&bid.age, &bid.left, &asked.time_in_force, &asked.expires_at, &asked.post_only, &asked.self_trade]);
    put(out, &[&bid.set, &asked.session, &asked.client_id, &bid.placed_at]);
}
