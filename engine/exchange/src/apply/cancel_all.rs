//! Ends all orders and bids of an account, or those in one market, or of one
//! session. Its leases go on.

use berth_domain::{AccountId, BidId, CancelAll, CancelReason, MarketId, OrderId};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, cancel: &CancelAll) -> Outcome {
    let is_meant = |market: MarketId, session: Option<u64>| {
        cancel.market.is_none_or(|named| named == market) && (cancel.session.is_none() || cancel.session == session)
    };
    end_all(x, step, step.account, CancelReason::Requested, is_meant);
    Outcome::Done(Reply::None)
}

/// Ends what an account has live and is meant: orders by their ids, then bids by
/// theirs.
pub(super) fn end_all(
    x: &mut Exchange,
    step: &mut Step<'_>,
    account: AccountId,
    reason: CancelReason,
    is_meant: impl Fn(MarketId, Option<u64>) -> bool,
) {
    let orders: Vec<OrderId> =
        x.live_orders(account).filter(|order| is_meant(order.market, order.session)).map(|order| order.id).collect();
    let bids: Vec<BidId> =
        x.live_bids_of(account).into_iter().filter(|bid| is_meant(bid.market, bid.session)).map(|bid| bid.id).collect();
    for order in orders.into_iter().rev() {
        x.end_order(step, order, reason);
    }
    for bid in bids {
        x.cancel_bid(step, bid, reason);
    }
}
