//! Auctions: timed and sealed. Directed bids wait until the close and are then
//! taken by the lowest price, the higher trust, the older.

use std::cmp::Reverse;

use berth_domain::{CancelReason, OrderId, OrderState};

use crate::exchange::{Exchange, Step};
use crate::state::Timer;

impl Exchange {
    /// Sets an auction's timer to its close: one that is put off keeps its place
    /// among the others that are due.
    pub(crate) fn auction_is_due(&mut self, id: OrderId) {
        let order = self.order(id).expect("ids of orders are never given twice");
        if let (true, Some(closes_at)) = (order.is_live(), order.closes_at) {
            self.timers.set(Timer::AuctionClose(id), closes_at);
        }
    }

    /// Closes an auction: its bids fill what fits, and what is left of the
    /// order ends. Answers whether it did; when the entry may not open as many
    /// leases as it could take, it closes in the next tick.
    pub(crate) fn close_auction(&mut self, step: &mut Step<'_>, id: OrderId) -> bool {
        let order = self.order(id).expect("a timer's order is there");
        if self.open_for_trade(order.market).is_err() {
            // It closes when the market is resumed.
            let market = order.market;
            self.market_mut(market).postponed.push(id);
            return true;
        }
        let leases = order.remaining.min(u32::try_from(order.directed.len()).unwrap_or(u32::MAX));
        if step.budget.fills < leases && step.budget.fills < self.bounds().fills {
            self.auction_is_due(id);
            return false;
        }
        let mut bids: Vec<_> = order
            .directed
            .iter()
            .filter_map(|id| self.bid(*id))
            .map(|bid| (bid.price, Reverse(self.level_of(bid.account)), bid.age, bid.id))
            .collect();
        bids.sort_unstable();
        for (.., bid) in bids {
            if self.order_mut(id).state != OrderState::Open {
                break;
            }
            self.fill_directed(step, bid);
        }
        if self.order_mut(id).is_live() {
            self.end_order(step, id, CancelReason::AuctionUnfilled);
        }
        true
    }
}
