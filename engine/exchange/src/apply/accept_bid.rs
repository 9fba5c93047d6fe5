//! A tenant accepts a directed bid. One that has matched already answers the
//! lease that it made.

use berth_domain::{AcceptBid, BidState, BidTarget, Code, Mode, OrderState};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, accept: &AcceptBid) -> Result<Outcome, Code> {
    let bid = x.bid(accept.bid).ok_or(Code::UnknownBid)?;
    let BidTarget::Directed { order } = bid.target else { return Err(Code::NotDirected) };
    let order = x.order(order).ok_or(Code::UnknownOrder)?;
    if order.account != step.account {
        return Err(Code::NotYours);
    }
    match bid.state {
        BidState::Matched => return Ok(Outcome::Repeated(Reply::Lease(bid.first_lease))),
        BidState::Open | BidState::Parked => {}
        _ => return Err(Code::BidClosed),
    }
    if order.state == OrderState::Parked {
        return Err(Code::OrderParked);
    }
    if order.mode == Mode::Auction {
        return Err(Code::AuctionOpen);
    }
    x.open_for_trade(bid.market)?;
    let provider = x.provider(bid.provider).ok_or(Code::UnknownProvider)?;
    if !provider.available {
        return Err(Code::ProviderUnavailable);
    }
    if !x.suits(provider, order) {
        return Err(Code::AttributeMissing);
    }
    if x.is_below_floor(bid, bid.price) {
        return Err(Code::MandateExceeded);
    }
    if !x.fill_directed(step, accept.bid) {
        if is(Planted::RefusalParks) {
            x.bid_mut(accept.bid).state = BidState::Parked;
        }
        return Err(Code::NoRoom);
    }
    Ok(Outcome::Done(Reply::Lease(x.bid_mut(accept.bid).first_lease)))
}
