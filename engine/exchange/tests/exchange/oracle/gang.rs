//! Gangs: a fok order that was filled over several leases is all or nothing
//! until each of them has started, was stopped by its tenant, or has ended
//! without failing.

use berth_domain::{CloseReason, LeaseId, Micros, OrderId};

use super::lease::Origin;
use super::{Lease, Oracle, Rule};

#[derive(Clone, Debug)]
pub(super) struct Gang {
    pub(super) order: OrderId,
    /// Leases that are still waited for.
    pub(super) missing: usize,
    /// One has failed: the leases that are still to be closed.
    closing: Option<Vec<LeaseId>>,
    /// When the entry could close no more of them.
    pub(super) put_off: Option<Micros>,
}

impl Gang {
    /// The lease with which a close that was put off goes on.
    pub(super) fn closes_next(&self) -> Option<LeaseId> {
        self.closing.as_ref()?.first().copied()
    }
}

impl Oracle {
    pub(super) fn form_gang(&mut self, order: OrderId, missing: usize) {
        self.gangs.push(Gang { order, missing, closing: None, put_off: None });
    }

    /// Whether an order's leases are a gang that is not whole.
    pub(super) fn is_gang(&self, order: OrderId) -> bool {
        self.gangs.iter().any(|gang| gang.order == order)
    }

    fn gang_of(&mut self, order: OrderId) -> Option<&mut Gang> {
        self.gangs.iter_mut().find(|gang| gang.order == order)
    }

    /// A lease of an order is no longer waited for.
    pub(super) fn gang_has_one(&mut self, order: OrderId) {
        if let Some(gang) = self.gang_of(order) {
            gang.missing -= 1;
            if gang.missing == 0 {
                self.reach(Rule::GangWhole);
                self.gangs.retain(|gang| gang.order != order);
            }
        }
    }

    /// A lease has begun to end. When it failed, the others of its gang close.
    pub(super) fn gang_leg_ends(&mut self, id: LeaseId, reason: CloseReason) {
        let lease = self.find_lease(id).expect("the caller has it");
        let (order, started) = (lease.order, lease.started_at.is_some());
        // What only runs a job of it again is none of it.
        let is_leg = |lease: &&Lease| lease.order == order && lease.origin == Origin::Match;
        if !is_leg(&lease) {
            return;
        }
        let legs: Vec<_> = self.leases.iter().filter(is_leg).map(|lease| lease.id).collect();
        let Some(gang) = self.gang_of(order) else { return };
        if gang.closing.is_some() {
            return;
        }
        let fails = matches!(
            reason,
            CloseReason::EscrowFailed
                | CloseReason::EscrowTimeout
                | CloseReason::StartTimeout
                | CloseReason::Failed
                | CloseReason::Dark
                | CloseReason::Refunded
        );
        if fails {
            gang.closing = Some(legs);
            self.reach(Rule::GangFails);
            self.close_gang(order);
        } else if !started {
            self.reach(Rule::GangLegEndsWell);
            self.gang_has_one(order);
        } else {
            self.reach(Rule::StartedGangLegEndsWell);
        }
    }

    /// Each of its leases counts against those that the entry may open; whether
    /// all were reached.
    pub(super) fn close_gang(&mut self, order: OrderId) -> bool {
        let (at, fills) = (self.step.at, self.budget().fills);
        let Some(legs) = self.gang_of(order).and_then(|gang| gang.closing.take()) else { return true };
        for (i, leg) in legs.iter().enumerate() {
            if self.step.opened >= fills {
                let gang = self.gang_of(order).expect("it is closing");
                gang.closing = Some(legs[i..].to_vec());
                gang.put_off = Some(at);
                return false;
            }
            self.step.opened += 1;
            // Meanwhile what it brings about must find the gang closing.
            self.gang_of(order).expect("it is closing").closing = Some(Vec::new());
            self.begin_closing(*leg, CloseReason::GangFailed);
        }
        self.gangs.retain(|gang| gang.order != order);
        true
    }
}
