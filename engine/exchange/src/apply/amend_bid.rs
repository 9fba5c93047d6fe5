//! Changes a bid in place. A smaller quantity keeps its age; any other change
//! loses it, and the bid enters again as incoming.

use berth_domain::{Age, AmendBid, BidAmended, BidId, BidState, BidTarget, Code, Micros, Rate, TimeInForce};

use super::place_bid::{QUANTITY_MAX, check_price};
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::{Entering, Plan, refuse};
use crate::state::{Bid, Timer, Timers, place_mut};

/// What a bid is to become.
#[derive(Clone, Copy)]
struct Terms {
    price: Rate,
    target: BidTarget,
    remaining: u32,
    expires_at: Option<Micros>,
}

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, amend: &AmendBid) -> Result<Outcome, Code> {
    let bid = x.bid(amend.bid).ok_or(Code::UnknownBid)?;
    if bid.account != step.account {
        return Err(Code::NotYours);
    }
    if !bid.is_live() {
        return Err(Code::BidClosed);
    }
    let new = terms(x, step, bid, amend)?;
    let keeps_age = new.price == bid.price && new.remaining <= bid.remaining && new.expires_at == bid.expires_at;
    if !keeps_age {
        x.open_for_trade(bid.market)?;
    }
    let (provider, rests) = (bid.provider, bid.is_standing() && bid.state == BidState::Open);
    let had_none = bid.is_standing() && bid.remaining == 0;
    let level = x.level_of(bid.account);
    if rests && x.is_below_floor(bid, new.price) {
        settle_bid(x, step, amend.bid, new);
        x.bid_mut(amend.bid).age = Age(step.seq.0);
        x.park_bid(step, amend.bid);
    } else if keeps_age || !rests {
        settle_bid(x, step, amend.bid, new);
        // All that it had stood by; now it has more.
        if had_none {
            x.standbys.freed(provider);
        }
        if !keeps_age {
            x.bid_mut(amend.bid).age = Age(step.seq.0);
        } else if rests {
            x.resize_bid(amend.bid);
        }
        if x.bid_mut(amend.bid).state == BidState::Parked {
            // It may ask enough now.
            x.amended_while_parked(step, amend.bid);
        }
    } else if x.crosses_an_order(bid, level, new.price) {
        x.planned(step, |x, step, plan| enter_again(x, step, amend.bid, new, plan))?;
    } else {
        let Exchange { bids, markets, timers, .. } = x;
        let bid = place_mut(bids, amend.bid.0).expect("it has been read");
        settle(bid, timers, step, new);
        bid.age = Age(step.seq.0);
        bid.shift(level, place_mut(markets, bid.market.0.into()).expect("a bid's market is open"));
    }
    Ok(Outcome::Done(Reply::Bid(amend.bid)))
}

fn terms(x: &Exchange, step: &Step<'_>, bid: &Bid, amend: &AmendBid) -> Result<Terms, Code> {
    let price = amend.price.unwrap_or(bid.price);
    if amend.expires_at.is_some() && bid.time_in_force != TimeInForce::Gtd {
        return Err(Code::OutOfBounds);
    }
    if amend.expires_at.is_some_and(|at| at <= step.at) {
        return Err(Code::TimeInPast);
    }
    let (target, remaining) = match bid.target {
        BidTarget::Standing { market, quantity, min_duration, max_duration } => {
            let total = amend.quantity.unwrap_or(quantity);
            let remaining = total.saturating_sub(quantity - bid.remaining);
            if remaining == 0 || total > QUANTITY_MAX {
                return Err(Code::OutOfBounds);
            }
            (BidTarget::Standing { market, quantity: total, min_duration, max_duration }, remaining)
        }
        BidTarget::Directed { order } => {
            // It takes what fits.
            if amend.quantity.is_some() {
                return Err(Code::OutOfBounds);
            }
            let provider = x.provider(bid.provider).ok_or(Code::UnknownProvider)?;
            check_price(x, provider, x.order(order).ok_or(Code::UnknownOrder)?, price)?;
            (bid.target, bid.remaining)
        }
    };
    Ok(Terms { price, target, remaining, expires_at: amend.expires_at.or(bid.expires_at) })
}

/// Gives a bid its new terms and tells of them.
#[inline]
fn settle(bid: &mut Bid, timers: &mut Timers, step: &mut Step<'_>, new: Terms) {
    let Terms { price, target, remaining, expires_at } = new;
    if bid.expires_at != expires_at
        && let Some(at) = expires_at
    {
        timers.set(Timer::BidExpiry(bid.id), at);
    }
    bid.price = price;
    bid.target = target;
    bid.remaining = remaining;
    bid.expires_at = expires_at;
    step.emit(BidAmended { bid: bid.id, market: bid.market, price, remaining });
}

fn settle_bid(x: &mut Exchange, step: &mut Step<'_>, id: BidId, new: Terms) {
    let Exchange { bids, timers, .. } = x;
    settle(place_mut(bids, id.0).expect("the caller has it"), timers, step, new);
}

/// Enters a resting bid with its new terms as incoming.
fn enter_again(x: &mut Exchange, step: &mut Step<'_>, id: BidId, new: Terms, plan: &mut Plan) -> Result<(), Code> {
    // Planned with the new terms in place; a refusal puts the old ones back.
    let bid = x.bid_mut(id);
    let old = (bid.price, bid.remaining);
    (bid.price, bid.remaining) = (new.price, new.remaining);
    let bid = x.bid(id).expect("the caller has it");
    x.plan_bid(bid, Entering::Anew, step.budget, plan);
    let bid = x.bid_mut(id);
    (bid.price, bid.remaining) = old;
    refuse(plan)?;

    settle_bid(x, step, id, new);
    x.bid_mut(id).age = Age(step.seq.0);
    x.unrest_bid(id);
    x.commit_bid(step, id, plan);
    Ok(())
}
