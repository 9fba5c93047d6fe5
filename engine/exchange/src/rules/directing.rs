//! Bids that answer one order: a bounded number waits on each, and a better one
//! drives out the last.

use std::cmp::Reverse;

use berth_domain::{Age, BidChanged, BidId, BidLost, BidState, Code, Mode, OrderId, Rate, TrustLevel};

use crate::exchange::{Exchange, Step};
use crate::state::{Bid, Order};

/// A bid's rank among those that wait on an order. Trust comes before the price:
/// trust is slow to gain, and who is new could else shut out everybody with
/// prices that they never mean to serve.
type Rank = (Reverse<TrustLevel>, Rate, Age, BidId);

impl Exchange {
    /// Adds a bid that answers one order. An `auto` order takes it at once, as
    /// far as it fits; otherwise it waits there.
    pub(crate) fn enter_directed_bid(&mut self, step: &mut Step<'_>, bid: Bid, order: OrderId) -> BidId {
        let (id, market) = (bid.id, bid.market);
        self.accept_bid(step, bid);
        self.order_mut(order).directed.insert(id);
        if self.order_mut(order).mode == Mode::Auto && !self.fill_directed(step, id) {
            self.bid_mut(id).state = BidState::Parked;
            step.emit(BidChanged { bid: id, market });
        }
        self.set_bid_timer(id);
        if self.bid_mut(id).is_live() {
            self.drive_out(step, order);
        }
        id
    }

    /// Refuses a bid that would be the last of too many: one that takes nothing
    /// at once, and does not rank before the last of those that wait.
    pub(crate) fn check_crowd(&self, bid: &Bid, id: OrderId, replaced: Option<BidId>) -> Result<(), Code> {
        let order = self.order(id).expect("the checks have found it");
        let is_replaced = replaced.is_some_and(|replaced| order.directed.contains(&replaced));
        if order.directed.len() - usize::from(is_replaced) < self.bounds().directed as usize {
            return Ok(());
        }
        if order.mode == Mode::Auto && self.directed_replicas(bid, id) > 0 {
            return Ok(());
        }
        match self.last_waiting(order, replaced) {
            Some(last) if self.rank(bid) < last => Ok(()),
            _ => Err(Code::BookFull),
        }
    }

    /// The last of more bids than may wait is lost. Announced bounds may have
    /// become lower than what waits; then the newcomer still drives out only one.
    fn drive_out(&mut self, step: &mut Step<'_>, id: OrderId) {
        let order = self.order(id).expect("the caller has it");
        if order.directed.len() <= self.bounds().directed as usize {
            return;
        }
        let (market, last) = (order.market, self.last_waiting(order, None));
        if let Some((.., bid)) = last {
            self.finish_bid(bid, BidState::Lost);
            step.emit(BidLost { bid, market });
        }
    }

    /// The last by rank of the bids that wait on an order, but for one.
    fn last_waiting(&self, order: &Order, but: Option<BidId>) -> Option<Rank> {
        let waiting = order.directed.iter().filter(|id| Some(**id) != but);
        waiting.filter_map(|id| self.bid(*id)).map(|bid| self.rank(bid)).max()
    }

    fn rank(&self, bid: &Bid) -> Rank {
        (Reverse(self.level_of(bid.account)), bid.price, bid.age, bid.id)
    }
}
