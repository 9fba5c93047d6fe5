//! A plan: what matching something would come to, before anything is changed.
//! Refusals, post-only, fill-or-kill and the dry run read it; then it is
//! carried out or forgotten.

use berth_domain::{AccountId, BidId, Bounds, CancelReason, OrderId, ProviderId, Rate, Stroops, TimeInForce};

use crate::planted::{Planted, is};

/// What matching may still cost in one entry, however many things the entry
/// enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Counterparts that may be passed over.
    pub(crate) skips: u32,
    /// Leases that may be opened.
    pub(crate) fills: u32,
    /// Resting things that may enter again.
    pub(crate) reentries: u32,
}

impl Budget {
    pub(crate) const fn of(bounds: &Bounds) -> Self {
        Self { skips: bounds.scan, fills: bounds.fills, reentries: bounds.scan }
    }

    /// Whether nothing more may enter again in this entry.
    pub(crate) const fn is_used_up(&self) -> bool {
        self.skips == 0 || self.fills == 0 || self.reentries == 0
    }
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Open a lease.
    Fill {
        order: OrderId,
        bid: BidId,
        provider: ProviderId,
        /// The resting side's.
        price: Rate,
        replicas: u32,
    },
    /// End a resting order of the taker's own account.
    EndOrder(OrderId),
    /// End a resting bid of the taker's own account.
    EndBid(BidId),
}

/// Why the walk over the counterparts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Nothing is left of the taker, or nothing more crosses it.
    #[default]
    Through,
    /// It met its own account.
    SelfTrade,
    /// The entry's budget is used up.
    Limit,
    /// It was only to rest, and would have traded.
    Crosses,
}

/// What matching something would come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// What to do, in this order.
    pub(crate) actions: Vec<Action>,
    pub(crate) stop: Stop,
    /// Replicas of an order, or units of a bid, that are left then.
    pub(crate) left: u32,
    /// What is left of the entry's budget then.
    pub(crate) budget: Budget,
    /// What tenants whose mandate limits it would spend, by the first fill.
    pub(crate) spent: Vec<(AccountId, Stroops)>,
    /// Replicas of an order that it puts on providers, in the order of the fills.
    hosts: Vec<(ProviderId, u32)>,
}

impl Plan {
    /// Begins anew.
    #[inline]
    pub(crate) fn begin(&mut self, left: u32, budget: Budget) {
        self.actions.clear();
        self.spent.clear();
        self.hosts.clear();
        self.stop = Stop::Through;
        self.left = left;
        self.budget = budget;
    }

    /// Passes over a counterpart; answers whether the walk may go on.
    pub(crate) fn skip(&mut self) -> bool {
        match self.budget.skips.checked_sub(1) {
            Some(skips) => self.budget.skips = skips,
            None => self.stop = Stop::Limit,
        }
        self.stop == Stop::Through
    }

    /// Takes a fill; answers whether the budget allowed it.
    pub(crate) fn fill(&mut self, action: Action, taken: u32) -> bool {
        let Some(fills) = self.budget.fills.checked_sub(1) else {
            self.stop = Stop::Limit;
            return false;
        };
        self.budget.fills = fills;
        self.actions.push(action);
        self.left -= taken;
        true
    }

    /// Why what is left of the taker ends; `None` when it stays.
    pub(crate) fn ends(&self, time_in_force: TimeInForce) -> Option<CancelReason> {
        match (self.stop, time_in_force) {
            (Stop::SelfTrade, _) => Some(CancelReason::SelfTrade),
            (Stop::Limit, _) if is(Planted::LimitRests) => None,
            (Stop::Limit | Stop::Crosses, _) => Some(CancelReason::ScanLimit),
            (Stop::Through, TimeInForce::Ioc | TimeInForce::Fok) => Some(CancelReason::NotFilledAtOnce),
            (Stop::Through, TimeInForce::Gtc | TimeInForce::Gtd) => None,
        }
    }

    /// Whether nothing of it is carried out, since it must be all and is not.
    pub(crate) fn is_killed(&self, time_in_force: TimeInForce) -> bool {
        time_in_force == TimeInForce::Fok && self.left > 0
    }

    /// What it spends of a tenant's whose mandate limits it.
    pub(crate) fn spent_by(&self, tenant: AccountId) -> Stroops {
        self.spent.iter().find(|(account, _)| *account == tenant).map_or(Stroops::ZERO, |(_, spent)| *spent)
    }

    /// Counts what a fill spends of such a tenant's.
    pub(crate) fn spend(&mut self, tenant: AccountId, escrow: Stroops) {
        match self.spent.iter_mut().find(|(account, _)| *account == tenant) {
            Some((_, spent)) => *spent += escrow,
            None => self.spent.push((tenant, escrow)),
        }
    }

    /// Counts replicas of an order that are put on a provider.
    pub(crate) fn put(&mut self, host: ProviderId, replicas: u32) {
        match self.hosts.last_mut() {
            Some((last, there)) if *last == host => *there += replicas,
            _ => self.hosts.push((host, replicas)),
        }
    }

    /// Replicas of an order that it puts on a provider so far.
    pub(crate) fn on(&self, host: ProviderId) -> u32 {
        self.hosts.iter().filter(|(provider, _)| *provider == host).map(|(_, replicas)| replicas).sum()
    }

    /// The providers that it puts replicas of an order on.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = ProviderId> + '_ {
        self.hosts.iter().map(|(host, _)| *host)
    }
}
