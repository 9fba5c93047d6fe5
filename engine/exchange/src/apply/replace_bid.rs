//! Ends a bid and places another in its stead, or does neither.

use berth_domain::{BidTarget, CancelReason, Code, ReplaceBid};

use super::place_bid;
use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, replace: &ReplaceBid) -> Result<Outcome, Code> {
    if let Some(reply) = x.seen(step, replace.place.client_id.as_ref())? {
        return Ok(Outcome::Repeated(reply));
    }
    let old = x.bid(replace.bid).ok_or(Code::UnknownBid)?;
    if old.account != step.account {
        return Err(Code::NotYours);
    }
    if !old.is_live() {
        return Err(Code::BidClosed);
    }
    let others = x.accounts.get(step.account).ok_or(Code::UnknownAccount)?.live_bids - 1;
    let bid = place_bid::prepare(x, step, &replace.place, others, Some(replace.bid))?;
    let id = match replace.place.target {
        BidTarget::Standing { .. } => x.enter_standing_bid(step, bid, Some(replace.bid))?,
        BidTarget::Directed { order } => {
            x.cancel_bid(step, replace.bid, CancelReason::Replaced);
            x.enter_directed_bid(step, bid, order)
        }
    };
    let reply = Reply::Bid(id);
    x.remember(step, replace.place.client_id.as_ref(), reply);
    Ok(Outcome::Done(reply))
}
