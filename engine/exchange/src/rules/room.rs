//! Capacity is the provider's, not the bid's: a bid whose provider has no room
//! for one unit is parked out of the book, with its age, until there is room.

use berth_domain::{
    Age, BidChanged, BidId, BidResumed, BidState, BidTarget, Mode, OrderState, ProviderId,
};

use super::matching::Entering;
use super::plan::{Budget, Stop};
use crate::exchange::{Exchange, Step};
use crate::state::{Bid, Timer};

impl Exchange {
    /// Parks a provider's standing bids in markets where it has no unit free.
    pub(crate) fn park_without_room(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        // Most fills leave room in every market, and then there is nothing to
        // look through.
        if self.provider_mut(provider).has_some_of_all() {
            return;
        }
        let mut full: Vec<_> = self
            .live_bids(provider)
            .filter(|bid| bid.is_standing() && bid.state == BidState::Open && !self.has_free_unit(bid))
            .map(|bid| (bid.age, bid.id))
            .collect();
        full.sort_unstable();
        for (_, id) in full {
            self.park_bid(step, id);
        }
    }

    /// Parks a standing bid.
    pub(crate) fn park_bid(&mut self, step: &mut Step<'_>, id: BidId) {
        self.unrest_bid(id);
        let bid = self.bid_mut(id);
        bid.state = BidState::Parked;
        let market = bid.market;
        step.emit(BidChanged { bid: id, market });
    }

    /// Room was freed on a provider: its live bids enter again as incoming,
    /// with their age kept and in the order of it, for what is free now may
    /// serve an order that was skipped before.
    pub(crate) fn reenter_bids(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        let mut live: Vec<_> = self.live_bids(provider).map(|bid| (bid.age, bid.id)).collect();
        live.sort_unstable();
        for (age, id) in live {
            self.reenter_bid(step, age, id);
        }
    }

    /// Goes on with the bids that an earlier entry had no budget left for.
    pub(crate) fn reenter_waiting(&mut self, step: &mut Step<'_>) {
        for (age, id) in std::mem::take(&mut self.reentering) {
            self.reenter_bid(step, age, id);
        }
    }

    /// Lets a live bid enter again. When the entry's budget is used up, it waits
    /// for the next tick, which comes before anything else.
    fn reenter_bid(&mut self, step: &mut Step<'_>, age: Age, id: BidId) {
        let bid = self.bid(id).expect("a live bid is there");
        if !bid.is_live() {
            return;
        }
        let Budget { skips, fills, reentries } = step.budget;
        if skips == 0 || fills == 0 || reentries == 0 {
            self.wait_to_reenter(step, age, id);
            return;
        }
        step.budget.reentries -= 1;
        match bid.target {
            BidTarget::Standing { .. } => self.reenter_standing(step, age, id),
            BidTarget::Directed { order } => {
                let order = self.order(order).expect("a bid's order is there");
                if order.mode == Mode::Auto && order.state == OrderState::Open {
                    self.fill_directed(step, id);
                }
            }
        }
    }

    fn reenter_standing(&mut self, step: &mut Step<'_>, age: Age, id: BidId) {
        let bid = self.bid(id).expect("a live bid is there");
        if !self.has_free_unit(bid) {
            return;
        }
        if bid.state == BidState::Parked {
            let market = bid.market;
            self.bid_mut(id).state = BidState::Open;
            step.emit(BidResumed { bid: id, market });
        }
        self.planned(step, |x, step, plan| {
            let bid = x.bid(id).expect("a live bid is there");
            let is_fresh = (step.budget.skips, step.budget.fills) == x.fresh_budget();
            x.plan_bid(bid, Entering::Again, step.budget, plan);
            let has_nothing_to_do = plan.actions.is_empty() && plan.stop == Stop::Through;
            if has_nothing_to_do && bid.node.is_some() {
                step.budget = plan.budget;
                return;
            }
            x.unrest_bid(id);
            // One that used up a whole entry's budget without a trade would
            // never get through; any other goes on in the next tick.
            let goes_on = plan.stop == Stop::Limit && !(is_fresh && plan.actions.is_empty());
            if goes_on {
                plan.stop = Stop::Through;
            }
            x.commit_bid(step, id, plan);
            if goes_on && x.bid_mut(id).state == BidState::Open {
                x.wait_to_reenter(step, age, id);
            }
        });
    }

    fn wait_to_reenter(&mut self, step: &Step<'_>, age: Age, id: BidId) {
        self.reentering.insert((age, id));
        self.timers.set(Timer::Reentry, step.at);
    }

    /// Whether a bid's provider has one unit of its market free.
    #[inline]
    pub(crate) fn has_free_unit(&self, bid: &Bid) -> bool {
        self.provider(bid.provider).is_some_and(|provider| provider.free_in(bid.slot) > 0)
    }

    /// What one walk may skip and fill at most.
    fn fresh_budget(&self) -> (u32, u32) {
        (self.bounds().scan, self.bounds().fills)
    }
}
