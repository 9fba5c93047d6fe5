//! Gangs: a fill-or-kill order is filled whole or not at all, and while not all
//! of its leases have started, one that fails ends them all, unpaid.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{CloseReason, Command, Entry, Event, LeaseId, OrderId, TimeInForce};
use berth_exchange::{Exchange, Outcome, Reply};

use super::course::Courses;
use super::{Checked, ensure, rule};
use crate::reads;

#[derive(Clone, Debug)]
struct Gang {
    legs: BTreeSet<LeaseId>,
    /// Those that are still waited for.
    awaited: BTreeSet<LeaseId>,
    /// The one that failed first.
    failed: Option<LeaseId>,
}

/// Gangs that are not whole yet, or will not be.
#[derive(Clone, Debug, Default)]
pub(super) struct Gangs(BTreeMap<OrderId, Gang>);

impl Gangs {
    /// A fill-or-kill order met all that it wanted or nothing.
    pub(super) fn formed(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome, events: &[Event]) -> Checked {
        let place = match &entry.command {
            Command::PlaceOrder(place) => place,
            Command::ReplaceOrder(replace) => &replace.place,
            _ => return Ok(()),
        };
        let Outcome::Done(Reply::Order(order)) = outcome else { return Ok(()) };
        if place.time_in_force != TimeInForce::Fok {
            return Ok(());
        }
        let opened = events.iter().filter_map(|event| match event {
            Event::LeaseOpened(opened) if opened.order == order => Some(opened),
            _ => None,
        });
        let legs: BTreeSet<LeaseId> = opened.clone().map(|opened| opened.lease).collect();
        let replicas: u32 = opened.map(|opened| opened.replicas).sum();
        let is_live = x.order(order).is_some_and(berth_exchange::Order::is_live);
        ensure!(
            [0, place.replicas].contains(&replicas) && !is_live,
            rule::GANG,
            "order {order} is all or nothing, and {replicas} of {} replicas have a lease",
            place.replicas
        );
        if legs.len() > 1 {
            self.0.insert(order, Gang { awaited: legs.clone(), legs, failed: None });
        }
        Ok(())
    }

    pub(super) fn hear(&mut self, courses: &Courses, event: &Event) -> Checked {
        match event {
            Event::LeaseStarted(started) => self.is_not_awaited(courses, started.lease)?,
            Event::LeaseClosing(closing) => self.ends(courses, closing.lease, closing.reason)?,
            // One that closes at once; what began to close was looked at then.
            Event::LeaseClosed(closed) if !courses.get(closed.lease)?.is_over() => {
                self.ends(courses, closed.lease, closed.reason)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn is_not_awaited(&mut self, courses: &Courses, lease: LeaseId) -> Checked {
        let order = courses.get(lease)?.order;
        if let Some(gang) = self.0.get_mut(&order) {
            gang.awaited.remove(&lease);
            if gang.awaited.is_empty() && gang.failed.is_none() {
                self.0.remove(&order);
            }
        }
        Ok(())
    }

    /// A lease begins to end.
    fn ends(&mut self, courses: &Courses, lease: LeaseId, reason: CloseReason) -> Checked {
        let gang = self.0.get_mut(&courses.get(lease)?.order).filter(|gang| gang.legs.contains(&lease));
        let failed = gang.as_ref().and_then(|gang| gang.failed);
        ensure!(
            reason != CloseReason::GangFailed || failed.is_some(),
            rule::GANG,
            "lease {lease} closes with its gang, and none of that has failed"
        );
        let Some(gang) = gang else { return Ok(()) };
        if gang.failed.is_none() && reason.breaks_gang() {
            gang.failed = Some(lease);
        }
        self.is_not_awaited(courses, lease)
    }

    /// No lease of a gang that has failed goes on.
    pub(super) fn after(&mut self, x: &Exchange, courses: &Courses) -> Checked {
        if reads::is_pending(x) {
            return Ok(());
        }
        for (order, gang) in self.0.iter().filter(|(_, gang)| gang.failed.is_some()) {
            for leg in &gang.legs {
                let course = courses.get(*leg)?;
                ensure!(
                    course.is_over(),
                    rule::GANG,
                    "lease {:?} of order {order} failed before all had started, and lease {leg} is {}",
                    gang.failed,
                    course.state
                );
            }
        }
        self.0.retain(|_, gang| gang.failed.is_none());
        Ok(())
    }
}
