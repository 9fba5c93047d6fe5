//! Runway: how a lease's funds end. Its tenant is warned, then the lease is
//! suspended, and goes on when it is topped up or closes when it is not. One
//! that is paid for to its end knows none of it.

use berth_domain::{CloseReason, LeaseId, LeaseResumed, LeaseRunway, LeaseState, LeaseSuspended, Micros, Verify};

use crate::exchange::{Exchange, Step};
use crate::state::Timer;

impl Exchange {
    /// Sets the timer of what comes next in a lease that runs: the warning, or
    /// its end. The warning comes at once when it is due.
    pub(crate) fn watch_runway(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let warning = self.timing_of(id).runway_warning.micros();
        let lease = self.lease_mut(id);
        let (Some(funded_until), Some(ends_at)) = (lease.funded_until(), lease.ends_at) else { return };
        lease.funding.is_warned = false;
        if lease.prepay >= lease.duration {
            self.timers.set(Timer::LeaseEnd(id), ends_at);
            return;
        }
        let warn_at = Micros(funded_until.0.saturating_sub(warning));
        if warn_at <= step.at {
            self.warn(step, id, funded_until);
        } else {
            self.timers.set(Timer::LeaseEnd(id), warn_at);
        }
    }

    /// The timer of a lease that runs has fired.
    pub(crate) fn run_out(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let lease = self.lease(id).expect("a timer's lease is there");
        let Some(funded_until) = lease.funded_until() else { return };
        if lease.prepay >= lease.duration {
            // A job whose result is to be checked has brought none in its time.
            let is_checked = self.verify_of(lease) != Verify::None;
            let reason = if is_checked { CloseReason::Failed } else { CloseReason::Completed };
            self.begin_closing(step, id, reason);
        } else if lease.funding.is_warned {
            self.suspend(step, id, funded_until);
        } else {
            self.warn(step, id, funded_until);
        }
    }

    fn warn(&mut self, step: &mut Step<'_>, id: LeaseId, ends_at: Micros) {
        self.lease_mut(id).funding.is_warned = true;
        self.timers.set(Timer::LeaseEnd(id), ends_at);
        step.emit(LeaseRunway { lease: id, ends_at });
    }

    /// Counted from when the funds ended, however late the tick is. The time
    /// that the tenant has to top up is counted from the tick.
    fn suspend(&mut self, step: &mut Step<'_>, id: LeaseId, funded_until: Micros) {
        let timeout = self.timing_of(id).suspend_timeout;
        let lease = self.lease_mut(id);
        lease.state = LeaseState::Suspended;
        lease.funding.suspend(funded_until);
        let closes_at = lease.funding.closes_at(step.at, timeout);
        self.timers.set(Timer::LeasePhase(id), closes_at);
        step.emit(LeaseSuspended { lease: id, closes_at });
    }

    /// A suspended lease has funds again.
    pub(crate) fn resume_lease(&mut self, step: &mut Step<'_>, id: LeaseId) {
        let dark_at = step.at.plus(self.timing_of(id).dark_after);
        let lease = self.lease_mut(id);
        let suspended = lease.funding.resume(step.at);
        let ends_at = Micros(lease.ends_at.unwrap_or(step.at).0.saturating_add(suspended));
        lease.state = LeaseState::Running;
        lease.ends_at = Some(ends_at);
        lease.evidence.resume(step.at);
        self.timers.set(Timer::LeasePhase(id), dark_at);
        step.emit(LeaseResumed { lease: id, ends_at });
        self.watch_runway(step, id);
    }
}
