//! What tenants and agents say of a lease.

use berth_domain::{
    CloseReason, Code, FinishLease, FinishOutcome, Heartbeat, LeaseAccrued, LeaseId, LeaseStarted, LeaseState,
    StartLease, StopLease, Text, Verify,
};

use super::lease::Origin;
use super::order::stroops;
use super::{Answer, Lease, Oracle, Reply, Rule};

/// The largest result in bytes: JSON's numbers are exact up to here.
const RESULT_BYTES_MAX: u64 = (1 << 53) - 1;

impl Oracle {
    /// The lease, when its host's owner speaks.
    pub(super) fn as_owner(&self, id: LeaseId) -> Result<&Lease, Code> {
        let lease = self.find_lease(id).ok_or(Code::UnknownLease)?;
        if lease.owner == self.step.account { Ok(lease) } else { Err(Code::NotYours) }
    }

    pub(super) fn start(&mut self, start: &StartLease) -> Result<Answer, Code> {
        let at = self.step.at;
        let lease = self.as_owner(start.lease)?;
        let is_said = lease.containers == start.containers && lease.image == start.image;
        if lease.state == LeaseState::Running && is_said {
            return Ok(Answer::Repeated(Reply::Lease(start.lease)));
        }
        if lease.state != LeaseState::Escrowed {
            return Err(Code::LeaseState);
        }
        if start.containers.len() != lease.replicas as usize {
            return Err(Code::OutOfBounds);
        }
        let (order, ends_at) = (lease.order, at.plus(lease.duration));
        if lease.origin == Origin::Match {
            self.gang_has_one(order);
        }
        let lease = self.lease_mut(start.lease);
        lease.state = LeaseState::Running;
        lease.started_at = Some(at);
        lease.ends_at = Some(ends_at);
        lease.heard_at = Some(at);
        lease.record.seen_until = at;
        lease.image = start.image.clone();
        lease.containers.clone_from(&start.containers);
        lease.overdue_at = Some(at.plus(lease.timing.dark_after));
        self.tell(LeaseStarted { lease: start.lease, ends_at });
        self.has_new_funds(start.lease);
        self.prove_start(start);
        Ok(Answer::Done(Reply::Lease(start.lease)))
    }

    pub(super) fn heartbeat(&mut self, beat: &Heartbeat) -> Result<Answer, Code> {
        let at = self.step.at;
        let lease = self.as_owner(beat.lease)?;
        let may = matches!(lease.state, LeaseState::Running | LeaseState::Suspended | LeaseState::Closing);
        if lease.started_at.is_none() || !may {
            return Err(Code::LeaseState);
        }
        let lease = self.lease_mut(beat.lease);
        if beat.healthy {
            lease.gap = lease.seen(at).or(lease.gap);
            lease.failed_checks = 0;
        } else {
            lease.missed(at);
        }
        lease.record.heartbeats += 1;
        (lease.record.cpu_millis, lease.record.memory_bytes) = (beat.cpu_millis, beat.memory_bytes);
        let is_running = lease.state == LeaseState::Running;
        let fails = is_running && lease.failed_checks >= lease.timing.missed_checks;
        if is_running {
            lease.overdue_at = Some(at.plus(lease.timing.dark_after));
        }
        let (evidenced, cost) = (lease.evidenced(), stroops(lease.cost()));
        self.tell(LeaseAccrued { lease: beat.lease, evidenced, cost, healthy: beat.healthy });
        if fails {
            self.reach(Rule::ChecksFail);
            self.lease_mut(beat.lease).detail = Text::lossy("its health checks failed");
            self.begin_closing(beat.lease, CloseReason::Failed);
        }
        Ok(Answer::Done(Reply::Lease(beat.lease)))
    }

    pub(super) fn finish(&mut self, finish: &FinishLease) -> Result<Answer, Code> {
        let at = self.step.at;
        let lease = self.as_owner(finish.lease)?;
        match lease.state {
            LeaseState::Closed => return Ok(Answer::Repeated(Reply::Lease(finish.lease))),
            LeaseState::Opened => return Err(Code::LeaseState),
            LeaseState::Verifying if lease.result == finish.result => {
                return Ok(Answer::Repeated(Reply::Lease(finish.lease)));
            }
            // What it said first is being checked.
            LeaseState::Verifying => return Err(Code::LeaseState),
            // To be suspended is to be stopped, and no end.
            LeaseState::Suspended if finish.outcome == FinishOutcome::Stopped => return Err(Code::LeaseState),
            // Others are not foretold.
            _ => {}
        }
        if finish.result.is_some_and(|result| result.size > RESULT_BYTES_MAX) {
            return Err(Code::OutOfBounds);
        }
        let ran = lease.started_at.is_some();
        let ended_well = ran && finish.outcome == FinishOutcome::Exited && finish.exit_code == Some(0);
        let is_checked = self.verify_of(lease) != Verify::None;
        // What is to be checked must be there.
        let ended_well = ended_well && !(is_checked && finish.result.is_none());
        let is_verified = is_checked && ended_well && lease.reason.is_none();
        let by_itself = if ended_well { CloseReason::Completed } else { CloseReason::Failed };
        let lease = self.lease_mut(finish.lease);
        // Who removed the containers saw them until then. When others ended,
        // nobody saw: their last heartbeat counts.
        if ran && finish.outcome == FinishOutcome::Stopped {
            lease.seen(at);
        }
        lease.finished = true;
        lease.result = finish.result;
        if !finish.detail.as_str().is_empty() {
            lease.detail = finish.detail.clone();
        }
        if is_verified {
            self.begins_verifying(finish.lease);
            return Ok(Answer::Done(Reply::Lease(finish.lease)));
        }
        let (reason, is_locked) = (lease.reason.unwrap_or(by_itself), lease.escrow_tx.is_some());
        if is_locked {
            self.close(finish.lease, reason);
        }
        Ok(Answer::Done(Reply::Lease(finish.lease)))
    }

    pub(super) fn stop(&mut self, stop: &StopLease) -> Result<Answer, Code> {
        let lease = self.find_lease(stop.lease).ok_or(Code::UnknownLease)?;
        if lease.tenant != self.step.account {
            return Err(Code::NotYours);
        }
        if matches!(lease.state, LeaseState::Closing | LeaseState::Closed) {
            return Ok(Answer::Repeated(Reply::Lease(stop.lease)));
        }
        if lease.state == LeaseState::Verifying {
            return Err(Code::LeaseState);
        }
        self.begin_closing(stop.lease, CloseReason::Stopped);
        Ok(Answer::Done(Reply::Lease(stop.lease)))
    }
}
