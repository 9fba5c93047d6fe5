//! `/leases/{id}/logs` and `/leases/{id}/result`: what a lease's containers write
//! and leave behind. Agents tell it, and the lease's parties read it. None of it is
//! in the log, which has the result's hash.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use berth_domain::{Code, LeaseId, LeaseState};
use berth_journal::RESULT_BYTES_MAX;
use berth_wire::errors::{EdgeCode, Problem, refusal};
use berth_wire::request::{OutputChunk, OutputLine};
use berth_wire::response::{LeaseResult, OutputKnown};
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::leases::{Private, party, unknown};
use crate::body;
use crate::caller::{Caller, PROVIDE};
use crate::limits::{OUTPUT_LOOK, SEND_TIME_MAX};
use crate::metrics::Counted;
use crate::node::App;
use crate::output::Output;
use crate::problem::Refusal;
use crate::query::{Query, Segment};
use crate::server::stopped;

/// The end of what a lease's containers wrote, or all of it as it comes. With
/// `follow` it ends when the lease does.
#[utoipa::path(
    get,
    path = "/leases/{id}/logs",
    tag = "leases",
    summary = "What a lease's containers wrote, for its tenant and its provider.",
    params(("id" = u64, Path, description = "Its number."), ("tail" = Option<u64>, Query, description = "Lines at most, the last of them; all that are kept when left out."), ("follow" = Option<bool>, Query, description = "Whether to go on until the lease ends."), ("replica" = Option<u32>, Query, description = "Only what this replica wrote, from 0."), ("timestamps" = Option<bool>, Query, description = "Whether each line begins with its time."), ("address" = Option<berth_wire::address::Name>, Query, description = "Who asks, in open mode.")),
    responses((status = 200, body = String, content_type = "text/plain", description = "Done.")),
)]
pub(super) async fn logs(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
) -> Result<Response, Refusal> {
    let name = query.actor("address", None)?;
    let tail = query.take::<usize>("tail", "a whole number of lines")?;
    let follow = query.take::<bool>("follow", "true or false")?.unwrap_or(false);
    let replica = query.take::<u32>("replica", "a replica's number, from 0")?;
    let timestamps = query.take::<bool>("timestamps", "true or false")?.unwrap_or(false);
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let asks = app.reader(caller, name.as_ref(), "address")?;
    let lease = party(&app, caller, asks, id, "its containers' output")?;
    if replica.is_some_and(|replica| replica >= lease.replicas) {
        let detail = format!("the lease has {} replicas, counted from 0", lease.replicas);
        return Err(Refusal::malformed("replica", detail));
    }

    let output = app.outputs.of(id);
    if output.is_empty() && has_ended(lease.state) {
        // The node was started since; what it keeps on the disk is the result.
        let bytes = kept(&app, id, &lease).await?.unwrap_or_default();
        return Ok(text(last(&String::from_utf8_lossy(&bytes), tail).to_owned().into_bytes().into()));
    }
    let shown = Shown { timestamps, replicas: lease.replicas };
    let changes = output.changes();
    let (mut lines, place) = output.from(0, replica);
    lines.drain(..lines.len().saturating_sub(tail.unwrap_or(usize::MAX)));
    let first = shown.text(&lines);
    if !follow {
        return Ok(text(first.into()));
    }
    let (stop, counted) = (app.stop.clone(), Counted::subscription("logs"));
    let (given, _counted) = (None, counted);
    let follower = Follower { app, caller, id, output, changes, stop, place, replica, shown, first, given, _counted };
    let chunks = unfold(follower, |follower| async move {
        let (chunk, follower) = follower.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), follower))
    });
    Ok(text(Body::from_stream(chunks)))
}

/// The last lines of a text; all when no number is given.
fn last(text: &str, lines: Option<usize>) -> &str {
    let Some(lines) = lines else { return text };
    let whole = text.strip_suffix('\n').unwrap_or(text);
    match lines.checked_sub(1).map(|before| whole.rmatch_indices('\n').nth(before)) {
        None => "",
        Some(None) => text,
        Some(Some((at, _))) => &text[at + 1..],
    }
}

fn text(body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How lines are shown.
#[derive(Clone, Copy)]
struct Shown {
    timestamps: bool,
    replicas: u32,
}

impl Shown {
    fn text(self, lines: &[OutputLine]) -> String {
        let mut out = String::new();
        for line in lines {
            if self.replicas > 1 {
                out.push_str(&format!("[{}] ", line.replica));
            }
            if self.timestamps {
                out.push_str(&line.at);
                out.push(' ');
            }
            out.push_str(&line.text);
            out.push('\n');
        }
        out
    }
}

/// Somebody who follows a lease's output: a place in it.
struct Follower {
    app: App,
    caller: Caller,
    id: LeaseId,
    output: std::sync::Arc<Output>,
    changes: watch::Receiver<()>,
    stop: watch::Receiver<bool>,
    place: u64,
    replica: Option<u32>,
    shown: Shown,
    /// What was there when it began.
    first: String,
    /// When it was given something last.
    given: Option<Instant>,
    _counted: Counted,
}

impl Follower {
    /// What goes out next; `None` at the end.
    async fn next(mut self) -> Option<(String, Self)> {
        // Who takes this long would be cut by its socket next.
        if self.given.is_some_and(|given| given.elapsed() > SEND_TIME_MAX) {
            return None;
        }
        let chunk = match std::mem::take(&mut self.first) {
            first if first.is_empty() => self.more().await?,
            first => first,
        };
        self.given = Some(Instant::now());
        Some((chunk, self))
    }

    async fn more(&mut self) -> Option<String> {
        loop {
            // Before the output is read: an agent tells it before it tells the end.
            let ended = self.app.view.read(|x| x.lease(self.id).is_none_or(|lease| has_ended(lease.state)));
            self.changes.borrow_and_update();
            // Its key may have been revoked.
            if self.app.may_follow(self.caller).is_err() {
                return None;
            }
            let (lines, place) = self.output.from(self.place, self.replica);
            self.place = place;
            if !lines.is_empty() {
                return Some(self.shown.text(&lines));
            }
            if ended || *self.stop.borrow() {
                return None;
            }
            // It waits for the containers, and not for the reader.
            self.given = None;
            tokio::select! {
                // The sender is the output's, which this holds.
                _ = self.changes.changed() => {}
                () = stopped(&mut self.stop) => {}
                () = sleep(OUTPUT_LOOK) => {}
            }
        }
    }
}

const fn has_ended(state: LeaseState) -> bool {
    matches!(state, LeaseState::Closed | LeaseState::Verifying)
}

/// Lines `TIME TEXT` of one replica, as the engine prints a log with times. Those
/// that are known are passed over. The answer says how far the lines are known: an
/// agent that is told less than `after` begins again there.
#[utoipa::path(
    post,
    path = "/leases/{id}/logs",
    tag = "leases",
    summary = "The agent tells what a container wrote.",
    params(("id" = u64, Path, description = "Its number."), ("replica" = u32, Query, description = "Which replica, from 0."), ("after" = Option<String>, Query, description = "The time of the last line that the agent has told."), ("address" = Option<berth_wire::address::Name>, Query, description = "The provider's owner, in open mode.")),
    request_body(content = String, content_type = "text/plain"),
    responses((status = 200, body = OutputKnown, description = "Done.")),
)]
pub(super) async fn tell(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Bytes(body): body::Bytes,
) -> Result<Json<OutputKnown>, Refusal> {
    let name = query.actor("address", None)?;
    let replica = query.take::<u32>("replica", "a replica's number, from 0")?;
    let replica = replica.ok_or_else(|| Refusal::malformed("replica", "is missing"))?;
    let after = query.text("after");
    query.finish()?;
    let chunk = OutputChunk::parse(replica, after, &body)?;
    let (id, lease) = served(&app, caller, name.as_ref(), &id)?;
    if replica >= lease.replicas {
        return Err(Refusal::malformed("replica", format!("the lease has {} replicas", lease.replicas)));
    }
    if has_ended(lease.state) || lease.state == LeaseState::Opened {
        return Err(Code::LeaseState.into());
    }
    Ok(Json(OutputKnown { until: app.outputs.of(id).take(chunk) }))
}

/// The end of what the containers wrote. It may be handed in before the lease is
/// finished, and again after; what the log has no hash of is never shown.
#[utoipa::path(
    get,
    path = "/leases/{id}/result",
    tag = "leases",
    summary = "What a lease left behind, for its tenant and its provider.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "Who asks, in open mode.")),
    responses((status = 200, body = LeaseResult, description = "Done.")),
)]
pub(super) async fn result(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
) -> Result<Json<LeaseResult>, Refusal> {
    let name = query.actor("address", None)?;
    query.finish()?;
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let asks = app.reader(caller, name.as_ref(), "address")?;
    let lease = party(&app, caller, asks, id, "a result")?;
    if lease.state != LeaseState::Closed {
        let detail = format!("the lease is {}, and has a result once it is closed", lease.state);
        return Err(Refusal::from(Problem::new(refusal(Code::LeaseState), detail)).at("id"));
    }
    if lease.result.is_none() {
        return Err(Refusal::new(EdgeCode::NotFound, "the lease left no result: nothing of it ran").at("id"));
    }
    match kept(&app, id, &lease).await? {
        Some(bytes) => Ok(Json(LeaseResult::new(id, bytes))),
        None => {
            let detail = "this node does not have the result: its provider did not hand it in, or it is too old";
            Err(Refusal::new(EdgeCode::Gone, detail))
        }
    }
}

#[utoipa::path(
    put,
    path = "/leases/{id}/result",
    tag = "leases",
    summary = "The agent hands a result in.",
    params(("id" = u64, Path, description = "Its number."), ("address" = Option<berth_wire::address::Name>, Query, description = "The provider's owner, in open mode.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "Done.")),
)]
pub(super) async fn hand_in(
    State(app): State<App>,
    caller: Caller,
    id: Segment,
    mut query: Query,
    body::Bytes(bytes): body::Bytes,
) -> Result<axum::http::StatusCode, Refusal> {
    let name = query.actor("address", None)?;
    query.finish()?;
    let (id, lease) = served(&app, caller, name.as_ref(), &id)?;
    app.may_begin()?;
    if bytes.len() > RESULT_BYTES_MAX {
        return Err(EdgeCode::PayloadTooLarge.into());
    }
    match lease.result {
        // A lease without a result has nothing that this could be.
        None if lease.state == LeaseState::Closed || lease.state == LeaseState::Opened => {
            return Err(Code::LeaseState.into());
        }
        Some(result) if result.sha256 != LeaseResult::digest(&bytes) => {
            return Err(Refusal::malformed("", "does not have the SHA-256 that the lease was finished with"));
        }
        None | Some(_) => {}
    }
    let private = app.private.clone();
    match tokio::task::spawn_blocking(move || private.keep_result(id, &bytes)).await {
        Ok(Ok(true)) => Ok(axum::http::StatusCode::NO_CONTENT),
        Ok(Ok(false)) => Err(Refusal::new(EdgeCode::Gone, "the lease is too old: a newer one has its place")),
        Ok(Err(error)) => {
            tracing::error!(%error, "a result cannot be kept");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

/// The lease of a report, when the caller serves it.
fn served(
    app: &App,
    caller: Caller,
    name: Option<&berth_wire::address::Name>,
    id: &Segment,
) -> Result<(LeaseId, Private), Refusal> {
    app.may_change(caller, PROVIDE)?;
    if name.is_none() && caller.account().is_none() {
        return Err(Refusal::malformed("address", "is missing"));
    }
    let id = LeaseId(id.id(Code::UnknownLease)?);
    let owner = app.view.read(|x| x.lease(id).map(|lease| lease.provider_account)).ok_or_else(unknown)?;
    let actor = app.actor_on(caller, name, "address", owner)?;
    if actor.account != owner {
        return Err(Refusal::from(Code::NotYours).at("address"));
    }
    let lease = app.view.read(|x| {
        let one = x.lease(id)?;
        Some(Private { order: one.order, state: one.state, replicas: one.replicas, result: one.result })
    });
    Ok((id, lease.ok_or_else(unknown)?))
}

/// The kept result of a lease, if it is that which the log has the hash of.
async fn kept(app: &App, id: LeaseId, lease: &Private) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(expected) = lease.result else { return Ok(None) };
    let private = app.private.clone();
    match tokio::task::spawn_blocking(move || private.result(id)).await {
        Ok(Ok(found)) => Ok(found.filter(|bytes| LeaseResult::digest(bytes) == expected.sha256)),
        Ok(Err(error)) => {
            tracing::error!(%error, "a result cannot be read");
            Err(EdgeCode::Unavailable.into())
        }
        Err(_) => Err(EdgeCode::Unavailable.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::last;

    #[test]
    fn the_last_lines_are_whole_lines() {
        for (lines, expected) in [
            (None, "a\nb\nc\n"),
            (Some(0), ""),
            (Some(1), "c\n"),
            (Some(2), "b\nc\n"),
            (Some(3), "a\nb\nc\n"),
            (Some(9), "a\nb\nc\n"),
        ] {
            assert_eq!(last("a\nb\nc\n", lines), expected, "{lines:?}");
        }
        assert_eq!(last("a\nb", Some(1)), "b");
        assert_eq!(last("", Some(1)), "");
    }
}
