//! Markets, orders and bids, and where they rest.

use berth_book::Node;
use berth_domain::codec::Decode;
use berth_domain::{
    Age, BidId, BidState, BidTarget, MarketId, Mode, OrderId, OrderState, ResourceClass, Stroops, TrustLevel,
};

use super::places::ascend;
use super::{ContentError, agree};
use crate::content::Component;
use crate::exchange::Exchange;
use crate::state::{Entrant, Market, Parts, Recall, Unread, bid_key, bids_of, order_key, orders_of, place, place_mut};

/// A market, and what its ladders list.
pub(super) struct Shelf {
    id: MarketId,
    class: ResourceClass,
    paused: bool,
    postponed: Vec<OrderId>,
    /// For each level, the lowest first.
    ladders: Vec<Listed>,
}

/// What rests at a level, from the best to the last.
struct Listed {
    bids: Vec<BidId>,
    orders: Vec<OrderId>,
}

impl Recall for Shelf {
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread> {
        let (id, class, paused) = (parts.get("id")?, parts.get("class")?, parts.get("paused")?);
        let postponed = parts.list("postponed")?;
        let listed = |_| Ok(Listed { bids: ids(parts)?, orders: ids(parts)? });
        let ladders = TrustLevel::ALL.iter().map(listed).collect::<Result<_, Unread>>()?;
        Ok(Self { id, class, paused, postponed, ladders })
    }
}

fn ids<T: Decode>(parts: &mut Parts<'_, '_>) -> Result<Vec<T>, Unread> {
    parts.list("ladders")
}

fn check(is_so: bool, thing: &'static str, place: u64, field: &'static str) -> Result<(), ContentError> {
    agree(is_so, Component::Books, thing, place, field)
}

impl Exchange {
    pub(super) fn restore_markets(&mut self, shelves: &[Shelf]) -> Result<(), ContentError> {
        for (id, shelf) in (1_u64..).zip(shelves) {
            check(u64::from(shelf.id.0) == id, "market", id, "id")?;
            check(self.genesis.is_some(), "market", id, "class")?;
            let is_new = self.markets_by_class.insert(shelf.class.clone(), shelf.id).is_none();
            check(is_new, "market", id, "class")?;
            let mut market = Market::new(shelf.id, shelf.class.clone(), 0);
            market.paused = shelf.paused;
            market.postponed.clone_from(&shelf.postponed);
            for order in &shelf.postponed {
                let order = place(&self.orders, order.0);
                let fits =
                    order.is_some_and(|order| order.market == shelf.id && order.closes_at.is_some() && order.is_live());
                check(fits, "market", id, "postponed")?;
            }
            self.markets.push(market);
        }
        Ok(())
    }

    /// Orders, in the lists of their accounts when they live.
    pub(super) fn restore_orders(&mut self) -> Result<(), ContentError> {
        for id in 1..=self.orders.len() as u64 {
            let order = &self.orders[id as usize - 1];
            let order_is = |is_so, field| check(is_so, "order", id, field);
            order_is(order.id.0 == id, "id")?;
            order_is(self.has_account(order.account), "account")?;
            order_is(self.has_market(order.market), "market")?;
            order_is(order.age.0 <= self.head.0, "age")?;
            order_is(order.placed_seq <= self.head, "placed_seq")?;
            order_is(order.units > 0 && order.replicas.checked_mul(order.units).is_some(), "units")?;
            order_is(order.remaining <= order.replicas, "remaining")?;
            order_is((order.remaining == 0) == (order.state == OrderState::Filled), "state")?;
            order_is(order.prepay.0 > 0, "prepay")?;
            let is_open = order.state == OrderState::Open;
            let hold = if is_open { Self::hold_for(order, order.remaining) } else { Some(Stroops::ZERO) };
            order_is(Some(order.hold) == hold, "hold")?;
            for waiting in &order.directed {
                let bid = place(&self.bids, waiting.0);
                let waits =
                    bid.is_some_and(|bid| bid.is_live() && bid.target == BidTarget::Directed { order: order.id });
                order_is(waits, "directed")?;
            }
            order_is(ascend(order.directed.iter()), "directed")?;
            if order.is_live() {
                let (order, account, is_parked) = (order.id, order.account, order.state == OrderState::Parked);
                let is_capped = self.is_capped(account);
                self.order_mut(order).is_capped = is_capped;
                self.list_order(order);
                if is_parked {
                    self.count_parked(order, true);
                }
            }
        }
        Ok(())
    }

    /// Bids, in the lists of their hosts when they live.
    pub(super) fn restore_bids(&mut self) -> Result<(), ContentError> {
        let mut waiting = 0;
        for id in 1..=self.bids.len() as u64 {
            let bid = &self.bids[id as usize - 1];
            let bid_is = |is_so, field| check(is_so, "bid", id, field);
            bid_is(bid.id.0 == id, "id")?;
            bid_is(bid.age.0 <= self.head.0, "age")?;
            let host = place(&self.providers, bid.provider.0.into());
            bid_is(host.is_some_and(|host| host.account == bid.account), "provider")?;
            let market = place(&self.markets, bid.market.0.into());
            let slot = host.zip(market).and_then(|(host, market)| host.slot(&market.class));
            bid_is(slot.is_some(), "market")?;
            let fits = match bid.target {
                BidTarget::Standing { market, quantity, .. } => market == bid.market && bid.remaining <= quantity,
                BidTarget::Directed { order } => {
                    waiting += usize::from(bid.is_live());
                    bid.remaining == 0 && place(&self.orders, order.0).is_some_and(|order| order.market == bid.market)
                }
            };
            bid_is(fits, "target")?;
            let (bid, is_live) = (bid.id, bid.is_live());
            if let Some(slot) = slot {
                self.bid_mut(bid).slot = slot;
            }
            if is_live {
                self.list_bid(bid);
            }
        }
        // Each order lists its own, and none twice.
        let listed: usize = self.orders.iter().map(|order| order.directed.len()).sum();
        check(listed == waiting, "bid", 0, "target")
    }

    /// The ladders, each from its best to its last, so that nothing has to look
    /// for its place. What may trade rests, and nothing else.
    pub(super) fn restore_ladders(&mut self, shelves: &[Shelf]) -> Result<(), ContentError> {
        for shelf in shelves {
            for (level, listed) in TrustLevel::ALL.iter().zip(&shelf.ladders) {
                self.restore_bid_ladder(shelf.id, *level, &listed.bids)?;
                self.restore_order_ladder(shelf.id, *level, &listed.orders)?;
            }
        }
        for bid in &self.bids {
            let may_trade = bid.is_standing() && bid.state == BidState::Open;
            check(bid.node.is_some() == may_trade, "bid", bid.id.0, "state")?;
        }
        for order in &self.orders {
            let may_trade = order.mode == Mode::Auto && order.state == OrderState::Open;
            let rests = |level: &TrustLevel| {
                let accepts = order.limits.at(*level).is_some();
                order.nodes[level.index()].is_some() == (may_trade && accepts)
            };
            check(TrustLevel::ALL.iter().all(rests), "order", order.id.0, "state")?;
        }
        Ok(())
    }

    fn restore_bid_ladder(&mut self, id: MarketId, level: TrustLevel, listed: &[BidId]) -> Result<(), ContentError> {
        let Self { markets, bids, accounts, .. } = self;
        let market = place_mut(markets, id.0.into()).expect("it was made for this shelf");
        let mut before: Option<Node> = None;
        for id in listed {
            let stands = |is_so| check(is_so, "market", market.id.0.into(), "ladders");
            let Some(bid) = place_mut(bids, id.0) else { return stands(false) };
            let is_at_level = accounts.get(bid.account).is_some_and(|owner| owner.level == level);
            stands(bid.market == market.id && bid.node.is_none() && bid.is_standing() && is_at_level)?;
            let best = before.map(|node| market.ladders().get(node));
            let rank = (bid_key(bid.price), bid.age.0, bid.id.0);
            stands(best.is_none_or(|best| (best.key, best.age, best.owner) < rank))?;
            let node = market.rest_bid(level, bid.price, bid.age, bid.id, bid.remaining);
            bid.node = Some(node);
            before = Some(node);
            market.resting += 1;
        }
        debug_assert_eq!(market.ladders().resting(bids_of(level)), listed.len());
        Ok(())
    }

    fn restore_order_ladder(
        &mut self,
        id: MarketId,
        level: TrustLevel,
        listed: &[OrderId],
    ) -> Result<(), ContentError> {
        let Self { markets, orders, .. } = self;
        let market = place_mut(markets, id.0.into()).expect("it was made for this shelf");
        let mut before: Option<Node> = None;
        for id in listed {
            let stands = |is_so| check(is_so, "market", market.id.0.into(), "ladders");
            let Some(order) = place_mut(orders, id.0) else { return stands(false) };
            stands(order.market == market.id && order.nodes[level.index()].is_none())?;
            let Some(limit) = order.limits.at(level) else { return stands(false) };
            let best = before.map(|node| market.ladders().get(node));
            let rank = (order_key(limit), order.age.0, order.id.0);
            stands(best.is_none_or(|best| (best.key, best.age, best.owner) < rank))?;
            let rests = order.nodes.iter().any(Option::is_some);
            let node = market.rest_order(level, limit, order.age, order.id, order.units_left());
            order.nodes[level.index()] = Some(node);
            before = Some(node);
            market.resting += u32::from(!rests);
        }
        debug_assert_eq!(market.ladders().resting(orders_of(level)), listed.len());
        Ok(())
    }

    pub(super) fn restore_reentries(&mut self, waiting: Vec<(Age, Entrant)>) -> Result<(), ContentError> {
        check(ascend(waiting.iter()), "re-entry", 0, "age")?;
        for (place, (_, entrant)) in (1_u64..).zip(&waiting) {
            let is_there = match *entrant {
                Entrant::Bid(id) => self.has_bid(id),
                Entrant::Order(id) => self.has_order(id),
            };
            check(is_there, "re-entry", place, "id")?;
        }
        self.reentering = waiting.into_iter().collect();
        Ok(())
    }
}
