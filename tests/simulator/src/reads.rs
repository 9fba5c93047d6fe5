//! What the fields of orders, bids, leases and providers mean to the simulator:
//! said here once, so that a change of the exchange's public reads is a change
//! of this file. Nothing here asks the exchange to decide anything.

use std::collections::BTreeSet;

use berth_domain::{
    AccountId, Attribute, BidId, BidState, BidTarget, LeaseState, Limits, MarketId, Mode, OrderState, PlaceOrder, Rate,
    RatePerHour, ResourceClass, Resources, Seconds, TrustLevel, Uptime,
};
use berth_exchange::{Bid, Exchange, Lease, Order, Provider};

/// Whether ticks must follow the last entry at once: then what re-enters may
/// still stand where it stood.
pub(crate) fn is_pending(x: &Exchange) -> bool {
    x.next_deadline().is_some_and(|next| next <= x.last_at())
}

pub(crate) fn is_open(order: &Order) -> bool {
    order.state == OrderState::Open
}

/// Whether an order stands in the book.
pub(crate) fn order_rests(order: &Order) -> bool {
    is_open(order) && order.mode == Mode::Auto
}

/// Whether a bid stands in the book.
pub(crate) fn bid_rests(bid: &Bid) -> bool {
    bid.state == BidState::Open && matches!(bid.target, BidTarget::Standing { .. })
}

/// Directed bids that wait on an order.
pub(crate) fn waiting_bids(order: &Order) -> &BTreeSet<BidId> {
    &order.directed
}

/// Leases that a directed bid has made.
pub(crate) fn leases_of(x: &Exchange, bid: &Bid) -> usize {
    x.leases_of_bid(bid.id).count()
}

/// Whether a lease is over for the exchange and for the chain.
pub(crate) fn is_settled(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (!lease.is_escrowed() || lease.paid_tx.is_some())
}

/// Whether the ledger must have money in a lease's escrow.
pub(crate) fn holds_escrow(lease: &Lease) -> bool {
    let never_locked = lease.state == LeaseState::Closed && !lease.is_escrowed();
    lease.paid_tx.is_none() && !never_locked
}

pub(crate) fn level(x: &Exchange, account: AccountId) -> TrustLevel {
    x.account(account).map_or(TrustLevel::One, |account| account.level)
}

/// Whether an account's mandate limits what it may spend.
pub(crate) fn is_capped(x: &Exchange, account: AccountId) -> bool {
    let mandate = x.account(account).and_then(|account| account.mandate).unwrap_or_default();
    mandate.per_lease.is_some() || mandate.per_day.is_some()
}

/// The share of time that an account's hosts were up.
pub(crate) fn uptime(x: &Exchange, account: AccountId) -> Uptime {
    x.account(account).map_or(Uptime::MAX, |account| account.uptime)
}

pub(crate) fn class(x: &Exchange, market: MarketId) -> &ResourceClass {
    &x.market(market).expect("whatever is traded has a market").class
}

/// `floor(rate × seconds / 3600)`.
pub(crate) fn owes(rate: RatePerHour, seconds: u64) -> i128 {
    i128::from(rate.get()) * i128::from(seconds) / 3_600
}

/// `floor(rate × units × replicas × seconds / 3600)`.
pub(crate) fn owed(rate: Rate, units: u32, replicas: u32, seconds: u64) -> i128 {
    i128::from(rate.get()) * i128::from(units) * i128::from(replicas) * i128::from(seconds) / 3_600
}

/// Units of a class that no lease holds, recounted from the provider's parts.
pub(crate) fn free_units(provider: &Provider, class: &ResourceClass) -> u32 {
    match class {
        ResourceClass::Cpu => provider.free.cpu,
        gpu => {
            let place = provider.gpus.iter().position(|gpus| gpus.class == *gpu);
            place.map_or(0, |place| provider.free_gpus[place])
        }
    }
}

/// What an order asks of a bid, whether it has been placed or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand<'a> {
    pub(crate) market: MarketId,
    pub(crate) units: u32,
    pub(crate) resources: &'a Resources,
    pub(crate) limits: &'a Limits,
    pub(crate) duration: Seconds,
    pub(crate) prepay: Seconds,
    pub(crate) requires: &'a [Attribute],
    pub(crate) min_uptime: Option<Uptime>,
}

impl<'a> From<&'a Order> for Demand<'a> {
    fn from(order: &'a Order) -> Self {
        let Order { market, units, resources, limits, duration, prepay, requires, min_uptime, .. } = order;
        let (market, units, duration, prepay, min_uptime) = (*market, *units, *duration, *prepay, *min_uptime);
        Self { market, units, resources, limits, duration, prepay, requires, min_uptime }
    }
}

impl<'a> From<&'a PlaceOrder> for Demand<'a> {
    fn from(place: &'a PlaceOrder) -> Self {
        let PlaceOrder { market, units, resources, limits, duration, prepay, requires, min_uptime, .. } = place;
        let (market, units, duration, prepay, min_uptime) = (*market, *units, *duration, *prepay, *min_uptime);
        Self { market, units, resources, limits, duration, prepay, requires, min_uptime }
    }
}

/// What a standing bid offers, whether it has been placed or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) level: TrustLevel,
    pub(crate) uptime: Uptime,
    pub(crate) target: BidTarget,
    pub(crate) remaining: u32,
    pub(crate) price: Rate,
}

impl<'a> Offer<'a> {
    pub(crate) fn of(x: &'a Exchange, bid: &Bid) -> Self {
        Self {
            provider: x.provider(bid.provider).expect("a bid has a provider"),
            level: level(x, bid.account),
            uptime: uptime(x, bid.account),
            target: bid.target,
            remaining: bid.remaining,
            price: bid.price,
        }
    }
}

/// Whether the price of an offer is within a demand's limit for its level.
pub(crate) fn within_limit(demand: &Demand<'_>, offer: &Offer<'_>) -> bool {
    demand.limits.at(offer.level).is_some_and(|limit| offer.price <= limit)
}

/// Whether one replica at least could be leased at `price`: all filters but
/// that both sides may be the same account.
pub(crate) fn is_eligible(x: &Exchange, demand: &Demand<'_>, offer: &Offer<'_>, price: Rate) -> bool {
    let BidTarget::Standing { market, min_duration, max_duration, .. } = offer.target else { return false };
    market == demand.market
        && offer.remaining >= demand.units
        && (min_duration..=max_duration).contains(&demand.duration)
        && demand.min_uptime.is_none_or(|least| offer.uptime >= least)
        && demand.requires.iter().all(|required| offer.provider.attributes.contains(required))
        && owed(price, demand.units, 1, demand.prepay.0) > 0
        && fits(x, demand, offer.provider)
}

/// Whether one replica fits on a provider now.
pub(crate) fn fits(x: &Exchange, demand: &Demand<'_>, provider: &Provider) -> bool {
    fits_all(x, demand, provider, 1)
}

/// Whether so many replicas fit on a provider now.
pub(crate) fn fits_all(x: &Exchange, demand: &Demand<'_>, provider: &Provider, replicas: u32) -> bool {
    let class = class(x, demand.market);
    let cpu = if class.is_gpu() { demand.resources.cpu } else { demand.units };
    (!class.is_gpu() || free_units(provider, class) >= demand.units * replicas)
        && provider.free.cpu >= cpu * replicas
        && provider.free.memory >= demand.resources.memory * u64::from(replicas)
        && provider.free.storage >= demand.resources.storage * u64::from(replicas)
}
