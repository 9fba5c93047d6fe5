//! What hosts and bids had left while an entry opened its leases.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{BidId, BidTarget, Event, LeaseOpened, ProviderId};
use berth_exchange::{Bid, Exchange, Order};

/// The room before an entry, less what its leases took so far.
pub(super) struct Room<'a> {
    before: &'a Exchange,
    /// What the leases so far took of each host: units, CPUs, memory, disk.
    taken: BTreeMap<ProviderId, [u64; 4]>,
    /// Units of each bid so far.
    of_bids: BTreeMap<BidId, u32>,
    /// Hosts that got room back in the same entry: what they had when a lease was
    /// opened cannot be told from the states before and behind it.
    stirred: BTreeSet<ProviderId>,
}

impl<'a> Room<'a> {
    pub(super) fn before(before: &'a Exchange, events: &[Event]) -> Self {
        let closed = events.iter().filter_map(|event| match event {
            Event::LeaseClosed(e) => before.lease(e.lease).map(|lease| lease.provider),
            Event::StandbyReleased(e) => before.bid(e.bid).map(|bid| bid.provider),
            Event::ProviderChanged(e) => Some(e.provider),
            _ => None,
        });
        Self { before, taken: BTreeMap::new(), of_bids: BTreeMap::new(), stirred: closed.collect() }
    }

    pub(super) fn is_stirred(&self, provider: ProviderId) -> bool {
        self.stirred.contains(&provider)
    }

    /// Counts a lease that was opened.
    pub(super) fn take(&mut self, after: &Exchange, opened: &LeaseOpened) {
        let Some(lease) = after.lease(opened.lease) else { return };
        let replicas = u64::from(lease.replicas);
        let need = [lease.units.into(), lease.resources.cpu.into(), lease.resources.memory, lease.resources.storage];
        let taken = self.taken.entry(lease.provider).or_default();
        for (taken, need) in taken.iter_mut().zip(need) {
            *taken += need * replicas;
        }
        *self.of_bids.entry(lease.bid).or_default() += lease.units * lease.replicas;
    }

    /// Whether one replica of an order fits into a host.
    pub(super) fn holds(&self, provider: ProviderId, order: &Order) -> bool {
        let (Some(host), Some(market)) = (self.before.provider(provider), self.before.market(order.market)) else {
            return false;
        };
        // In the CPU market a replica's processors are its units.
        let cpu = if market.class.is_gpu() { order.resources.cpu } else { 0 };
        let need = [order.units.into(), cpu.into(), order.resources.memory, order.resources.storage];
        let free = [host.free_units(&market.class).into(), host.free.cpu.into(), host.free.memory, host.free.storage];
        let taken = self.taken.get(&provider).copied().unwrap_or_default();
        (0..4).all(|i| taken[i].saturating_add(need[i]) <= free[i])
    }

    /// Units that a bid has left here.
    pub(super) fn left_of(&self, bid: &Bid) -> u32 {
        let BidTarget::Standing { quantity, .. } = bid.target else { return 0 };
        let before = self.before.bid(bid.id).filter(|old| old.age == bid.age).map_or(quantity, |old| old.remaining);
        before.saturating_sub(self.of_bids.get(&bid.id).copied().unwrap_or(0))
    }
}
