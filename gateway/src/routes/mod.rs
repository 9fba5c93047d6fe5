//! REST: one file for each kind of thing.

mod accounts;
mod audit;
mod auth;
mod bids;
mod commands;
mod docs;
mod events;
mod gpus;
mod history;
mod jobs;
mod keys;
mod leases;
mod log;
mod markets;
mod node;
mod operator;
mod orders;
mod output;
mod payments;
mod providers;
mod stream;
mod trades;
mod transfers;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use berth_domain::ClientId;
use berth_wire::response::{Changed, List};
use serde::Serialize;
use tower_http::cors::{Any, CorsLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::guard::{keep_strangers_out, name_mode};
use crate::identity::authenticate;
use crate::limits::LIST_SCAN_MAX;
use crate::metrics;
use crate::node::App;
use crate::openapi;
use crate::problem::{Refusal, method_not_allowed, not_found};
use crate::query::Page;
use crate::throttle::throttle;
use crate::trace;
use crate::ws;

/// Headers that a page of another site may send.
const CORS_HEADERS: [HeaderName; 8] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("payment-signature"),
    HeaderName::from_static("x-berth-key"),
    HeaderName::from_static("x-berth-timestamp"),
    HeaderName::from_static("x-berth-recv-window"),
    HeaderName::from_static("x-berth-signature"),
];

/// Every route of the node.
pub(crate) fn router(app: App) -> Router {
    let api = OpenApiRouter::new()
        .routes(routes!(providers::create, providers::list))
        .routes(routes!(providers::one, providers::update))
        .routes(routes!(gpus::create, gpus::list))
        .routes(routes!(gpus::one, gpus::amend))
        .routes(routes!(gpus::rent))
        .routes(routes!(gpus::stop))
        .routes(routes!(jobs::create, jobs::list))
        .routes(routes!(jobs::templates))
        .routes(routes!(jobs::one))
        .routes(routes!(orders::create, orders::list))
        .routes(routes!(orders::one, orders::amend, orders::cancel))
        .routes(routes!(orders::explain))
        .routes(routes!(bids::create_directed, bids::of_order))
        .routes(routes!(bids::create_standing, bids::list))
        .routes(routes!(bids::mass_quote))
        .routes(routes!(bids::one, bids::amend, bids::cancel))
        .routes(routes!(bids::accept))
        .routes(routes!(commands::submit))
        .routes(routes!(leases::list))
        .routes(routes!(leases::one))
        .routes(routes!(leases::health))
        .routes(routes!(leases::proof))
        .routes(routes!(leases::specification))
        .routes(routes!(leases::stop))
        .routes(routes!(leases::top_up))
        .routes(routes!(output::logs, output::tell))
        .routes(routes!(output::result, output::hand_in))
        .routes(routes!(markets::list, operator::open))
        .routes(routes!(operator::pause))
        .routes(routes!(operator::resume))
        .routes(routes!(operator::cycle))
        .routes(routes!(markets::book))
        .routes(routes!(trades::trades))
        .routes(routes!(trades::candles))
        .routes(routes!(accounts::one))
        .routes(routes!(accounts::mandate))
        .routes(routes!(history::history))
        .routes(routes!(history::spend))
        .routes(routes!(transfers::deposit))
        .routes(routes!(transfers::withdraw))
        .routes(routes!(payments::deposit))
        .routes(routes!(payments::one))
        .routes(routes!(keys::list, keys::register))
        .routes(routes!(keys::revoke))
        .routes(routes!(node::stats))
        .routes(routes!(node::log_head))
        .routes(routes!(events::list))
        .routes(routes!(stream::stream))
        .routes(routes!(node::errors))
        .layer(from_fn_with_state(app.clone(), only_reads_of_strangers));
    let outline = OpenApiRouter::with_openapi(openapi::outline());
    let (api, described) = outline.nest("/api/v1", api).routes(routes!(node::health)).split_for_parts();
    // Who logs in may send a token that is over: nobody looks at it.
    let (logins, described) = OpenApiRouter::with_openapi(described)
        .routes(routes!(auth::challenge, auth::log_in))
        .routes(routes!(auth::stellar_toml))
        .split_for_parts();
    let described: Arc<str> = openapi::document(&described).to_string().into();
    // What may depend on who asks.
    let asked = api
        .route("/ws/v1", get(ws::upgrade))
        .route("/audit/checkpoint", get(audit::checkpoint))
        .route("/audit/key", get(audit::key))
        .route("/audit/log", get(log::batches))
        .route("/audit/tile/{*path}", get(audit::tile))
        .layer(from_fn_with_state(app.clone(), authenticate));
    let mut router = Router::new()
        .merge(asked)
        .merge(logins)
        .route("/", get(node::index))
        .route("/openapi.json", get(move |query| node::openapi(query, described)))
        .route("/asyncapi.json", get(node::asyncapi))
        .route("/docs", get(docs::page))
        .route("/docs/{name}", get(docs::part))
        .route("/metrics", get(metrics::show))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), throttle))
        .layer(from_fn_with_state(app.clone(), trace::follow))
        .layer(from_fn(metrics::measure));
    if !app.open {
        // A browser sends no credentials by itself, since they are no cookies: a
        // page has those that its user gave it. So any page may ask. An open node
        // answers its own origin alone.
        let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(CORS_HEADERS);
        router = router.layer(cors.expose_headers(Any));
    }
    router
        .layer(from_fn_with_state(app.clone(), keep_strangers_out))
        .layer(from_fn_with_state(app.clone(), name_mode))
        .with_state(app)
}

/// Where signed commands and transactions go.
const SIGNED: [&str; 3] = ["/commands", "/deposits", "/withdrawals"];

/// Without `--open` a change that nobody known asks for is refused before its
/// body is looked at. What is signed says itself who gives it, and who pays for a
/// call need not say it.
async fn only_reads_of_strangers(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let path = request.uri().path();
    let is_signed = || SIGNED.iter().any(|signed| path.ends_with(signed));
    let is_paid = || app.till.is_some() && path.ends_with("/jobs");
    if !app.open && caller == Caller::Anyone && !request.method().is_safe() && !is_signed() && !is_paid() {
        return Err(Refusal::nobody());
    }
    Ok(next.run(request).await)
}

/// 201 with the thing that was made.
fn created<T: Serialize>(changed: Changed<T>) -> Response {
    (StatusCode::CREATED, Json(changed)).into_response()
}

/// The items behind a cursor that pass: `item` shows the one with an id when
/// it does. Looks at a bounded number, so a page may be short and not the last.
fn page<T>(page: Page, last: u64, mut item: impl FnMut(u64) -> Option<T>) -> List<T> {
    let mut items = Vec::new();
    let mut id = page.after;
    let end = last.min(page.after.saturating_add(LIST_SCAN_MAX as u64));
    while id < end && items.len() < page.limit {
        id += 1;
        items.extend(item(id));
    }
    List { items, next: (id < last).then(|| id.to_string()) }
}

/// `Idempotency-Key` is the client's own id under another name.
fn idempotent(headers: &HeaderMap, client_id: &mut Option<ClientId>) -> Result<(), Refusal> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(()) };
    let key = key.to_str().ok().filter(|key| !key.is_empty()).and_then(|key| ClientId::new(key).ok());
    let key = key.ok_or_else(|| Refusal::malformed("Idempotency-Key", "is not 1 to 36 visible ASCII characters"))?;
    match client_id {
        Some(id) if *id != key => Err(Refusal::malformed("clientOrderId", "is not the Idempotency-Key")),
        _ => {
            *client_id = Some(key);
            Ok(())
        }
    }
}
