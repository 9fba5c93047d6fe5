//! How orders and bids end.

use berth_domain::{
    AccountId, BidCancelled, BidExpired, BidId, BidLost, BidState, CancelAll, CancelReason, Code, DeadManSet,
    OrderEnded, OrderExpired, OrderId, OrderState, StandbyEnd,
};

use super::order::stroops;
use super::{Oracle, Reply, Rule};

impl Oracle {
    pub(super) fn cancel_order_asked(&mut self, id: OrderId) -> Result<Reply, Code> {
        self.own_live_order(id)?;
        self.cancel_order(id, CancelReason::Requested);
        Ok(Reply::Order(id))
    }

    pub(super) fn cancel_bid_asked(&mut self, id: BidId) -> Result<Reply, Code> {
        self.own_live_bid(id)?;
        self.cancel_bid(id, CancelReason::Requested);
        Ok(Reply::Bid(id))
    }

    pub(super) fn cancel_order(&mut self, id: OrderId, reason: CancelReason) {
        let order = self.order(id);
        let (market, released) = (order.place.market, stroops(order.hold()));
        self.order_mut(id).state = OrderState::Cancelled;
        self.tell(OrderEnded { order: id, market, reason, released });
        self.lose_bids(id, Rule::DirectedBidsLostByEnd);
    }

    pub(super) fn expire_order(&mut self, id: OrderId) {
        self.reach(Rule::OrderExpires);
        let order = self.order(id);
        let (market, released) = (order.place.market, stroops(order.hold()));
        self.order_mut(id).state = OrderState::Expired;
        self.tell(OrderExpired { order: id, market, released });
        self.lose_bids(id, Rule::DirectedBidsLostByEnd);
    }

    /// The order is over: bids that still wait on it have lost, by id.
    pub(super) fn lose_bids(&mut self, order: OrderId, rule: Rule) {
        let waits = |bid: &&super::Bid| bid.is_live() && bid.answers() == Some(order);
        let lost: Vec<_> = self.bids.iter().filter(waits).map(|bid| (bid.id, bid.market)).collect();
        for (bid, market) in lost {
            self.reach(rule);
            self.bid_mut(bid).state = BidState::Lost;
            self.tell(BidLost { bid, market });
        }
    }

    pub(super) fn cancel_bid(&mut self, id: BidId, reason: CancelReason) {
        self.bid_mut(id).state = BidState::Cancelled;
        let market = self.bid(id).market;
        self.tell(BidCancelled { bid: id, market, reason });
        self.replace_standbys(id, StandbyEnd::BidEnded);
    }

    pub(super) fn expire_bid(&mut self, id: BidId) {
        self.reach(Rule::BidExpires);
        self.bid_mut(id).state = BidState::Expired;
        let market = self.bid(id).market;
        self.tell(BidExpired { bid: id, market });
        self.replace_standbys(id, StandbyEnd::BidEnded);
    }

    pub(super) fn cancel_all_asked(&mut self, cancel: &CancelAll) {
        let ended = self.cancel_all(self.step.account, cancel, CancelReason::Requested);
        if ended {
            self.reach(match (cancel.market, cancel.session) {
                (_, Some(_)) => Rule::CancelAllOfASession,
                (Some(_), None) => Rule::CancelAllOfAMarket,
                (None, None) => Rule::CancelAllOfEverything,
            });
        }
    }

    /// Ends an account's live orders by id, then its live bids by id, in the
    /// market and of the session that are named, if any is. Whether there were
    /// any.
    fn cancel_all(&mut self, account: AccountId, which: &CancelAll, reason: CancelReason) -> bool {
        let named = |market, session: Option<u64>| {
            which.market.is_none_or(|named| named == market) && which.session.is_none_or(|named| session == Some(named))
        };
        let orders = self.orders.iter().filter(|order| order.account == account && order.is_live());
        let orders = orders.filter(|order| named(order.place.market, order.place.session));
        let bids = self.bids.iter().filter(|bid| bid.account == account && bid.is_live());
        let bids = bids.filter(|bid| named(bid.market, bid.place.session));
        let orders: Vec<_> = orders.map(|order| order.id).collect();
        let bids: Vec<_> = bids.map(|bid| bid.id).collect();
        let any = !orders.is_empty() || !bids.is_empty();
        // Nobody directs a bid at an own order, so ending the orders loses none
        // of these bids.
        orders.into_iter().for_each(|id| self.cancel_order(id, reason));
        bids.into_iter().for_each(|id| self.cancel_bid(id, reason));
        any
    }

    /// Nothing was heard of an account for too long.
    pub(super) fn dead_man_fires(&mut self, account: AccountId) {
        let all = CancelAll { market: None, session: None };
        if self.cancel_all(account, &all, CancelReason::DeadMan) {
            self.reach(Rule::DeadManFires);
        }
        self.account_mut(account).dead_man = None;
        self.tell(DeadManSet { account, deadline: None });
    }
}
