//! A tenant accepts a directed bid. One that has matched already answers the
//! lease that it made.

use berth_domain::{AcceptBid, BidState, BidTarget, Code};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::planted::{Planted, is};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, accept: &AcceptBid) -> Result<Outcome, Code> {
    let bid = x.bid(accept.bid).ok_or(Code::UnknownBid)?;
    let BidTarget::Directed { order } = bid.target else { return Err(Code::NotDirected) };
    if x.order(order).ok_or(Code::UnknownOrder)?.account != step.account {
        return Err(Code::NotYours);
    }
    match (bid.state, bid.leases.first()) {
        (BidState::Matched, Some(lease)) => return Ok(Outcome::Repeated(Reply::Lease(*lease))),
        (BidState::Open | BidState::Parked, _) => {}
        _ => return Err(Code::BidClosed),
    }
    if !x.fill_directed(step, accept.bid) {
        if is(Planted::RefusalParks) {
            x.bid_mut(accept.bid).state = BidState::Parked;
        }
        return Err(Code::NoRoom);
    }
    let lease = x.bid(accept.bid).and_then(|bid| bid.leases.first().copied()).ok_or(Code::NoRoom)?;
    Ok(Outcome::Done(Reply::Lease(lease)))
}
