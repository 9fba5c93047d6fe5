//! The methods of requests.

use std::pin::Pin;

use berth_domain::{BidId, OrderId};
use berth_wire::frame::{Pong, Request, Subscribe, Unsubscribe};
use berth_wire::json::{Malformed, parse_value};
use berth_wire::request::{
    AcceptRequest, CancelRequest, DirectedBid, Fact, NewBid, StandingBid, StopRequest, TopUpRequest,
};
use berth_wire::response::{Acknowledged, Changed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::subscriptions::Subscriptions;
use crate::asyncapi::METHODS;
use crate::caller::Caller;
use crate::clock::now;
use crate::commands::{accounts, bids, facts, leases, orders, quotes, signed};
use crate::limits::LIST_DEFAULT;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::Page;
use crate::submit::Turn;

/// Methods of the protocol that this version does not have yet.
const NOT_OFFERED: [&str; 1] = ["lease.logs"];

/// The name under which a method is measured.
pub(super) fn known(method: &str) -> &'static str {
    if method.starts_with("fact.") {
        return "fact";
    }
    METHODS.iter().map(|known| known.name).find(|known| *known == method).unwrap_or("other")
}

/// What became of a request.
pub(super) enum Call {
    /// It is done.
    Done(Value),
    /// It takes its time. A command is done once it is durable, at that place in
    /// the log.
    Later(Later),
}

type Later = Pin<Box<dyn Future<Output = Result<(Option<u64>, Value), Refusal>> + Send>>;

/// Carries a request out, or begins to. Commands are submitted in the order in
/// which they come here.
pub(super) fn call(
    app: &App,
    caller: Caller,
    subscriptions: &mut Subscriptions,
    session: u64,
    turn: &mut dyn FnMut() -> Turn,
    request: Request,
) -> Result<Call, Refusal> {
    let method = request.method.clone();
    let params = request.take_params();
    match method.as_str() {
        "ping" => return nothing(&params).map(|()| Call::Done(pong(app, session))),
        "subscribe" => {
            let subscribed = subscriptions.add(app, caller, read::<Subscribe>(params)?)?;
            return Ok(Call::Done(shown(&subscribed)));
        }
        "unsubscribe" => {
            let Unsubscribe { sub } = read(params)?;
            return if subscriptions.remove(sub) {
                Ok(Call::Done(json!({ "sub": sub })))
            } else {
                Err(Refusal::malformed("sub", "is no subscription of this connection"))
            };
        }
        "order.status" => {
            return orders::status(app, app.anew(caller)?, read(params)?).map(|found| Call::Done(shown(&found)));
        }
        _ => {}
    }
    command(app.clone(), app.anew(caller)?, &method, params, turn).map(Call::Later)
}

/// What who signs commands must know: the log that they are for, the time that
/// nonces are compared with, and the connection's session.
fn pong(app: &App, session: u64) -> Value {
    let pong = Pong { log_id: app.log_id, time: now().0, session };
    shown(&pong)
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
    // Taken only once the parameters are known to be good.
    turn: &mut dyn FnMut() -> Turn,
) -> Result<Later, Refusal> {
    Ok(match method {
        "order.place" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { orders::place(&app, caller, request, turn).await.map(done) })
        }
        "order.test" => {
            let request = read(params)?;
            let page = Page { limit: LIST_DEFAULT, after: 0 };
            Box::pin(async move {
                let told = orders::test(&app, caller, request, page).await?;
                Ok((None, shown(&told)))
            })
        }
        "order.replace" => {
            let id = OrderId(take_id(&mut params, "orderId")?);
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { orders::replace(&app, caller, id, request, turn).await.map(done) })
        }
        "order.amend" => {
            let id = OrderId(take_id(&mut params, "orderId")?);
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { orders::amend(&app, caller, id, request, turn).await.map(done) })
        }
        "order.cancel" => {
            let id = OrderId(take_id(&mut params, "orderId")?);
            let CancelRequest { address } = read(params)?;
            let turn = turn();
            Box::pin(async move { orders::cancel(&app, caller, id, address.as_ref(), turn).await.map(done) })
        }
        "bid.place" => {
            let (bid, turn) = (read_bid(params)?, turn());
            Box::pin(async move { bids::place(&app, caller, bid, turn).await.map(done) })
        }
        "bid.replace" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let (bid, turn) = (read_bid(params)?, turn());
            Box::pin(async move { bids::replace(&app, caller, id, bid, turn).await.map(done) })
        }
        "bid.amend" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { bids::amend(&app, caller, id, request, turn).await.map(done) })
        }
        "bid.mass" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { quotes::mass(&app, caller, request, turn).await.map(done) })
        }
        "bid.cancel" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let CancelRequest { address } = read(params)?;
            let turn = turn();
            Box::pin(async move { bids::cancel(&app, caller, id, address.as_ref(), turn).await.map(done) })
        }
        "cancel.all" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { accounts::cancel_all(&app, caller, request, turn).await.map(acknowledged) })
        }
        "deadman.set" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { accounts::set_dead_man(&app, caller, request, turn).await.map(acknowledged) })
        }
        "command.submit" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move {
                let submitted = signed::submit(&app, request, turn).await?;
                Ok((Some(submitted.seq), shown(&submitted)))
            })
        }
        "lease.accept" => {
            let id = BidId(take_id(&mut params, "bidId")?);
            let AcceptRequest { tenant_address } = read(params)?;
            let turn = turn();
            Box::pin(async move { bids::accept(&app, caller, id, tenant_address.as_ref(), turn).await.map(done) })
        }
        "lease.start" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::start(&app, caller, request, turn).await.map(done) })
        }
        "lease.heartbeat" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::heartbeat(&app, caller, request, turn).await.map(done) })
        }
        "lease.finish" => {
            let (request, turn) = (read(params)?, turn());
            Box::pin(async move { leases::finish(&app, caller, request, turn).await.map(done) })
        }
        "lease.stop" => {
            let (request, turn) = (read::<StopRequest>(params)?, turn());
            Box::pin(async move { leases::stop(&app, caller, None, request, turn).await.map(done) })
        }
        "lease.topup" => {
            let (request, turn) = (read::<TopUpRequest>(params)?, turn());
            Box::pin(async move { leases::top_up(&app, caller, None, request, turn).await.map(done) })
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

/// Reads a bid; one that names an order is directed at it.
fn read_bid(mut params: Value) -> Result<NewBid, Refusal> {
    if params.get("orderId").is_some() {
        let order = OrderId(take_id(&mut params, "orderId")?);
        return Ok(read::<DirectedBid>(params)?.parse(order)?);
    }
    Ok(read::<StandingBid>(params)?.parse()?)
}

/// Takes an id out that REST has in its path.
fn take_id(params: &mut Value, field: &str) -> Result<u64, Refusal> {
    let params = params.as_object_mut().ok_or_else(|| Refusal::malformed("params", "is not an object"))?;
    let id = params.remove(field).ok_or_else(|| Refusal::malformed(field, "is missing"))?;
    id.as_u64().filter(|id| *id > 0).ok_or_else(|| Refusal::malformed(field, "is not an id, a whole number from 1"))
}

fn done<T: Serialize>(changed: Changed<T>) -> (Option<u64>, Value) {
    (Some(changed.seq), shown(&changed))
}

fn acknowledged(acknowledged: Acknowledged) -> (Option<u64>, Value) {
    (Some(acknowledged.seq), shown(&acknowledged))
}

fn shown<T: Serialize>(result: &T) -> Value {
    serde_json::to_value(result).expect("texts and numbers are JSON")
}
