//! Leases, orders and bids: each for itself, and against what refers to it.

use std::collections::BTreeMap;

use berth_domain::{
    BidId, BidState, BidTarget, LeaseState, OrderId, OrderState, ProofValue, Rate, ResourceClass, Stroops,
};

use super::money::owed;
use super::{Invariants, is_settled};
use crate::exchange::Exchange;
use crate::state::{Bid, Lease, Order, Origin, Provider};

/// What leases took of orders and bids.
#[derive(Default)]
struct Leased {
    replicas: BTreeMap<OrderId, u64>,
    units: BTreeMap<BidId, u64>,
}

pub(super) fn check(x: &Exchange, found: &mut Invariants) {
    let mut leased = Leased::default();
    for lease in x.leases() {
        found.lease(x, lease);
        if lease.origin == Origin::Match {
            *leased.replicas.entry(lease.order).or_default() += u64::from(lease.replicas);
        }
        *leased.units.entry(lease.bid).or_default() += u64::from(lease.replicas) * u64::from(lease.units);
    }
    x.orders().for_each(|order| found.order(x, order, &leased));
    x.bids().for_each(|bid| found.bid(x, bid, &leased));
    deadlines(x, found);
}

impl Invariants {
    fn lease(&mut self, x: &Exchange, lease: &Lease) {
        let id = lease.id;
        let bps = i128::from(x.terms_of(lease).fee.get());
        let escrow = owed(lease.price, lease.units, lease.replicas, lease.prepay.0);
        self.same(i128::from(lease.escrow.get()), escrow, || format!("escrow of lease {id}"));
        self.holds(escrow > 0 && lease.cost() <= lease.escrow, || format!("lease {id} costs more than its escrow"));
        let is_closed = lease.state == LeaseState::Closed;
        self.same(lease.closed_at.is_some(), is_closed, || format!("lease {id} has closed"));
        self.holds(lease.paid_at.is_none() || is_closed, || format!("lease {id} is paid before it closed"));
        let ran = lease.started_at.is_some();
        self.same(!lease.containers.is_empty(), ran, || format!("lease {id} has containers"));
        self.holds(!ran || lease.is_escrowed(), || format!("lease {id} started without an escrow"));
        let evidenced = lease.evidence.seconds();
        self.holds(ran || evidenced.0 == 0, || format!("lease {id} is evidenced before it started"));
        let longest = lease.duration.min(lease.prepay);
        self.holds(evidenced <= longest, || format!("lease {id} is evidenced beyond its end"));
        let is_suspended = lease.funding.suspended_at().is_some();
        let fits = match lease.state {
            LeaseState::Suspended => is_suspended,
            LeaseState::Running => !is_suspended,
            _ => true,
        };
        self.holds(fits, || format!("lease {id} is {} and its funds say otherwise", lease.state.as_str()));
        self.holds(!is_suspended || ran, || format!("lease {id} was suspended before it ran"));
        let may_pay = is_closed && ran;
        self.holds(may_pay || lease.pay == Stroops::ZERO, || format!("lease {id} pays and has not run and closed"));
        let fee = i128::from(lease.pay.get()) * bps / 10_000;
        self.same(i128::from(lease.fee.get()), fee, || format!("fee of lease {id}"));
        self.holds(lease.proof.len() <= 9, || format!("lease {id} has more than nine proof steps"));
        let exact = |value: &ProofValue| !matches!(value, ProofValue::Number(n) if *n >= 1 << 53);
        let mut proven = lease.proof.iter().flat_map(|step| step.payload.fields());
        self.holds(proven.all(|(_, value)| exact(value)), || format!("JSON cannot carry the proof of lease {id}"));
    }

    fn order(&mut self, x: &Exchange, order: &Order, leased: &Leased) {
        let id = order.id;
        let Some(highest) = highest(order) else {
            return self.holds(false, || format!("order {id} accepts no level"));
        };
        let is_open = order.state == OrderState::Open;
        let needed = owed(highest, order.units, order.remaining, order.prepay.0);
        let hold = if is_open { needed } else { 0 };
        self.same(i128::from(order.hold.get()), hold, || format!("hold of order {id}"));
        if order.state == OrderState::Parked && is_settled(x) {
            let available = i128::from(x.balances(order.account).available.get());
            let is_so = available < needed || is_beyond(x, order, highest);
            self.holds(is_so, || format!("order {id} is parked and could be paid for"));
        }
        let is_allowed = !is_open || !is_settled(x) || !is_beyond(x, order, highest);
        self.holds(is_allowed, || format!("order {id} is open beyond its tenant's mandate"));
        let replicas = leased.replicas.get(&id).copied().unwrap_or_default() + u64::from(order.remaining);
        self.same(replicas, order.replicas.into(), || format!("replicas of order {id}"));
        let is_filled = order.state == OrderState::Filled;
        self.same(is_filled, order.remaining == 0, || format!("order {id} is filled"));
        self.holds(order.is_live() || order.directed.is_empty(), || format!("bids wait on order {id}, which is over"));
        for waiting in &order.directed {
            let is_so =
                x.bid(*waiting).is_some_and(|bid| bid.is_live() && bid.target == BidTarget::Directed { order: id });
            self.holds(is_so, || format!("bid {waiting} is kept by order {id} and does not wait on it"));
        }
    }

    fn bid(&mut self, x: &Exchange, bid: &Bid, leased: &Leased) {
        let id = bid.id;
        match bid.target {
            BidTarget::Standing { quantity, .. } => {
                let of_leases = leased.units.get(&id).copied().unwrap_or_default();
                let units = of_leases + u64::from(bid.reserved) + u64::from(bid.remaining);
                self.same(units, quantity.into(), || format!("units of bid {id}"));
                let is_matched = bid.state == BidState::Matched;
                self.same(is_matched, bid.reserved + bid.remaining == 0, || format!("bid {id} is matched"));
                // In a paused market what was parked waits for its resumption.
                let waits = bid.state == BidState::Parked && is_paused(x, bid);
                if bid.is_live() && is_settled(x) && !waits {
                    self.same(bid.state == BidState::Open, is_offered(x, bid), || format!("bid {id} is in the book"));
                }
            }
            BidTarget::Directed { order } => {
                let waits = x.order(order).is_some_and(|order| order.directed.contains(&id));
                self.same(bid.is_live(), waits, || format!("bid {id} waits on its order"));
                let is_matched = bid.state == BidState::Matched;
                self.same(is_matched, x.leases_of_bid(id).count() == 1, || format!("bid {id} has its one lease"));
            }
        }
    }
}

/// The highest limit of an order.
fn highest(order: &Order) -> Option<Rate> {
    order.limits.iter().map(|(_, limit)| limit).max()
}

/// Whether the tenant's mandate allows not one replica at the highest limit.
fn is_beyond(x: &Exchange, order: &Order, highest: Rate) -> bool {
    let Some(tenant) = x.account(order.account) else { return true };
    let mandate = tenant.mandate.unwrap_or_default();
    let one = owed(highest, order.units, 1, order.prepay.0);
    let spent = i128::from(tenant.spent_on(x.last_at()).get());
    mandate.per_lease.is_some_and(|most| one > most.get().into())
        || mandate.per_day.is_some_and(|most| spent + one > most.get().into())
}

fn is_paused(x: &Exchange, bid: &Bid) -> bool {
    x.market(bid.market).is_some_and(|market| market.paused)
}

/// Whether a standing bid can be met: its host takes leases and has a unit free,
/// it has units left, and its owner's mandate lets it ask so little.
fn is_offered(x: &Exchange, bid: &Bid) -> bool {
    let (Some(host), Some(market)) = (x.provider(bid.provider), x.market(bid.market)) else { return false };
    let mandate = x.account(bid.account).and_then(|owner| owner.mandate).unwrap_or_default();
    let is_below_floor = mandate.floor.is_some_and(|floor| bid.price < floor);
    host.available && free_units(host, &market.class) > 0 && bid.remaining > 0 && !is_below_floor
}

/// Units of a class that no lease holds.
pub(super) fn free_units(host: &Provider, class: &ResourceClass) -> u32 {
    match class {
        ResourceClass::Cpu => host.free.cpu,
        gpu => {
            let place = host.gpus.iter().position(|gpus| gpus.class == *gpu);
            place.and_then(|place| host.free_gpus.get(place)).copied().unwrap_or_default()
        }
    }
}

/// No deadline is later than what is known to end by itself.
fn deadlines(x: &Exchange, found: &mut Invariants) {
    let due = |at| x.next_deadline().is_some_and(|next| next <= at);
    for order in x.orders().filter(|order| order.state == OrderState::Open) {
        found.holds(order.expires_at.is_none_or(due), || format!("no timer waits for the end of order {}", order.id));
    }
    for lease in x.leases().filter(|lease| lease.state == LeaseState::Running) {
        found.holds(lease.ends_at.is_none_or(due), || format!("no timer waits for the end of lease {}", lease.id));
    }
}
