//! How a taker enters: planned first, so that a refusal has nothing to take
//! back, and then carried out.

use berth_domain::{
    BidAccepted, BidId, BidState, CancelReason, Code, MarketId, Mode, OrderAccepted, OrderId, OrderState, Seconds,
    Stroops, TimeInForce,
};

use super::matching::Entering;
use super::plan::{Action, Budget, Plan, Stop};
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Bid, Order, Place, Timer};

impl Exchange {
    /// Adds an order whose funds have been found, matches it, and lets the rest
    /// stand or end as its time in force says.
    ///
    /// An order that it replaces ends before it enters, and not at all when it
    /// is refused.
    pub(crate) fn enter_order(
        &mut self,
        step: &mut Step<'_>,
        order: Order,
        replaces: Option<OrderId>,
    ) -> Result<OrderId, Code> {
        let mut plan = self.begin_plan(step);
        let gone = replaces.and_then(|id| self.order(id)).filter(|old| old.nodes.iter().any(Option::is_some));
        let planned = self.plan_new_order(&order, step.budget, &mut plan, gone.map(|old| old.market));
        let entered = planned.map(|()| self.commit_new_order(step, order, replaces, &plan));
        self.plan = plan;
        entered
    }

    fn commit_new_order(
        &mut self,
        step: &mut Step<'_>,
        order: Order,
        replaces: Option<OrderId>,
        plan: &Plan,
    ) -> OrderId {
        let (id, mode, time_in_force) = (order.id, order.mode, order.time_in_force);
        let is_killed = plan.is_killed(time_in_force);
        if let Some(old) = replaces {
            self.end_order(step, old, CancelReason::Replaced);
        }
        self.accept_order(step, order);
        match mode {
            Mode::Auto if is_killed => self.end_order(step, id, CancelReason::NotFilledAtOnce),
            Mode::Auto => self.commit_order(step, id, plan),
            Mode::Manual | Mode::Auction => self.open_order(step, id),
        }
        if time_in_force == TimeInForce::Fok && !is_killed {
            self.form_gang(id, plan);
        }
        self.set_order_timers(id);
        id
    }

    /// What entering an order comes to, or the code with which it is refused.
    /// Only an `auto` order meets anything. What rests in `gone` ends before.
    pub(crate) fn plan_new_order(
        &self,
        order: &Order,
        budget: Budget,
        plan: &mut Plan,
        gone: Option<MarketId>,
    ) -> Result<(), Code> {
        if self.is_beyond_mandate(order) {
            // It will be parked, and meets nothing yet.
            plan.begin(order.remaining, budget);
        } else if order.mode == Mode::Auto {
            self.plan_order(order, Entering::Anew, budget, plan);
            refuse(plan)?;
            self.check_depth(order, plan, gone)?;
        }
        Ok(())
    }

    /// What entering a standing bid comes to, or the code with which it is
    /// refused. What rests in `gone` ends before.
    pub(crate) fn plan_new_bid(
        &self,
        bid: &Bid,
        budget: Budget,
        plan: &mut Plan,
        gone: Option<MarketId>,
    ) -> Result<(), Code> {
        // One that will be parked meets nothing yet, however many orders stand
        // there, and does not rest either.
        if !self.is_offered(bid) {
            return Ok(());
        }
        self.plan_bid(bid, Entering::Anew, budget, plan);
        refuse(plan)?;
        let freed = u32::from(gone == Some(bid.market));
        if plan.actions.is_empty() { self.check_bid_depth(bid, freed) } else { Ok(()) }
    }

    /// Runs with the plan's room at hand.
    pub(crate) fn planned<T>(
        &mut self,
        step: &mut Step<'_>,
        run: impl FnOnce(&mut Self, &mut Step<'_>, &mut Plan) -> T,
    ) -> T {
        let mut plan = self.begin_plan(step);
        let outcome = run(self, step, &mut plan);
        self.plan = plan;
        outcome
    }

    /// The plan's room, to be put back. What takes something large along does
    /// so without a closure, into which it would be copied.
    fn begin_plan(&mut self, step: &Step<'_>) -> Plan {
        let mut plan = std::mem::take(&mut self.plan);
        plan.begin(0, step.budget);
        plan
    }

    pub(crate) fn accept_order(&mut self, step: &mut Step<'_>, order: Order) {
        let (id, account, market, replicas, hold) = (order.id, order.account, order.market, order.replicas, order.hold);
        self.ledger.post(Place::Available(account), Place::Held(account), hold);
        self.orders.push(order);
        self.list_order(id);
        let address = self.account_mut(account).address;
        step.emit(OrderAccepted { order: id, account, address, market, replicas, hold });
    }

    /// Carries out what was planned for an order that is in no ladder, and lets
    /// the rest of it stand or end.
    pub(crate) fn commit_order(&mut self, step: &mut Step<'_>, id: OrderId, plan: &Plan) {
        self.carry_out(step, plan);
        let order = self.order_mut(id);
        if order.state == OrderState::Open {
            match plan.ends(order.time_in_force) {
                Some(reason) => self.end_order(step, id, reason),
                None => self.open_order(step, id),
            }
        }
        self.park_after(step, plan);
    }

    /// Lets what is left of an order stand, or wait for its mandate.
    fn open_order(&mut self, step: &mut Step<'_>, id: OrderId) {
        let order = self.order(id).expect("the caller has it");
        if self.is_beyond_mandate(order) {
            self.park_order(step, id);
        } else if order.mode == Mode::Auto {
            self.rest_order(id);
        }
    }

    /// Adds a standing bid, matches it, and lets the rest stand, be parked or
    /// end.
    ///
    /// A bid that it replaces ends before it enters, and not at all when it is
    /// refused.
    pub(crate) fn enter_standing_bid(
        &mut self,
        step: &mut Step<'_>,
        bid: Bid,
        replaces: Option<BidId>,
    ) -> Result<BidId, Code> {
        let mut plan = self.begin_plan(step);
        let gone = replaces.and_then(|id| self.bid(id)).filter(|old| old.node.is_some()).map(|old| old.market);
        let planned = self.plan_new_bid(&bid, step.budget, &mut plan, gone);
        let entered = planned.map(|()| {
            if let Some(old) = replaces {
                self.cancel_bid(step, old, CancelReason::Replaced);
            }
            self.commit_new_bid(step, bid, &plan)
        });
        self.plan = plan;
        entered
    }

    /// Adds one quote of many. What it would be refused for by itself ends it.
    pub(crate) fn enter_quote(&mut self, step: &mut Step<'_>, bid: Bid) {
        self.planned(step, |x, step, plan| {
            if x.is_offered(&bid) {
                x.plan_bid(&bid, Entering::Anew, step.budget, plan);
            }
            x.commit_new_bid(step, bid, plan);
        });
    }

    fn commit_new_bid(&mut self, step: &mut Step<'_>, bid: Bid, plan: &Plan) -> BidId {
        let (id, is_offered, is_killed) = (bid.id, self.is_offered(&bid), plan.is_killed(bid.time_in_force));
        let at_once = matches!(bid.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
        self.accept_bid(step, bid);
        if is_killed || (at_once && !is_offered) {
            self.cancel_bid(step, id, CancelReason::NotFilledAtOnce);
        } else if is_offered {
            self.commit_bid(step, id, plan);
        } else {
            self.park_bid(step, id);
        }
        self.set_bid_timer(id);
        id
    }

    pub(super) fn accept_bid(&mut self, step: &mut Step<'_>, bid: Bid) {
        let (id, provider, market, target, price) = (bid.id, bid.provider, bid.market, bid.target, bid.price);
        let address = self.account_mut(bid.account).address;
        self.bids.push(bid);
        self.list_bid(id);
        step.emit(BidAccepted { bid: id, provider, address, market, target, price });
    }

    /// Carries out what was planned for a bid that is in no ladder, and lets
    /// the rest of it stand or end.
    pub(crate) fn commit_bid(&mut self, step: &mut Step<'_>, id: BidId, plan: &Plan) {
        self.carry_out(step, plan);
        let bid = self.bid_mut(id);
        if bid.state == BidState::Open {
            match plan.ends(bid.time_in_force) {
                Some(reason) => self.cancel_bid(step, id, reason),
                None => self.rest_bid(id),
            }
        }
        self.park_after(step, plan);
    }

    /// Carries out a plan's actions.
    fn carry_out(&mut self, step: &mut Step<'_>, plan: &Plan) {
        step.budget = plan.budget;
        for action in &plan.actions {
            match *action {
                Action::Fill { order, bid, price, replicas, .. } => self.fill(step, order, bid, price, replicas),
                Action::EndOrder(order) => self.end_order(step, order, CancelReason::SelfTrade),
                Action::EndBid(bid) => self.cancel_bid(step, bid, CancelReason::SelfTrade),
            }
        }
    }

    /// Parks the bids of providers that a plan has filled up, and the orders of
    /// tenants whose mandate it has used up.
    fn park_after(&mut self, step: &mut Step<'_>, plan: &Plan) {
        let mut last = None;
        for action in &plan.actions {
            if let Action::Fill { provider, .. } = *action
                && last != Some(provider)
            {
                self.park_without_room(step, provider);
                last = Some(provider);
            }
        }
        for (tenant, _) in &plan.spent {
            self.park_beyond_mandate(step, *tenant);
        }
    }

    /// What an order must hold for its replicas without a lease.
    pub(crate) fn hold_for(order: &Order, remaining: u32) -> Option<Stroops> {
        berth_domain::owed(order.limits.highest().of(order.units, remaining)?, order.prepay)
    }

    pub(crate) fn set_order_timers(&mut self, id: OrderId) {
        let order = &self.orders[self.orders.len() - 1];
        debug_assert_eq!(order.id, id, "the youngest order has just entered");
        if !order.is_live() {
            return;
        }
        let (expires_at, closes_at) = (order.expires_at, order.closes_at);
        if let Some(at) = expires_at {
            self.timers.set(Timer::OrderExpiry(id), at);
        }
        if let Some(at) = closes_at {
            self.timers.set(Timer::AuctionClose(id), at);
        }
    }

    pub(super) fn set_bid_timer(&mut self, id: BidId) {
        let bid = self.bid_mut(id);
        if let Some(at) = bid.expires_at
            && bid.is_live()
        {
            self.timers.set(Timer::BidExpiry(id), if is(Planted::BidLingers) { at.plus(Seconds(1)) } else { at });
        }
    }
}

/// What a plan refuses before anything has changed.
pub(crate) fn refuse(plan: &Plan) -> Result<(), Code> {
    match plan.stop {
        Stop::Crosses => Err(Code::PostOnlyWouldCross),
        Stop::Limit if plan.actions.is_empty() => Err(Code::ScanLimit),
        _ => Ok(()),
    }
}
