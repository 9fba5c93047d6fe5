//! How orders and bids end.

use berth_domain::{
    BidCancelled, BidId, BidLost, BidState, CancelReason, OrderEnded, OrderExpired, OrderId, OrderState, Stroops,
};

use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Place, Timer};

impl Exchange {
    /// Cancels what is left of an open order and gives back its hold.
    pub(crate) fn end_order(&mut self, step: &mut Step<'_>, id: OrderId, reason: CancelReason) {
        let market = self.order_mut(id).market;
        let released = self.release_hold(id);
        step.emit(OrderEnded { order: id, market, reason, released });
        self.finish_order(step, id, OrderState::Cancelled);
    }

    /// Ends an open order whose time is over.
    pub(crate) fn expire_order(&mut self, step: &mut Step<'_>, id: OrderId) {
        let market = self.order_mut(id).market;
        let released = match is(Planted::HoldKept) {
            true => std::mem::take(&mut self.order_mut(id).hold),
            false => self.release_hold(id),
        };
        step.emit(OrderExpired { order: id, market, released });
        self.finish_order(step, id, OrderState::Expired);
    }

    fn release_hold(&mut self, id: OrderId) -> Stroops {
        let order = self.order_mut(id);
        let (account, hold) = (order.account, order.hold);
        order.hold = Stroops::ZERO;
        self.ledger.post(Place::Held(account), Place::Available(account), hold);
        hold
    }

    /// Takes an order out of the book; directed bids that still wait on it
    /// have lost.
    pub(crate) fn finish_order(&mut self, step: &mut Step<'_>, id: OrderId, state: OrderState) {
        self.leave_order(id);
        if !is(Planted::ExpiryOutlives) {
            self.timers.clear(Timer::OrderExpiry(id));
        }
        let order = self.order_mut(id);
        order.state = state;
        let market = order.market;
        if is(Planted::DirectedKept) {
            return;
        }
        for bid in std::mem::take(&mut order.directed) {
            self.bid_mut(bid).state = BidState::Lost;
            self.leave_bid(bid);
            step.emit(BidLost { bid, market });
        }
    }

    /// Ends what is left of a live bid.
    pub(crate) fn cancel_bid(&mut self, step: &mut Step<'_>, id: BidId, reason: CancelReason) {
        let bid = self.bid_mut(id);
        bid.state = BidState::Cancelled;
        let market = bid.market;
        self.leave_bid(id);
        step.emit(BidCancelled { bid: id, market, reason });
    }
}
