//! Gangs: fill-or-kill orders over several leases, until all of them run.

use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{LeaseId, OrderId};

/// A gang that is not whole yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gang {
    pub(crate) order: OrderId,
    /// Leases that have not started.
    pub(crate) unstarted: u32,
    /// The lease that closes next, when the gang has failed.
    pub(crate) closing: Option<LeaseId>,
}

impl Encode for Gang {
    fn encode(&self, out: &mut Vec<u8>) {
        self.order.encode(out);
        self.unstarted.encode(out);
        self.closing.encode(out);
    }
}

/// By order.
pub(crate) type Gangs = BTreeMap<OrderId, Gang>;
