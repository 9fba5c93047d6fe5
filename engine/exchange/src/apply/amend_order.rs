//! Changes an order in place. Fewer replicas keep its age; any other change
//! loses it, and the order enters again as incoming.

use berth_domain::{
    Age, AmendOrder, BidLost, BidState, BidTarget, Code, Limits, Micros, Mode, OrderAmended, OrderId, OrderState,
    Stroops, TimeInForce,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::{Entering, Plan, refuse};
use crate::state::{Entrant, Order, Timer};

/// What an order is to become.
#[derive(Clone, Copy)]
struct Terms {
    replicas: u32,
    remaining: u32,
    limits: Limits,
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
    let keeps_age = new.replicas <= order.replicas && new.limits == order.limits && new.expires_at == order.expires_at;
    if !keeps_age {
        x.open_for_trade(order.market)?;
    }
    let is_beyond = order.is_capped && x.is_beyond_mandate(&Order { limits: new.limits, ..order.clone() });
    let meets_bids = order.mode == Mode::Auto && order.state == OrderState::Open;
    if keeps_age || !meets_bids {
        settle(x, step, amend.order, new);
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
        }
    } else if x.crosses_a_bid(order, &new.limits) && !is_beyond {
        x.planned(step, |x, step, plan| enter_again(x, step, amend.order, new, plan))?;
    } else {
        settle(x, step, amend.order, new);
        x.order_mut(amend.order).age = Age(step.seq.0);
        x.shift_order(amend.order);
        x.lose_dear_bids(step, amend.order);
    }
    if is_beyond && x.order_mut(amend.order).state == OrderState::Open {
        x.park_order(step, amend.order);
    }
    Ok(Outcome::Done(Reply::Order(amend.order)))
}

fn terms(x: &Exchange, step: &Step<'_>, order: &Order, amend: &AmendOrder) -> Result<Terms, Code> {
    let replicas = amend.replicas.unwrap_or(order.replicas);
    let remaining = replicas.checked_sub(order.replicas - order.remaining).unwrap_or_default();
    if remaining == 0 || replicas > x.bounds().replicas {
        return Err(Code::OutOfBounds);
    }
    if amend.expires_at.is_some() && order.time_in_force != TimeInForce::Gtd {
        return Err(Code::OutOfBounds);
    }
    if amend.expires_at.is_some_and(|at| at <= step.at) {
        return Err(Code::TimeInPast);
    }
    let limits = amend.limits.unwrap_or(order.limits);
    let rate = limits.highest().of(order.units, remaining).ok_or(Code::AmountTooLarge)?;
    let hold = berth_domain::owed(rate, order.prepay).ok_or(Code::AmountTooLarge)?;
    if hold == Stroops::ZERO {
        return Err(Code::OutOfBounds);
    }
    // A parked order holds nothing until it is resumed.
    let hold = if order.state == OrderState::Parked { Stroops::ZERO } else { hold };
    if x.balances(order.account).available + order.hold < hold {
        return Err(Code::InsufficientFunds);
    }
    Ok(Terms { replicas, remaining, limits, expires_at: amend.expires_at.or(order.expires_at), hold })
}

/// Gives an order its new terms and tells of them.
#[inline]
fn settle(x: &mut Exchange, step: &mut Step<'_>, id: OrderId, new: Terms) {
    let order = x.order_mut(id);
    let Terms { replicas, remaining, limits, expires_at, hold } = new;
    let (account, market, held) = (order.account, order.market, order.hold);
    let moves_expiry = order.expires_at != expires_at;
    order.replicas = replicas;
    order.remaining = remaining;
    order.limits = limits;
    order.expires_at = expires_at;
    order.hold = hold;
    x.ledger.hold_instead(account, held, hold);
    if moves_expiry && let Some(at) = expires_at {
        x.timers.set(Timer::OrderExpiry(id), at);
    }
    step.emit(OrderAmended { order: id, market, replicas, remaining, limits, hold });
}

/// Enters an order with its new terms as incoming.
fn enter_again(x: &mut Exchange, step: &mut Step<'_>, id: OrderId, new: Terms, plan: &mut Plan) -> Result<(), Code> {
    // Planned with the new terms in place; a refusal puts the old ones back.
    let order = x.order_mut(id);
    let old = (order.limits, order.remaining);
    (order.limits, order.remaining) = (new.limits, new.remaining);
    let order = x.order(id).expect("the caller has it");
    x.plan_order(order, Entering::Anew, step.budget, plan);
    let order = x.order_mut(id);
    (order.limits, order.remaining) = old;
    refuse(plan)?;

    settle(x, step, id, new);
    x.order_mut(id).age = Age(step.seq.0);
    x.unrest_order(id);
    x.commit_order(step, id, plan);
    x.lose_dear_bids(step, id);
    Ok(())
}

impl Exchange {
    /// Directed bids that ask more than their order now gives have lost.
    #[inline]
    fn lose_dear_bids(&mut self, step: &mut Step<'_>, id: OrderId) {
        if !self.order_mut(id).directed.is_empty() {
            self.lose_dear_bids_of(step, id);
        }
    }

    fn lose_dear_bids_of(&mut self, step: &mut Step<'_>, id: OrderId) {
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
