//! Evidence: how long a lease ran, recounted from what its agent said and when
//! that was stamped.

use berth_domain::{Code, Entry, LeaseBacklog, Micros, Seconds, Timing};
use berth_exchange::Outcome;

use super::{Checked, ensure, rule};

/// What was seen of a lease.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) last_at: Micros,
    micros: u64,
    /// It went on after a suspension, and nobody has seen it since.
    is_unseen: bool,
    pub(super) failed_checks: u32,
    gap: Option<Gap>,
}

/// A time that was too long for its heartbeats alone.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: Micros,
    to: Micros,
    /// The end of what is paid of it.
    end: Micros,
}

impl Seen {
    pub(super) fn from(at: Micros) -> Self {
        Self { last_at: at, ..Self::default() }
    }

    pub(super) const fn seconds(&self) -> Seconds {
        Seconds(self.micros / 1_000_000)
    }

    /// A heartbeat; nothing after `end` is paid.
    pub(super) fn beat(&mut self, at: Micros, end: Micros, is_healthy: bool, grace: Seconds) {
        if is_healthy {
            let is_late = at.since(self.last_at) > grace.micros();
            if !self.is_unseen && is_late && end > self.last_at {
                self.gap = Some(Gap { from: self.last_at, to: at, end });
            }
            self.until(at, end, grace);
            self.failed_checks = 0;
        } else {
            self.last_at = self.last_at.max(end);
            self.failed_checks += 1;
        }
        self.is_unseen = false;
    }

    /// A gap longer than the grace is not paid.
    pub(super) fn until(&mut self, at: Micros, end: Micros, grace: Seconds) {
        if !self.is_unseen && at.since(self.last_at) <= grace.micros() {
            self.micros += end.since(self.last_at);
        }
        self.last_at = self.last_at.max(end);
    }

    /// It goes on: what follows is paid from when it is seen.
    pub(super) fn resume(&mut self, at: Micros) {
        self.last_at = self.last_at.max(at);
        self.is_unseen = true;
        self.failed_checks = 0;
    }

    /// Its provider says what was seen meanwhile: carried out exactly when it
    /// is signed, may still be heard, and fills the gap.
    pub(super) fn fill(
        &mut self,
        entry: &Entry,
        backlog: &LeaseBacklog,
        outcome: Outcome,
        is_heard: bool,
        timing: &Timing,
    ) -> Checked {
        let is_signed = entry.authority.is_signed();
        let fits = self.gap.is_some_and(|gap| gap.is_filled_by(&backlog.beats, timing));
        let due = match (is_signed, is_heard, fits) {
            (false, ..) => Some(Code::SignatureRequired),
            (true, false, _) => Some(Code::LeaseState),
            (true, true, false) => Some(Code::BacklogMismatch),
            (true, true, true) => None,
        };
        let came = match outcome {
            Outcome::Refused(code) => Some(code),
            Outcome::Done(_) | Outcome::Repeated(_) => None,
        };
        ensure!(came == due, rule::EVIDENCE, "{backlog:?} of gap {:?} came to {outcome:?}, and not {due:?}", self.gap);
        if due.is_none()
            && let Some(gap) = self.gap.take()
        {
            self.micros += gap.end.since(gap.from);
        }
        Ok(())
    }
}

impl Gap {
    fn is_filled_by(&self, beats: &[Micros], timing: &Timing) -> bool {
        let times: Vec<Micros> = [self.from].into_iter().chain(beats.iter().copied()).chain([self.to]).collect();
        let steps = times.windows(2);
        self.to.since(self.from) <= timing.backlog_window.micros() && { steps }
            .all(|step| step[0] < step[1] && step[1].since(step[0]) <= timing.heartbeat_grace.micros())
    }
}
