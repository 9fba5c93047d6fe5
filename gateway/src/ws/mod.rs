//! `/ws/v1`: requests with their answers, and channels. One task serves one
//! socket, with bounded buffers and a deadline on everything that goes out.

mod beats;
mod book;
mod connection;
mod login;
mod lossless;
mod methods;
mod own;
mod quotes;
mod subscriptions;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use berth_wire::errors::EdgeCode;
use berth_wire::frame::PUSH_BYTES_MAX;
use opentelemetry::Context;

use crate::caller::Caller;
use crate::node::App;
use crate::problem::Refusal;
use crate::server::Peer;
use crate::trace;

/// The read buffer of a socket. Requests are small; a large one makes it grow.
const READ_BUFFER_BYTES: usize = 1_024;
/// What may wait to be written: the largest frame, since one that does not fit
/// could never be sent. It is allocated only when there is such a frame.
const WRITE_BUFFER_BYTES_MAX: usize = PUSH_BYTES_MAX;

pub(crate) async fn upgrade(
    State(app): State<App>,
    Extension(Peer(peer)): Extension<Peer>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let upgrade = upgrade.map_err(|why| Refusal::new(EdgeCode::Malformed, format!("this is a WebSocket: {why}")))?;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(app.limits.frame_bytes)
        .max_frame_size(app.limits.frame_bytes);
    let parent = if app.traced { trace::parent(&headers) } else { Context::new() };
    Ok(upgrade.on_upgrade(move |socket| connection::serve(app, peer, parent, caller, socket)))
}
