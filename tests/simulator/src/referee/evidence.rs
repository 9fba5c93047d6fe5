//! Evidence: how long each lease ran, recounted from what its agent said and
//! when that was stamped.

use std::collections::BTreeMap;

use berth_domain::{Command, Entry, Event, FinishOutcome, LeaseId, Micros, Timing};
use berth_exchange::{Exchange, Outcome};

use super::{Checked, ensure, rule};

/// One lease that runs.
#[derive(Clone, Copy, Debug)]
struct Run {
    seen_at: Micros,
    /// Nothing after this is paid.
    ends_at: Micros,
    micros: u64,
}

impl Run {
    /// A gap longer than the grace is not paid.
    fn see(&mut self, at: Micros, timing: &Timing) {
        let end = at.min(self.ends_at);
        if at.since(self.seen_at) <= timing.heartbeat_grace.micros() {
            self.micros += end.since(self.seen_at);
        }
        self.seen_at = self.seen_at.max(end);
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Evidences {
    running: BTreeMap<LeaseId, Run>,
}

impl Evidences {
    pub(super) fn after(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        let timing = x.genesis().map(|genesis| genesis.timing).unwrap_or_default();
        if let Outcome::Done(_) = outcome {
            match &entry.command {
                Command::Heartbeat(beat) => self.see(beat.lease, entry.at, &timing),
                // Containers that were removed as asked had run until then.
                Command::FinishLease(finish) if finish.outcome == FinishOutcome::Stopped => {
                    self.see(finish.lease, entry.at, &timing);
                }
                _ => {}
            }
        }
        for event in events {
            match event {
                Event::LeaseStarted(started) => {
                    let run = Run { seen_at: entry.at, ends_at: paid_until(x, started.lease, entry.at), micros: 0 };
                    self.running.insert(started.lease, run);
                }
                Event::LeaseClosing(closing) => {
                    if let Some(run) = self.running.get_mut(&closing.lease) {
                        run.ends_at = run.ends_at.min(entry.at);
                    }
                }
                Event::LeaseHeartbeat(beat) => self.compare(x, beat.lease, beat.evidenced.0)?,
                Event::LeaseClosed(closed) => {
                    self.compare(x, closed.lease, closed.evidenced.0)?;
                    self.running.remove(&closed.lease);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn see(&mut self, lease: LeaseId, at: Micros, timing: &Timing) {
        if let Some(run) = self.running.get_mut(&lease) {
            run.see(at, timing);
        }
    }

    fn compare(&self, x: &Exchange, lease: LeaseId, told: u64) -> Checked {
        let counted = self.running.get(&lease).map_or(0, |run| run.micros / 1_000_000);
        let there = x.lease(lease).map(|lease| lease.evidence.seconds().0);
        ensure!(
            there == Some(counted) && told == counted,
            rule::EVIDENCE,
            "lease {lease} has evidence of {counted} s, the exchange counts {there:?} and tells {told}"
        );
        Ok(())
    }
}

/// Nothing after its end is paid, nor what its funds do not cover.
fn paid_until(x: &Exchange, lease: LeaseId, at: Micros) -> Micros {
    x.lease(lease).map_or(at, |lease| at.plus(lease.duration.min(lease.prepay)))
}
