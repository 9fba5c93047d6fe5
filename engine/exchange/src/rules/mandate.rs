//! Mandates: what a tenant's escrows may hold, and what a provider's bids may
//! ask for. An order of which not one replica is allowed at its highest limit
//! is parked, and so is a bid below the floor.

use berth_domain::{AccountId, Age, Mandate, MandateSet, Micros, OrderId, OrderState, Rate, Stroops, owed};

use super::plan::Plan;
use crate::exchange::{Exchange, Step};
use crate::state::{Account, Bid, Entrant, Order, Timer, next_midnight};

/// What one lease may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lot {
    pub(crate) replicas: u32,
    /// Whether only the mandate keeps it from being more.
    pub(crate) is_cut: bool,
}

impl Exchange {
    /// How many replicas of an order one lease may take at a price: what is
    /// left of it, what the bid offers, what fits, and what the tenant's
    /// mandate allows beside what is planned.
    #[inline]
    pub(crate) fn lot(&self, order: &Order, left: u32, offered: u32, room: u32, price: Rate, plan: &Plan) -> Lot {
        let most = left.min(offered).min(room);
        if !order.is_capped {
            return Lot { replicas: most, is_cut: false };
        }
        let cap = self.escrow_cap(order.account, plan.spent_by(order.account));
        let replicas = most.min(affordable(order, price, cap));
        Lot { replicas, is_cut: replicas < most }
    }

    /// Counts in a plan what a fill spends, when that is limited.
    #[inline]
    pub(crate) fn count_spending(order: &Order, price: Rate, replicas: u32, plan: &mut Plan) {
        if order.is_capped {
            let escrow = price.of(order.units, replicas).and_then(|rate| owed(rate, order.prepay));
            plan.spend(order.account, escrow.expect("the hold at a higher price was counted"));
        }
    }

    /// The most that an escrow which a tenant opens now may hold, when so much
    /// is planned to be spent before.
    pub(crate) fn escrow_cap(&self, tenant: AccountId, planned: Stroops) -> Stroops {
        const MAX: Stroops = Stroops::new(i64::MAX).expect("it is not negative");
        let tenant = self.accounts.get(tenant).expect("a tenant has an account");
        let Some(mandate) = tenant.mandate else { return MAX };
        let per_day = mandate.per_day.map(|limit| {
            let spent = tenant.spent_on(self.last_at).checked_add(planned);
            spent.and_then(|spent| limit.checked_sub(spent)).unwrap_or(Stroops::ZERO)
        });
        [mandate.per_lease, per_day].into_iter().flatten().fold(MAX, Stroops::min)
    }

    /// Whether the mandate allows not one replica of an order at its highest
    /// limit.
    #[inline]
    pub(crate) fn is_beyond_mandate(&self, order: &Order) -> bool {
        order.is_capped && self.is_beyond(order, Stroops::ZERO)
    }

    /// The same once so much more is spent.
    pub(crate) fn is_beyond(&self, order: &Order, planned: Stroops) -> bool {
        affordable(order, order.limits.highest(), self.escrow_cap(order.account, planned)) == 0
    }

    /// Whether an account's mandate limits what it may spend.
    #[inline]
    pub(crate) fn is_capped(&self, tenant: AccountId) -> bool {
        self.accounts.get(tenant).is_some_and(Account::is_capped)
    }

    /// Whether a bid at this price asks less than its account's mandate lets it.
    #[inline]
    pub(crate) fn is_below_floor(&self, bid: &Bid, price: Rate) -> bool {
        let owner = self.accounts.get(bid.account).expect("an owner has an account");
        owner.mandate.as_ref().is_some_and(|mandate| mandate.floor.is_some_and(|floor| price < floor))
    }

    /// Parks a tenant's open orders that the mandate allows no replica of.
    pub(crate) fn park_beyond_mandate(&mut self, step: &mut Step<'_>, tenant: AccountId) {
        let open = self.live_orders(tenant).filter(|order| order.state == OrderState::Open);
        let beyond = open.filter(|order| self.is_beyond_mandate(order));
        let mut beyond: Vec<_> = beyond.map(|order| (order.age, order.id)).collect();
        beyond.sort_unstable();
        for (_, id) in beyond {
            self.park_order(step, id);
        }
    }

    /// An account's mandate is another from now on: what it no longer allows is
    /// parked, and what is parked enters again by its age when it may.
    pub(crate) fn change_mandate(&mut self, step: &mut Step<'_>, id: AccountId, mandate: Option<Mandate>) {
        let owner = self.account_mut(id);
        owner.mandate = mandate;
        let is_capped = owner.is_capped();
        self.watch_mandate(step, id);
        let Mandate { per_lease, per_day, floor, until } = mandate.unwrap_or_default();
        step.emit(MandateSet { account: id, per_lease, per_day, floor, until });

        let orders: Vec<OrderId> = self.live_orders(id).map(|order| order.id).collect();
        for order in orders {
            self.order_mut(order).is_capped = is_capped;
        }
        self.park_beyond_mandate(step, id);
        let bids = self.live_bids_of(id);
        let below = bids.iter().filter(|bid| bid.node.is_some() && self.is_below_floor(bid, bid.price));
        let mut below: Vec<_> = below.map(|bid| (bid.age, bid.id)).collect();
        below.sort_unstable();
        let away = bids.iter().filter(|bid| bid.node.is_none());
        let mut waiting: Vec<_> = away.map(|bid| (bid.age, Entrant::Bid(bid.id))).collect();
        for (_, bid) in below {
            self.park_bid(step, bid);
        }
        waiting.extend(self.parked_orders(id));
        self.reenter_all(step, waiting);
    }

    /// The mandate's timer has fired: it is over, or a new day of it begins.
    pub(crate) fn mandate_due(&mut self, step: &mut Step<'_>, id: AccountId) {
        let Some(mandate) = self.account_mut(id).mandate else { return };
        if mandate.until.is_some_and(|until| until <= step.at) {
            self.change_mandate(step, id, None);
            return;
        }
        self.watch_mandate(step, id);
        let waiting = self.parked_orders(id);
        self.reenter_all(step, waiting);
    }

    /// Whether an account's mandate ends, or has a new day, by a timer that is
    /// due: it then looks at all its parked orders, in the order of their age.
    pub(crate) fn awaits_the_clock(&self, id: AccountId, at: Micros) -> bool {
        self.timers.deadline(Timer::Mandate(id)).is_some_and(|due_at| due_at <= at)
    }

    /// Sets the timer of a mandate: to its end, or to midnight when it limits
    /// what is spent in a day.
    fn watch_mandate(&mut self, step: &Step<'_>, id: AccountId) {
        let mandate = self.account_mut(id).mandate.unwrap_or_default();
        // The last day that can be counted has no midnight behind it.
        let midnight = mandate.per_day.map(|_| next_midnight(step.at)).filter(|midnight| *midnight > step.at);
        match [mandate.until, midnight].into_iter().flatten().min() {
            Some(deadline) => self.timers.set(Timer::Mandate(id), deadline),
            None => self.timers.clear(Timer::Mandate(id)),
        }
    }

    fn parked_orders(&self, id: AccountId) -> Vec<(Age, Entrant)> {
        let parked = self.live_orders(id).filter(|order| order.state == OrderState::Parked);
        parked.map(|order| (order.age, Entrant::Order(order.id))).collect()
    }
}

/// The most replicas whose escrow at a price holds no more than `cap`:
/// `floor(price × units × n × prepay / 3600) ≤ cap`.
fn affordable(order: &Order, price: Rate, cap: Stroops) -> u32 {
    let each = u128::from(price.get().unsigned_abs()) * u128::from(order.units) * u128::from(order.prepay.0);
    let most = (u128::from(cap.get().unsigned_abs()) * 3_600 + 3_599) / each;
    u32::try_from(most).unwrap_or(u32::MAX)
}
