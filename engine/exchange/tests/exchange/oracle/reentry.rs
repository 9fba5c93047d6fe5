//! Re-entry: what became eligible again enters as incoming, with its age kept
//! and in the order of it. What one entry has no budget left for waits for the
//! next tick.

use berth_domain::{
    BidId, BidResumed, BidState, CancelReason, Micros, Mode, OrderId, OrderParked, OrderResumed, OrderState,
    ProviderId, TimeInForce,
};

use super::order::stroops;
use super::plan::{End, Plan};
use super::{Oracle, Rule};

/// What enters again. At one age bids come before orders, then the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entrant {
    Bid(BidId),
    Order(OrderId),
}

impl Oracle {
    /// Room was freed on a host.
    pub(super) fn reenter_host(&mut self, host: ProviderId) {
        self.reenter(self.live_bids_of(host).into_iter().map(Entrant::Bid).collect());
    }

    /// Lets live things enter again, the oldest first.
    pub(super) fn reenter(&mut self, mut things: Vec<Entrant>) {
        things.sort_by_key(|thing| (self.age_of(*thing), *thing));
        for thing in things {
            self.enters_again_or_waits(self.age_of(thing), thing);
        }
    }

    pub(super) fn age_of(&self, thing: Entrant) -> u64 {
        match thing {
            Entrant::Bid(id) => self.bid(id).age,
            Entrant::Order(id) => self.order(id).age,
        }
    }

    /// In a paused market bids wait until all of them enter again; an order may
    /// be paid for anew.
    fn waits_for_its_market(&self, thing: Entrant) -> bool {
        match thing {
            Entrant::Bid(id) => {
                let waits = self.is_paused(self.bid(id).market);
                if waits {
                    self.reach(Rule::WaitsForItsMarket);
                }
                waits
            }
            Entrant::Order(_) => false,
        }
    }

    fn is_alive(&self, thing: Entrant) -> bool {
        match thing {
            Entrant::Bid(id) => self.bid(id).is_live(),
            Entrant::Order(id) => self.order(id).is_live(),
        }
    }

    /// Whether the entry may still skip, open a lease, and let a thing enter
    /// again: as many as it may skip.
    fn has_budget(&self) -> bool {
        let bounds = self.budget();
        self.step.skipped < bounds.scan && self.step.opened < bounds.fills && self.step.reentered < bounds.scan
    }

    fn enters_again_or_waits(&mut self, age: u64, thing: Entrant) {
        if !self.is_alive(thing) || self.waits_for_its_market(thing) {
            return;
        }
        if !self.has_budget() {
            self.reach(Rule::LeftForTheNextTick);
            self.waits(age, thing);
            return;
        }
        self.step.reentered += 1;
        match thing {
            Entrant::Bid(id) if self.bid(id).is_standing() => self.bid_enters_again(age, id),
            Entrant::Bid(id) => self.directed_tries_again(&self.bid(id).clone()),
            Entrant::Order(id) => self.order_enters_again(age, id),
        }
    }

    pub(super) fn waits(&mut self, age: u64, thing: Entrant) {
        self.waiting.push((age, thing));
        self.waiting.sort_unstable();
        self.waiting.dedup();
        self.waiting_since = Some(self.step.at);
    }

    fn bid_enters_again(&mut self, age: u64, id: BidId) {
        let bid = self.bid(id).clone();
        if !self.can_be_met(&bid) {
            return;
        }
        let was_parked = bid.state == BidState::Parked;
        if was_parked {
            self.reach(Rule::Resumed);
            self.bid_mut(id).state = BidState::Open;
            self.tell(BidResumed { bid: id, market: bid.market });
        }
        // That it would trade at once is no longer looked at: it has stood in
        // the book, and what comes now comes to it.
        let is_fresh = self.is_fresh();
        let plan = self.plan_bid(&bid, false);
        if plan.leases() > 0 {
            self.reach(if was_parked { Rule::ResumedBidTrades } else { Rule::OpenBidTradesAgain });
            if bid.place.post_only {
                self.reach(Rule::PostOnlyEntersAgain);
            }
        }
        self.step.skipped = plan.skipped;
        self.carry_out(&plan);
        if self.bid(id).is_live()
            && let Some(reason) = self.cut_or_own(&plan, is_fresh)
        {
            self.cancel_bid(id, reason);
        }
        self.park_where_full(&plan);
        if plan.end == End::Limit && self.bid(id).state == BidState::Open {
            self.reach(Rule::GoesOnInTheNextTick);
            self.waits(age, Entrant::Bid(id));
        }
    }

    /// An order that was parked, and can be paid for.
    fn order_enters_again(&mut self, age: u64, id: OrderId) {
        let mut order = self.order(id).clone();
        if order.state == OrderState::Parked {
            order.state = OrderState::Open;
            if order.hold() > self.available(order.account) || self.is_beyond_mandate(&order) {
                return;
            }
            self.reach(Rule::OrderResumed);
            self.order_mut(id).state = OrderState::Open;
            self.tell(OrderResumed { order: id, market: order.place.market, hold: stroops(order.hold()) });
        }
        if order.place.mode != Mode::Auto {
            return;
        }
        // What it crosses enters again with the market.
        if self.is_paused(order.place.market) {
            self.reach(Rule::OrderResumedInAPausedMarket);
            return;
        }
        order.place.post_only = false;
        let is_fresh = self.is_fresh();
        let plan = self.plan_order(&order);
        if plan.leases() > 0 {
            self.reach(Rule::ResumedOrderTrades);
        }
        self.step.skipped = plan.skipped;
        self.carry_out(&plan);
        let never_rests = order.place.time_in_force == TimeInForce::Ioc;
        if self.order(id).is_live() {
            let reason = self.cut_or_own(&plan, is_fresh);
            let reason = reason.or(never_rests.then_some(CancelReason::NotFilledAtOnce));
            reason.into_iter().for_each(|reason| self.cancel_order(id, reason));
        }
        self.park_unless_allowed(id);
        self.park_where_full(&plan);
        if plan.end == End::Limit && self.order(id).state == OrderState::Open {
            self.reach(Rule::GoesOnInTheNextTick);
            self.waits(age, Entrant::Order(id));
        }
        // Bids that wait on it may have had room meanwhile.
        let waits = self.bids.iter().filter(|bid| bid.is_live() && bid.answers() == Some(id));
        let directed = waits.map(|bid| Entrant::Bid(bid.id)).collect();
        self.reenter(directed);
    }

    /// Whether what the entry may still do is a whole entry's, by the bounds
    /// that are in force now.
    fn is_fresh(&self) -> bool {
        let (mine, now) = (self.budget(), self.rules().bounds);
        self.step.skipped + now.scan == mine.scan && self.step.opened + now.fills == mine.fills
    }

    /// Why what enters again ends. One that had a whole entry's budget and got
    /// nowhere must not rest beside what it has not seen, and never would; any
    /// other goes on in the next tick.
    fn cut_or_own(&self, plan: &Plan, is_fresh: bool) -> Option<CancelReason> {
        match plan.end {
            End::SelfTrade => {
                self.reach(Rule::OwnEndsWhatEntersAgain);
                Some(CancelReason::SelfTrade)
            }
            End::Limit if is_fresh && plan.deeds.is_empty() => {
                self.reach(Rule::CutWhenEnteringAgain);
                Some(CancelReason::ScanLimit)
            }
            End::Limit | End::Dry => None,
        }
    }

    /// A tick goes on with what waits to enter again.
    pub(super) fn go_on(&mut self) {
        self.reach(Rule::TickGoesOn);
        self.waiting_since = None;
        self.only_what_lives_waits();
        while self.has_budget() && !self.waiting.is_empty() {
            let (age, first) = self.waiting.remove(0);
            self.enters_again_or_waits(age, first);
            self.only_what_lives_waits();
        }
        if !self.waiting.is_empty() {
            self.reach(Rule::LeftForTheNextTick);
            self.waiting_since = Some(self.step.at);
        }
    }

    pub(super) fn only_what_lives_waits(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|(_, thing)| self.is_alive(*thing));
        self.waiting = waiting;
    }

    /// What is left to do goes on in the next tick.
    pub(super) const fn goes_on_next(&mut self) {
        self.waiting_since = Some(self.step.at);
    }

    pub(super) const fn waits_since(&self) -> Option<Micros> {
        self.waiting_since
    }

    /// An order waits outside the book, and holds nothing.
    pub(super) fn park_order(&mut self, id: OrderId) {
        let order = self.order(id);
        let (market, released) = (order.place.market, stroops(order.hold()));
        self.order_mut(id).state = OrderState::Parked;
        self.tell(OrderParked { order: id, market, released });
    }

    /// At the end of an entry, parked orders that can be paid for enter again;
    /// what they give back may pay for others.
    pub(super) fn resume_what_can_be_paid(&mut self) {
        loop {
            let could = |order: &&super::Order| {
                let open = super::Order { state: OrderState::Open, ..(*order).clone() };
                let is_allowed = !self.is_beyond_mandate(order) && !self.awaits_the_clock(order.account);
                order.state == OrderState::Parked && is_allowed && open.hold() <= self.available(order.account)
            };
            let waits = |order: &&super::Order| self.waiting.contains(&(order.age, Entrant::Order(order.id)));
            let payable = self.orders.iter().filter(could).filter(|order| !waits(order));
            let payable: Vec<_> = payable.map(|order| Entrant::Order(order.id)).collect();
            if payable.is_empty() {
                return;
            }
            self.reenter(payable);
        }
    }
}
