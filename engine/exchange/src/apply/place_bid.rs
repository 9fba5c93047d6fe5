//! Places a bid: standing in a market's book, or directed at one order.

use berth_domain::{Age, BidId, BidState, BidTarget, Code, MarketId, OrderId, PlaceBid, Rate, Seconds, TimeInForce};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::has_escrow;
use crate::state::{Bid, Order, Provider, Slot};

/// Units that one bid may offer.
pub(crate) const QUANTITY_MAX: u32 = 1_000_000;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, place: &PlaceBid) -> Result<Outcome, Code> {
    if let Some(reply) = x.seen(step, place.client_id.as_ref())? {
        return Ok(Outcome::Repeated(reply));
    }
    let live = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?.live_bids;
    let bid = prepare(x, step, place, live, None)?;
    let id = match place.target {
        BidTarget::Standing { .. } => x.enter_standing_bid(step, bid, None)?,
        BidTarget::Directed { order } => x.enter_directed_bid(step, bid, order),
    };
    let reply = Reply::Bid(id);
    x.remember(step, place.client_id.as_ref(), reply);
    Ok(Outcome::Done(reply))
}

/// The bid that a command asks for, if it may have it. `others` is how many
/// live bids the account has beside it, `replaced` the one that ends for it.
#[inline]
pub(crate) fn prepare(
    x: &Exchange,
    step: &Step<'_>,
    place: &PlaceBid,
    others: u32,
    replaced: Option<BidId>,
) -> Result<Bid, Code> {
    let provider = x.provider(place.provider).ok_or(Code::UnknownProvider)?;
    if provider.account != step.account {
        return Err(Code::NotYours);
    }
    if others >= x.bounds().bids {
        return Err(Code::TooManyBids);
    }
    let (market, slot, remaining) = match place.target {
        BidTarget::Standing { market, quantity, min_duration, max_duration } => {
            let slot = standing_slot(x, provider, market)?;
            if !(1..=QUANTITY_MAX).contains(&quantity) || min_duration > max_duration || max_duration == Seconds(0) {
                return Err(Code::OutOfBounds);
            }
            (market, slot, quantity)
        }
        BidTarget::Directed { order } => {
            let (market, slot) = check_directed(x, provider, order, place.price)?;
            (market, slot, 0)
        }
    };
    if !is_consistent(place) {
        return Err(Code::OutOfBounds);
    }
    if place.expires_at.is_some_and(|at| at <= step.at) {
        return Err(Code::TimeInPast);
    }
    let bid = Bid {
        id: BidId(x.bids.len() as u64 + 1),
        provider: place.provider,
        account: step.account,
        market,
        target: place.target,
        price: place.price,
        state: BidState::Open,
        age: Age(step.seq.0),
        remaining,
        reserved: 0,
        time_in_force: place.time_in_force,
        expires_at: place.expires_at,
        post_only: place.post_only,
        self_trade: place.self_trade,
        set: None,
        session: place.session,
        client_id: place.client_id,
        placed_at: step.at,
        first_lease: berth_domain::LeaseId(0),
        last_lease: berth_domain::LeaseId(0),
        node: None,
        slot,
        older: BidId(0),
        younger: BidId(0),
    };
    if let BidTarget::Directed { order } = place.target {
        x.check_crowd(&bid, order, replaced)?;
    }
    Ok(bid)
}

/// What a provider would offer in a market.
pub(crate) fn standing_slot(x: &Exchange, provider: &Provider, market: MarketId) -> Result<Slot, Code> {
    let market = x.open_for_trade(market)?;
    if !provider.trades(&market.class) {
        return Err(Code::DoesNotFit);
    }
    provider.slot(&market.class).ok_or(Code::DoesNotFit)
}

fn check_directed(x: &Exchange, provider: &Provider, order: OrderId, price: Rate) -> Result<(MarketId, Slot), Code> {
    let order = x.order(order).ok_or(Code::UnknownOrder)?;
    if !order.is_live() {
        return Err(Code::OrderClosed);
    }
    if order.account == provider.account {
        return Err(Code::SelfTrade);
    }
    check_price(x, provider, order, price)?;
    if !x.suits(provider, order) {
        return Err(Code::AttributeMissing);
    }
    let market = x.open_for_trade(order.market)?;
    if provider.holds(&market.class, order.units, &order.resources) == 0 {
        return Err(Code::DoesNotFit);
    }
    let slot = provider.slot(&market.class).ok_or(Code::DoesNotFit)?;
    Ok((order.market, slot))
}

/// Whether a directed bid may ask this price of its order.
pub(crate) fn check_price(x: &Exchange, provider: &Provider, order: &Order, price: Rate) -> Result<(), Code> {
    let limit = order.limits.at(x.level_of(provider.account)).ok_or(Code::LevelNotAccepted)?;
    if price > limit {
        return Err(Code::BidAboveLimit);
    }
    if has_escrow(order, price) { Ok(()) } else { Err(Code::OutOfBounds) }
}

/// Whether target, time in force and the rest go together.
const fn is_consistent(place: &PlaceBid) -> bool {
    let rests = matches!(place.time_in_force, TimeInForce::Gtc | TimeInForce::Gtd);
    let expires = matches!(place.time_in_force, TimeInForce::Gtd);
    let is_directed = matches!(place.target, BidTarget::Directed { .. });
    expires == place.expires_at.is_some()
        // One that is only to rest has to be able to.
        && (!place.post_only || (rests && !is_directed))
        // One that answers an order waits for it.
        && (!is_directed || rests)
}
