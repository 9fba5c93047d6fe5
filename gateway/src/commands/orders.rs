//! Placing and cancelling orders.

use berth_domain::{AccountId, Bounds, CancelOrder, Code, Digest, OrderId, Stroops, owed};
use berth_exchange::Reply;
use berth_wire::address::Name;
use berth_wire::errors::EdgeCode;
use berth_wire::request::{NewOrder, OrderRequest};
use berth_wire::response::{Changed, Order};

use super::{changed, unknown};
use crate::node::{ATTESTED, Node};
use crate::problem::Refusal;
use crate::render;
use crate::submit::Turn;

/// Places an order in the name of its tenant. What it runs goes to the private
/// store first; the log only ever has its salted hash.
pub(crate) async fn place(node: &Node, request: OrderRequest, turn: Turn) -> Result<Changed<Order>, Refusal> {
    node.may_change()?;
    let order = request.parse()?;
    let market = node.view.read(|x| x.market_of(&order.class).map(|market| market.id));
    let market = market.ok_or_else(|| unknown(Code::UnknownMarket, "specification.gpu"))?;
    let tenant = node.actor(&order.tenant, "tenantAddress").await?;
    let spec_hash = keep(node, tenant, &order).await?;
    let bounds = node.view.read(|x| x.genesis().map(|genesis| genesis.bounds)).unwrap_or_default();
    let command = order.command(market, spec_hash);
    let done = node.submit(tenant, ATTESTED, command, turn, |code| field(code, &order, &bounds)).await?;
    changed(node, done, |x| match done.reply {
        Reply::Order(id) => x.order(id).map(|order| render::order::order(x, order)),
        _ => None,
    })
}

/// Ends what is left of an order, in the name given or its tenant's.
pub(crate) async fn cancel(
    node: &Node,
    id: OrderId,
    name: Option<&Name>,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change()?;
    let tenant = node.view.read(|x| x.order(id).map(|order| order.account));
    let tenant = tenant.ok_or_else(|| unknown(Code::UnknownOrder, "orderId"))?;
    let actor = node.actor_on(name, "address", tenant)?;
    let field = |code| (code == Code::NotYours).then_some("address");
    let done = node.submit(actor, ATTESTED, CancelOrder { order: id }, turn, field).await?;
    changed(node, done, |x| x.order(id).map(|order| render::order::order(x, order)))
}

/// Keeps a specification, durably, and gives its salted hash. A repeated
/// command with the same client id gets the same hash again.
async fn keep(node: &Node, tenant: AccountId, order: &NewOrder) -> Result<Digest, Refusal> {
    let specification = order.specification.to_bytes();
    let once = order.client_id.as_ref().map(|id| [&tenant.0.to_le_bytes(), id.as_str().as_bytes()].concat());
    let private = node.private.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let sealed = private.seal(&specification, once.as_deref())?;
        private.put(&sealed)?;
        Ok::<_, berth_journal::StoreError>(sealed.hash())
    });
    match kept.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => {
            tracing::error!(%error, "a specification cannot be kept");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

fn field(code: Code, order: &NewOrder, bounds: &Bounds) -> Option<&'static str> {
    match code {
        Code::UnknownMarket => Some("specification.gpu"),
        Code::AmountTooLarge | Code::InsufficientFunds => Some("maxPrice"),
        Code::TimeInPast => Some("expiresAt"),
        Code::ClientIdReused => Some("clientOrderId"),
        Code::NotCanonical => Some("specification.requires"),
        Code::TooManyOrders => Some("tenantAddress"),
        Code::OutOfBounds if order.duration > bounds.duration => Some("durationSeconds"),
        Code::OutOfBounds if order.replicas > bounds.replicas => Some("quantity"),
        Code::OutOfBounds if holds_nothing(order) => Some("maxPrice"),
        Code::OutOfBounds if order.class.is_gpu() => Some("specification.gpu.count"),
        Code::OutOfBounds => Some("specification.cpu"),
        _ => None,
    }
}

/// Whether the hold rounds down to no stroop at all.
fn holds_nothing(order: &NewOrder) -> bool {
    let rate = order.limits.highest().of(order.units, order.replicas);
    rate.and_then(|rate| owed(rate, order.prepay)) == Some(Stroops::ZERO)
}
