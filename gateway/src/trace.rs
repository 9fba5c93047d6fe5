//! Traces of requests: how long a command waited, was made durable and came back.
//!
//! A request is a span, and what happens to its command are spans within it:
//! `queue` until the sequencer stamps it, `journal` until it is applied, written
//! and durable, `apply` until the gateway's own replica has it, `answer` until
//! there is an answer. Nothing of it is in the sequencer: its stamp says when a
//! command left the queue. Where nobody collects traces, a request pays for one
//! look at a flag.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use berth_domain::Micros;
use berth_wire::frame::Answer;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, global};

use crate::node::App;

/// Who says the spans.
const TRACER: &str = "berth";
const TRACEPARENT: &str = "traceparent";

tokio::task_local! {
    static CURRENT: Traced;
}

/// A request that is followed.
struct Traced {
    context: Context,
    /// When the last step of its command ended.
    last: Cell<Option<SystemTime>>,
}

/// Follows a request of REST to its answer.
pub(crate) async fn follow(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.traced {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().as_str().to_owned();
    let parent = parent(request.headers());
    let (name, attributes) = (format!("{method} {route}"), [("http.request.method", method), ("http.route", route)]);
    let context = begin(name, attributes, &parent);
    within(context, next.run(request), |context, response| {
        let status = response.status();
        context.span().set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            context.span().set_status(Status::error(status.to_string()));
        }
    })
    .await
}

/// Follows a command of a WebSocket to its answer. `parent` is what the upgrade
/// named.
pub(crate) async fn follow_command(
    app: &App,
    parent: &Context,
    method: &'static str,
    work: impl Future<Output = Answer>,
) -> Answer {
    if !app.traced {
        return work.await;
    }
    let context = begin(method.to_owned(), [("rpc.method", method.to_owned())], parent);
    within(context, work, |context, answer| {
        if let Some(error) = &answer.error {
            context.span().set_attribute(KeyValue::new("berth.code", error.code.clone()));
        }
    })
    .await
}

fn begin<const N: usize>(name: String, attributes: [(&'static str, String); N], parent: &Context) -> Context {
    let tracer = global::tracer(TRACER);
    let attributes = attributes.map(|(name, value)| KeyValue::new(name, value));
    let span = tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
    let span = span.start_with_context(&tracer, parent);
    parent.with_span(span)
}

async fn within<T>(context: Context, work: impl Future<Output = T>, end: impl FnOnce(&Context, &T)) -> T {
    let traced = Traced { context: context.clone(), last: Cell::new(None) };
    let work = async {
        let done = work.await;
        let last = CURRENT.with(|traced| traced.last.get());
        (done, last)
    };
    let (done, last) = CURRENT.scope(traced, work).await;
    let now = SystemTime::now();
    if let Some(last) = last {
        step(&context, "answer", last, now);
    }
    end(&context, &done);
    context.span().end_with_timestamp(now);
    done
}

/// The times of a command, where its request is followed.
pub(crate) struct Steps {
    context: Context,
    submitted: SystemTime,
}

impl Steps {
    /// Of a command that is submitted now.
    pub(crate) fn begin() -> Option<Self> {
        let context = CURRENT.try_with(|traced| traced.context.clone()).ok()?;
        Some(Self { context, submitted: SystemTime::now() })
    }

    /// The command was stamped `stamped`, was durable then, and can be read now.
    pub(crate) fn end(self, stamped: Micros, durable: SystemTime) {
        // The stamp never runs back; the machine's clock may.
        let stamped =
            (UNIX_EPOCH + Duration::from_micros(stamped.0)).clamp(self.submitted, durable.max(self.submitted));
        let now = SystemTime::now().max(durable);
        step(&self.context, "queue", self.submitted, stamped);
        step(&self.context, "journal", stamped, durable.max(stamped));
        step(&self.context, "apply", durable, now);
        // It is there: this began in it.
        let _ = CURRENT.try_with(|traced| traced.last.set(Some(now)));
    }
}

fn step(of: &Context, name: &'static str, from: SystemTime, until: SystemTime) {
    let tracer = global::tracer(TRACER);
    let span = tracer.span_builder(name).with_kind(SpanKind::Internal).with_start_time(from);
    let span = span.start_with_context(&tracer, of);
    of.with_span(span).span().end_with_timestamp(until);
}

/// Whose trace a request belongs to, as `traceparent` says (W3C Trace Context).
pub(crate) fn parent(headers: &HeaderMap) -> Context {
    let mut named = headers.get_all(TRACEPARENT).iter();
    let named = match (named.next(), named.next()) {
        (Some(one), None) => one.to_str().ok().and_then(read),
        // None, or two that contradict each other.
        _ => None,
    };
    named.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent))
}

fn read(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let is_hex =
        |part: &str, len| part.len() == len && part.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let is_right = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    // A later version may say more behind it; this one does not.
    if !is_right || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let trace = TraceId::from_hex(trace).ok()?;
    let span = SpanId::from_hex(span).ok()?;
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    Some(SpanContext::new(trace, span, flags, true, TraceState::default())).filter(SpanContext::is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_what_the_standard_says() {
        const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
        const SPAN: &str = "00f067aa0ba902b7";
        let good = read(&format!("00-{TRACE}-{SPAN}-01")).expect("the standard's example");
        assert_eq!((good.trace_id().to_string(), good.span_id().to_string()), (TRACE.to_owned(), SPAN.to_owned()));
        assert!(good.is_sampled() && good.is_remote());
        assert!(read(&format!("01-{TRACE}-{SPAN}-00-more")).is_some(), "a later version");
        for bad in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-0é"),
        ] {
            assert!(read(&bad).is_none(), "{bad}");
        }
    }
}
