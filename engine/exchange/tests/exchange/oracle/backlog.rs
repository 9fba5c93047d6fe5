//! What counts as evidence: heartbeats, and a signed backlog where they were too
//! far apart.

use berth_domain::{Code, LeaseAccrued, LeaseBacklog, LeaseState, Micros, Seconds};

use super::order::stroops;
use super::{Answer, Lease, Oracle, Reply, Rule};

/// Beats of one backlog.
const BEATS_MAX: usize = 4_096;

/// The time between two stamped heartbeats, when it is too long to be paid for
/// them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) from: Micros,
    pub(crate) to: Micros,
    /// How much of it has funds and lies before the close, in microseconds.
    pub(super) payable: u64,
}

impl Gap {
    /// Whether beats fill it: no step is longer than the grace, none goes back
    /// or stands still, and the whole is not too long.
    fn is_filled_by(&self, beats: &[Micros], grace: Seconds, window: Seconds) -> bool {
        let stamps = [&[self.from], beats, &[self.to]].concat();
        let steps = stamps.windows(2).all(|pair| pair[0] < pair[1] && pair[1].since(pair[0]) <= grace.micros());
        steps && self.to.since(self.from) <= window.micros()
    }
}

impl Lease {
    /// Whether a heartbeat at `at` would leave a gap.
    pub(crate) fn is_late(&self, at: Micros) -> bool {
        let late =
            |heard_at| at.since(heard_at) > self.timing.heartbeat_grace.micros() && self.payable(heard_at, at) > 0;
        self.state != LeaseState::Closed && self.heard_at.is_some_and(late)
    }

    /// The end of what may be paid of the time up to a stamp: the rest has no
    /// funds or lies behind the beginning of the close.
    fn payable_until(&self, at: Micros) -> Micros {
        let ends = [Some(at), self.closing_at, self.funding.suspended_at, self.funded_until()];
        ends.into_iter().flatten().min().expect("at least one")
    }

    /// What of the time between two stamps may be paid, in microseconds.
    fn payable(&self, from: Micros, to: Micros) -> u64 {
        self.payable_until(to).since(from)
    }

    /// Its containers were seen at `at`; the gap that was too long to be paid.
    pub(super) fn seen(&mut self, at: Micros) -> Option<Gap> {
        self.record.seen_until = self.record.seen_until.max(self.payable_until(at));
        let heard_at = self.heard_at.replace(at)?;
        let payable = self.payable(heard_at, at);
        if at.since(heard_at) <= self.timing.heartbeat_grace.micros() {
            self.ran_micros += payable;
            return None;
        }
        (payable > 0).then_some(Gap { from: heard_at, to: at, payable })
    }

    /// A check of its containers failed at `at`: the time before is not paid.
    pub(super) fn missed(&mut self, at: Micros) {
        self.record.seen_until = self.record.seen_until.max(self.payable_until(at));
        self.heard_at = Some(at);
        self.failed_checks += 1;
    }
}

impl Oracle {
    pub(super) fn backlog(&mut self, backlog: &LeaseBacklog) -> Result<Answer, Code> {
        let lease = self.as_owner(backlog.lease)?;
        if self.step.signed_at.is_none() {
            return Err(Code::SignatureRequired);
        }
        if !matches!(lease.state, LeaseState::Running | LeaseState::Suspended | LeaseState::Closing) {
            return Err(Code::LeaseState);
        }
        if backlog.beats.len() > BEATS_MAX {
            return Err(Code::OutOfBounds);
        }
        let (grace, window) = (lease.timing.heartbeat_grace, lease.timing.backlog_window);
        let gap = lease.gap.filter(|gap| gap.is_filled_by(&backlog.beats, grace, window));
        let gap = gap.ok_or(Code::BacklogMismatch)?;
        self.reach(match lease.state {
            LeaseState::Closing => Rule::BacklogAfterTheClose,
            _ if gap.payable < gap.to.since(gap.from) => Rule::BacklogPaidInPart,
            _ => Rule::BacklogPaidInFull,
        });
        let lease = self.lease_mut(backlog.lease);
        lease.gap = None;
        lease.record.heartbeats += u32::try_from(backlog.beats.len()).expect("a backlog is short");
        lease.ran_micros += gap.payable;
        let (evidenced, cost) = (lease.evidenced(), stroops(lease.cost()));
        self.tell(LeaseAccrued { lease: backlog.lease, evidenced, cost, healthy: true });
        Ok(Answer::Done(Reply::Lease(backlog.lease)))
    }
}
