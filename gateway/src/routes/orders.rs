//! `/orders`

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use berth_domain::{Code, OrderId, OrderState};
use berth_wire::request::{AmendOrderRequest, CancelRequest, OrderRequest};
use berth_wire::response::{Changed, List, Order, OrderExplanation};

use super::{created, idempotent, page};
use crate::body;
use crate::caller::Caller;
use crate::commands;
use crate::node::App;
use crate::past::At;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::reasons::reasons;
use crate::submit::Turn;
use berth_render::{order, waits};

#[utoipa::path(
    post,
    path = "/orders",
    tag = "orders",
    summary = "Places an order, or says what that would do.",
    params(("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Who pays, where the body does not say."), ("durationSeconds" = Option<u64>, Query, description = "How long a lease runs, where the body does not say: an SDL does not."), ("dryRun" = Option<bool>, Query, description = "Only say what it would do: nothing is placed."), crate::openapi::Pages),
    request_body(content((berth_wire::request::OrderRequest = "application/json"), (String = "application/yaml")), description = "An order, or an Akash SDL 2.0 document within the subset of docs/sdl.md."),
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Order>, description = "Done."), (status = 200, body = berth_wire::response::OrderDryRun, description = "With dryRun: what it would do, and a page of what each provider comes to.")),
)]
pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    mut query: Query,
    Placing(mut request): Placing,
) -> Result<Response, Refusal> {
    request.tenant_address = query.actor("tenantAddress", request.tenant_address)?;
    duration(&mut query, &mut request)?;
    // A client that asks what would happen must not find that it has.
    let is_dry = query.take::<bool>("dryRun", "true or false")?.unwrap_or(false);
    let page = if is_dry { Some(query.page()?) } else { None };
    query.finish()?;
    idempotent(&headers, &mut request.client_order_id)?;
    match page {
        Some(page) => commands::orders::test(&app, caller, request, page).await.map(|told| Json(told).into_response()),
        None => commands::orders::place(&app, caller, request, Turn::any()).await.map(created),
    }
}

/// The body of an order: JSON, or a document as Akash has them.
pub(super) struct Placing(OrderRequest);

impl<S: Send + Sync> FromRequest<S> for Placing {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let named = request.headers().get(CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
        let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !matches!(essence.as_str(), "application/yaml" | "application/x-yaml" | "text/yaml") {
            return body::Json::from_request(request, state).await.map(|body| Self(body.0));
        }
        let (parts, body) = request.into_parts();
        Ok(Self(berth_wire::sdl::order(&body::read(&parts, body).await?)?))
    }
}

/// Takes the duration out that the body may say instead.
fn duration(query: &mut Query, request: &mut OrderRequest) -> Result<(), Refusal> {
    let Some(seconds) = query.take::<u64>("durationSeconds", "a whole number of seconds")? else { return Ok(()) };
    if request.duration_seconds.is_some() || request.duration_blocks.is_some() {
        return Err(Refusal::malformed("durationSeconds", "is said by the body already"));
    }
    request.duration_seconds = Some(seconds);
    Ok(())
}

#[utoipa::path(
    get,
    path = "/orders",
    tag = "orders",
    summary = "Lists orders.",
    params(crate::openapi::Pages, crate::openapi::AtSeq, ("tenantAddress" = Option<berth_wire::address::Name>, Query, description = "Only those of this tenant."), ("market" = Option<String>, Query, description = "Only those of this market."), ("state" = Option<String>, Query, description = "Only those in one of these states, separated by commas.")),
    responses((status = 200, body = berth_wire::response::List<berth_wire::response::Order>, description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<At<List<Order>>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    let tenant = query.account(&app, "tenantAddress")?;
    let market = query.market(&app, "market")?;
    let states = query.names("state", OrderState::from_name)?;
    query.finish()?;
    let found = app.state(at, move |x| {
        page(part, x.orders().count() as u64, |id| {
            let one = x.order(OrderId(id))?;
            let passes = tenant.passes(one.account)
                && market.passes(one.market)
                && states.as_ref().is_none_or(|states| states.contains(&one.state));
            passes.then(|| order(x, one))
        })
    });
    Ok(At::new(at, found.await?))
}

#[utoipa::path(
    get,
    path = "/orders/{id}",
    tag = "orders",
    summary = "Shows an order.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::Order, description = "Done.")),
)]
pub(super) async fn one(State(app): State<App>, id: Segment, mut query: Query) -> Result<At<Order>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    let found = app.state(at, move |x| x.order(id).map(|one| order(x, one))).await?;
    found.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownOrder).at("id"))
}

#[utoipa::path(
    get,
    path = "/orders/{id}/explain",
    tag = "orders",
    summary = "Why an order has not traded, or not all of it, provider by provider.",
    params(("id" = u64, Path, description = "Its number."), crate::openapi::Pages, crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::OrderExplanation, description = "A page of the providers.")),
)]
pub(super) async fn explain(
    State(app): State<App>,
    id: Segment,
    mut query: Query,
) -> Result<At<OrderExplanation>, Refusal> {
    let at = query.at_seq()?;
    let part = query.page()?;
    query.finish()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    let found = app.state(at, move |x| {
        let order = x.order(id)?;
        let (providers, next) = reasons(x, order, part);
        Some(OrderExplanation { order_id: id.0, waits: waits(&x.waits_of(order)), providers, next })
    });
    found.await?.map(|found| At::new(at, found)).ok_or_else(|| Refusal::from(Code::UnknownOrder).at("id"))
}

#[utoipa::path(
    patch,
    path = "/orders/{id}",
    tag = "orders",
    summary = "Changes an order.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = berth_wire::request::AmendOrderRequest,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Order>, description = "Done.")),
)]
pub(super) async fn amend(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Json(mut request): body::Json<AmendOrderRequest>,
) -> Result<Json<Changed<Order>>, Refusal> {
    request.address = query.actor("address", request.address)?;
    query.finish()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    commands::orders::amend(&app, caller, id, request, Turn::any()).await.map(Json)
}

#[utoipa::path(
    delete,
    path = "/orders/{id}",
    tag = "orders",
    summary = "Ends what is left of an order.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "In whose name; in open mode its owner when left out.")),
    request_body = Option<berth_wire::request::CancelRequest>,
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Order>, description = "Done.")),
)]
pub(super) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::JsonOrNothing(request): body::JsonOrNothing<CancelRequest>,
) -> Result<Json<Changed<Order>>, Refusal> {
    let name = query.actor("address", request.address)?;
    query.finish()?;
    let id = OrderId(id.id(Code::UnknownOrder)?);
    commands::orders::cancel(&app, caller, id, name.as_ref(), Turn::any()).await.map(Json)
}
