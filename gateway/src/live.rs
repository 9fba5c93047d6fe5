//! The leases of each account that are not closed: what a snapshot of `leases`
//! shows. The exchange itself has no such list.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{AccountId, Event, LeaseId, LeaseState};
use berth_exchange::{Exchange, Lease};

/// By tenant and by owner of the host.
#[derive(Default)]
pub(crate) struct LiveLeases(BTreeMap<AccountId, BTreeSet<LeaseId>>);

impl LiveLeases {
    /// Those of a state.
    pub(crate) fn of(x: &Exchange) -> Self {
        let mut live = Self::default();
        x.leases().filter(|lease| lease.state != LeaseState::Closed).for_each(|lease| live.add(lease));
        live
    }

    /// Follows an event; `x` is the state behind it, or a later one.
    pub(crate) fn follow(&mut self, event: &Event, x: &Exchange) {
        match event {
            // It may be over already, in the same batch.
            Event::LeaseOpened(e) => {
                if let Some(lease) = x.lease(e.lease).filter(|lease| lease.state != LeaseState::Closed) {
                    self.add(lease);
                }
            }
            Event::LeaseClosed(e) => {
                if let Some(lease) = x.lease(e.lease) {
                    self.remove(lease);
                }
            }
            _ => {}
        }
    }

    /// An account's, the newest first.
    pub(crate) fn newest(&self, account: AccountId) -> impl Iterator<Item = LeaseId> + '_ {
        self.0.get(&account).into_iter().flat_map(|leases| leases.iter().rev().copied())
    }

    fn add(&mut self, lease: &Lease) {
        for account in [lease.tenant, lease.provider_account] {
            self.0.entry(account).or_default().insert(lease.id);
        }
    }

    fn remove(&mut self, lease: &Lease) {
        for account in [lease.tenant, lease.provider_account] {
            if let Some(leases) = self.0.get_mut(&account) {
                leases.remove(&lease.id);
                if leases.is_empty() {
                    self.0.remove(&account);
                }
            }
        }
    }
}
