//! The dry run: what placing something now would do. It reads the same checks
//! and the same plan as the command itself, and changes nothing.

use berth_domain::{
    AccountId, BidId, BidTarget, CancelReason, Code, Command, Micros, Mode, OrderId, PlaceBid, PlaceOrder, ProviderId,
    Rate, Stroops, TrustLevel, owed,
};

use crate::apply::{place_bid, place_order};
use crate::exchange::{Exchange, Step};
use crate::outcome::Reply;
use crate::rules::{Action, Plan};
use crate::state::{Bid, Order};

/// What placing an order or a bid now would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// What the same command with the same client id answered before: it would
    /// answer that again and do nothing else.
    pub repeats: Option<Reply>,
    /// The leases that would be opened, in their order.
    pub fills: Vec<DryFill>,
    /// Resting orders of the same account that would end (`selfTrade`).
    pub ended_orders: Vec<OrderId>,
    /// Resting bids of the same account that would end (`selfTrade`).
    pub ended_bids: Vec<BidId>,
    /// What would become of the rest.
    pub fate: Fate,
    /// What an order would hold when it is accepted; zero for a bid.
    pub hold: Stroops,
    /// What an order would still hold afterwards, for its replicas without a
    /// lease; zero for a bid.
    pub held: Stroops,
}

/// A lease that would be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DryFill {
    /// The order.
    pub order: OrderId,
    /// The bid.
    pub bid: BidId,
    /// The host.
    pub provider: ProviderId,
    /// Its owner's trust level.
    pub level: TrustLevel,
    /// Price of a unit: the resting side's.
    pub price: Rate,
    /// Units a replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// What the escrow would hold.
    pub escrow: Stroops,
}

/// What would become of what is left: replicas of an order, units of a standing
/// bid. A directed bid offers no quantity, so nothing is ever left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing would be left.
    Filled,
    /// It would rest in the book.
    Rests {
        /// What is left.
        left: u32,
    },
    /// It would wait for directed bids, or for an order's tenant.
    Waits {
        /// What is left.
        left: u32,
    },
    /// It would wait until its provider takes a lease, or its mandate allows
    /// it.
    Parks {
        /// What is left.
        left: u32,
    },
    /// It would end.
    Ends {
        /// What is left.
        left: u32,
        /// Why.
        reason: CancelReason,
    },
}

impl DryRun {
    fn empty(fate: Fate) -> Self {
        let (hold, held) = (Stroops::ZERO, Stroops::ZERO);
        Self { repeats: None, fills: vec![], ended_orders: vec![], ended_bids: vec![], fate, hold, held }
    }
}

impl Exchange {
    /// What placing this order at `at` would do. Timers that are due before are
    /// not looked at.
    ///
    /// # Errors
    /// The code with which it would be refused.
    pub fn dry_run_order(&self, account: AccountId, at: Micros, place: &PlaceOrder) -> Result<DryRun, Code> {
        let command = Command::from(place.clone());
        self.rehearse(account, at, &command, |step| {
            if let Some(reply) = self.repeats(step, place.client_id.as_ref())? {
                return Ok(DryRun { repeats: Some(reply), ..DryRun::empty(Fate::Filled) });
            }
            let order = place_order::prepare(self, step, place, None)?;
            let mut plan = Plan::default();
            plan.begin(order.remaining, step.budget);
            self.plan_new_order(&order, step.budget, &mut plan, None)?;
            Ok(self.told_of_order(&order, &plan))
        })
    }

    /// The order that placing this at `at` would make, before it meets anything.
    /// Its id is the one that it would have.
    ///
    /// # Errors
    /// The code with which it would be refused. That it would cross, or that its
    /// book is full, is not looked at.
    pub fn new_order(&self, account: AccountId, at: Micros, place: &PlaceOrder) -> Result<Order, Code> {
        let command = Command::from(place.clone());
        self.rehearse(account, at, &command, |step| place_order::prepare(self, step, place, None))
    }

    /// What placing this bid at `at` would do. Timers that are due before are
    /// not looked at.
    ///
    /// # Errors
    /// The code with which it would be refused.
    pub fn dry_run_bid(&self, account: AccountId, at: Micros, place: &PlaceBid) -> Result<DryRun, Code> {
        let command = Command::from(place.clone());
        self.rehearse(account, at, &command, |step| {
            if let Some(reply) = self.repeats(step, place.client_id.as_ref())? {
                return Ok(DryRun { repeats: Some(reply), ..DryRun::empty(Fate::Filled) });
            }
            let live = self.account(account).ok_or(Code::UnknownAccount)?.live_bids;
            let bid = place_bid::prepare(self, step, place, live, None)?;
            if let BidTarget::Directed { order } = bid.target {
                return Ok(self.told_of_directed(&bid, order));
            }
            let mut plan = Plan::default();
            plan.begin(bid.remaining, step.budget);
            self.plan_new_bid(&bid, step.budget, &mut plan, None)?;
            Ok(self.told_of_bid(&bid, &plan))
        })
    }

    fn rehearse<T>(
        &self,
        account: AccountId,
        at: Micros,
        command: &Command,
        run: impl FnOnce(&Step<'_>) -> Result<T, Code>,
    ) -> Result<T, Code> {
        if self.account(account).is_none() {
            return Err(Code::UnknownAccount);
        }
        let mut events = Vec::new();
        run(&Step::next(self, account, at, command, &mut events))
    }

    fn told_of_order(&self, order: &Order, plan: &Plan) -> DryRun {
        let is_beyond = order.is_capped && self.is_beyond(order, plan.spent_by(order.account));
        let fate = match plan.ends(order.time_in_force) {
            _ if order.mode != Mode::Auto && is_beyond => Fate::Parks { left: order.remaining },
            _ if order.mode != Mode::Auto => Fate::Waits { left: order.remaining },
            _ if plan.left == 0 => Fate::Filled,
            _ if plan.is_killed(order.time_in_force) => {
                Fate::Ends { left: order.remaining, reason: CancelReason::NotFilledAtOnce }
            }
            Some(reason) => Fate::Ends { left: plan.left, reason },
            None if is_beyond => Fate::Parks { left: plan.left },
            None => Fate::Rests { left: plan.left },
        };
        let held = match fate {
            Fate::Rests { left } | Fate::Waits { left } => Self::hold_for(order, left),
            Fate::Filled | Fate::Parks { .. } | Fate::Ends { .. } => None,
        };
        let mut told = DryRun::empty(fate);
        told.hold = order.hold;
        told.held = held.unwrap_or(Stroops::ZERO);
        if !plan.is_killed(order.time_in_force) {
            self.tell_actions(plan, Some(order), None, &mut told);
        }
        told
    }

    fn told_of_bid(&self, bid: &Bid, plan: &Plan) -> DryRun {
        let at_once = plan.ends(bid.time_in_force);
        let fate = match at_once {
            _ if !self.is_offered(bid) => match at_once {
                Some(reason) => Fate::Ends { left: bid.remaining, reason },
                None => Fate::Parks { left: bid.remaining },
            },
            _ if plan.left == 0 => Fate::Filled,
            _ if plan.is_killed(bid.time_in_force) => {
                Fate::Ends { left: bid.remaining, reason: CancelReason::NotFilledAtOnce }
            }
            Some(reason) => Fate::Ends { left: plan.left, reason },
            // Its own fills may have used up the last free unit.
            None if self.free_units_of(bid) == bid.remaining - plan.left => Fate::Parks { left: plan.left },
            None => Fate::Rests { left: plan.left },
        };
        let mut told = DryRun::empty(fate);
        if !plan.is_killed(bid.time_in_force) {
            self.tell_actions(plan, None, Some(bid), &mut told);
        }
        told
    }

    fn told_of_directed(&self, bid: &Bid, order: OrderId) -> DryRun {
        let target = self.order(order).expect("the checks have found it");
        let replicas = if target.mode == Mode::Auto { self.directed_replicas(bid, order) } else { 0 };
        let mut told = DryRun::empty(match target.mode {
            Mode::Auto if replicas > 0 => Fate::Filled,
            Mode::Auto => Fate::Parks { left: 0 },
            Mode::Manual | Mode::Auction => Fate::Waits { left: 0 },
        });
        if replicas > 0 {
            told.fills.push(self.told_fill(target, bid, bid.price, replicas));
        }
        told
    }

    /// Tells a plan's actions; the taker is in no table yet.
    fn tell_actions(&self, plan: &Plan, order: Option<&Order>, bid: Option<&Bid>, told: &mut DryRun) {
        for action in &plan.actions {
            match *action {
                Action::Fill { order: order_id, bid: bid_id, price, replicas, .. } => {
                    let order = order.or_else(|| self.order(order_id)).expect("a plan names what is there");
                    let bid = bid.or_else(|| self.bid(bid_id)).expect("a plan names what is there");
                    told.fills.push(self.told_fill(order, bid, price, replicas));
                }
                Action::EndOrder(order) => told.ended_orders.push(order),
                Action::EndBid(bid) => told.ended_bids.push(bid),
            }
        }
    }

    fn told_fill(&self, order: &Order, bid: &Bid, price: Rate, replicas: u32) -> DryFill {
        let escrow = price.of(order.units, replicas).and_then(|rate| owed(rate, order.prepay));
        DryFill {
            order: order.id,
            bid: bid.id,
            provider: bid.provider,
            level: self.level_of(bid.account),
            price,
            units: order.units,
            replicas,
            escrow: escrow.expect("the hold at a higher price was counted"),
        }
    }

    fn free_units_of(&self, bid: &Bid) -> u32 {
        self.provider(bid.provider).map_or(0, |provider| provider.free_in(bid.slot))
    }
}
