//! What placing an order would do.

use berth_domain::{OrderState, Stroops, owed};
use berth_exchange::{DryFill, DryRun, Exchange, Fate, Order, Reply};
use berth_wire::response::{DryRunFill, OrderDryRun};

use crate::{class, waits};

/// What placing `order` would do, as [`Exchange::dry_run_order`] has found; where
/// it repeats an earlier command, `order` is the one that made. The providers are
/// to be looked at apart.
#[must_use]
pub fn dry_run(x: &Exchange, order: &Order, told: &DryRun) -> OrderDryRun {
    let (state, remaining, reason) = match told.fate {
        Fate::Filled => (OrderState::Filled, 0, None),
        Fate::Rests { left } | Fate::Waits { left } => (OrderState::Open, left, None),
        Fate::Parks { left } => (OrderState::Parked, left, None),
        Fate::Ends { left, reason } => (OrderState::Cancelled, left, Some(reason)),
    };
    let repeats = match told.repeats {
        Some(Reply::Order(id)) => Some(id.0),
        _ => None,
    };
    let (state, remaining, hold, held) = match repeats {
        Some(_) => (order.state, order.remaining, order.hold, order.hold),
        None => (state, remaining, told.hold, told.held),
    };
    let fills: Vec<_> = told.fills.iter().map(|fill| self::fill(order, fill)).collect();
    OrderDryRun {
        seq: x.head().0,
        market: class(x, order.market),
        quantity: order.replicas,
        repeats,
        state,
        reason,
        remaining,
        hold,
        held,
        // Together they are less than the hold that they are taken from.
        escrow: fills.iter().fold(Stroops::ZERO, |sum, fill| sum + fill.escrow),
        cost: fills.iter().try_fold(Stroops::ZERO, |sum, fill| sum.checked_add(fill.cost?)),
        fills,
        ended_bids: told.ended_bids.iter().map(|bid| bid.0).collect(),
        waits: waits(&x.waits_of(order)),
        providers: Vec::new(),
        next: None,
    }
}

fn fill(order: &Order, fill: &DryFill) -> DryRunFill {
    DryRunFill {
        bid_id: fill.bid.0,
        provider_id: fill.provider.0.into(),
        trust_level: fill.level,
        price: fill.price,
        units: fill.units,
        replicas: fill.replicas,
        escrow: fill.escrow,
        cost: fill.price.of(fill.units, fill.replicas).and_then(|rate| owed(rate, order.duration)),
    }
}
