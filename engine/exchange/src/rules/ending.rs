//! How orders and bids end.

use berth_domain::{
    BidCancelled, BidExpired, BidId, BidLost, BidState, CancelReason, OrderEnded, OrderExpired, OrderId, OrderState,
    Stroops,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Entrant, Place, Timer};

impl Exchange {
    /// Cancels what is left of a live order and gives back its hold.
    pub(crate) fn end_order(&mut self, step: &mut Step<'_>, id: OrderId, reason: CancelReason) {
        let market = self.order_mut(id).market;
        let released = self.release_hold(id);
        step.emit(OrderEnded { order: id, market, reason, released });
        self.finish_order(step, id, OrderState::Cancelled);
    }

    /// Ends a live order whose time is over.
    pub(crate) fn expire_order(&mut self, step: &mut Step<'_>, id: OrderId) {
        let market = self.order_mut(id).market;
        let released = match is(Planted::HoldKept) {
            true => std::mem::take(&mut self.order_mut(id).hold),
            false => self.release_hold(id),
        };
        step.emit(OrderExpired { order: id, market, released });
        self.finish_order(step, id, OrderState::Expired);
    }

    pub(super) fn release_hold(&mut self, id: OrderId) -> Stroops {
        let order = self.order_mut(id);
        let (account, hold) = (order.account, order.hold);
        order.hold = Stroops::ZERO;
        self.ledger.post(Place::Held(account), Place::Available(account), hold);
        hold
    }

    /// Takes an order out of every index; directed bids that still wait on it
    /// have lost.
    pub(crate) fn finish_order(&mut self, step: &mut Step<'_>, id: OrderId, state: OrderState) {
        self.unrest_order(id);
        self.unlist_order(id);
        let order = self.order_mut(id);
        let was_parked = std::mem::replace(&mut order.state, state) == OrderState::Parked;
        let directed = if is(Planted::DirectedKept) { Vec::new() } else { std::mem::take(&mut order.directed) };
        let (market, age) = (order.market, order.age);
        let (expires, closes) = (order.expires_at.is_some(), order.closes_at.is_some());
        if expires && !is(Planted::ExpiryOutlives) {
            self.timers.clear(Timer::OrderExpiry(id));
        }
        if closes {
            self.timers.clear(Timer::AuctionClose(id));
            self.market_mut(market).postponed.retain(|order| *order != id);
        }
        if was_parked {
            self.count_parked(id, false);
        }
        // What is over has no turn: nothing is left for a tick to look at.
        if !self.reentering.is_empty() {
            self.reentering.remove(&(age, Entrant::Order(id)));
        }
        for bid in directed {
            self.finish_bid(bid, BidState::Lost);
            step.emit(BidLost { bid, market });
        }
    }

    /// Ends what is left of a live bid.
    pub(crate) fn cancel_bid(&mut self, step: &mut Step<'_>, id: BidId, reason: CancelReason) {
        let market = self.bid_mut(id).market;
        self.finish_bid(id, BidState::Cancelled);
        step.emit(BidCancelled { bid: id, market, reason });
        self.bid_stands_by_no_longer(step, id);
    }

    /// Ends a live bid whose time is over.
    pub(crate) fn expire_bid(&mut self, step: &mut Step<'_>, id: BidId) {
        let market = self.bid_mut(id).market;
        self.finish_bid(id, BidState::Expired);
        step.emit(BidExpired { bid: id, market });
        self.bid_stands_by_no_longer(step, id);
    }

    /// Takes a bid that is over out of every index.
    pub(crate) fn finish_bid(&mut self, id: BidId, state: BidState) {
        let bid = self.bid_mut(id);
        bid.state = state;
        let (age, expires) = (bid.age, bid.expires_at.is_some());
        if expires {
            self.timers.clear(Timer::BidExpiry(id));
        }
        if !self.reentering.is_empty() {
            self.reentering.remove(&(age, Entrant::Bid(id)));
        }
        self.leave_bid(id);
    }
}
