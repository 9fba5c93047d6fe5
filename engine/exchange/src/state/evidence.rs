//! The evidence by which leases are paid.

use berth_domain::{Micros, Seconds};

use super::content::content;

use crate::planted::{Planted, is};

/// How long a lease is known to have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    last_at: Micros,
    micros: u64,
    /// Heartbeats that were counted.
    pub heartbeats: u32,
    /// Checks that failed since one passed.
    pub failed_checks: u32,
    /// Whether it went on after a suspension and has not been seen since.
    unseen: bool,
    gap: Option<Gap>,
}

/// A time between two adjacent heartbeats, stamped by the exchange, that is too
/// long to be paid for them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The one heartbeat.
    pub from: Micros,
    /// The next.
    pub to: Micros,
    /// The end of what may be paid of it.
    end: Micros,
}

impl Evidence {
    /// Evidence that begins at `at`.
    #[must_use]
    pub fn from(at: Micros) -> Self {
        Self { last_at: at, ..Self::default() }
    }

    /// When it was last seen to run: its start, or the last heartbeat.
    #[must_use]
    pub const fn last_at(&self) -> Micros {
        self.last_at
    }

    /// Whole seconds that are evidenced.
    #[must_use]
    pub const fn seconds(&self) -> Seconds {
        Seconds(self.micros / 1_000_000)
    }

    /// The newest gap that a signed backlog may still fill.
    #[must_use]
    pub const fn gap(&self) -> Option<Gap> {
        self.gap
    }

    /// Counts the time up to `end`, the earlier of `seen_at` and the end of
    /// what is paid. The gap is as long as nothing was heard, whatever of it
    /// would be paid.
    pub(super) fn extend(&mut self, seen_at: Micros, end: Micros, grace: Seconds) {
        if !self.unseen && (seen_at.since(self.last_at) <= grace.micros() || is(Planted::GapPaid)) {
            self.micros += end.since(self.last_at);
        }
        self.last_at = self.last_at.max(end);
        self.unseen = false;
    }

    /// The same for a heartbeat, which leaves a gap where it is too late.
    pub(super) fn beat(&mut self, seen_at: Micros, end: Micros, grace: Seconds) {
        let from = self.last_at;
        if !self.unseen && seen_at.since(from) > grace.micros() && end > from {
            self.gap = Some(Gap { from, to: seen_at, end });
        }
        self.extend(seen_at, end, grace);
        self.failed_checks = 0;
    }

    /// A check failed: what was before it is not paid.
    pub(super) fn miss(&mut self, end: Micros) {
        self.last_at = self.last_at.max(end);
        self.unseen = false;
        self.failed_checks = self.failed_checks.saturating_add(1);
    }

    /// The lease goes on after a suspension: what follows is paid from when it
    /// is seen.
    pub(crate) fn resume(&mut self, at: Micros) {
        if is(Planted::SuspendedAccrues) {
            return;
        }
        self.last_at = self.last_at.max(at);
        self.unseen = true;
        self.failed_checks = 0;
    }

    /// Counts the newest gap, when `beats` fill it: each later than the one
    /// before, all strictly between the gap's ends, and no step longer than
    /// `grace`. Answers whether they do. A gap is paid once.
    pub(crate) fn fill_gap(&mut self, beats: &[Micros], grace: Seconds, window: Seconds) -> bool {
        let Some(gap) = self.gap.filter(|gap| gap.is_filled_by(beats, grace, window)) else { return false };
        self.micros += gap.end.since(gap.from);
        self.heartbeats = self.heartbeats.saturating_add(u32::try_from(beats.len()).unwrap_or(u32::MAX));
        self.gap = None;
        true
    }
}

impl Gap {
    fn is_filled_by(&self, beats: &[Micros], grace: Seconds, window: Seconds) -> bool {
        let ends = beats.iter().copied().chain([self.to]);
        let mut before = self.from;
        let mut fits = |at: Micros| {
            let fits = at > before && at.0 - before.0 <= grace.micros();
            before = at;
            fits
        };
        self.to.since(self.from) <= window.micros() && ends.into_iter().all(&mut fits)
    }
}

content!(Evidence { last_at, micros, heartbeats, failed_checks, unseen, gap });

content!(Gap { from, to, end });
