//! Hosts, and the room on them: what all of it is less what leases hold.

use berth_domain::{
    AccountId, Code, LeaseState, MarketId, ProviderId, ProviderRegistered, RegisterProvider, ResourceClass, Resources,
};

use super::{Lease, Oracle, Order, Reply};

/// GPUs of one class on one host.
const GPUS_MAX: u32 = 1_024;

#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) id: ProviderId,
    pub(crate) account: AccountId,
    pub(crate) says: RegisterProvider,
    /// Whether it takes leases.
    pub(crate) available: bool,
}

/// Processors, memory, disk, and units of one market.
pub(super) type Amounts = [i128; 4];

impl Host {
    /// Whether it has units of a class at all.
    fn trades(&self, class: &ResourceClass) -> bool {
        if class.is_gpu() { self.gpus(class) > 0 } else { self.says.resources.cpu > 0 }
    }

    fn gpus(&self, class: &ResourceClass) -> u32 {
        self.says.gpus.iter().find(|gpus| gpus.class == *class).map_or(0, |gpus| gpus.count)
    }
}

/// What one replica takes. In the CPU market its processors are its units.
pub(super) fn need(class: &ResourceClass, units: u32, resources: &Resources) -> Amounts {
    let cpu = if class.is_gpu() { resources.cpu } else { units };
    [cpu.into(), resources.memory.into(), resources.storage.into(), units.into()]
}

/// A lease that is being checked has given its room back.
pub(super) fn holds_room(lease: &Lease) -> bool {
    !matches!(lease.state, LeaseState::Closed | LeaseState::Verifying)
}

impl Oracle {
    pub(crate) fn find_host(&self, id: ProviderId) -> Option<&Host> {
        super::nth(&self.hosts, id.0.into())
    }

    pub(super) fn host(&self, id: ProviderId) -> &Host {
        self.find_host(id).expect("what names a host was checked")
    }

    pub(super) fn host_mut(&mut self, id: ProviderId) -> &mut Host {
        &mut self.hosts[id.0 as usize - 1]
    }

    pub(super) fn register(&mut self, says: &RegisterProvider) -> Result<Reply, Code> {
        let gpus_fit = says.gpus.iter().all(|gpus| gpus.class.is_gpu() && (1..=GPUS_MAX).contains(&gpus.count));
        let is_empty = says.resources.cpu == 0 && says.gpus.is_empty();
        if !gpus_fit || is_empty || !says.resources.is_in_bounds() {
            return Err(Code::OutOfBounds);
        }
        let classes: Vec<_> = says.gpus.iter().map(|gpus| &gpus.class).collect();
        let keys: Vec<_> = says.attributes.iter().map(|attribute| &attribute.key).collect();
        if !is_strictly_sorted(&classes) || !is_strictly_sorted(&keys) {
            return Err(Code::NotCanonical);
        }
        let account = self.step.account;
        let own = self.hosts.iter().filter(|host| host.account == account).count();
        if own >= self.rules().bounds.providers as usize {
            return Err(Code::TooManyProviders);
        }
        if self.rules().open_markets {
            for gpus in &says.gpus {
                if self.markets.len() < 1_024 {
                    self.open_market(&gpus.class);
                }
            }
        }
        let id = ProviderId(u32::try_from(self.hosts.len() + 1).expect("few hosts"));
        self.hosts.push(Host { id, account, says: says.clone(), available: true });
        let address = self.account(account).address;
        self.tell(ProviderRegistered { provider: id, account, address, own_agent: says.own_agent });
        Ok(Reply::Provider(id))
    }

    pub(super) fn trades(&self, host: ProviderId, market: MarketId) -> bool {
        self.host(host).trades(self.class(market))
    }

    /// All that a host has, for a market.
    pub(super) fn total(&self, host: ProviderId, market: MarketId) -> Amounts {
        let (host, class) = (self.host(host), self.class(market));
        let Resources { cpu, memory, storage } = host.says.resources;
        let units = if class.is_gpu() { host.gpus(class) } else { cpu };
        [cpu.into(), memory.into(), storage.into(), units.into()]
    }

    /// What no lease holds of it.
    pub(crate) fn free(&self, host: ProviderId, market: MarketId) -> Amounts {
        let mut free = self.total(host, market);
        let class = self.class(market);
        for lease in self.leases.iter().filter(|lease| lease.host == host && holds_room(lease)) {
            let took = need(self.class(lease.market), lease.units, &lease.resources);
            // GPUs of another class are not this market's; processors are
            // everybody's.
            let units = match class.is_gpu() {
                true if lease.market == market => took[3],
                true => 0,
                false => took[0],
            };
            for (free, took) in free.iter_mut().zip([took[0], took[1], took[2], units]) {
                *free -= took * i128::from(lease.replicas);
            }
        }
        for standby in self.standbys.iter().chain(&self.released).filter(|standby| standby.host == host) {
            let lease = self.find_lease(standby.lease).expect("it stands by for it");
            let took = need(self.class(lease.market), lease.units, &lease.resources);
            let units = match class.is_gpu() {
                true if lease.market == market => took[3],
                true => 0,
                false => took[0],
            };
            for (free, took) in free.iter_mut().zip([took[0], took[1], took[2], units]) {
                *free -= took * i128::from(lease.replicas);
            }
        }
        assert!(free.iter().all(|free| *free >= 0), "host {host} is oversold");
        free
    }

    /// Whether one unit of a market is free.
    pub(super) fn has_free_unit(&self, host: ProviderId, market: MarketId) -> bool {
        self.free(host, market)[3] > 0
    }

    /// How many replicas fit into what is free, tried one after the other, at
    /// most `most`.
    pub(super) fn fits(&self, order: &Order, free: Amounts, most: u32) -> u32 {
        let need = need(self.class(order.place.market), order.place.units, &order.place.resources);
        let mut n = 0;
        while n < most && (0..4).all(|i| need[i] * i128::from(n + 1) <= free[i]) {
            n += 1;
        }
        n
    }
}

pub(super) fn is_strictly_sorted<T: Ord>(items: &[T]) -> bool {
    items.windows(2).all(|pair| pair[0] < pair[1])
}
