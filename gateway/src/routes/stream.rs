//! `GET /events/stream`: the log's events as server-sent events.
//!
//! A stream is a cursor, as a WebSocket's subscription is: nothing is kept for a
//! reader but its place. What goes out is made when the connection has room for
//! it; a reader who makes room too late is told where to go on, and one who makes
//! none is cut by its socket.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use berth_domain::Seq;
use futures_util::stream::unfold;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::events::filter;
use crate::frame::Filter;
use crate::limits::{FRAMES_AT_ONCE, SEND_TIME_MAX, STREAM_BEAT, STREAM_CHUNK_BYTES};
use crate::metrics::Counted;
use crate::node::App;
use crate::past::beyond;
use crate::problem::Refusal;
use crate::query::Query;
use crate::server::stopped;

/// The entry that a reader has seen last: browsers send it when they connect
/// again.
const LAST_SEEN: &str = "last-event-id";
/// How long a reader shall wait before it connects again.
const RETRY: Duration = Duration::from_secs(1);

/// One message for each entry that has events that pass: those behind
/// `Last-Event-ID`, or from `from` on, or from the next entry on.
#[utoipa::path(
    get,
    path = "/events/stream",
    tag = "events",
    summary = "The log's events as server-sent events; Last-Event-ID resumes.",
    params(("from" = Option<u64>, Query, description = "The first entry wanted."), ("type" = Option<String>, Query, description = "Types such as lease.opened or lease.*, separated by commas."), ("market" = Option<String>, Query, description = "Only those that name it.")),
    responses((status = 200, body = String, content_type = "text/event-stream", description = "Done.")),
)]
pub(super) async fn stream(State(app): State<App>, headers: HeaderMap, mut query: Query) -> Result<Response, Refusal> {
    let from = query.take::<u64>("from", "a sequence number")?;
    let filter = filter(&app, &mut query)?;
    query.finish()?;
    let seen = headers.get(LAST_SEEN).map(|seen| {
        let seen = seen.to_str().ok().and_then(|seen| seen.parse::<u64>().ok());
        seen.ok_or_else(|| Refusal::malformed("Last-Event-ID", "is not a sequence number"))
    });
    let head = app.view.read(|x| x.head());
    let cursor = match (seen.transpose()?, from) {
        (Some(seen), _) => Seq(seen.saturating_add(1)),
        (None, Some(from)) => Seq(from.max(1)),
        (None, None) => head.next(),
    };
    if cursor > head.next() {
        return Err(beyond(head).at(if from.is_some() { "from" } else { "Last-Event-ID" }));
    }
    let reader = Reader {
        applied: app.view.applied(),
        stop: app.stop.clone(),
        app,
        filter,
        cursor,
        told: Seq(cursor.0 - 1),
        given: None,
        ended: false,
        _counted: Counted::subscription("stream"),
    };
    let chunks = unfold(reader, |reader| async move {
        let (chunk, reader) = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(chunk)), reader))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

struct Reader {
    app: App,
    filter: Filter,
    /// The next entry to be looked at.
    cursor: Seq,
    /// The entry that the reader would go on behind if it connected again.
    told: Seq,
    applied: watch::Receiver<Seq>,
    stop: watch::Receiver<bool>,
    /// When it was given something last; none before the first time.
    given: Option<Instant>,
    ended: bool,
    _counted: Counted,
}

impl Reader {
    /// What goes out next; `None` at the end.
    async fn next(mut self) -> Option<(String, Self)> {
        if self.ended {
            return None;
        }
        let chunk = match self.given {
            None => format!("retry: {}\n\n", RETRY.as_millis()),
            Some(given) if given.elapsed() > SEND_TIME_MAX => self.end("fellBehind"),
            Some(_) => self.messages().await,
        };
        self.given = Some(Instant::now());
        Some((chunk, self))
    }

    async fn messages(&mut self) -> String {
        let beat = Instant::now() + STREAM_BEAT;
        loop {
            if *self.stop.borrow() {
                return self.end("serverShutdown");
            }
            // What comes from here on wakes the loop again.
            self.applied.borrow_and_update();
            let Ok(frames) = self.app.frames(self.cursor, FRAMES_AT_ONCE).await else {
                return self.end("unavailable");
            };
            let looked = frames.len();
            let mut chunk = String::new();
            for frame in frames {
                self.cursor = frame.seq.next();
                if let Some(events) = frame.select(&self.filter) {
                    let (seq, at) = (frame.seq, frame.at.0);
                    // Writing into a text never fails.
                    let _ = write!(chunk, "id: {seq}\ndata: {{\"seq\":{seq},\"at\":{at},\"events\":[{events}]}}\n\n");
                    self.told = seq;
                    if chunk.len() > STREAM_CHUNK_BYTES {
                        break;
                    }
                }
            }
            if !chunk.is_empty() {
                return chunk;
            }
            if looked == FRAMES_AT_ONCE && Instant::now() < beat {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                // It lives as long as the view, which the node keeps.
                _ = self.applied.changed() => {}
                () = stopped(&mut self.stop) => {}
                () = sleep_until(beat) => return self.beat(),
            }
        }
    }

    /// A comment, so that both sides know that the other is there; and how far
    /// was looked, so that a reader who filters need not go back.
    fn beat(&mut self) -> String {
        let looked = Seq(self.cursor.0 - 1);
        if looked <= self.told {
            return format!(": {looked}\n\n");
        }
        self.told = looked;
        format!(": {looked}\nid: {looked}\n\n")
    }

    /// The last message.
    fn end(&mut self, why: &str) -> String {
        self.ended = true;
        format!("event: {why}\ndata: {{\"resumeSeq\":{}}}\n\n", self.cursor)
    }
}
