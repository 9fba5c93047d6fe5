//! `/bids`, and the bids of an order.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use berth_domain::{BidId, BidState, BidTarget, Code, OrderId, ProviderId, Seq};
use berth_wire::request::{AcceptRequest, AmendBidRequest, CancelRequest, DirectedBid, MassQuoteRequest, StandingBid};
use berth_wire::response::{Bid, Changed, Lease, List};

use super::{created, idempotent, page};
use crate::body;
use crate::caller::Caller;
use crate::commands;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::submit::Turn;
use berth_render::{Named, bid};
use berth_wire::event::Names as _;

#[utoipa::path(
    post,
    path = "/bids",
    tag = "bids",
    summary = "Places a standing bid.",
    request_body = berth_wire::request::StandingBid,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn create_standing(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<StandingBid>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    commands::bids::place(&app, caller, request.parse()?, Turn::any()).await.map(created)
}

#[utoipa::path(
    post,
    path = "/orders/{id}/bids",
    tag = "bids",
    summary = "Places a bid for one order.",
    params(("id" = u64, Path, description = "Its number.")),
    request_body = berth_wire::request::DirectedBid,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn create_directed(
    State(app): State<App>,
    caller: Caller,
    order: Segment,
    headers: HeaderMap,
    query: Query,
    body::Json(mut request): body::Json<DirectedBid>,
) -> Result<Response, Refusal> {
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    let order = OrderId(order.id(Code::UnknownOrder)?);
    commands::bids::place(&app, caller, request.parse(order)?, Turn::any()).await.map(created)
}

#[utoipa::path(
    get,
    path = "/bids",
    tag = "bids",
    summary = "Lists bids.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("orderId" = Option<u64>, Query, description = "Only those directed at this order."), ("providerId" = Option<u64>, Query, description = "Only those of this host."), ("market" = Option<String>, Query, description = "Only those of this market."), ("state" = Option<String>, Query, description = "Only those in one of these states, separated by commas.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Bid>>, Refusal> {
    let at = query.at_seq()?;
    let order = query.take::<u64>("orderId", "an id")?.map(OrderId);
    shown(&app, query, at, order).await
}

#[utoipa::path(
    get,
    path = "/orders/{id}/bids",
    tag = "bids",
    summary = "Lists the bids for one order.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::Pages, crate::openapi::AtSeq, ("providerId" = Option<u64>, Query, description = "Only those of this host."), ("market" = Option<String>, Query, description = "Only those of this market."), ("state" = Option<String>, Query, description = "Only those in one of these states, separated by commas.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn of_order(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<List<Bid>>, Refusal> {
    let at = query.at_seq()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    if app.state(at, move |x| x.order(id).is_none()).await? {
        return Err(Refusal::from(Code::UnknownOrder).at("id"));
    }
    shown(&app, query, at, Some(id)).await
}

async fn shown(app: &App, mut query: Query, at: Option<Seq>, order: Option<OrderId>) -> Result<At<List<Bid>>, Refusal> {
    let part = query.page()?;
    let provider = query.take::<u32>("providerId", "an id")?.map(ProviderId);
    let market = query.market(app, "market")?;
    let states = query.names("state", BidState::from_name)?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.bids().count() as u64, |id| {
            let one = x.bid(BidId(id))?;
            let answers = |order| one.target == BidTarget::Directed { order };
            let passes = order.is_none_or(answers)
                && provider.is_none_or(|provider| one.provider == provider)
                && market.passes(one.market)
                && states.as_ref().is_none_or(|states| states.contains(&one.state));
            passes.then(|| bid(x, one))
        })
    });
    let mut found = found.await?;
    still_sealed(app, at, &mut found.items);
    Ok(At::new(at, found))
}

/// What was no secret then may not be told while it is one now.
fn still_sealed(app: &App, at: Option<Seq>, bids: &mut [Bid]) {
    if at.is_some() {
        app.view.read(|x| {
            let sealed = bids.iter_mut().filter(|bid| Named(x).is_sealed(BidId(bid.id)));
            sealed.for_each(|bid| bid.bid_price = None);
        });
    }
}

#[utoipa::path(
    get,
    path = "/bids/{id}",
    tag = "bids",
    summary = "Shows a bid.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Bid, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<Bid>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    let found = app.state(at, move |x| x.bid(id).map(|one| bid(x, one))).await?;
    let mut found = found.ok_or_else(|| Refusal::from(Code::UnknownBid).at("id"))?;
    still_sealed(&app, at, std::slice::from_mut(&mut found));
    Ok(At::new(at, found))
}

#[utoipa::path(
    post,
    path = "/bids/mass-quote",
    tag = "bids",
    summary = "Replaces all bids of a quote set.",
    params(("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = berth_wire::request::MassQuoteRequest,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::MassQuoted>, description = "Done.")),
)]
pub(super) async fn mass_quote(
    State(app): State<App>,
    caller: Caller,
    mut query: Query,
    body::Json(mut request): body::Json<MassQuoteRequest>,
) -> Result<Response, Refusal> {
    request.address = query.actor("address", request.address)?;
    query.finish()?;
    commands::quotes::mass(&app, caller, request, Turn::any()).await.map(created)
}

#[utoipa::path(
    patch,
    path = "/bids/{id}",
    tag = "bids",
    summary = "Changes a bid.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = berth_wire::request::AmendBidRequest,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn amend(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Json(mut request): body::Json<AmendBidRequest>,
) -> Result<Json<Changed<Bid>>, Refusal> {
    request.address = query.actor("address", request.address)?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    commands::bids::amend(&app, caller, id, request, Turn::any()).await.map(Json)
}

#[utoipa::path(
    delete,
    path = "/bids/{id}",
    tag = "bids",
    summary = "Ends what is left of a bid.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = Option<berth_wire::request::CancelRequest>,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Bid>, description = "Done.")),
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::JsonOrNothing(request): body::JsonOrNothing<CancelRequest>,
) -> Result<Json<Changed<Bid>>, Refusal> {
    let name = query.actor("address", request.address)?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    commands::bids::cancel(&app, caller, id, name.as_ref(), Turn::any()).await.map(Json)
}

#[utoipa::path(
    put,
    path = "/bids/{id}/accept",
    tag = "bids",
    summary = "Accepts a directed bid; a repeat answers the same lease.",
    params(("id" = u64, Path, description = "Its number."), ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Whose order it is; in open mode its tenant when left out.")),
    request_body = Option<berth_wire::request::AcceptRequest>,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Lease>, description = "Done.")),
)]
pub(super) async fn accept(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::JsonOrNothing(request): body::JsonOrNothing<AcceptRequest>,
) -> Result<Json<Changed<Lease>>, Refusal> {
    let name = query.actor("tenantAddress", request.tenant_address)?;
    query.finish()?;
    let id = BidId(id.id(Code::UnknownBid)?);
    commands::bids::accept(&app, caller, id, name.as_ref(), Turn::any()).await.map(Json)
}
