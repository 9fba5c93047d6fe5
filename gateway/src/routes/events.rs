//! `GET /events`: the log's events as NDJSON.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use berth_domain::Seq;
use berth_wire::frame::EventFilter;

use crate::frame::Filter;
use crate::limits::{EVENTS_BYTES_MAX, EVENTS_SCAN_MAX, FRAMES_AT_ONCE};
use crate::node::{App, Node};
use crate::problem::Refusal;
use crate::query::Query;

/// Where to go on: with filters, the last line does not say how far was looked.
const NEXT: &str = "x-next-seq";

/// Takes out which events are wanted.
pub(super) fn filter(node: &Node, query: &mut Query) -> Result<Filter, Refusal> {
    let types: Vec<String> =
        query.text("type").map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default();
    let types = EventFilter::new(&types).map_err(|mut malformed| {
        malformed.field = "type".to_owned();
        malformed
    })?;
    Ok(Filter { types, market: query.market(node, "market")?.one() })
}

/// One line for each entry that has events that pass, from `from` on.
#[utoipa::path(
    get,
    path = "/events",
    tag = "events",
    summary = "The log's events as NDJSON; X-Next-Seq says where to go on.",
    params(("from" = Option<u64>, Query, description = "The first entry wanted."), ("limit" = Option<u32>, Query, description = "Lines at most, 1 to 1,000."), ("type" = Option<String>, Query, description = "Types such as lease.opened or lease.*, separated by commas."), ("market" = Option<String>, Query, description = "Only those that name it.")),
    responses((status = 200, body = String, content_type = "application/x-ndjson", description = "Done.")),
)]
pub(super) async fn list(State(app): State<App>, mut query: Query) -> Result<Response, Refusal> {
    let from = query.take::<u64>("from", "a sequence number")?.unwrap_or(1).max(1);
    let limit = query.limit()?;
    let filter = filter(&app, &mut query)?;
    query.finish()?;

    let head = app.view.head();
    let mut next = Seq(from);
    let end = Seq(from.saturating_add(EVENTS_SCAN_MAX as u64));
    let (mut body, mut lines) = (String::new(), 0);
    'frames: while next <= head && next < end {
        let frames = app.frames(next, FRAMES_AT_ONCE).await?;
        if frames.is_empty() {
            break;
        }
        for frame in frames.iter().filter(|frame| frame.seq <= head) {
            if lines == limit || body.len() > EVENTS_BYTES_MAX {
                break 'frames;
            }
            next = frame.seq.next();
            if let Some(events) = frame.select(&filter) {
                body.push_str(&format!("{{\"seq\":{},\"at\":{},\"events\":[{events}]}}\n", frame.seq, frame.at.0));
                lines += 1;
            }
        }
    }
    let headers = [(CONTENT_TYPE.as_str(), "application/x-ndjson".to_owned()), (NEXT, next.to_string())];
    Ok((headers, body).into_response())
}
