//! The commit: an order or a bid enters, its plan is carried out, and what is
//! left of it ends, rests or is parked. And how bids enter again when their
//! host has room.

use berth_domain::{BidChanged, BidId, BidState, CancelReason, Code, Event, Mode, OrderId, OrderState, TimeInForce};

use super::plan::{Deed, End, Plan};
use super::{Bid, Oracle, Order, Rule};

impl Oracle {
    /// A new or a changed order comes in. `told` says so first, unless the plan
    /// refuses it.
    pub(super) fn order_enters(&mut self, order: Order, told: Event) -> Result<(), Code> {
        // What its mandate parks at once meets nothing yet, and needs no place.
        let meets = order.place.mode == Mode::Auto && !self.is_beyond_mandate(&order);
        let mut plan = if meets { self.plan_order(&order) } else { Plan::default() };
        self.check_plan(&plan, Rule::ScanRefusesOrder)?;
        if meets && self.find_order(order.id).is_none() {
            self.check_depth(order.place.market, order.place.time_in_force, &plan)?;
        }
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
        self.park_unless_allowed(id);
        self.park_where_full(&plan);
        if self.order(id).place.time_in_force == TimeInForce::Fok && plan.leases() > 1 {
            self.form_gang(id, plan.leases());
        }
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
        if matches!(plan.end, End::Limit) {
            self.reach(Rule::FokCutByTheScan);
        }
        Plan::default()
    }

    /// Why what is left of an order does not rest.
    pub(super) fn order_ends(&self, id: OrderId, plan: &Plan) -> Option<CancelReason> {
        let (rule, reason) = match (plan.end, self.order(id).place.time_in_force) {
            (End::SelfTrade, _) => (Rule::TakerOrderExpires, CancelReason::SelfTrade),
            (End::Limit, _) => (Rule::ScanCutsOrder, CancelReason::ScanLimit),
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
            self.directed_enters(bid, told);
            return Ok(());
        }
        let is_offered = self.can_be_met(&bid);
        let plan = if is_offered { self.plan_bid(&bid, bid.place.post_only) } else { Plan::default() };
        self.check_plan(&plan, Rule::ScanRefusesBid)?;
        if is_offered && self.find_bid(bid.id).is_none() {
            self.check_depth(bid.market, bid.place.time_in_force, &plan)?;
        }
        if is_offered {
            self.commits(bid, told, plan);
        } else {
            self.enters_parked(bid, told);
        }
        Ok(())
    }

    /// A standing bid's plan is carried out, and what is left of it ends, rests
    /// or is parked.
    pub(super) fn commits(&mut self, bid: Bid, told: Event, mut plan: Plan) {
        self.step.skipped = plan.skipped;
        if bid.place.time_in_force == TimeInForce::Fok {
            let covers = plan.units(self) == bid.left;
            self.reach(if covers { Rule::FokBidFilled } else { Rule::FokBidNotFilled });
            if !covers {
                plan = Plan::default();
            }
        }
        if bid.place.post_only {
            self.reach(Rule::PostOnlyRests);
        }
        let (id, stays) = (bid.id, bid.place.time_in_force);
        self.put_bid(Bid { state: BidState::Open, ..bid });
        self.tell(told);
        self.carry_out(&plan);
        if self.bid(id).is_live() {
            let ends = match (plan.end, stays) {
                (End::SelfTrade, _) => Some((Rule::TakerBidExpires, CancelReason::SelfTrade)),
                (End::Limit, _) => Some((Rule::ScanCutsBid, CancelReason::ScanLimit)),
                (End::Dry, TimeInForce::Ioc | TimeInForce::Fok) => {
                    Some((Rule::IocBidRestCancelled, CancelReason::NotFilledAtOnce))
                }
                (End::Dry, TimeInForce::Gtc | TimeInForce::Gtd) => None,
            };
            if let Some((rule, reason)) = ends {
                self.reach(rule);
                self.cancel_bid(id, reason);
            }
        }
        self.park_where_full(&plan);
    }

    /// Not one unit is free: it meets nobody now.
    pub(super) fn enters_parked(&mut self, bid: Bid, told: Event) {
        let id = bid.id;
        let is_ioc = matches!(bid.place.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        self.put_bid(bid);
        self.tell(told);
        if is_ioc {
            self.reach(Rule::IocBidWithoutRoom);
            self.cancel_bid(id, CancelReason::NotFilledAtOnce);
        } else {
            self.reach(Rule::ParkedAtOnce);
            self.park_bid(id);
        }
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

    /// What is left of an order waits when its mandate allows no more of it.
    pub(super) fn park_unless_allowed(&mut self, id: OrderId) {
        if self.order(id).state == OrderState::Open && self.is_beyond_mandate(self.order(id)) {
            self.reach(Rule::ParkedByAMandateOnEntering);
            self.park_order(id);
        }
    }

    /// Hosts on which leases opened and that have no unit of some market left:
    /// their open standing bids there are parked. Then the orders of tenants
    /// whose mandate is used up.
    pub(super) fn park_where_full(&mut self, plan: &Plan) {
        for host in plan.hosts() {
            for id in self.live_bids_of(host) {
                let (market, rests) = (self.bid(id).market, self.bid(id).rests());
                if rests && !self.can_be_met(self.bid(id)) {
                    let traded = plan.deeds.iter().find_map(|deed| match deed {
                        Deed::Fill { bid, .. } => Some(self.bid(*bid).market),
                        Deed::OrderEnds(_) | Deed::BidEnds(_) => None,
                    });
                    let is_other = traded.is_some_and(|traded| traded != market);
                    self.reach(if is_other { Rule::ParkedInAnotherMarket } else { Rule::ParkedAfterAFill });
                    self.park_bid(id);
                }
            }
        }
        self.park_what_is_used_up(plan);
    }

    /// A bid waits outside the book, with its age.
    pub(super) fn park_bid(&mut self, id: BidId) {
        let market = self.bid(id).market;
        self.bid_mut(id).state = BidState::Parked;
        self.tell(BidChanged { bid: id, market });
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
