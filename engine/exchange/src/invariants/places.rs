//! The room of providers, what stands by in it, and counters of accounts.

use std::collections::BTreeMap;

use berth_domain::{AccountId, BidId, CloseReason, LeaseState, MarketId, ProviderId, ResourceClass};

use super::Invariants;
use super::things::free_units;
use crate::exchange::Exchange;
use crate::state::{Lease, Provider, Standby};

/// What leases and standbys take of one host.
#[derive(Default)]
struct Taken {
    cpu: u128,
    memory: u128,
    storage: u128,
    /// GPUs by their markets.
    gpus: BTreeMap<MarketId, u128>,
}

pub(super) fn check(x: &Exchange, found: &mut Invariants) {
    let mut taken: BTreeMap<ProviderId, Taken> = BTreeMap::new();
    for lease in x.leases() {
        let is_gone = matches!(lease.state, LeaseState::Closed | LeaseState::Verifying);
        if !is_gone {
            taken.entry(lease.provider).or_default().take(
                x,
                lease,
                u128::from(lease.units) * u128::from(lease.replicas),
            );
        }
    }
    let mut reserved: BTreeMap<BidId, u64> = BTreeMap::new();
    for standby in x.standbys() {
        *reserved.entry(standby.bid).or_default() += u64::from(standby.units);
        if let Some(lease) = x.lease(standby.lease) {
            taken.entry(standby.provider).or_default().take(x, lease, standby.units.into());
            found.standby(x, standby, lease);
        }
    }
    for bid in x.bids() {
        let must = reserved.get(&bid.id).copied().unwrap_or_default();
        found.same(bid.reserved.into(), must, || format!("units of bid {} that stand by", bid.id));
    }
    let none = Taken::default();
    x.providers().for_each(|host| found.room(x, host, taken.get(&host.id).unwrap_or(&none)));
    counters(x, found);
}

impl Taken {
    /// Takes so many units, and what the replicas of a lease need beside them.
    fn take(&mut self, x: &Exchange, lease: &Lease, units: u128) {
        let replicas = u128::from(lease.replicas);
        if x.market(lease.market).is_some_and(|market| market.class.is_gpu()) {
            *self.gpus.entry(lease.market).or_default() += units;
            self.cpu += u128::from(lease.resources.cpu) * replicas;
        } else {
            // In the CPU market a replica's processors are its units.
            self.cpu += units;
        }
        self.memory += u128::from(lease.resources.memory) * replicas;
        self.storage += u128::from(lease.resources.storage) * replicas;
    }

    fn gpus(&self, x: &Exchange, class: &ResourceClass) -> u128 {
        let market = x.market_of(class).and_then(|market| self.gpus.get(&market.id));
        market.copied().unwrap_or_default()
    }
}

impl Invariants {
    /// What is free and what is taken of a host is all of it.
    fn room(&mut self, x: &Exchange, host: &Provider, taken: &Taken) {
        let (free, total, id) = (&host.free, &host.total, host.id);
        self.same(u128::from(free.cpu) + taken.cpu, total.cpu.into(), || format!("processors of provider {id}"));
        self.same(u128::from(free.memory) + taken.memory, total.memory.into(), || format!("memory of provider {id}"));
        let storage = u128::from(free.storage) + taken.storage;
        self.same(storage, total.storage.into(), || format!("storage of provider {id}"));
        for inventory in &host.gpus {
            let units = u128::from(free_units(host, &inventory.class)) + taken.gpus(x, &inventory.class);
            self.same(units, inventory.count.into(), || format!("{} of provider {id}", inventory.class));
        }
    }

    /// A standby belongs to a lease that may fail, or has failed and is not
    /// settled; it is another account's, takes as much, and its bid is live.
    fn standby(&mut self, x: &Exchange, standby: &Standby, lease: &Lease) {
        let id = standby.lease;
        let has_failed = lease.reason.is_some_and(CloseReason::fails_over);
        let is_over = matches!(lease.state, LeaseState::Closing | LeaseState::Closed);
        let waits = lease.paid_at.is_none() && is_over == lease.reason.is_some() && (!is_over || has_failed);
        self.holds(waits, || format!("something stands by for lease {id}, which will not fail any more"));
        let wanted = x.order(lease.order).is_some_and(|order| order.failover);
        self.holds(wanted, || format!("something stands by for lease {id}, and its order wants none"));
        let bid = x.bid(standby.bid);
        let is_bid = bid.is_some_and(|bid| {
            let is_other = bid.account != lease.provider_account && bid.account != lease.tenant;
            bid.is_live() && bid.provider == standby.provider && is_other
        });
        self.holds(is_bid, || format!("bid {} cannot stand by for lease {id}", standby.bid));
        let units = u64::from(lease.units) * u64::from(lease.replicas);
        self.same(standby.units.into(), units, || format!("units that stand by for lease {id}"));
    }
}

/// What an account counts of its own.
fn counters(x: &Exchange, found: &mut Invariants) {
    let mut counted: BTreeMap<AccountId, [u32; 3]> = BTreeMap::new();
    let mut count = |account: AccountId, kind: usize| counted.entry(account).or_default()[kind] += 1;
    x.orders().filter(|order| order.is_live()).for_each(|order| count(order.account, 0));
    x.bids().filter(|bid| bid.is_live()).for_each(|bid| count(bid.account, 1));
    x.providers().for_each(|host| count(host.account, 2));
    for account in x.accounts() {
        let must = counted.get(&account.id).copied().unwrap_or_default();
        let is = [account.open_orders, account.live_bids, account.providers];
        found.same(is, must, || format!("live orders, live bids and hosts of account {}", account.id));
    }
}
