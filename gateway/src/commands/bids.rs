//! Placing, changing, cancelling and accepting bids.

use berth_domain::{AcceptBid, BidId, BidTarget, CancelBid, Code, PlaceBid, ReplaceBid, TimeInForce};
use berth_exchange::Reply;
use berth_wire::address::Name;
use berth_wire::request::{AmendBidRequest, NewBid, NewBidTarget};
use berth_wire::response::{Bid, Changed, Lease};

use super::{changed, unknown};
use crate::caller::{Actor, Caller, TRADE, TRADE_OR_PROVIDE};
use crate::node::Node;
use crate::problem::Refusal;
use crate::submit::{Done, Turn};
use berth_render as render;

/// Places a bid in the caller's name, or in that of its host's owner.
pub(crate) async fn place(node: &Node, caller: Caller, bid: NewBid, turn: Turn) -> Result<Changed<Bid>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (actor, place) = prepare(node, caller, &bid, &turn)?;
    let done = node.submit(actor, place, turn, |code| field(code, &bid.target)).await?;
    made(node, done)
}

/// Ends a bid and places another in the caller's name or that of the new one's
/// owner, or does neither.
pub(crate) async fn replace(
    node: &Node,
    caller: Caller,
    id: BidId,
    bid: NewBid,
    turn: Turn,
) -> Result<Changed<Bid>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (actor, place) = prepare(node, caller, &bid, &turn)?;
    let field = |code| match code {
        Code::UnknownBid | Code::BidClosed => Some("bidId"),
        _ => field(code, &bid.target),
    };
    let done = node.submit(actor, ReplaceBid { bid: id, place }, turn, field).await?;
    made(node, done)
}

/// Who places a bid, and what the exchange is told.
fn prepare(node: &Node, caller: Caller, bid: &NewBid, turn: &Turn) -> Result<(Actor, PlaceBid), Refusal> {
    let (owner, place) = node.view.read(|x| {
        let owner = x.provider(bid.provider).map(|provider| provider.account);
        (owner, bid.command(|class| x.market_of(class).map(|market| market.id)))
    });
    let owner = owner.ok_or_else(|| unknown(Code::UnknownProvider, "providerId"))?;
    let place = place.map_err(|_| unknown(Code::UnknownMarket, "market"))?;
    let actor = node.actor_on(caller, None, "providerId", owner)?;
    Ok((actor, PlaceBid { session: turn.session, ..place }))
}

fn made(node: &Node, done: Done) -> Result<Changed<Bid>, Refusal> {
    changed(node, done, |x| match done.reply {
        Reply::Bid(id) => x.bid(id).map(|bid| render::bid(x, bid)),
        _ => None,
    })
}

/// Changes a bid, in the name given or its owner's.
pub(crate) async fn amend(
    node: &Node,
    caller: Caller,
    id: BidId,
    request: AmendBidRequest,
    turn: Turn,
) -> Result<Changed<Bid>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let (name, change) = request.parse()?;
    let bid = node.view.read(|x| x.bid(id).map(|bid| (bid.account, bid.time_in_force)));
    let (owner, time_in_force) = bid.ok_or_else(|| unknown(Code::UnknownBid, "bidId"))?;
    let actor = node.actor_on(caller, name.as_ref(), "address", owner)?;
    let field = |code| match code {
        Code::NotYours => Some("address"),
        Code::TimeInPast => Some("expiresAt"),
        Code::OutOfBounds if change.expires_at.is_some() && time_in_force != TimeInForce::Gtd => Some("expiresAt"),
        Code::OutOfBounds if change.quantity.is_some() => Some("quantity"),
        Code::OutOfBounds | Code::BidAboveLimit | Code::LevelNotAccepted => Some("bidPrice"),
        _ => None,
    };
    let done = node.submit(actor, change.command(id), turn, field).await?;
    changed(node, done, |x| x.bid(id).map(|bid| render::bid(x, bid)))
}

/// Ends what is left of a bid, in the name given or its owner's.
pub(crate) async fn cancel(
    node: &Node,
    caller: Caller,
    id: BidId,
    name: Option<&Name>,
    turn: Turn,
) -> Result<Changed<Bid>, Refusal> {
    node.may_change(caller, TRADE_OR_PROVIDE)?;
    let owner = node.view.read(|x| x.bid(id).map(|bid| bid.account));
    let owner = owner.ok_or_else(|| unknown(Code::UnknownBid, "bidId"))?;
    let actor = node.actor_on(caller, name, "address", owner)?;
    let field = |code| (code == Code::NotYours).then_some("address");
    let done = node.submit(actor, CancelBid { bid: id }, turn, field).await?;
    changed(node, done, |x| x.bid(id).map(|bid| render::bid(x, bid)))
}

/// Accepts a directed bid, in the name given or the tenant's whose order it
/// answers. A bid that has its lease answers that lease.
pub(crate) async fn accept(
    node: &Node,
    caller: Caller,
    id: BidId,
    name: Option<&Name>,
    turn: Turn,
) -> Result<Changed<Lease>, Refusal> {
    node.may_change(caller, TRADE)?;
    let tenant = node.view.read(|x| {
        let bid = x.bid(id).ok_or_else(|| unknown(Code::UnknownBid, "bidId"))?;
        let BidTarget::Directed { order } = bid.target else { return Err(unknown(Code::NotDirected, "bidId")) };
        x.order(order).map(|order| order.account).ok_or_else(|| unknown(Code::UnknownOrder, "bidId"))
    })?;
    let actor = node.actor_on(caller, name, "tenantAddress", tenant)?;
    let field = |code| (code == Code::NotYours).then_some("tenantAddress");
    let done = node.submit(actor, AcceptBid { bid: id }, turn, field).await?;
    changed(node, done, |x| match done.reply {
        Reply::Lease(id) => x.lease(id).map(|lease| render::lease(x, lease)),
        _ => None,
    })
}

fn field(code: Code, target: &NewBidTarget) -> Option<&'static str> {
    match code {
        Code::UnknownProvider
        | Code::NotYours
        | Code::LevelNotAccepted
        | Code::AttributeMissing
        | Code::DoesNotFit
        | Code::SelfTrade => Some("providerId"),
        Code::UnknownOrder | Code::OrderClosed => Some("orderId"),
        Code::UnknownMarket => Some("market"),
        Code::BidAboveLimit => Some("bidPrice"),
        Code::TimeInPast => Some("expiresAt"),
        Code::PostOnlyWouldCross => Some("postOnly"),
        Code::BookFull => Some("market"),
        Code::ClientIdReused => Some("clientOrderId"),
        Code::OutOfBounds => match target {
            NewBidTarget::Standing { .. } => Some("quantity"),
            NewBidTarget::Directed { .. } => Some("bidPrice"),
        },
        _ => None,
    }
}
