//! Places a bid: standing in a market's book, or directed at one order.

use berth_domain::{
    Age, BidAccepted, BidChanged, BidId, BidState, BidTarget, Code, Command, MarketId, Mode, OrderState, PlaceBid,
    Seconds,
};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::rules::Scan;
use crate::state::Bid;

/// Units that one bid may offer.
const QUANTITY_MAX: u32 = 1_000_000;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, place: &PlaceBid) -> Result<Outcome, Code> {
    let seen = x.seen(step.account, place.client_id.as_ref(), || Command::from(place.clone()))?;
    if let Some(reply) = seen {
        return Ok(Outcome::Repeated(reply));
    }
    let provider = x.provider(place.provider).ok_or(Code::UnknownProvider)?;
    if provider.account != step.account {
        return Err(Code::NotYours);
    }
    let owner = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?;
    if owner.live_bids >= x.bounds().bids {
        return Err(Code::TooManyBids);
    }
    let address = owner.address;
    let (market, remaining) = match place.target {
        BidTarget::Standing { market, quantity, min_duration, max_duration } => {
            check_standing(x, place, market, quantity, min_duration, max_duration)?;
            (market, quantity)
        }
        BidTarget::Directed { order } => (check_directed(x, place, order)?, 0),
    };

    let id = BidId(x.bids.len() as u64 + 1);
    let bid = Bid {
        id,
        provider: place.provider,
        account: step.account,
        market,
        target: place.target,
        price: place.price,
        state: BidState::Open,
        age: Age(step.seq.0),
        remaining,
        client_id: place.client_id.clone(),
        leases: Vec::new(),
        placed_at: step.at,
    };
    // Scanned before anything changes, since a bid that cannot be matched
    // within the limit is refused whole. One that will be parked meets nothing
    // yet, however many orders stand there.
    let is_standing = matches!(bid.target, BidTarget::Standing { .. });
    if is_standing && x.has_free_unit(&bid) && matches!(x.best_order(&bid), Scan::Limit) {
        return Err(Code::ScanLimit);
    }
    let accepted =
        BidAccepted { bid: id, provider: bid.provider, address, market, target: bid.target, price: bid.price };
    x.enter_bid(bid);
    step.emit(accepted);
    match place.target {
        BidTarget::Standing { .. } => {
            x.park_without_room(step, place.provider);
            x.match_bid(step, id);
        }
        BidTarget::Directed { order } => {
            let order_is_auto = x.order(order).is_some_and(|o| o.mode == Mode::Auto);
            if order_is_auto && !x.fill_directed(step, id) {
                x.bid_mut(id).state = BidState::Parked;
                step.emit(BidChanged { bid: id, market });
            }
        }
    }
    let reply = Reply::Bid(id);
    x.remember(step.account, place.client_id.as_ref(), || Command::from(place.clone()), reply);
    Ok(Outcome::Done(reply))
}

fn check_standing(
    x: &Exchange,
    place: &PlaceBid,
    market: MarketId,
    quantity: u32,
    min_duration: Seconds,
    max_duration: Seconds,
) -> Result<(), Code> {
    let market = x.market(market).ok_or(Code::UnknownMarket)?;
    let provider = x.provider(place.provider).ok_or(Code::UnknownProvider)?;
    if !provider.trades(&market.class) {
        return Err(Code::DoesNotFit);
    }
    if !(1..=QUANTITY_MAX).contains(&quantity) || min_duration > max_duration || max_duration == Seconds(0) {
        return Err(Code::OutOfBounds);
    }
    Ok(())
}

fn check_directed(x: &Exchange, place: &PlaceBid, order: berth_domain::OrderId) -> Result<MarketId, Code> {
    let order = x.order(order).ok_or(Code::UnknownOrder)?;
    let provider = x.provider(place.provider).ok_or(Code::UnknownProvider)?;
    if order.state != OrderState::Open {
        return Err(Code::OrderClosed);
    }
    if order.account == provider.account {
        return Err(Code::SelfTrade);
    }
    let limit = order.limits.at(x.level_of(provider.account)).ok_or(Code::LevelNotAccepted)?;
    if place.price > limit {
        return Err(Code::BidAboveLimit);
    }
    if !x.offers(provider, order) {
        return Err(Code::AttributeMissing);
    }
    let market = x.market(order.market).ok_or(Code::UnknownMarket)?;
    if provider.holds(&market.class, order.units, &order.resources) == 0 {
        return Err(Code::DoesNotFit);
    }
    if !x.has_escrow(order, place.price) {
        return Err(Code::OutOfBounds);
    }
    Ok(order.market)
}
