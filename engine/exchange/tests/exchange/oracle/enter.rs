//! The commit: an order or a bid enters, its plan is carried out, and what is
//! left of it ends, rests or is parked. And how bids enter again when their
//! host has room.

use berth_domain::{
    BidChanged, BidId, BidResumed, BidState, CancelReason, Code, Event, Mode, OrderId, ProviderId, TimeInForce,
};

use super::plan::{Deed, End, Plan};
use super::{Bid, Oracle, Order, Rule};

impl Oracle {
    /// A new or a changed order comes in. `told` says so first, unless the plan
    /// refuses it.
    pub(super) fn order_enters(&mut self, order: Order, told: Event) -> Result<(), Code> {
        let mut plan = if order.place.mode == Mode::Auto { self.plan_order(&order) } else { Plan::default() };
        self.check_plan(&plan, Rule::ScanRefusesOrder)?;
        self.step.skipped = plan.skipped.max(self.step.skipped);
        if order.place.time_in_force == TimeInForce::Fok {
            plan = self.all_or_nothing(&order, plan);
        }
        if order.place.post_only && order.place.mode == Mode::Auto {
            self.reach(Rule::PostOnlyRests);
        }
        let (id, is_ioc) = (order.id, order.place.time_in_force == TimeInForce::Ioc);
        self.put_order(order);
        self.tell(told);
        self.carry_out(&plan);
        if self.order(id).is_live() {
            if let Some(reason) = self.order_ends(id, &plan) {
                self.cancel_order(id, reason);
            }
        } else if is_ioc {
            self.reach(Rule::IocOrderFilled);
        }
        self.park_where_full(&plan);
        Ok(())
    }

    /// What the plan refuses.
    fn check_plan(&self, plan: &Plan, cut: Rule) -> Result<(), Code> {
        if plan.crosses {
            return Err(Code::PostOnlyWouldCross);
        }
        if plan.is_cut_empty() {
            self.reach(cut);
            return Err(Code::ScanLimit);
        }
        Ok(())
    }

    /// Unless the fills cover all of it, nothing happens.
    fn all_or_nothing(&self, order: &Order, plan: Plan) -> Plan {
        if plan.replicas() == order.left {
            self.reach(if plan.leases() > 1 { Rule::FokFilledByAGang } else { Rule::FokFilledByOne });
            return plan;
        }
        self.reach(Rule::FokNotFilled);
        if plan.deeds.iter().any(|deed| matches!(deed, Deed::BidEnds(_))) {
            self.reach(Rule::FokSparesTheMaker);
        }
        if matches!(plan.end, End::Limit { .. }) {
            self.reach(Rule::FokCutByTheScan);
        }
        Plan::default()
    }

    /// Why what is left of an order does not rest.
    fn order_ends(&self, id: OrderId, plan: &Plan) -> Option<CancelReason> {
        let (rule, reason) = match (plan.end, self.order(id).place.time_in_force) {
            (End::SelfTrade, _) => (Rule::TakerOrderExpires, CancelReason::SelfTrade),
            (End::Limit { .. }, _) => (Rule::ScanCutsOrder, CancelReason::ScanLimit),
            (End::Dry, TimeInForce::Ioc | TimeInForce::Fok) => {
                (Rule::IocOrderRestCancelled, CancelReason::NotFilledAtOnce)
            }
            (End::Dry, TimeInForce::Gtc | TimeInForce::Gtd) => return None,
        };
        self.reach(rule);
        Some(reason)
    }

    /// A new or a changed bid comes in.
    pub(super) fn bid_enters(&mut self, bid: Bid, told: Event) -> Result<(), Code> {
        if !bid.is_standing() {
            return self.directed_enters(bid, told);
        }
        if !self.has_free_unit(bid.place.provider, bid.market) {
            self.enters_parked(bid, told);
            return Ok(());
        }
        let plan = self.plan_bid(&bid, bid.place.post_only);
        self.check_plan(&plan, Rule::ScanRefusesBid)?;
        if bid.place.post_only {
            self.reach(Rule::PostOnlyRests);
        }
        let id = bid.id;
        self.put_bid(Bid { state: BidState::Open, ..bid });
        self.tell(told);
        let cut = plan.end;
        self.bid_takes(id, &plan);
        let is_ioc = self.bid(id).place.time_in_force == TimeInForce::Ioc;
        if self.bid(id).is_live() {
            let ends = match cut {
                End::SelfTrade => Some((Rule::TakerBidExpires, CancelReason::SelfTrade)),
                End::Limit { .. } => Some((Rule::ScanCutsBid, CancelReason::ScanLimit)),
                End::Dry if is_ioc => Some((Rule::IocBidRestCancelled, CancelReason::NotFilledAtOnce)),
                End::Dry => None,
            };
            if let Some((rule, reason)) = ends {
                self.reach(rule);
                self.cancel_bid(id, reason);
            }
        }
        self.park_where_full(&plan);
        Ok(())
    }

    /// Not one unit is free: it meets nobody now.
    fn enters_parked(&mut self, bid: Bid, told: Event) {
        let (id, market, was) = (bid.id, bid.market, bid.state);
        let is_ioc = bid.place.time_in_force == TimeInForce::Ioc;
        self.put_bid(bid);
        self.tell(told);
        if is_ioc {
            self.reach(Rule::IocBidWithoutRoom);
            self.cancel_bid(id, CancelReason::NotFilledAtOnce);
        } else if was == BidState::Open {
            self.reach(Rule::ParkedAtOnce);
            self.bid_mut(id).state = BidState::Parked;
            self.tell(BidChanged { bid: id, market });
        } else {
            self.reach(Rule::ParkedBidAmended);
        }
    }

    fn bid_takes(&mut self, id: BidId, plan: &Plan) {
        debug_assert!(self.bid(id).state == BidState::Open, "only an open bid takes");
        self.step.skipped = plan.skipped;
        self.carry_out(plan);
    }

    /// Does what was planned, in its order.
    pub(super) fn carry_out(&mut self, plan: &Plan) {
        if plan.leases() > 1 {
            self.reach(Rule::OneTakerSeveralLeases);
        }
        for deed in &plan.deeds {
            match *deed {
                Deed::Fill { order, bid, replicas, price } => self.open_lease(order, bid, replicas, price),
                Deed::OrderEnds(order) => {
                    self.reach(Rule::MakerOrderExpires);
                    self.cancel_order(order, CancelReason::SelfTrade);
                }
                Deed::BidEnds(bid) => {
                    self.reach(Rule::MakerBidExpires);
                    self.cancel_bid(bid, CancelReason::SelfTrade);
                }
            }
        }
    }

    /// Hosts on which leases opened and that have no unit of some market left:
    /// their open standing bids there are parked.
    pub(super) fn park_where_full(&mut self, plan: &Plan) {
        for host in plan.hosts() {
            for id in self.live_bids_of(host) {
                let (market, rests) = (self.bid(id).market, self.bid(id).rests());
                if rests && !self.has_free_unit(host, market) {
                    let traded = plan.deeds.iter().find_map(|deed| match deed {
                        Deed::Fill { bid, .. } => Some(self.bid(*bid).market),
                        Deed::OrderEnds(_) | Deed::BidEnds(_) => None,
                    });
                    let is_other = traded.is_some_and(|traded| traded != market);
                    self.reach(if is_other { Rule::ParkedInAnotherMarket } else { Rule::ParkedAfterAFill });
                    self.bid_mut(id).state = BidState::Parked;
                    self.tell(BidChanged { bid: id, market });
                }
            }
        }
    }

    /// Room was freed on a host: its live bids enter again, the oldest first,
    /// with their age kept. Those that the entry's budget does not reach wait
    /// for the next tick.
    pub(super) fn reenter(&mut self, host: ProviderId) {
        for id in self.live_bids_of(host) {
            self.enters_again_or_waits(id);
        }
    }

    /// Whether the entry may still walk and still open a lease.
    fn has_budget(&self) -> bool {
        let bounds = &self.rules().bounds;
        self.step.skipped <= bounds.scan && self.step.opened < bounds.fills
    }

    fn enters_again_or_waits(&mut self, id: BidId) {
        if self.has_budget() {
            self.enters_again(id);
            return;
        }
        self.reach(Rule::LeftForTheNextTick);
        if !self.waiting.contains(&id) {
            self.waiting.push(id);
        }
        self.waiting_since.get_or_insert(self.step.at);
    }

    fn enters_again(&mut self, id: BidId) {
        let bid = self.bid(id).clone();
        if !bid.is_live() {
            return;
        }
        if !bid.is_standing() {
            self.directed_tries_again(&bid);
            return;
        }
        if !self.has_free_unit(bid.place.provider, bid.market) {
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
        let plan = self.plan_bid(&bid, false);
        if plan.leases() > 0 {
            self.reach(if was_parked { Rule::ResumedBidTrades } else { Rule::OpenBidTradesAgain });
            if bid.place.post_only {
                self.reach(Rule::PostOnlyEntersAgain);
            }
        }
        self.bid_takes(id, &plan);
        if self.bid(id).is_live() {
            match plan.end {
                End::SelfTrade => {
                    self.reach(Rule::TakerBidExpires);
                    self.cancel_bid(id, CancelReason::SelfTrade);
                }
                // Orders that it has not seen are left behind within its price:
                // it must not rest beside them.
                End::Limit { left_behind: true } => {
                    self.reach(Rule::CutWhenEnteringAgain);
                    self.cancel_bid(id, CancelReason::ScanLimit);
                }
                End::Limit { left_behind: false } => self.reach(Rule::RestsThoughCut),
                End::Dry => {}
            }
        }
        self.park_where_full(&plan);
    }

    /// A tick goes on with the bids that wait to enter again.
    pub(super) fn go_on(&mut self) {
        self.reach(Rule::TickGoesOn);
        self.waiting_since = None;
        for id in std::mem::take(&mut self.waiting) {
            self.enters_again_or_waits(id);
        }
    }

    pub(super) const fn waits_since(&self) -> Option<berth_domain::Micros> {
        self.waiting_since
    }

    fn put_order(&mut self, order: Order) {
        match usize::try_from(order.id.0).expect("few orders") {
            place if place > self.orders.len() => self.orders.push(order),
            place => self.orders[place - 1] = order,
        }
    }

    pub(super) fn put_bid(&mut self, bid: Bid) {
        match usize::try_from(bid.id.0).expect("few bids") {
            place if place > self.bids.len() => self.bids.push(bid),
            place => self.bids[place - 1] = bid,
        }
    }
}
