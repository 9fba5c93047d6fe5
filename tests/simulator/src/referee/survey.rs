//! Everything added up in one walk over the exchange, so that each rule can
//! compare sums.

use berth_domain::{LeaseState, ProviderId};
use berth_exchange::{Exchange, Lease, Origin};

use super::course::Courses;
use super::standby::Standbys;
use crate::reads;

/// What leases and standbys take of one provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Used {
    pub(crate) cpu: u64,
    pub(crate) memory: u64,
    pub(crate) storage: u64,
    /// In the order of the provider's inventory.
    pub(crate) gpus: Vec<u64>,
}

/// Sums by the ids of what they are of; ids count from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// Replicas of an order that have a lease of their own.
    pub(crate) leased: Vec<u32>,
    /// Units of a bid that have a lease or stand by for one.
    pub(crate) taken: Vec<u32>,
    /// What an account's leases have in escrow.
    pub(crate) escrowed: Vec<i128>,
    /// What of that the chain has not locked yet, and what is held for top-ups:
    /// the contract may still have paid it out.
    pub(crate) unlocked: Vec<i128>,
    /// What an account's orders, top-ups and standbys hold.
    pub(crate) held: Vec<i128>,
    /// An account's open orders, live bids and hosts.
    pub(crate) counts: Vec<[u32; 3]>,
    /// What leases and standbys take of a provider.
    pub(crate) used: Vec<Used>,
}

impl Survey {
    pub(super) fn take(&mut self, x: &Exchange, courses: &Courses, standbys: &Standbys) {
        zero(&mut self.leased, x.orders().next_back().map_or(0, |order| order.id.0));
        zero(&mut self.taken, x.bids().next_back().map_or(0, |bid| bid.id.0));
        let accounts = x.accounts().next_back().map_or(0, |account| account.id.0.into());
        zero(&mut self.escrowed, accounts);
        zero(&mut self.unlocked, accounts);
        zero(&mut self.held, accounts);
        zero(&mut self.counts, accounts);
        self.used.clear();
        self.used.push(Used::default());
        for provider in x.providers() {
            self.used.push(Used { gpus: vec![0; provider.gpus.len()], ..Used::default() });
            self.counts[provider.account.0 as usize][2] += 1;
        }
        for order in x.orders() {
            self.held[order.account.0 as usize] += i128::from(order.hold.get());
            self.counts[order.account.0 as usize][0] += u32::from(order.is_live());
        }
        for bid in x.bids() {
            self.counts[bid.account.0 as usize][1] += u32::from(bid.is_live());
        }
        for (_, course) in courses.iter() {
            self.held[course.tenant.0 as usize] += course.topping_up();
        }
        for lease in x.leases() {
            if lease.origin == Origin::Match {
                self.leased[at(lease.order.0)] += lease.replicas;
            }
            self.taken[at(lease.bid.0)] += lease.replicas * lease.units;
            let tenant = lease.tenant.0 as usize;
            if reads::holds_escrow(lease) {
                let escrow = i128::from(lease.escrow.get());
                self.escrowed[tenant] += escrow;
                self.unlocked[tenant] += if lease.is_escrowed() { 0 } else { escrow };
            }
            self.unlocked[tenant] += lease.funding.top_up.map_or(0, |top_up| i128::from(top_up.amount.get()));
            // The room of a job that is done is free while its result is checked.
            if !matches!(lease.state, LeaseState::Closed | LeaseState::Verifying) {
                self.take_room(x, lease, lease.provider);
            }
        }
        for standby in standbys.iter() {
            let lease = x.lease(standby.lease).expect("a standby's lease is there");
            self.held[lease.tenant.0 as usize] += i128::from(standby.hold.get());
            self.taken[at(standby.bid.0)] += standby.units;
            self.take_room(x, lease, standby.provider);
        }
    }

    /// A lease takes room of its host, or of that which stands by for it.
    fn take_room(&mut self, x: &Exchange, lease: &Lease, provider: ProviderId) {
        let used = &mut self.used[provider.0 as usize];
        let replicas = u64::from(lease.replicas);
        let class = reads::class(x, lease.market);
        let provider = x.provider(provider).expect("a lease has a provider");
        if class.is_gpu() {
            used.cpu += u64::from(lease.resources.cpu) * replicas;
            if let Some(place) = provider.gpus.iter().position(|gpus| gpus.class == *class) {
                used.gpus[place] += u64::from(lease.units) * replicas;
            }
        } else {
            used.cpu += u64::from(lease.units) * replicas;
        }
        used.memory += lease.resources.memory * replicas;
        used.storage += lease.resources.storage * replicas;
    }
}

fn zero<T: Clone + Default>(sums: &mut Vec<T>, last: u64) {
    sums.clear();
    sums.resize(at(last) + 1, T::default());
}

pub(crate) fn at(id: u64) -> usize {
    usize::try_from(id).expect("ids count what is in memory")
}
