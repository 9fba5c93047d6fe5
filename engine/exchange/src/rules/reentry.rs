//! Re-entry: what became eligible again enters as incoming, with its age kept
//! and in the order of it. What one entry has no budget left for waits in a
//! queue for the next tick, which comes before anything else.

use berth_domain::{
    AccountId, Age, BidId, BidResumed, BidState, BidTarget, MarketId, Mode, OrderId, OrderState, ProviderId,
};

use super::matching::Entering;
use super::plan::{Plan, Stop};
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Entrant, Timer};

impl Exchange {
    /// Room was freed on a provider, or it offers something else: its live bids
    /// enter again as incoming, for they may serve an order that was skipped
    /// before.
    pub(crate) fn reenter_bids(&mut self, step: &mut Step<'_>, provider: ProviderId) {
        // Once they all wait they need not be looked through again, however
        // many leases of the host one tick closes.
        if step.budget.is_used_up() {
            if step.waiting.contains(&provider) {
                return;
            }
            step.waiting.push(provider);
        }
        let live = self.live_bids(provider).map(|bid| (bid.age, Entrant::Bid(bid.id))).collect();
        self.reenter_all(step, live);
    }

    /// The same for all of an account's bids, when another level or uptime may
    /// let them meet other orders.
    pub(crate) fn reenter_bids_of(&mut self, step: &mut Step<'_>, account: AccountId) {
        let live = self.live_bids_of(account).into_iter().map(|bid| (bid.age, Entrant::Bid(bid.id))).collect();
        self.reenter_all(step, live);
    }

    /// Lets live things enter again, by their age.
    pub(crate) fn reenter_all(&mut self, step: &mut Step<'_>, mut live: Vec<(Age, Entrant)>) {
        live.sort_unstable();
        for (age, entrant) in live {
            self.reenter(step, age, entrant);
        }
    }

    /// All live bids of a market are to enter again as incoming.
    pub(crate) fn let_market_wait(&mut self, market: MarketId) {
        let hosts = self.providers.iter().map(|provider| provider.id);
        let live = hosts.flat_map(|host| self.live_bids(host)).filter(|bid| bid.market == market);
        let live: Vec<_> = live.map(|bid| (bid.age, Entrant::Bid(bid.id))).collect();
        self.reentering.extend(live);
    }

    /// Goes on with what waits, as far as the entry's budget goes.
    pub(crate) fn reenter_waiting(&mut self, step: &mut Step<'_>) {
        while !step.budget.is_used_up() {
            let Some((age, entrant)) = self.reentering.pop_first() else { return };
            self.reenter(step, age, entrant);
        }
        if !self.reentering.is_empty() {
            self.timers.set(Timer::Reentry, step.at);
        }
    }

    /// Lets a live thing enter again; it waits when the entry's budget is used
    /// up.
    pub(crate) fn reenter(&mut self, step: &mut Step<'_>, age: Age, entrant: Entrant) {
        if !self.may_reenter(entrant) {
            return;
        }
        if step.budget.is_used_up() {
            self.wait_to_reenter(step, age, entrant);
            return;
        }
        step.budget.reentries -= 1;
        match entrant {
            Entrant::Order(id) => self.reenter_order(step, age, id),
            Entrant::Bid(id) => match self.bid_mut(id).target {
                BidTarget::Standing { .. } => self.reenter_standing(step, age, id),
                BidTarget::Directed { order } => self.try_order(step, id, order),
            },
        }
    }

    /// A parked bid was amended. A directed one comes in with its new terms by
    /// the entry's own command, which is no entering again.
    pub(crate) fn amended_while_parked(&mut self, step: &mut Step<'_>, id: BidId) {
        let bid = self.bid(id).expect("the caller has it");
        let age = bid.age;
        match bid.target {
            BidTarget::Standing { .. } => self.reenter(step, age, Entrant::Bid(id)),
            BidTarget::Directed { order } if self.may_reenter(Entrant::Bid(id)) => self.try_order(step, id, order),
            BidTarget::Directed { .. } => {}
        }
    }

    fn try_order(&mut self, step: &mut Step<'_>, id: BidId, order: OrderId) {
        let order = self.order(order).expect("a bid's order is there");
        if order.mode == Mode::Auto && order.state == OrderState::Open {
            self.fill_directed(step, id);
        }
    }

    fn reenter_standing(&mut self, step: &mut Step<'_>, age: Age, id: BidId) {
        let bid = self.bid(id).expect("a live bid is there");
        if bid.remaining == 0 || !self.is_offered(bid) {
            return;
        }
        let planted = if bid.state == BidState::Parked { Planted::ParkedForGood } else { Planted::RoomUnmatched };
        if is(planted) {
            return;
        }
        if bid.state == BidState::Parked {
            let market = bid.market;
            self.bid_mut(id).state = BidState::Open;
            step.emit(BidResumed { bid: id, market });
        }
        self.planned(step, |x, step, plan| {
            let bid = x.bid(id).expect("a live bid is there");
            x.plan_bid(bid, Entering::Again, step.budget, plan);
            if bid.node.is_some() && has_nothing_to_do(plan) {
                step.budget = plan.budget;
                return;
            }
            x.unrest_bid(id);
            let goes_on = x.goes_on(step, plan);
            x.commit_bid(step, id, plan);
            if goes_on && x.bid_mut(id).state == BidState::Open {
                x.wait_to_reenter(step, age, Entrant::Bid(id));
            }
        });
    }

    fn reenter_order(&mut self, step: &mut Step<'_>, age: Age, id: OrderId) {
        let order = self.order(id).expect("a live order is there");
        if order.state == OrderState::Parked && !self.resume_order(step, id) {
            return;
        }
        let order = self.order(id).expect("a live order is there");
        let (mode, market) = (order.mode, order.market);
        if mode != Mode::Auto {
            return;
        }
        if self.open_for_trade(market).is_err() {
            // What it crosses enters again with the market.
            if self.order_mut(id).nodes.iter().all(Option::is_none) {
                self.rest_order(id);
            }
            return;
        }
        self.planned(step, |x, step, plan| {
            let order = x.order(id).expect("a live order is there");
            x.plan_order(order, Entering::Again, step.budget, plan);
            if order.nodes.iter().any(Option::is_some) && has_nothing_to_do(plan) {
                step.budget = plan.budget;
                return;
            }
            x.unrest_order(id);
            let goes_on = x.goes_on(step, plan);
            x.commit_order(step, id, plan);
            if goes_on && x.order_mut(id).state == OrderState::Open {
                x.wait_to_reenter(step, age, Entrant::Order(id));
            }
        });
        // Bids that wait on it may have had room meanwhile.
        let waiting = self.order_mut(id).directed.clone();
        let waiting = waiting.into_iter().map(|bid| (self.bid_mut(bid).age, Entrant::Bid(bid))).collect();
        self.reenter_all(step, waiting);
    }

    /// Whether a walk that the budget ended goes on in the next tick. One that
    /// used up a whole entry's budget without a trade would never get through.
    fn goes_on(&self, step: &Step<'_>, plan: &mut Plan) -> bool {
        let bounds = self.bounds();
        let is_fresh = (step.budget.skips, step.budget.fills) == (bounds.scan, bounds.fills);
        let goes_on = plan.stop == Stop::Limit && !(is_fresh && plan.actions.is_empty());
        if goes_on {
            plan.stop = Stop::Through;
        }
        goes_on
    }

    /// Whether a thing lives and its market lets it enter. In a paused market
    /// bids wait until all of them enter again; an order may be paid for anew.
    fn may_reenter(&self, entrant: Entrant) -> bool {
        match entrant {
            Entrant::Bid(id) => {
                let bid = self.bid(id).expect("ids of bids are never given twice");
                bid.is_live() && (self.open_for_trade(bid.market).is_ok() || is(Planted::PausedMatches))
            }
            Entrant::Order(id) => self.order(id).is_some_and(|order| order.is_live()),
        }
    }

    fn wait_to_reenter(&mut self, step: &Step<'_>, age: Age, entrant: Entrant) {
        self.reentering.insert((age, entrant));
        self.timers.set(Timer::Reentry, step.at);
    }
}

fn has_nothing_to_do(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.stop == Stop::Through
}
