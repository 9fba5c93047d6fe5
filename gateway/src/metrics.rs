//! Figures about the node, for Prometheus. They are taken where things pass that
//! the gateway sees; the exchange and the log know nothing of them.

use std::sync::OnceLock;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use berth_domain::Seq;
use metrics::{Gauge, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::time::{Instant, interval};

use crate::node::App;

/// Seconds, from a loopback's answer to a client's patience.
const SECONDS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Entries of a batch.
const ENTRIES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0];
/// How often what was measured is summed up: until then each value takes room.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// The figures of this process. One node is one process; several in one, as in
/// tests, add up.
fn figures() -> &'static PrometheusHandle {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_entries".to_owned()), &ENTRIES))
            .expect("there are buckets")
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("somebody else takes the figures of this process");
        }
        handle
    })
}

/// Begins to take figures, and sums them up until the gateway stops.
pub(crate) async fn keep(mut stop: tokio::sync::watch::Receiver<bool>) {
    let figures = figures();
    let mut due = interval(SUM_UP_EVERY);
    loop {
        tokio::select! {
            _ = due.tick() => figures.run_upkeep(),
            () = crate::server::stopped(&mut stop) => return,
        }
    }
}

/// `GET /metrics`
pub(crate) async fn show(State(app): State<App>) -> Response {
    gauge!("berth_queue_commands").set(float(app.sequencer.queued()));
    gauge!("berth_queue_commands_max").set(float(app.sequencer.capacity()));
    gauge!("berth_log_seq").set(seq(app.view.head()));
    gauge!("berth_ready").set(if app.status().as_str() == "ready" { 1.0 } else { 0.0 });
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], figures().render()).into_response()
}

/// Measures the requests of each route.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    histogram!("berth_http_request_seconds", "route" => route.clone()).record(begun.elapsed());
    counter!("berth_http_requests_total", "route" => route, "method" => method, "status" => status).increment(1);
    response
}

/// A request of a WebSocket was answered. Only methods that there are get a row
/// of their own.
pub(crate) fn answered(method: &'static str, begun: Instant, ok: bool) {
    histogram!("berth_ws_request_seconds", "method" => method).record(begun.elapsed());
    let outcome = if ok { "done" } else { "refused" };
    counter!("berth_ws_requests_total", "method" => method, "outcome" => outcome).increment(1);
}

/// A request was refused.
pub(crate) fn refused(code: &str) {
    counter!("berth_refusals_total", "code" => code.to_owned()).increment(1);
}

/// A request was throttled.
pub(crate) fn throttled(whose: &'static str) {
    counter!("berth_throttled_total", "whose" => whose).increment(1);
}

/// A command is durable that was submitted then.
pub(crate) fn committed(submitted: Instant) {
    histogram!("berth_commit_seconds").record(submitted.elapsed());
}

/// A durable batch waits for the view, and so many others.
pub(crate) fn published(entries: usize, waiting: usize) {
    histogram!("berth_batch_entries").record(float(entries));
    gauge!("berth_feed_batches").set(float(waiting));
}

/// The view has a batch that was made durable then and that it took up then.
pub(crate) fn applied(published: Instant, taken: Instant) {
    histogram!("berth_apply_seconds").record(taken.elapsed());
    histogram!("berth_fanout_lag_seconds").record(published.elapsed());
}

/// One of several of its kind that are there now; no longer, when it is dropped.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn connection() -> Self {
        Self::new(gauge!("berth_connections"))
    }

    pub(crate) fn socket() -> Self {
        Self::new(gauge!("berth_sockets"))
    }

    pub(crate) fn subscription(ch: &'static str) -> Self {
        Self::new(gauge!("berth_subscriptions", "kind" => ch))
    }

    fn new(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Counts stay far below 2⁵³, and so do sequence numbers.
fn float(count: usize) -> f64 {
    count as f64
}

fn seq(seq: Seq) -> f64 {
    seq.0 as f64
}
