//! Mandates: what an account lets be spent, and asked for, in its name.

use berth_domain::{AccountId, Code, Mandate, MandateSet, Micros, OrderId, OrderState, Seconds, SetMandate};

use super::order::owed;
use super::plan::{Deed, Pair, Plan};
use super::reentry::Entrant;
use super::{Answer, Bid, Lease, Oracle, Order, Reply, Rule};

const DAY: Seconds = Seconds(86_400);

/// An account's mandate, and when it was last looked at by the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    pub(crate) mandate: Mandate,
    watched_at: Micros,
}

impl Watched {
    /// When it ends, or a new day of it begins.
    pub(super) fn due_at(&self) -> Option<Micros> {
        let midnight = self.mandate.per_day.map(|_| Micros((day_of(self.watched_at) + 1) * DAY.micros()));
        [self.mandate.until, midnight].into_iter().flatten().min()
    }
}

/// Days since 1970, by the clock of Greenwich.
pub(super) const fn day_of(at: Micros) -> u64 {
    at.0 / DAY.micros()
}

impl Lease {
    /// What went into its escrow, or was asked to, on one day.
    pub(super) fn spent_on(&self, day: u64) -> i128 {
        let came = self.funding.top_ups.iter().filter(|top_up| top_up.is_in_escrow()).map(|top_up| top_up.amount);
        let opened_with = self.escrow() - came.sum::<i128>();
        let top_ups = self.funding.top_ups.iter().filter(|top_up| day_of(top_up.at) == day);
        let opened = if day_of(self.record.opened_at) == day { opened_with } else { 0 };
        opened + top_ups.map(|top_up| top_up.amount).sum::<i128>()
    }
}

impl Order {
    /// What one replica costs at its highest limit.
    pub(crate) fn hold_of_one(&self) -> i128 {
        owed(self.place.limits.highest(), self.place.units, 1, self.place.prepay)
    }
}

impl Oracle {
    pub(super) fn mandate(&self, account: AccountId) -> Mandate {
        self.account(account).watched.map(|watched| watched.mandate).unwrap_or_default()
    }

    /// What an account has spent since midnight, also what it did not get for.
    pub(crate) fn spent(&self, account: AccountId) -> i128 {
        let today = day_of(self.step.at);
        self.leases.iter().filter(|lease| lease.tenant == account).map(|lease| lease.spent_on(today)).sum()
    }

    /// The most that an escrow may hold which an account opens now; `None` when
    /// nothing limits it.
    pub(super) fn cap(&self, account: AccountId, planned: i128) -> Option<i128> {
        let Mandate { per_lease, per_day, .. } = self.mandate(account);
        let per_day = per_day.map(|most| (i128::from(most.get()) - self.spent(account) - planned).max(0));
        [per_lease.map(|most| i128::from(most.get())), per_day].into_iter().flatten().min()
    }

    /// Whether an account's mandate allows not one replica of an order, at its
    /// highest limit.
    pub(super) fn is_beyond_mandate(&self, order: &Order) -> bool {
        self.cap(order.account, 0).is_some_and(|cap| order.hold_of_one() > cap)
    }

    /// How many replicas of a pair the tenant's mandate allows beside what is
    /// planned, of `most`; tried one after the other.
    pub(super) fn allowed(&self, pair: &Pair<'_>, plan: &Plan, most: u32) -> u32 {
        let escrow = |order: &Order, price, n| owed(price, order.place.units, n, order.place.prepay);
        let tenant = pair.order.account;
        let planned = plan.deeds.iter().map(|deed| match *deed {
            Deed::Fill { order, replicas, price, .. } => {
                let order = self.planned(pair, order);
                if order.account == tenant { escrow(order, price, replicas) } else { 0 }
            }
            Deed::OrderEnds(_) | Deed::BidEnds(_) => 0,
        });
        let Some(cap) = self.cap(tenant, planned.sum()) else { return most };
        let mut n = 0;
        while n < most && escrow(pair.order, pair.price, n + 1) <= cap {
            n += 1;
        }
        if n < most {
            self.reach(if n == 0 { Rule::MandateAllowsNone } else { Rule::MandateCutsTheLease });
        }
        n
    }

    /// Whether a bid asks less than its owner lets it.
    pub(super) fn is_below_floor(&self, bid: &Bid) -> bool {
        self.mandate(bid.account).floor.is_some_and(|floor| bid.place.price < floor)
    }

    /// Parks an account's open orders that its mandate allows no replica of, by
    /// rank.
    pub(super) fn park_beyond_mandate(&mut self, account: AccountId, rule: Rule) {
        let open = self.orders.iter().filter(|order| order.account == account && order.state == OrderState::Open);
        let mut beyond: Vec<_> = open.filter(|order| self.is_beyond_mandate(order)).collect();
        beyond.sort_by_key(|order| (order.age, order.id));
        let beyond: Vec<OrderId> = beyond.into_iter().map(|order| order.id).collect();
        for id in beyond {
            self.reach(rule);
            self.park_order(id);
        }
    }

    /// The same for the tenants of what a plan has filled, by their first fill.
    pub(super) fn park_what_is_used_up(&mut self, plan: &Plan) {
        let mut tenants: Vec<AccountId> = Vec::new();
        for deed in &plan.deeds {
            if let Deed::Fill { order, .. } = deed
                && !tenants.contains(&self.order(*order).account)
            {
                tenants.push(self.order(*order).account);
            }
        }
        for tenant in tenants {
            self.park_beyond_mandate(tenant, Rule::ParkedByASpentMandate);
        }
    }

    pub(super) fn set_mandate(&mut self, set: &SetMandate) -> Result<Answer, Code> {
        let SetMandate { per_lease, per_day, floor, until } = *set;
        if until.is_some_and(|until| until <= self.step.at) {
            return Err(Code::TimeInPast);
        }
        let is_limited = per_lease.is_some() || per_day.is_some() || floor.is_some();
        let account = self.step.account;
        self.change_mandate(account, is_limited.then_some(Mandate { per_lease, per_day, floor, until }));
        Ok(Answer::Done(Reply::Account(account)))
    }

    /// What is no longer allowed is parked, orders before bids; then what waits
    /// enters again.
    fn change_mandate(&mut self, id: AccountId, mandate: Option<Mandate>) {
        let watched_at = self.step.at;
        self.account_mut(id).watched = mandate.map(|mandate| Watched { mandate, watched_at });
        let Mandate { per_lease, per_day, floor, until } = mandate.unwrap_or_default();
        self.tell(MandateSet { account: id, per_lease, per_day, floor, until });

        self.park_beyond_mandate(id, Rule::ParkedByANewMandate);
        // Of what does not rest now, what was parked before may be allowed.
        let away = self.bids.iter().filter(|bid| bid.account == id && bid.is_live() && !bid.rests());
        let mut waiting: Vec<_> = away.map(|bid| Entrant::Bid(bid.id)).collect();
        let mut below: Vec<_> = self.bids.iter().filter(|bid| bid.account == id && bid.rests()).collect();
        below.retain(|bid| self.is_below_floor(bid));
        below.sort_by_key(|bid| (bid.age, bid.id));
        let below: Vec<_> = below.into_iter().map(|bid| bid.id).collect();
        for bid in below {
            self.reach(Rule::BidParkedByAFloor);
            self.park_bid(bid);
        }
        waiting.extend(self.parked_orders(id));
        self.reenter(waiting);
    }

    /// The clock says that an account's mandate ends, or that a new day of it
    /// begins.
    pub(super) fn mandate_is_due(&mut self, id: AccountId) {
        let at = self.step.at;
        let Mandate { until, .. } = self.mandate(id);
        if until.is_some_and(|until| until <= at) {
            self.reach(Rule::MandateEnds);
            self.change_mandate(id, None);
            return;
        }
        self.reach(Rule::MandateHasANewDay);
        self.account_mut(id).watched.as_mut().expect("it is due").watched_at = at;
        let waiting = self.parked_orders(id);
        self.reenter(waiting);
    }

    /// Whether an account's mandate is due, so that its orders wait for that.
    pub(super) fn awaits_the_clock(&self, account: AccountId) -> bool {
        let due_at = self.account(account).watched.and_then(|watched| watched.due_at());
        due_at.is_some_and(|due_at| due_at <= self.step.at)
    }

    fn parked_orders(&self, id: AccountId) -> Vec<Entrant> {
        let parked = self.orders.iter().filter(|order| order.account == id && order.state == OrderState::Parked);
        parked.map(|order| Entrant::Order(order.id)).collect()
    }

    /// Whether an account's mandate lets the escrow of a lease grow so much.
    pub(super) fn may_top_up(&self, lease: &Lease, amount: i128) -> bool {
        let Mandate { per_lease, per_day, .. } = self.mandate(lease.tenant);
        per_lease.is_none_or(|most| lease.escrow() + amount <= most.get().into())
            && per_day.is_none_or(|most| self.spent(lease.tenant) + amount <= most.get().into())
    }
}
