//! Whether the private store has what the log's orders and leases need of it.

use std::collections::BTreeSet;
use std::fmt;

use berth_domain::{Digest, LeaseState, OrderId};
use berth_exchange::Exchange;
use berth_journal::{DataDir, PrivateStore};

use crate::fault::{Fault, While};

/// Orders that are named; of others there is only the number.
const NAMED: usize = 20;

/// Open orders and leases under way that may still need their specification.
#[derive(Debug, Default, PartialEq, Eq)]
struct Needs {
    orders: usize,
    leases: usize,
    /// Of these, those whose specification is not there.
    lost_orders: usize,
    lost_leases: usize,
    /// The orders that it was kept for.
    lost: BTreeSet<OrderId>,
}

/// Looks for the specification of all that lives, and removes those that no
/// order names; how many.
///
/// # Errors
/// When the store cannot be read. When none of what is needed is there, unless
/// that is accepted: it was lost as a whole, and no lease could be started.
pub(super) fn check(dir: &DataDir, private: &PrivateStore, x: &Exchange, accepted: bool) -> Result<u64, Fault> {
    const READING: &str = "reading the private store";
    let mut kept = BTreeSet::new();
    let add = |hash| {
        kept.insert(hash);
    };
    private.each(add).or_fault(READING)?;
    let needs = Needs::of(x, &kept);
    drop(kept);
    let place = dir.private();
    if needs.lose_all() && !accepted {
        return Err(Fault::CouldNotRun(format!(
            "{}: {needs}, and none of those that are needed is there. Restore this folder from a backup; to go on without, \
             start with --accept-lost-specifications: what needs one cannot be started, and ends by its timeouts",
            place.display()
        )));
    }
    if !needs.lost.is_empty() {
        tracing::warn!("{}: {needs}. What needs one cannot be started, and ends by its timeouts", place.display());
    }
    let named: BTreeSet<_> = x.orders().map(|order| order.spec_hash).collect();
    private.sweep(|hash| named.contains(hash)).or_fault("sweeping the private store")
}

impl Needs {
    fn of(x: &Exchange, kept: &BTreeSet<Digest>) -> Self {
        let mut needs = Self::default();
        for order in x.orders().filter(|order| order.is_live()) {
            needs.orders += 1;
            if !kept.contains(&order.spec_hash) {
                needs.lost_orders += 1;
                needs.lost.insert(order.id);
            }
        }
        // What closes is removed, which takes no specification.
        let runs = |state| !matches!(state, LeaseState::Closing | LeaseState::Closed);
        for lease in x.leases().filter(|lease| runs(lease.state)) {
            needs.leases += 1;
            if x.order(lease.order).is_some_and(|order| !kept.contains(&order.spec_hash)) {
                needs.lost_leases += 1;
                needs.lost.insert(lease.order);
            }
        }
        needs
    }

    /// Whether there are some, and not one has what it needs.
    const fn lose_all(&self) -> bool {
        self.orders + self.leases > 0 && self.lost_orders == self.orders && self.lost_leases == self.leases
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, leases, lost_orders, lost_leases, lost } = self;
        write!(
            f,
            "the specifications of {lost_orders} of {orders} open orders and of {lost_leases} of {leases} leases under \
             way are lost; they belong to"
        )?;
        for (place, order) in lost.iter().take(NAMED).enumerate() {
            write!(f, "{} {}", if place == 0 { " orders" } else { "," }, order.0)?;
        }
        match lost.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
