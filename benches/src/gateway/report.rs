//! What is printed: for people, and as one line of JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::client::Tally;
use super::load::Load;
use crate::measure::per_second;

/// A node under load.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayReport {
    /// Connections.
    pub connections: usize,
    /// Requests of each that waited for their answers at most.
    pub in_flight: usize,
    /// Quotes of a request.
    pub batch: usize,
    /// Commands that were durable and answered in a second: each quote of a set is
    /// one.
    pub acked_per_second: u64,
    /// Requests that were answered in a second.
    pub requests_per_second: u64,
    /// From a request, or from when it was to be sent, to its answer, in
    /// microseconds: the median.
    pub p50_us: f64,
    /// 99 of 100 took less.
    pub p99_us: f64,
    /// 999 of 1,000 took less.
    pub p999_us: f64,
    /// Appending a record about as long and syncing it, in microseconds: the
    /// median.
    pub fdatasync_p50_us: f64,
    /// A round trip of a text as long over a bare WebSocket, in microseconds: the
    /// median.
    pub echo_p50_us: f64,
    /// The median answer where the median sync is 1.
    pub ratio: f64,
    /// Processors that the node kept busy while it was loaded.
    pub node_processors: f64,
    /// Processors that the clients kept busy.
    pub client_processors: f64,
}

/// Processor time, while the load was on.
#[derive(Default)]
pub(super) struct Shares {
    pub(super) node: Duration,
    pub(super) clients: Duration,
}

impl GatewayReport {
    pub(super) fn new(
        load: &Load,
        tally: &Tally,
        spent: Duration,
        shares: Shares,
        syncs: Vec<Duration>,
        echoes: Vec<Duration>,
    ) -> Self {
        let quantile = |q: f64| rounded(tally.latencies.value_at_quantile(q) as f64 / 1e3);
        let fdatasync_p50_us = median(syncs);
        let p50_us = quantile(0.5);
        let processors = |time: Duration| (time.as_secs_f64() / spent.as_secs_f64() * 100.0).round() / 100.0;
        Self {
            connections: load.connections,
            in_flight: load.in_flight,
            batch: load.batch,
            acked_per_second: per_second(tally.commands, spent),
            requests_per_second: per_second(tally.requests, spent),
            p50_us,
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            fdatasync_p50_us,
            echo_p50_us: median(echoes),
            ratio: (p50_us / fdatasync_p50_us * 1e3).round() / 1e3,
            node_processors: processors(shares.node),
            client_processors: processors(shares.clients),
        }
    }
}

impl fmt::Display for GatewayReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "gateway: {} connections, {} in flight on each, {} quotes a request",
            self.connections, self.in_flight, self.batch
        )?;
        writeln!(
            f,
            "  durable and answered  {:>9} commands/s in {} requests/s",
            self.acked_per_second, self.requests_per_second
        )?;
        let Self { p50_us, p99_us, p999_us, fdatasync_p50_us, echo_p50_us, .. } = self;
        writeln!(f, "  a request             p50 {p50_us:.0} us, p99 {p99_us:.0} us, p99.9 {p999_us:.0} us")?;
        writeln!(f, "  append + fdatasync    p50 {fdatasync_p50_us:.0} us")?;
        writeln!(f, "  a bare WebSocket      p50 {echo_p50_us:.0} us")?;
        writeln!(f, "  a request takes {:.2} times as long as append + fdatasync", self.ratio)?;
        write!(
            f,
            "  processors kept busy: {:.2} by the node, {:.2} by the clients",
            self.node_processors, self.client_processors
        )
    }
}

/// What sockets cost, and one that does not read.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SocketsReport {
    /// Sockets that were open, each with a subscription.
    pub sockets: usize,
    /// Memory of the node that each took, in KiB.
    pub kib_each: f64,
    /// A request of another client while they are open, in microseconds: the
    /// median.
    pub p50_us: f64,
    /// 99 of 100 took less.
    pub p99_us: f64,
    /// The same while one more client does not read what it asked for.
    pub stalled_p50_us: f64,
    /// See above.
    pub stalled_p99_us: f64,
    /// How long the node served that one before it was cut, in seconds.
    pub cut_after_seconds: f64,
}

impl fmt::Display for SocketsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sockets: {} open, {:.1} KiB of the node's memory each", self.sockets, self.kib_each)?;
        writeln!(f, "  a request of another client           p50 {:.0} us, p99 {:.0} us", self.p50_us, self.p99_us)?;
        writeln!(
            f,
            "  while one more client does not read   p50 {:.0} us, p99 {:.0} us",
            self.stalled_p50_us, self.stalled_p99_us
        )?;
        write!(f, "  that one is cut after {:.1} s", self.cut_after_seconds)
    }
}

pub(super) fn median(mut spent: Vec<Duration>) -> f64 {
    spent.sort_unstable();
    rounded(spent.get(spent.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6))
}

/// To a tenth: of a microsecond, that is below what a reading of the clock takes.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
