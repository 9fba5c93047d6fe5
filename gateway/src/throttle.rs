//! Rate limits of REST: each request takes from its address's tokens, each
//! answer says what is left of those that were taken from last.

use axum::extract::{Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use berth_wire::frame::RateState;

use crate::node::App;
use crate::rate::{Class, observed};
use crate::server::Peer;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

pub(crate) async fn throttle(
    State(app): State<App>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let class = class_of(request.method(), request.uri().path());
    let answered = observed(async {
        match app.limiter.request(peer, class) {
            Ok(()) => next.run(request).await,
            Err(throttled) => throttled.into_response(),
        }
    });
    let (mut response, state) = answered.await;
    if let Some(state) = state {
        show(response.headers_mut(), state);
    }
    response
}

/// Cancels and stops have tokens of their own. Health is asked for by those who
/// watch the node, and costs as little.
pub(crate) fn class_of(method: &Method, path: &str) -> Class {
    if *method == Method::DELETE || path.ends_with("/stop") || path == "/health" { Class::Ends } else { Class::Begins }
}

fn show(headers: &mut HeaderMap, state: RateState) {
    headers.insert(LIMIT, HeaderValue::from(state.limit));
    headers.insert(REMAINING, HeaderValue::from(state.remaining));
    headers.insert(RESET, HeaderValue::from(state.reset_ms.div_ceil(1_000)));
}
