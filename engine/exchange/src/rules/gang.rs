//! Gangs: a fill-or-kill order that was filled over several leases is all or
//! nothing until all of them have started.

use berth_domain::{CloseReason, LeaseId, OrderId};

use super::plan::{Action, Plan};
use crate::exchange::{Exchange, Step};
use crate::planted::{Planted, is};
use crate::state::{Gang, Origin, Timer};

impl Exchange {
    /// A fill-or-kill order was filled. Over one lease it is no gang.
    pub(crate) fn form_gang(&mut self, order: OrderId, plan: &Plan) {
        let legs = plan.actions.iter().filter(|action| matches!(action, Action::Fill { .. })).count();
        if legs > 1 {
            let unstarted = u32::try_from(legs).expect("an entry opens fewer leases than 2³²");
            self.gangs.insert(order, Gang { order, unstarted, closing: None });
        }
    }

    /// One lease less is missing.
    pub(crate) fn gang_leg_started(&mut self, order: OrderId) {
        if let Some(gang) = self.gangs.get_mut(&order) {
            gang.unstarted -= 1;
            if gang.unstarted == 0 {
                self.gangs.remove(&order);
            }
        }
    }

    /// A lease has begun to close. When it failed, so do the others of its
    /// gang; one that its tenant stopped is no longer waited for.
    pub(crate) fn gang_leg_ends(&mut self, step: &mut Step<'_>, id: LeaseId, reason: CloseReason) {
        let lease = self.lease(id).expect("the caller has it");
        let (order, has_started) = (lease.order, lease.started_at.is_some());
        if lease.origin != Origin::Match {
            return;
        }
        let first = self.order(order).expect("a lease's order is there").first_lease;
        let Some(gang) = self.gangs.get_mut(&order) else { return };
        if gang.closing.is_some() {
            return;
        }
        if reason.breaks_gang() {
            gang.closing = Some(first);
            self.close_gang(step, order);
        } else if !has_started {
            self.gang_leg_started(order);
        }
    }

    /// Closes the leases of a gang that has failed: as many as the entry may
    /// touch, the others in the next tick. Those that have begun to close go on
    /// for their own reason.
    pub(crate) fn close_gang(&mut self, step: &mut Step<'_>, order: OrderId) {
        while let Some(leg) = self.gangs.get(&order).and_then(|gang| gang.closing) {
            let Some(lease) = self.lease(leg) else { break };
            let (next, is_of_it) = (lease.next_of_order, lease.origin == Origin::Match);
            // What only runs a job of it again closes for itself, and counts
            // for nothing here.
            if is_of_it {
                let Some(left) = step.budget.fills.checked_sub(1) else {
                    self.timers.set(Timer::Gang(order), step.at);
                    return;
                };
                step.budget.fills = left;
                if !(is(Planted::GangLeavesOne) && next == LeaseId(0)) {
                    self.begin_closing(step, leg, CloseReason::GangFailed);
                }
            }
            if let Some(gang) = self.gangs.get_mut(&order) {
                gang.closing = Some(next);
            }
        }
        self.gangs.remove(&order);
    }
}
