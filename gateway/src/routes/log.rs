//! `GET /audit/log`: the log itself, for whoever checks or replays it elsewhere.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use berth_domain::Seq;
use berth_wire::errors::EdgeCode;

use crate::caller::Caller;
use crate::node::App;
use crate::problem::Refusal;
use crate::query::Query;

/// The last entry of the log when it was asked for.
const HEAD: HeaderName = HeaderName::from_static("x-berth-head");
/// The first entry that is withheld: the place of the oldest open auction.
const SEALED_FROM: HeaderName = HeaderName::from_static("x-berth-sealed-from");

/// Batches from the one that holds entry `from` on. Nothing, when there is
/// nothing further to be had.
pub(super) async fn batches(State(app): State<App>, caller: Caller, mut query: Query) -> Result<Response, Refusal> {
    let from = Seq(query.take::<u64>("from", "a sequence number")?.unwrap_or(1).max(1));
    query.finish()?;
    let (head, sealed_from) = app.view.public();
    let sealed_from = sealed_from.filter(|_| caller != Caller::Operator);
    let to = match sealed_from {
        Some(sealed) if from >= sealed => {
            let detail = format!(
                "entries from {sealed} on are sealed while an auction that was placed there is open; \
                 the operator's token reads them"
            );
            return Err(Refusal::new(EdgeCode::Sealed, detail).at("from"));
        }
        Some(sealed) => Seq(sealed.0 - 1),
        None => head,
    };
    let body = app.log.batches(from, to).await?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // What is sealed now is not sealed for ever.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HEAD, HeaderValue::from(head.0));
    if let Some(sealed) = sealed_from {
        headers.insert(SEALED_FROM, HeaderValue::from(sealed.0));
    }
    Ok(response)
}
