//! Gangs: fill-or-kill orders over several leases, until all of them run.

use std::collections::BTreeMap;

use berth_domain::{LeaseId, OrderId};

use super::content::content;

/// A gang that is not whole yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gang {
    pub(crate) order: OrderId,
    /// Leases that have not started.
    pub(crate) unstarted: u32,
    /// The lease that closes next, when the gang has failed.
    pub(crate) closing: Option<LeaseId>,
}

content!(Gang { order, unstarted, closing });

/// By order.
pub(crate) type Gangs = BTreeMap<OrderId, Gang>;
