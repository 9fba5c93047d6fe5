//! Timers: a deterministic queue, driven only by stamped time.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::codec::Encode;
use berth_domain::{LeaseId, Micros, OrderId, Seconds};

use crate::planted::{Planted, is};

/// What a timer is for; each has at most one deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A `gtd` order's time is over.
    OrderExpiry(OrderId),
    /// A lease's end, by its duration or its prepaid time.
    LeaseEnd(LeaseId),
    /// What a lease's state waits for has not come: escrow, start, heartbeat,
    /// or the agent's word that the containers are gone.
    LeasePhase(LeaseId),
}

impl Encode for Timer {
    fn encode(&self, out: &mut Vec<u8>) {
        let (tag, id) = match self {
            Self::OrderExpiry(order) => (0_u8, order.0),
            Self::LeaseEnd(lease) => (1, lease.0),
            Self::LeasePhase(lease) => (2, lease.0),
        };
        tag.encode(out);
        id.encode(out);
    }
}

/// All timers, by deadline and then by what they are for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    queue: BTreeSet<(Micros, Timer)>,
    deadlines: BTreeMap<Timer, Micros>,
}

impl Timers {
    /// Sets or moves a timer.
    pub(crate) fn set(&mut self, timer: Timer, deadline: Micros) {
        self.clear(timer);
        self.queue.insert((deadline, timer));
        self.deadlines.insert(timer, deadline);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(deadline) = self.deadlines.remove(&timer) {
            self.queue.remove(&(deadline, timer));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Micros> {
        self.queue.first().map(|(deadline, _)| *deadline)
    }

    /// Takes the next timer that is due at `at`.
    pub(crate) fn pop_due(&mut self, at: Micros) -> Option<Timer> {
        let (deadline, mut timer) = *self.queue.first()?;
        if deadline > (if is(Planted::FiresEarly) { at.plus(Seconds(1)) } else { at }) {
            return None;
        }
        if is(Planted::FiresById) {
            let due = self.queue.iter().take_while(|(deadline, _)| *deadline <= at);
            timer = due.map(|(_, timer)| *timer).min().unwrap_or(timer);
        }
        self.clear(timer);
        Some(timer)
    }

    pub(crate) fn deadline(&self, timer: Timer) -> Option<Micros> {
        self.deadlines.get(&timer).copied()
    }
}

impl Encode for Timers {
    fn encode(&self, out: &mut Vec<u8>) {
        for (deadline, timer) in &self.queue {
            deadline.encode(out);
            timer.encode(out);
        }
    }
}
