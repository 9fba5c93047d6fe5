//! The node itself: what it is, how it is, what it answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use berth_domain::Seq;
use berth_exchange::StateHash;
use berth_wire::errors::{ErrorInfo, catalogue};
use berth_wire::response::{Health, List, LogHead, NetworkStats, StateHashes};
use serde_json::{Value, json};

use crate::node::{App, Status};
use crate::past::At;
use crate::problem::Refusal;
use crate::query::Query;
use berth_render::network;

/// Until there is a dashboard: what is here, for people and programs.
pub(super) async fn index(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "name": "berth",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": mode(&app),
        "what": "An exchange for compute leases: orders and bids in, leases out.",
        "health": "/health",
        "metrics": "/metrics",
        "webSocket": "/ws/v1",
        "docs": "/docs",
        "openapi": "/openapi.json",
        "asyncapi": "/asyncapi.json",
        "rest": [
            "/api/v1/providers", "/api/v1/orders", "/api/v1/bids", "/api/v1/leases", "/api/v1/markets",
            "/api/v1/accounts/{address}", "/api/v1/network/stats", "/api/v1/events", "/api/v1/events/stream", "/api/v1/errors",
        ],
    }))
}

/// What REST speaks; it is the same as long as the node runs.
pub(super) async fn openapi(query: Query, described: Arc<str>) -> Result<impl IntoResponse, Refusal> {
    query.finish()?;
    Ok(([(CONTENT_TYPE, "application/json")], described.to_string()))
}

/// What the WebSocket speaks.
pub(super) async fn asyncapi(query: Query) -> Result<Json<Value>, Refusal> {
    query.finish()?;
    Ok(Json(crate::asyncapi::document()))
}

/// 503 once it stops, so that whoever shares out requests sends none here.
#[utoipa::path(
    get,
    path = "/health",
    tag = "node",
    summary = "Whether the node serves, and which log it has.",
    responses((status = 200, body = berth_wire::response::Health, description = "Done.")),
)]
pub(super) async fn health(State(app): State<App>) -> (StatusCode, Json<Health>) {
    let status = if app.status() == Status::Stopping { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let health = Health {
        status: app.status().as_str().to_owned(),
        log_id: app.log_id.to_string(),
        seq: app.view.head().0,
        mode: mode(&app).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    (status, Json(health))
}

#[utoipa::path(
    get,
    path = "/errors",
    tag = "node",
    summary = "Every code that a refusal can have.",
    responses((status = 200, body = berth_wire::response::List<berth_wire::errors::ErrorInfo>, description = "Done.")),
)]
pub(super) async fn errors(query: Query) -> Result<Json<List<ErrorInfo>>, Refusal> {
    query.finish()?;
    Ok(Json(List { items: catalogue(), next: None }))
}

#[utoipa::path(
    get,
    path = "/network/stats",
    tag = "node",
    summary = "The exchange as a whole.",
    params(crate::openapi::AtSeq),
    responses((status = 200, body = berth_wire::response::NetworkStats, description = "Done.")),
)]
pub(super) async fn stats(State(app): State<App>, mut query: Query) -> Result<At<NetworkStats>, Refusal> {
    let at = query.at_seq()?;
    query.finish()?;
    let stats = match at {
        None => app.stats.answer(&app.view, |_| false, network).await?,
        at => app.state(at, network).await?,
    };
    Ok(At::new(at, stats))
}

#[utoipa::path(
    get,
    path = "/log/head",
    tag = "node",
    summary = "The newest entry and the hash of the state behind it.",
    responses((status = 200, body = berth_wire::response::LogHead, description = "Done.")),
)]
pub(super) async fn log_head(State(app): State<App>, query: Query) -> Result<Json<LogHead>, Refusal> {
    query.finish()?;
    let is_newest = |(seq, _): &(Seq, StateHash)| *seq == app.view.head();
    let (seq, hash) = app.log_head.answer(&app.view, is_newest, |x| (x.head(), x.state_hash())).await?;
    Ok(Json(LogHead {
        log_id: app.log_id.to_string(),
        seq: seq.0,
        state_hash: hash.root().to_string(),
        components: StateHashes {
            ledger: hash.ledger.to_string(),
            books: hash.books.to_string(),
            leases: hash.leases.to_string(),
            providers: hash.providers.to_string(),
        },
    }))
}

fn mode(app: &App) -> &'static str {
    if app.open { "open" } else { "closed" }
}
