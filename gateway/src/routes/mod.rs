//! REST: one file for each kind of thing.

mod accounts;
mod audit;
mod bids;
mod commands;
mod events;
mod leases;
mod log;
mod markets;
mod node;
mod orders;
mod providers;
mod stream;
mod trades;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use berth_domain::ClientId;
use berth_wire::response::{Changed, List};
use serde::Serialize;
use tower_http::cors::{Any, CorsLayer};

use crate::guard::{keep_strangers_out, name_mode};
use crate::limits::LIST_SCAN_MAX;
use crate::metrics;
use crate::node::App;
use crate::problem::{Refusal, method_not_allowed, not_found};
use crate::query::Page;
use crate::throttle::throttle;
use crate::ws;

/// Every route of the node.
pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .route("/providers", post(providers::create).get(providers::list))
        .route("/providers/{id}", get(providers::one))
        .route("/orders", post(orders::create).get(orders::list))
        .route("/orders/{id}", get(orders::one).patch(orders::amend).delete(orders::cancel))
        .route("/orders/{id}/bids", post(bids::create_directed).get(bids::of_order))
        .route("/bids", post(bids::create_standing).get(bids::list))
        .route("/bids/mass-quote", post(bids::mass_quote))
        .route("/bids/{id}", get(bids::one).patch(bids::amend).delete(bids::cancel))
        .route("/bids/{id}/accept", put(bids::accept))
        .route(COMMANDS, post(commands::submit))
        .route("/leases", get(leases::list))
        .route("/leases/{id}", get(leases::one))
        .route("/leases/{id}/health", get(leases::health))
        .route("/leases/{id}/proof", get(leases::proof))
        .route("/leases/{id}/specification", get(leases::specification))
        .route("/leases/{id}/stop", post(leases::stop))
        .route("/markets", get(markets::list))
        .route("/markets/{market}/book", get(markets::book))
        .route("/markets/{market}/trades", get(trades::trades))
        .route("/markets/{market}/candles", get(trades::candles))
        .route("/accounts/{address}", get(accounts::one))
        .route("/network/stats", get(node::stats))
        .route("/log/head", get(node::log_head))
        .route("/events", get(events::list))
        .route("/events/stream", get(stream::stream))
        .route("/errors", get(node::errors));
    let mut router = Router::new()
        .nest("/api/v1", api)
        .route("/", get(node::index))
        .route("/health", get(node::health))
        .route("/asyncapi.json", get(node::asyncapi))
        .route("/metrics", get(metrics::show))
        .route("/ws/v1", get(ws::upgrade))
        .route("/audit/checkpoint", get(audit::checkpoint))
        .route("/audit/key", get(audit::key))
        .route("/audit/log", get(log::batches))
        .route("/audit/tile/{*path}", get(audit::tile))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(app.clone(), only_reads))
        .layer(from_fn_with_state(app.clone(), throttle))
        .layer(from_fn(metrics::measure));
    if !app.open {
        // What is public may be read by anybody's page. An open node has no
        // such pages: it answers its own origin alone.
        let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET, Method::HEAD]);
        router = router.layer(cors.expose_headers(Any));
    }
    router
        .layer(from_fn_with_state(app.clone(), keep_strangers_out))
        .layer(from_fn_with_state(app.clone(), name_mode))
        .with_state(app)
}

/// Where signed commands go.
const COMMANDS: &str = "/commands";

/// Without `--open` every change is refused before its body is looked at, but
/// for what proves itself.
async fn only_reads(State(app): State<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let proves_itself = request.uri().path().strip_prefix("/api/v1") == Some(COMMANDS);
    if !request.method().is_safe() && !proves_itself {
        app.may_change()?;
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
