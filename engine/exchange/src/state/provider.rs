//! Providers: hosts and what is free on them.

use berth_domain::codec::Encode;
use berth_domain::{AccountId, Attribute, GpuInventory, ProviderId, ResourceClass, Resources, Text};

use crate::planted::{Planted, is};

/// One host.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// Its owner.
    pub account: AccountId,
    /// Processors, memory and disk.
    pub total: Resources,
    /// What no lease holds of them.
    pub free: Resources,
    /// GPUs by class.
    pub gpus: Vec<GpuInventory>,
    /// What no lease holds of them, in the same order.
    pub free_gpus: Vec<u32>,
    /// Network bandwidth in Mbit/s.
    pub bandwidth: u32,
    /// Where it is reached.
    pub hostname: Text<253>,
    /// The port there.
    pub port: u16,
    /// What it offers, sorted by key.
    pub attributes: Vec<Attribute>,
    /// Whether an agent of its own serves its leases.
    pub own_agent: bool,
}

impl Provider {
    /// Whether it has units of a class at all.
    #[must_use]
    pub fn trades(&self, class: &ResourceClass) -> bool {
        match class {
            ResourceClass::Cpu => self.total.cpu > 0,
            gpu => self.gpus.iter().any(|g| g.class == *gpu),
        }
    }

    /// How many replicas, each of `units` and `need`, would fit when all of
    /// the host were free.
    #[must_use]
    pub fn holds(&self, class: &ResourceClass, units: u32, need: &Resources) -> u32 {
        let gpus = self.gpus.iter().find(|g| g.class == *class).map_or(0, |g| g.count);
        fits(class, units, need, &self.total, gpus)
    }

    /// How many replicas, each of `units` and `need`, fit now. A replica is
    /// never split.
    #[must_use]
    pub fn fits(&self, class: &ResourceClass, units: u32, need: &Resources) -> u32 {
        fits(class, units, need, &self.free, self.free_units(class))
    }

    /// Units of a class that no lease holds.
    #[must_use]
    pub fn free_units(&self, class: &ResourceClass) -> u32 {
        match class {
            ResourceClass::Cpu => self.free.cpu,
            gpu => self.gpus.iter().position(|g| g.class == *gpu).map_or(0, |i| self.free_gpus[i]),
        }
    }

    /// Sets aside what `replicas` of a lease need; the caller has checked that
    /// they fit.
    pub(crate) fn take(&mut self, class: &ResourceClass, units: u32, need: &Resources, replicas: u32) {
        let mut need = in_full(class, units, need).times(replicas);
        if is(Planted::MemoryUntaken) {
            need.memory = 0;
        }
        self.free = self.free.minus(&need).expect("a lease is opened only where it fits");
        if let Some(i) = self.gpus.iter().position(|g| g.class == *class) {
            self.free_gpus[i] =
                self.free_gpus[i].checked_sub(units * replicas).expect("a lease is opened only where it fits");
        }
    }

    /// Gives back what [`Provider::take`] set aside.
    pub(crate) fn give_back(&mut self, class: &ResourceClass, units: u32, need: &Resources, replicas: u32) {
        self.free = self.free.plus(&in_full(class, units, need).times(replicas));
        if let Some(i) = self.gpus.iter().position(|g| g.class == *class) {
            self.free_gpus[i] += units * replicas;
            assert!(self.free_gpus[i] <= self.gpus[i].count, "a lease gives back what it took");
        }
        assert!(self.total.minus(&self.free).is_some(), "a lease gives back what it took");
    }
}

fn fits(class: &ResourceClass, units: u32, need: &Resources, free: &Resources, gpus: u32) -> u32 {
    let others = free.fits(&in_full(class, units, need));
    if class.is_gpu() { others.min(gpus.checked_div(units).unwrap_or(0)) } else { others }
}

/// In the CPU market a replica's processors are its units.
fn in_full(class: &ResourceClass, units: u32, need: &Resources) -> Resources {
    if class.is_gpu() { *need } else { Resources { cpu: units, ..*need } }
}

impl Encode for Provider {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.account.encode(out);
        self.total.encode(out);
        self.free.encode(out);
        self.gpus.encode(out);
        self.free_gpus.encode(out);
        self.bandwidth.encode(out);
        self.hostname.encode(out);
        self.port.encode(out);
        self.attributes.encode(out);
        self.own_agent.encode(out);
    }
}
