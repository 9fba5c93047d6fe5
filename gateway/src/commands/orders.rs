//! Placing, changing and cancelling orders.

use berth_domain::{
    AccountId, BidId, Bounds, CancelOrder, Code, MarketId, Micros, OrderId, PlaceOrder, ReplaceOrder, Stroops,
    TimeInForce, Verify, owed,
};
use berth_exchange::Reply;
use berth_journal::{Kept, PrivateStore, Sealed, StoreError};
use berth_wire::address::Name;
use berth_wire::errors::EdgeCode;
use berth_wire::json::Malformed;
use berth_wire::request::{AmendOrderRequest, NewOrder, OrderRequest, OrderStatusRequest, PriceChange, WantedOrder};
use berth_wire::response::{Changed, Order, OrderDryRun};

use super::{changed, unknown};
use crate::caller::{Actor, Caller, TRADE};
use crate::clock::now;
use crate::node::Node;
use crate::problem::Refusal;
use crate::query::Page;
use crate::reasons::reasons;
use crate::submit::{Done, Turn};
use berth_render as render;

/// Places an order in the name of its tenant. What it runs goes to the private
/// store first; the log only ever has its salted hash.
pub(crate) async fn place(
    node: &Node,
    caller: Caller,
    request: OrderRequest,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change(caller, TRADE)?;
    let asked = prepare(node, caller, request, &turn).await?;
    let field = |code| asked.terms.field(code);
    let (kept, place) = (asked.kept.clone(), asked.terms.place.clone());
    let done = node.submit_with(Some(kept), asked.tenant, place, turn, field).await?;
    made(node, done)
}

/// The same for one standing bid alone, at once or not at all.
pub(crate) async fn place_aimed(
    node: &Node,
    caller: Caller,
    request: OrderRequest,
    aim: BidId,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change(caller, TRADE)?;
    let asked = prepare(node, caller, request, &turn).await?;
    let field = |code| asked.terms.field(code);
    let (kept, place) = (asked.kept.clone(), PlaceOrder { aim: Some(aim), ..asked.terms.place.clone() });
    let done = node.submit_with(Some(kept), asked.tenant, place, turn, field).await?;
    made(node, done)
}

/// Ends an order and places another in the name of the new one's tenant, or
/// does neither.
pub(crate) async fn replace(
    node: &Node,
    caller: Caller,
    id: OrderId,
    request: OrderRequest,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change(caller, TRADE)?;
    let asked = prepare(node, caller, request, &turn).await?;
    let field = |code| match code {
        Code::UnknownOrder | Code::OrderClosed => Some("orderId"),
        Code::NotYours => Some("tenantAddress"),
        _ => asked.terms.field(code),
    };
    let replace = ReplaceOrder { order: id, place: asked.terms.place.clone() };
    let kept = asked.kept.clone();
    let done = node.submit_with(Some(kept), asked.tenant, replace, turn, field).await?;
    made(node, done)
}

/// An order that is asked for.
struct Asked {
    tenant: Actor,
    kept: Kept,
    terms: Terms,
}

/// What it asks for.
struct Terms {
    order: NewOrder,
    place: PlaceOrder,
    bounds: Bounds,
    now: Micros,
}

async fn prepare(node: &Node, caller: Caller, request: OrderRequest, turn: &Turn) -> Result<Asked, Refusal> {
    let order = request.parse()?;
    node.may_begin()?;
    let market = market(node, &order)?;
    let tenant = node.actor(caller, order.tenant.as_ref(), "tenantAddress").await?;
    let kept = keep(node, tenant.account, &order).await?;
    let now = now();
    let place = PlaceOrder { session: turn.session, ..order.command(market, kept.hash(), now) };
    Ok(Asked { tenant, kept, terms: Terms::new(node, order, place, now) })
}

/// The market of an order that the node can take.
fn market(node: &Node, order: &NewOrder) -> Result<MarketId, Refusal> {
    // Nobody reports the ledger yet that draws which leases are run again.
    if order.verify == Verify::Spot {
        return Err(Malformed::not_offered("verify", "spot").into());
    }
    let market = node.view.read(|x| x.market_of(&order.class).map(|market| market.id));
    market.ok_or_else(|| unknown(Code::UnknownMarket, "specification.gpu"))
}

/// What placing an order now would do. It comes as near to placing it as nothing
/// at all can: what it runs is sealed and not kept, and a new account is not made.
pub(crate) async fn test(
    node: &Node,
    caller: Caller,
    request: OrderRequest,
    page: Page,
) -> Result<OrderDryRun, Refusal> {
    node.may_change(caller, TRADE)?;
    let order = request.parse()?;
    let market = market(node, &order)?;
    let tenant = node.known(caller, order.tenant.as_ref(), "tenantAddress")?.account;
    let hash = seal(node, tenant, &order).await?.hash();
    let now = now();
    let terms = Terms::new(node, order.clone(), order.command(market, hash, now), now);
    node.limiter.command(tenant, &terms.place.clone().into())?;
    let told = node.view.read(|x| {
        let told = x.dry_run_order(tenant, now, &terms.place)?;
        let order = match told.repeats {
            Some(Reply::Order(id)) => x.order(id).cloned().ok_or(Code::UnknownOrder)?,
            _ => x.new_order(tenant, now, &terms.place)?,
        };
        let (providers, next) = reasons(x, &order, page);
        Ok(OrderDryRun { providers, next, ..render::dry_run(x, &order, &told) })
    });
    told.map_err(|code| match terms.field(code) {
        Some(field) => Refusal::from(code).at(field),
        None => code.into(),
    })
}

/// An order by its number, or by what its tenant calls it.
pub(crate) fn status(node: &Node, caller: Caller, request: OrderStatusRequest) -> Result<Order, Refusal> {
    let id = match request.parse()? {
        WantedOrder::Id(id) => id,
        WantedOrder::OwnId { address, client_id } => {
            let tenant = node.known(caller, address.as_ref(), "address")?.account;
            match node.view.read(|x| x.made_by(tenant, &client_id)) {
                Some(Reply::Order(id)) => id,
                _ => return Err(unknown(Code::UnknownOrder, "clientOrderId")),
            }
        }
    };
    let found = node.view.read(|x| x.order(id).map(|one| render::order(x, one)));
    found.ok_or_else(|| unknown(Code::UnknownOrder, "orderId"))
}

fn made(node: &Node, done: Done) -> Result<Changed<Order>, Refusal> {
    changed(node, done, |x| match done.reply {
        Reply::Order(id) => x.order(id).map(|order| render::order(x, order)),
        _ => None,
    })
}

/// Changes an order, in the name given or its tenant's.
pub(crate) async fn amend(
    node: &Node,
    caller: Caller,
    id: OrderId,
    request: AmendOrderRequest,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change(caller, TRADE)?;
    let (name, change) = request.parse()?;
    let order = node.view.read(|x| x.order(id).map(|order| (order.account, order.limits, order.time_in_force)));
    let (tenant, limits, time_in_force) = order.ok_or_else(|| unknown(Code::UnknownOrder, "orderId"))?;
    let command = change.command(id, &limits)?;
    let actor = node.actor_on(caller, name.as_ref(), "address", tenant)?;
    let field = |code| match code {
        Code::NotYours => Some("address"),
        Code::TimeInPast => Some("expiresAt"),
        Code::InsufficientFunds | Code::AmountTooLarge if change.price == PriceChange::None => Some("quantity"),
        Code::InsufficientFunds | Code::AmountTooLarge => Some("maxPrice"),
        Code::OutOfBounds if change.expires_at.is_some() && time_in_force != TimeInForce::Gtd => Some("expiresAt"),
        Code::OutOfBounds if change.replicas.is_some() => Some("quantity"),
        Code::OutOfBounds => Some("maxPrice"),
        _ => None,
    };
    let done = node.submit(actor, command, turn, field).await?;
    changed(node, done, |x| x.order(id).map(|order| render::order(x, order)))
}

/// Ends what is left of an order, in the name given or its tenant's.
pub(crate) async fn cancel(
    node: &Node,
    caller: Caller,
    id: OrderId,
    name: Option<&Name>,
    turn: Turn,
) -> Result<Changed<Order>, Refusal> {
    node.may_change(caller, TRADE)?;
    let tenant = node.view.read(|x| x.order(id).map(|order| order.account));
    let tenant = tenant.ok_or_else(|| unknown(Code::UnknownOrder, "orderId"))?;
    let actor = node.actor_on(caller, name, "address", tenant)?;
    let field = |code| (code == Code::NotYours).then_some("address");
    let done = node.submit(actor, CancelOrder { order: id }, turn, field).await?;
    changed(node, done, |x| x.order(id).map(|order| render::order(x, order)))
}

/// Keeps a specification, durably. A repeated command with the same client id
/// gets the same hash again.
async fn keep(node: &Node, tenant: AccountId, order: &NewOrder) -> Result<Kept, Refusal> {
    sealed(node, tenant, order, |private, sealed| private.keep(&sealed)).await
}

/// Seals a specification as keeping it would.
async fn seal(node: &Node, tenant: AccountId, order: &NewOrder) -> Result<Sealed, Refusal> {
    sealed(node, tenant, order, |_, sealed| Ok(sealed)).await
}

async fn sealed<T: Send + 'static>(
    node: &Node,
    tenant: AccountId,
    order: &NewOrder,
    then: impl FnOnce(&PrivateStore, Sealed) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Refusal> {
    let specification = order.specification.to_bytes();
    let once = order.client_id.as_ref().map(|id| [&tenant.0.to_le_bytes(), id.as_str().as_bytes()].concat());
    let private = node.private.clone();
    let done = tokio::task::spawn_blocking(move || {
        let sealed = private.seal(&specification, once.as_deref())?;
        then(&private, sealed)
    });
    match done.await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            tracing::error!(%error, "a specification cannot be kept");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

impl Terms {
    fn new(node: &Node, order: NewOrder, place: PlaceOrder, now: Micros) -> Self {
        let bounds = node.view.read(|x| x.genesis().map(|genesis| genesis.bounds)).unwrap_or_default();
        Self { order, place, bounds, now }
    }

    /// The part of the request that a refusal is about.
    fn field(&self, code: Code) -> Option<&'static str> {
        let Self { order, place, bounds, now, .. } = self;
        match code {
            Code::UnknownMarket => Some("specification.gpu"),
            Code::AmountTooLarge | Code::InsufficientFunds => Some("maxPrice"),
            Code::TimeInPast if place.closes_at.is_some() => Some("closesAt"),
            Code::TimeInPast => Some("expiresAt"),
            Code::ClientIdReused => Some("clientOrderId"),
            Code::NotCanonical => Some("specification.requires"),
            Code::TooManyOrders => Some("tenantAddress"),
            Code::PostOnlyWouldCross => Some("postOnly"),
            Code::OutOfBounds if order.duration > bounds.duration => Some("durationSeconds"),
            Code::OutOfBounds if order.replicas > bounds.replicas => Some("quantity"),
            Code::OutOfBounds if place.closes_at.is_some_and(|at| at > now.plus(bounds.duration)) => Some("closesAt"),
            Code::OutOfBounds if holds_nothing(order) => Some("maxPrice"),
            Code::OutOfBounds if order.class.is_gpu() => Some("specification.gpu.count"),
            Code::OutOfBounds => Some("specification.cpu"),
            _ => None,
        }
    }
}

/// Whether the hold rounds down to no stroop at all.
fn holds_nothing(order: &NewOrder) -> bool {
    let rate = order.limits.highest().of(order.units, order.replicas);
    rate.and_then(|rate| owed(rate, order.prepay)) == Some(Stroops::ZERO)
}
