//! Places an order: holds its funds, matches it, and lets the rest stand.

use berth_domain::{
    Age, CancelReason, Code, Command, Mode, OrderAccepted, OrderId, OrderState, PlaceOrder, Seconds, Stroops,
    TimeInForce, owed,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::{Scan, is_sorted};
use crate::state::{Order, Place, Timer};

/// Units that one replica may take.
const UNITS_MAX: u32 = 1_024;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, place: &PlaceOrder) -> Result<Outcome, Code> {
    let seen = x.seen(step.account, place.client_id.as_ref(), || Command::from(place.clone()))?;
    if let Some(reply) = seen {
        return Ok(Outcome::Repeated(reply));
    }
    check(x, step, place)?;
    let hold = hold(place)?;
    let tenant = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?;
    if tenant.open_orders >= x.bounds().orders {
        return Err(Code::TooManyOrders);
    }
    if x.balances(step.account).available < hold {
        return Err(Code::InsufficientFunds);
    }
    let address = tenant.address;
    let id = OrderId(x.orders.len() as u64 + 1);
    let order = Order {
        id,
        account: step.account,
        market: place.market,
        state: OrderState::Open,
        age: Age(step.seq.0),
        units: place.units,
        resources: place.resources,
        replicas: place.replicas,
        remaining: place.replicas,
        limits: place.limits,
        duration: place.duration,
        prepay: place.prepay,
        mode: place.mode,
        time_in_force: place.time_in_force,
        expires_at: place.expires_at,
        requires: place.requires.clone(),
        spec_hash: place.spec_hash,
        client_id: place.client_id.clone(),
        hold,
        leases: Vec::new(),
        directed: Vec::new(),
        placed_seq: step.seq,
        placed_at: step.at,
    };
    // Scanned before anything changes, since an order that cannot be matched
    // within the limit is refused whole.
    if place.mode == Mode::Auto && matches!(x.best_bid(&order), Scan::Limit) {
        return Err(Code::ScanLimit);
    }

    x.ledger.post(Place::Available(step.account), Place::Held(step.account), hold);
    x.enter_order(order);
    step.emit(OrderAccepted {
        order: id,
        account: step.account,
        address,
        market: place.market,
        replicas: place.replicas,
        hold,
    });
    if place.mode == Mode::Auto {
        x.match_order(step, id);
    }
    if x.order(id).is_some_and(|order| order.state == OrderState::Open) {
        match (place.time_in_force, place.expires_at) {
            (TimeInForce::Ioc, _) => x.end_order(step, id, CancelReason::NotFilledAtOnce),
            (TimeInForce::Gtd, Some(expires_at)) => x.timers.set(Timer::OrderExpiry(id), expires_at),
            _ => {}
        }
    }
    let reply = Reply::Order(id);
    x.remember(step.account, place.client_id.as_ref(), || Command::from(place.clone()), reply);
    Ok(Outcome::Done(reply))
}

fn check(x: &Exchange, step: &Step<'_>, place: &PlaceOrder) -> Result<(), Code> {
    let market = x.market(place.market).ok_or(Code::UnknownMarket)?;
    let bounds = x.bounds();
    let in_bounds = (1..=UNITS_MAX).contains(&place.units)
        && (1..=bounds.replicas).contains(&place.replicas)
        && place.duration >= Seconds(1)
        && place.duration <= bounds.duration
        && place.prepay >= Seconds(1)
        && place.prepay <= place.duration
        && place.resources.is_in_bounds()
        // In the CPU market processors are units and are not said twice.
        && (market.class.is_gpu() || place.resources.cpu == 0)
        && (place.time_in_force == TimeInForce::Gtd) == place.expires_at.is_some()
        // An order that never rests has nothing for a tenant to accept.
        && !(place.mode == Mode::Manual && place.time_in_force == TimeInForce::Ioc);
    if !in_bounds {
        return Err(Code::OutOfBounds);
    }
    if place.expires_at.is_some_and(|expires_at| expires_at <= step.at) {
        return Err(Code::TimeInPast);
    }
    if !is_sorted(&place.requires, |attribute| &attribute.key) {
        return Err(Code::NotCanonical);
    }
    Ok(())
}

/// `floor(highest limit × units × replicas × prepay / 3600)`.
fn hold(place: &PlaceOrder) -> Result<Stroops, Code> {
    let rate = place.limits.highest().of(place.units, place.replicas).ok_or(Code::AmountTooLarge)?;
    let hold = owed(rate, place.prepay).ok_or(Code::AmountTooLarge)?;
    if hold == Stroops::ZERO { Err(Code::OutOfBounds) } else { Ok(hold) }
}
