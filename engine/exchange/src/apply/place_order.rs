//! Places an order: holds its funds, matches it, and lets the rest stand.

use berth_domain::{Code, Mode, OrderId, PlaceOrder, Seconds, Stroops, TimeInForce, Verify, owed};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::is_sorted;
use crate::state::Order;

/// Units that one replica may take.
const UNITS_MAX: u32 = 1_024;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, place: &PlaceOrder) -> Result<Outcome, Code> {
    if let Some(reply) = x.seen(step, place.client_id.as_ref())? {
        return Ok(Outcome::Repeated(reply));
    }
    let order = prepare(x, step, place, None)?;
    let reply = Reply::Order(x.enter_order(step, order, None)?);
    x.remember(step, place.client_id.as_ref(), reply);
    Ok(Outcome::Done(reply))
}

/// The order that a command asks for, if it may have it. What `replaced` holds
/// counts as free.
#[inline]
pub(crate) fn prepare(
    x: &Exchange,
    step: &Step<'_>,
    place: &PlaceOrder,
    replaced: Option<&Order>,
) -> Result<Order, Code> {
    check(x, step, place)?;
    let hold = hold(place)?;
    let tenant = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?;
    let (others, freed) = match replaced {
        Some(old) => (tenant.open_orders - 1, old.hold),
        None => (tenant.open_orders, Stroops::ZERO),
    };
    if others >= x.bounds().orders {
        return Err(Code::TooManyOrders);
    }
    if x.ledger.available(step.account) + freed < hold {
        return Err(Code::InsufficientFunds);
    }
    let id = OrderId(x.orders.len() as u64 + 1);
    let is_capped = tenant.is_capped();
    Ok(Order { is_capped, ..Order::new(id, step.account, step.seq, step.at, hold, place) })
}

fn check(x: &Exchange, step: &Step<'_>, place: &PlaceOrder) -> Result<(), Code> {
    let market = x.open_for_trade(place.market)?;
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
        && is_consistent(place)
        && place.closes_at.is_none_or(|closes_at| closes_at <= step.at.plus(bounds.duration));
    if !in_bounds {
        return Err(Code::OutOfBounds);
    }
    if place.expires_at.is_some_and(|at| at <= step.at) || place.closes_at.is_some_and(|at| at <= step.at) {
        return Err(Code::TimeInPast);
    }
    if !is_sorted(&place.requires, |attribute| &attribute.key) {
        return Err(Code::NotCanonical);
    }
    Ok(())
}

/// Whether mode, time in force and the rest go together.
fn is_consistent(place: &PlaceOrder) -> bool {
    let at_once = matches!(place.time_in_force, TimeInForce::Ioc | TimeInForce::Fok);
    let mode = match place.mode {
        Mode::Auto => true,
        // An order that never rests has nothing for a tenant to accept.
        Mode::Manual => !at_once,
        Mode::Auction => place.time_in_force == TimeInForce::Gtc,
    };
    mode && (place.mode == Mode::Auction) == place.closes_at.is_some()
        && (place.time_in_force == TimeInForce::Gtd) == place.expires_at.is_some()
        // One that is only to rest has to be able to.
        && (!place.post_only || (place.mode == Mode::Auto && !at_once))
        // Nothing else can stand in for a named unit, and a gang that fails
        // does so as a whole.
        && (!place.failover
            || (place.mode == Mode::Auto && place.time_in_force != TimeInForce::Fok && place.aim.is_none()))
        // Replicas that are compared run at once, all of them or none.
        && match place.verify {
            Verify::None | Verify::Spot => true,
            Verify::Replicas(n) => {
                matches!(n, 3 | 5 | 7)
                    && place.replicas == n.into()
                    && place.mode == Mode::Auto
                    && place.time_in_force == TimeInForce::Fok
                    && place.aim.is_none()
            }
        }
        // One for a named bid stands in no ladder.
        && (place.aim.is_none() || (place.mode == Mode::Auto && at_once))
}

/// `floor(highest limit × units × replicas × prepay / 3600)`.
fn hold(place: &PlaceOrder) -> Result<Stroops, Code> {
    let rate = place.limits.highest().of(place.units, place.replicas).ok_or(Code::AmountTooLarge)?;
    let hold = owed(rate, place.prepay).ok_or(Code::AmountTooLarge)?;
    if hold == Stroops::ZERO { Err(Code::OutOfBounds) } else { Ok(hold) }
}
