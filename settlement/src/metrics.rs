//! Figures about settling, for Prometheus (docs/metrics.md). They are no-ops in a
//! process that takes none.

use metrics::{counter, gauge, histogram};

use crate::follower::unix_seconds;

/// What waits to be done on the chain, since when (unix seconds), and how many
/// of the lanes have an envelope in flight.
pub(crate) fn backlog(pending: u64, oldest: Option<u64>, in_flight: usize, lanes: usize) {
    gauge!("berth_settle_backlog").set(float(pending));
    let age = oldest.map_or(0, |oldest| unix_seconds().saturating_sub(oldest));
    gauge!("berth_settle_backlog_age").set(float(age));
    gauge!("berth_settle_in_flight").set(float(in_flight as u64));
    gauge!("berth_settle_lanes").set(float(lanes as u64));
}

/// An envelope ended in this way.
pub(crate) fn envelope(outcome: &'static str) {
    counter!("berth_settle_envelopes_total", "outcome" => outcome).increment(1);
}

/// An intent that was planned then (unix seconds) ended in this way.
pub(crate) fn intent(kind: &'static str, outcome: &'static str, planned_at: u64) {
    counter!("berth_settle_intents_total", "kind" => kind, "outcome" => outcome).increment(1);
    let took = unix_seconds().saturating_sub(planned_at);
    histogram!("berth_settle_delay_seconds", "kind" => kind).record(float(took));
}

/// What people must look at.
pub(crate) fn troubles(failed: u64, refused: u64) {
    gauge!("berth_settle_failed").set(float(failed));
    gauge!("berth_settle_refused_facts").set(float(refused));
}

/// The newest ledger whose events the exchange has, and whether they are followed.
pub(crate) fn watched(ledger: u32, halted: bool) {
    gauge!("berth_settle_ledger").set(f64::from(ledger));
    gauge!("berth_settle_halted").set(if halted { 1.0 } else { 0.0 });
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people, not an amount")]
fn float(number: u64) -> f64 {
    number as f64
}
