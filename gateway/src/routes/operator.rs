//! What the operator alone says: `POST /markets` and what follows a market's name.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use berth_wire::request::OpenMarketRequest;
use berth_wire::response::{Changed, Market};

use super::created;
use crate::body;
use crate::caller::Caller;
use crate::commands::operator;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::submit::Turn;

#[utoipa::path(
    post,
    path = "/markets",
    tag = "markets",
    summary = "Opens a market. The operator's.",
    request_body = berth_wire::request::OpenMarketRequest,
    responses((status = 201, body = berth_wire::response::Changed<berth_wire::response::Market>, description = "Done, also where it was open.")),
)]
pub(super) async fn open(
    State(app): State<App>,
    caller: Caller,
    query: Query,
    body::Json(request): body::Json<OpenMarketRequest>,
) -> Result<Response, Refusal> {
    query.finish()?;
    operator::open(&app, caller, request, Turn::any()).await.map(created)
}

#[utoipa::path(
    post,
    path = "/markets/{market}/pause",
    tag = "markets",
    summary = "Stops trade in a market: what stands in it stays, and its leases go on. The operator's.",
    params(("market" = String, Path, description = "Its name, such as H100-80.")),
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Market>, description = "Done.")),
)]
pub(super) async fn pause(
    State(app): State<App>,
    caller: Caller,
    name: Segment,
    query: Query,
) -> Result<Json<Changed<Market>>, Refusal> {
    query.finish()?;
    operator::pause(&app, caller, name.as_str(), Turn::any()).await.map(Json)
}

#[utoipa::path(
    post,
    path = "/markets/{market}/resume",
    tag = "markets",
    summary = "Lets trade in a market go on: what became eligible meets. The operator's.",
    params(("market" = String, Path, description = "Its name, such as H100-80.")),
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Market>, description = "Done.")),
)]
pub(super) async fn resume(
    State(app): State<App>,
    caller: Caller,
    name: Segment,
    query: Query,
) -> Result<Json<Changed<Market>>, Refusal> {
    query.finish()?;
    operator::resume(&app, caller, name.as_str(), Turn::any()).await.map(Json)
}

#[utoipa::path(
    post,
    path = "/markets/{market}/cycle",
    tag = "markets",
    summary = "Lets all that waits in a market enter it again, now. The operator's.",
    params(("market" = String, Path, description = "Its name, such as H100-80.")),
    responses((status = 200, body = berth_wire::response::Changed<berth_wire::response::Market>, description = "Done.")),
)]
pub(super) async fn cycle(
    State(app): State<App>,
    caller: Caller,
    name: Segment,
    query: Query,
) -> Result<Json<Changed<Market>>, Refusal> {
    query.finish()?;
    operator::cycle(&app, caller, name.as_str(), Turn::any()).await.map(Json)
}
