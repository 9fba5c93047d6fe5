//! Placing, cancelling and accepting bids.

use berth_domain::{AcceptBid, BidId, BidTarget, CancelBid, Code};
use berth_exchange::Reply;
use berth_wire::address::Name;
use berth_wire::request::{NewBid, NewBidTarget};
use berth_wire::response::{Bid, Changed, Lease};

use super::{changed, unknown};
use crate::node::{ATTESTED, Node};
use crate::problem::Refusal;
use crate::render;
use crate::submit::Turn;

/// Places a bid in the name of its host's owner.
pub(crate) async fn place(node: &Node, bid: NewBid, turn: Turn) -> Result<Changed<Bid>, Refusal> {
    node.may_change()?;
    let (owner, command) = node.view.read(|x| {
        let owner = x.provider(bid.provider).map(|provider| provider.account);
        (owner, bid.command(|class| x.market_of(class).map(|market| market.id)))
    });
    let owner = owner.ok_or_else(|| unknown(Code::UnknownProvider, "providerId"))?;
    let command = command.map_err(|_| unknown(Code::UnknownMarket, "market"))?;
    let done = node.submit(owner, ATTESTED, command, turn, |code| field(code, &bid.target)).await?;
    changed(node, done, |x| match done.reply {
        Reply::Bid(id) => x.bid(id).map(|bid| render::bid::bid(x, bid)),
        _ => None,
    })
}

/// Ends what is left of a bid, in the name given or its owner's.
pub(crate) async fn cancel(node: &Node, id: BidId, name: Option<&Name>, turn: Turn) -> Result<Changed<Bid>, Refusal> {
    node.may_change()?;
    let owner = node.view.read(|x| x.bid(id).map(|bid| bid.account));
    let owner = owner.ok_or_else(|| unknown(Code::UnknownBid, "bidId"))?;
    let actor = node.actor_on(name, "address", owner)?;
    let field = |code| (code == Code::NotYours).then_some("address");
    let done = node.submit(actor, ATTESTED, CancelBid { bid: id }, turn, field).await?;
    changed(node, done, |x| x.bid(id).map(|bid| render::bid::bid(x, bid)))
}

/// Accepts a directed bid, in the name given or the tenant's whose order it
/// answers. A bid that has its lease answers that lease.
pub(crate) async fn accept(node: &Node, id: BidId, name: Option<&Name>, turn: Turn) -> Result<Changed<Lease>, Refusal> {
    node.may_change()?;
    let tenant = node.view.read(|x| {
        let bid = x.bid(id).ok_or_else(|| unknown(Code::UnknownBid, "bidId"))?;
        let BidTarget::Directed { order } = bid.target else { return Err(unknown(Code::NotDirected, "bidId")) };
        x.order(order).map(|order| order.account).ok_or_else(|| unknown(Code::UnknownOrder, "bidId"))
    })?;
    let actor = node.actor_on(name, "tenantAddress", tenant)?;
    let field = |code| (code == Code::NotYours).then_some("tenantAddress");
    let done = node.submit(actor, ATTESTED, AcceptBid { bid: id }, turn, field).await?;
    changed(node, done, |x| match done.reply {
        Reply::Lease(id) => x.lease(id).map(|lease| render::lease::lease(x, lease)),
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
        Code::ClientIdReused => Some("clientOrderId"),
        Code::OutOfBounds => match target {
            NewBidTarget::Standing { .. } => Some("quantity"),
            NewBidTarget::Directed { .. } => Some("bidPrice"),
        },
        _ => None,
    }
}
