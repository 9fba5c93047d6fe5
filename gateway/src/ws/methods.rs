//! The methods of requests.

use std::pin::Pin;

use berth_domain::{BidId, OrderId};
use berth_wire::frame::{Request, Subscribe, Unsubscribe};
use berth_wire::json::{Malformed, parse_value};
use berth_wire::request::{AcceptRequest, CancelRequest, DirectedBid, Fact, StandingBid, StopRequest};
use berth_wire::response::{Acknowledged, Changed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::subscriptions::Subscriptions;
use crate::commands::{bids, facts, leases, orders};
use crate::guard::Caller;
use crate::node::App;
use crate::problem::Refusal;
use crate::submit::Turn;

/// Methods of the protocol that this version does not have yet.
const NOT_OFFERED: [&str; 10] = [
    "session.logon",
    "order.amend",
    "order.status",
    "order.test",
    "bid.amend",
    "bid.mass",
    "cancel.all",
    "deadman.set",
    "lease.topup",
    "lease.logs",
];

/// What became of a request.
pub(super) enum Call {
    /// It is done.
    Done(Value),
    /// It is a command: done once it is durable, at that place in the log.
    Later(Later),
}

type Later = Pin<Box<dyn Future<Output = Result<(u64, Value), Refusal>> + Send>>;

/// Carries a request out, or begins to. Commands are submitted in the order in
/// which they come here.
pub(super) fn call(
    app: &App,
    caller: Caller,
    subscriptions: &mut Subscriptions,
    last_turn: &mut Option<oneshot::Receiver<()>>,
    request: Request,
) -> Result<Call, Refusal> {
    let method = request.method.clone();
    let params = request.take_params();
    match method.as_str() {
        "ping" => return nothing(&params).map(|()| Call::Done(json!({}))),
        "subscribe" => return subscriptions.add(app, read::<Subscribe>(params)?).map(|done| Call::Done(shown(&done))),
        "unsubscribe" => {
            let Unsubscribe { sub } = read(params)?;
            return if subscriptions.remove(sub) {
                Ok(Call::Done(json!({ "sub": sub })))
            } else {
                Err(Refusal::malformed("sub", "is no subscription of this connection"))
            };
        }
        _ => {}
    }
    command(app.clone(), caller, &method, params, last_turn).map(Call::Later)
}

/// The parameters of a method that has none.
fn nothing(params: &Value) -> Result<(), Refusal> {
    let params = params.as_object().ok_or_else(|| Refusal::malformed("params", "is not an object"))?;
    match params.keys().next() {
        Some(field) => Err(Refusal::malformed(field, "is no parameter of this method")),
        None => Ok(()),
    }
}

fn command(
    app: App,
    caller: Caller,
    method: &str,
    mut params: Value,
    last_turn: &mut Option<oneshot::Receiver<()>>,
) -> Result<Later, Refusal> {
    // A turn is taken only once the parameters are known to be good.
    let mut turn = || Turn::after(last_turn);
    Ok(match method {
        "order.place" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { orders::place(&app, request, turn).await.map(done) })
        }
        "order.cancel" => {
            let id = OrderId(take_id(&mut params, "orderId")?);
            let CancelRequest { address } = read(params)?;
            let turn = turn();
            Box::pin(async move { orders::cancel(&app, id, address.as_ref(), turn).await.map(done) })
        }
        "bid.place" => {
            // A bid that names an order is directed at it.
            let bid = if params.get("orderId").is_some() {
                let order = OrderId(take_id(&mut params, "orderId")?);
                read::<DirectedBid>(params)?.parse(order)?
            } else {
                read::<StandingBid>(params)?.parse()?
            };
            let turn = turn();
            Box::pin(async move { bids::place(&app, bid, turn).await.map(done) })
        }
        "bid.cancel" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let CancelRequest { address } = read(params)?;
            let turn = turn();
            Box::pin(async move { bids::cancel(&app, id, address.as_ref(), turn).await.map(done) })
        }
        "lease.accept" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let AcceptRequest { tenant_address } = read(params)?;
            let turn = turn();
            Box::pin(async move { bids::accept(&app, id, tenant_address.as_ref(), turn).await.map(done) })
        }
        "lease.start" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::start(&app, request, turn).await.map(done) })
        }
        "lease.heartbeat" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::heartbeat(&app, request, turn).await.map(done) })
        }
        "lease.finish" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::finish(&app, request, turn).await.map(done) })
        }
        "lease.stop" => {
            let (request, turn) = (read::<StopRequest>(params)?, turn());
            Box::pin(async move { leases::stop(&app, None, request, turn).await.map(done) })
        }
        other if NOT_OFFERED.contains(&other) => return Err(Malformed::not_offered("method", other).into()),
        other => match Fact::read(other, params) {
            Some(fact) => {
                let (fact, turn) = (fact?, turn());
                Box::pin(async move { facts::report(&app, caller, fact, turn).await.map(acknowledged) })
            }
            None => return Err(Refusal::malformed("method", "is no method of this node")),
        },
    })
}

/// Reads parameters; a failure names them as in the request.
fn read<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    Ok(parse_value(params)?)
}

/// Takes an id out that REST has in its path.
fn take_id(params: &mut Value, field: &str) -> Result<u64, Refusal> {
    let params = params.as_object_mut().ok_or_else(|| Refusal::malformed("params", "is not an object"))?;
    let id = params.remove(field).ok_or_else(|| Refusal::malformed(field, "is missing"))?;
    id.as_u64().filter(|id| *id > 0).ok_or_else(|| Refusal::malformed(field, "is not an id, a whole number from 1"))
}

fn done<T: Serialize>(changed: Changed<T>) -> (u64, Value) {
    (changed.seq, shown(&changed))
}

fn acknowledged(acknowledged: Acknowledged) -> (u64, Value) {
    (acknowledged.seq, shown(&acknowledged))
}

fn shown<T: Serialize>(result: &T) -> Value {
    serde_json::to_value(result).expect("texts and numbers are JSON")
}
