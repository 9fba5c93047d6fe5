//! Standbys: room and units that wait for a lease to fail.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{BidId, LeaseId, ProviderId, Rate, Stroops};

use super::content::content;

/// What waits for one lease to fail. It takes as much as the lease does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standby {
    /// The lease.
    pub lease: LeaseId,
    /// The bid whose units wait.
    pub bid: BidId,
    /// Its host, whose room waits.
    pub provider: ProviderId,
    /// What a unit will cost.
    pub price: Rate,
    /// Units in all.
    pub units: u32,
    /// What the tenant holds because it is dearer than the lease.
    pub hold: Stroops,
}

content!(Standby { lease, bid, provider, price, units, hold });

/// All standbys, and what the exchange has still to do about them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standbys {
    by_lease: BTreeMap<LeaseId, Standby>,
    by_bid: BTreeSet<(BidId, LeaseId)>,
    /// Leases that want one.
    seeking: BTreeSet<LeaseId>,
    /// Hosts whose bids enter again at the end of the entry. Plans are made and
    /// carried out before, so nothing takes away what a plan counts on.
    freed: BTreeSet<ProviderId>,
    /// Standbys whose room those hosts have back then; none between entries.
    released: Vec<Standby>,
}

impl Standbys {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.by_lease.is_empty()
    }

    /// Whether nothing is left to do.
    #[inline]
    pub(crate) fn is_idle(&self) -> bool {
        self.seeking.is_empty() && self.freed.is_empty()
    }

    pub(crate) fn get(&self, lease: LeaseId) -> Option<&Standby> {
        self.by_lease.get(&lease)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Standby> + Clone {
        self.by_lease.values()
    }

    /// The first lease that a bid stands by for.
    pub(crate) fn lease_of(&self, bid: BidId) -> Option<LeaseId> {
        let (first, lease) = *self.by_bid.range((bid, LeaseId(0))..).next()?;
        (first == bid).then_some(lease)
    }

    pub(crate) fn insert(&mut self, standby: Standby) {
        self.by_bid.insert((standby.bid, standby.lease));
        self.by_lease.insert(standby.lease, standby);
    }

    pub(crate) fn remove(&mut self, lease: LeaseId) -> Option<Standby> {
        let standby = self.by_lease.remove(&lease)?;
        self.by_bid.remove(&(standby.bid, lease));
        Some(standby)
    }

    /// A lease wants a standby.
    pub(crate) fn seek(&mut self, lease: LeaseId) {
        self.seeking.insert(lease);
    }

    pub(crate) fn next_seeking(&mut self) -> Option<LeaseId> {
        self.seeking.pop_first()
    }

    /// Leases that want one, by their ids.
    pub(crate) const fn seeking(&self) -> &BTreeSet<LeaseId> {
        &self.seeking
    }

    /// Hosts whose bids have still to enter again.
    pub(crate) const fn freed_hosts(&self) -> &BTreeSet<ProviderId> {
        &self.freed
    }

    /// Bids of a host may have become eligible.
    pub(crate) fn freed(&mut self, provider: ProviderId) {
        self.freed.insert(provider);
    }

    /// A standby is over; its host has its room back at the end of the entry.
    pub(crate) fn release(&mut self, standby: Standby) {
        self.freed.insert(standby.provider);
        self.released.push(standby);
    }

    /// A standby whose room a host has back now.
    pub(crate) fn next_released(&mut self, provider: ProviderId) -> Option<Standby> {
        let place = self.released.iter().position(|standby| standby.provider == provider)?;
        Some(self.released.swap_remove(place))
    }

    pub(crate) fn next_freed(&mut self) -> Option<ProviderId> {
        self.freed.pop_first()
    }
}
