//! Ends what is left of a bid.

use berth_domain::{CancelBid, CancelReason, Code};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, cancel: &CancelBid) -> Result<Outcome, Code> {
    let bid = x.bid(cancel.bid).ok_or(Code::UnknownBid)?;
    if bid.account != step.account {
        return Err(Code::NotYours);
    }
    if !bid.is_live() {
        return Err(Code::BidClosed);
    }
    x.cancel_bid(step, cancel.bid, CancelReason::Requested);
    Ok(Outcome::Done(Reply::Bid(cancel.bid)))
}
