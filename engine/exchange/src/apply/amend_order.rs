//! Changes an order in place. Fewer replicas keep its age; any other change
//! loses it, and the order enters again as incoming.

use berth_domain::{
    Age, AmendOrder, BidLost, BidState, BidTarget, Code, Limits, Micros, Mode, OrderAmended, OrderId, OrderState,
    Stroops, TimeInForce,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::{Entering, Plan, refuse};
use crate::state::{Entrant, Ledger, Order, Timer, Timers, place_mut};

/// What an order is to become.
#[derive(Clone, Copy)]
struct Terms<'a> {
    replicas: u32,
    remaining: u32,
    /// Where the command names them.
    limits: Option<&'a Limits>,
    expires_at: Option<Micros>,
    hold: Stroops,
}

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, amend: &AmendOrder) -> Result<Outcome, Code> {
    let order = x.order(amend.order).ok_or(Code::UnknownOrder)?;
    if order.account != step.account {
        return Err(Code::NotYours);
    }
    if !order.is_live() {
        return Err(Code::OrderClosed);
    }
    if order.mode == Mode::Auction {
        return Err(Code::AuctionOpen);
    }
    let new = terms(x, step, order, amend)?;
    let keeps_age = new.replicas <= order.replicas
        && new.expires_at == order.expires_at
        && new.limits.is_none_or(|limits| *limits == order.limits);
    if !keeps_age {
        x.open_for_trade(order.market)?;
    }
    let meets_bids = order.mode == Mode::Auto && order.state == OrderState::Open;
    if keeps_age || !meets_bids {
        settle_order(x, step, amend.order, new);
        if !keeps_age {
            x.order_mut(amend.order).age = Age(step.seq.0);
            x.lose_dear_bids(step, amend.order);
        } else if meets_bids {
            x.resize_order(amend.order);
        }
        let order = x.order_mut(amend.order);
        if order.state == OrderState::Parked {
            // Its account may be able to pay for what it is now.
            let age = order.age;
            x.reenter(step, age, Entrant::Order(amend.order));
        } else if order.is_capped {
            park_beyond(x, step, amend.order);
        }
    } else if x.crosses_a_bid(order, new.limits.unwrap_or(&order.limits))
        && !(order.is_capped && is_beyond(x, order, new.limits))
    {
        x.planned(step, |x, step, plan| enter_again(x, step, amend.order, new, plan))?;
    } else {
        let Exchange { orders, markets, ledger, timers, .. } = x;
        let order = place_mut(orders, amend.order.0).expect("it has been read");
        let levels = order.limits.levels();
        settle(order, ledger, timers, step, new);
        order.age = Age(step.seq.0);
        order.shift(place_mut(markets, order.market.0.into()).expect("an order's market is open"), levels);
        let (is_awaited, is_capped) = (!order.directed.is_empty(), order.is_capped);
        if is_awaited {
            x.lose_dear_bids(step, amend.order);
        }
        if is_capped {
            park_beyond(x, step, amend.order);
        }
    }
    Ok(Outcome::Done(Reply::Order(amend.order)))
}

fn terms<'a>(x: &Exchange, step: &Step<'_>, order: &Order, amend: &'a AmendOrder) -> Result<Terms<'a>, Code> {
    let replicas = amend.replicas.unwrap_or(order.replicas);
    let remaining = replicas.saturating_sub(order.replicas - order.remaining);
    if remaining == 0 || replicas > x.bounds().replicas {
        return Err(Code::OutOfBounds);
    }
    if amend.expires_at.is_some() && order.time_in_force != TimeInForce::Gtd {
        return Err(Code::OutOfBounds);
    }
    if amend.expires_at.is_some_and(|at| at <= step.at) {
        return Err(Code::TimeInPast);
    }
    let limits = amend.limits.as_ref();
    let rate = limits.unwrap_or(&order.limits).highest().of(order.units, remaining).ok_or(Code::AmountTooLarge)?;
    let hold = berth_domain::owed(rate, order.prepay).ok_or(Code::AmountTooLarge)?;
    if hold == Stroops::ZERO {
        return Err(Code::OutOfBounds);
    }
    // A parked order holds nothing until it is resumed.
    let hold = if order.state == OrderState::Parked { Stroops::ZERO } else { hold };
    if x.ledger.available(order.account) + order.hold < hold {
        return Err(Code::InsufficientFunds);
    }
    Ok(Terms { replicas, remaining, limits, expires_at: amend.expires_at.or(order.expires_at), hold })
}

/// Whether the mandate allows not one replica of an order with these limits.
#[cold]
fn is_beyond(x: &Exchange, order: &Order, limits: Option<&Limits>) -> bool {
    let limits = *limits.unwrap_or(&order.limits);
    x.is_beyond_mandate(&Order { limits, ..order.clone() })
}

/// Parks an open order of which the mandate now allows not one replica.
#[cold]
fn park_beyond(x: &mut Exchange, step: &mut Step<'_>, id: OrderId) {
    let order = x.order(id).expect("the caller has it");
    if order.state == OrderState::Open && x.is_beyond_mandate(order) {
        x.park_order(step, id);
    }
}

/// Gives an order its new terms and tells of them.
#[inline]
fn settle(order: &mut Order, ledger: &mut Ledger, timers: &mut Timers, step: &mut Step<'_>, new: Terms<'_>) {
    let Terms { replicas, remaining, limits, expires_at, hold } = new;
    ledger.hold_instead(order.account, order.hold, hold);
    if order.expires_at != expires_at
        && let Some(at) = expires_at
    {
        timers.set(Timer::OrderExpiry(order.id), at);
    }
    order.replicas = replicas;
    order.remaining = remaining;
    if let Some(limits) = limits {
        order.limits = *limits;
    }
    order.expires_at = expires_at;
    order.hold = hold;
    step.emit(OrderAmended { order: order.id, market: order.market, replicas, remaining, limits: order.limits, hold });
}

fn settle_order(x: &mut Exchange, step: &mut Step<'_>, id: OrderId, new: Terms<'_>) {
    let Exchange { orders, ledger, timers, .. } = x;
    settle(place_mut(orders, id.0).expect("the caller has it"), ledger, timers, step, new);
}

/// Enters an order with its new terms as incoming.
fn enter_again(
    x: &mut Exchange,
    step: &mut Step<'_>,
    id: OrderId,
    new: Terms<'_>,
    plan: &mut Plan,
) -> Result<(), Code> {
    // Planned with the new terms in place; a refusal puts the old ones back.
    let order = x.order_mut(id);
    let old = (order.limits, order.remaining);
    (order.limits, order.remaining) = (new.limits.copied().unwrap_or(order.limits), new.remaining);
    let order = x.order(id).expect("the caller has it");
    x.plan_order(order, Entering::Anew, step.budget, plan);
    let order = x.order_mut(id);
    (order.limits, order.remaining) = old;
    refuse(plan)?;

    settle_order(x, step, id, new);
    x.order_mut(id).age = Age(step.seq.0);
    x.unrest_order(id);
    x.commit_order(step, id, plan);
    x.lose_dear_bids(step, id);
    Ok(())
}

impl Exchange {
    /// Directed bids that ask more than their order now gives have lost.
    fn lose_dear_bids(&mut self, step: &mut Step<'_>, id: OrderId) {
        let order = self.order(id).expect("the caller has it");
        let market = order.market;
        let is_dear =
            |bid: &crate::state::Bid| order.limits.at(self.level_of(bid.account)).is_none_or(|limit| bid.price > limit);
        let dear: Vec<_> =
            order.directed.iter().filter_map(|id| self.bid(*id)).filter(|bid| is_dear(bid)).map(|bid| bid.id).collect();
        for bid in dear {
            debug_assert!(matches!(self.bid_mut(bid).target, BidTarget::Directed { .. }), "it waits on an order");
            self.finish_bid(bid, BidState::Lost);
            step.emit(BidLost { bid, market });
        }
    }
}
