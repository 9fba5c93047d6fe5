//! Providers: hosts and what is free on them.

use berth_book::prefetch;
use berth_domain::{AccountId, Attribute, BidId, ClientId, GpuInventory, ProviderId, ResourceClass, Resources, Text};

use super::content::content;

use crate::planted::{Planted, is};

/// Which of a host's resources a market's units are: its processors, or one
/// class of its GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u16);

impl Slot {
    pub(super) const CPU: Self = Self(u16::MAX);
}

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
    /// Whether new leases may be opened on it.
    pub available: bool,
    /// Whether an agent of its own serves its leases.
    pub own_agent: bool,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
    /// Its live bids, from the youngest; linked through the bids. Zero when
    /// there is none.
    pub(crate) youngest_bid: BidId,
}

impl Provider {
    /// Asks for the memory of what a bid of it reads.
    #[inline]
    pub(crate) fn ask(&self) {
        prefetch(&self.id);
        prefetch(&self.free);
        prefetch(&self.gpus);
        prefetch(&self.available);
        prefetch(&self.youngest_bid);
    }

    /// Whether it has units of a class at all.
    #[must_use]
    pub fn trades(&self, class: &ResourceClass) -> bool {
        self.slot(class).is_some_and(|slot| self.units(slot) > 0)
    }

    /// How many replicas, each of `units` and `need`, would fit when all of
    /// the host were free.
    #[must_use]
    pub fn holds(&self, class: &ResourceClass, units: u32, need: &Resources) -> u32 {
        self.slot(class).map_or(0, |slot| fits(slot, units, need, &self.total, self.units(slot)))
    }

    /// How many replicas, each of `units` and `need`, fit now. A replica is
    /// never split.
    #[must_use]
    pub fn fits(&self, class: &ResourceClass, units: u32, need: &Resources) -> u32 {
        self.slot(class).map_or(0, |slot| self.room(slot, units, need))
    }

    /// Units of a class that no lease holds.
    #[must_use]
    pub fn free_units(&self, class: &ResourceClass) -> u32 {
        self.slot(class).map_or(0, |slot| self.free_in(slot))
    }

    /// What a class's units are on this host.
    pub(crate) fn slot(&self, class: &ResourceClass) -> Option<Slot> {
        if !class.is_gpu() {
            return Some(Slot::CPU);
        }
        let place = self.gpus.iter().position(|gpus| gpus.class == *class)?;
        u16::try_from(place).ok().map(Slot)
    }

    /// How many replicas, each of `units` and `need`, fit now.
    #[inline]
    pub(crate) fn room(&self, slot: Slot, units: u32, need: &Resources) -> u32 {
        fits(slot, units, need, &self.free, self.free_in(slot))
    }

    /// What is free for a market.
    pub(crate) fn room_left(&self, slot: Slot) -> Room {
        Room { slot, free: self.free, units: self.free_in(slot) }
    }

    /// Free units.
    #[inline]
    pub(crate) fn free_in(&self, slot: Slot) -> u32 {
        if slot == Slot::CPU { self.free.cpu } else { self.free_gpus[usize::from(slot.0)] }
    }

    /// Whether it takes a lease of at least one unit: where it does not, its
    /// standing bids are parked.
    #[inline]
    pub(crate) fn takes(&self, slot: Slot) -> bool {
        self.available && self.free_in(slot) > 0
    }

    /// Whether it takes a lease of one unit of anything that it has.
    #[inline]
    pub(crate) fn takes_all(&self) -> bool {
        self.available && self.free.cpu > 0 && self.free_gpus.iter().all(|free| *free > 0)
    }

    fn units(&self, slot: Slot) -> u32 {
        if slot == Slot::CPU { self.total.cpu } else { self.gpus[usize::from(slot.0)].count }
    }

    /// Sets aside what `replicas` of a lease need; the caller has checked that
    /// they fit.
    pub(crate) fn take(&mut self, slot: Slot, units: u32, need: &Resources, replicas: u32) {
        let mut need = in_full(slot, units, need).times(replicas);
        if is(Planted::MemoryUntaken) {
            need.memory = 0;
        }
        self.free = self.free.minus(&need).expect("a lease is opened only where it fits");
        if slot != Slot::CPU {
            let free = &mut self.free_gpus[usize::from(slot.0)];
            *free = free.checked_sub(units * replicas).expect("a lease is opened only where it fits");
        }
    }

    /// Gives back what was set aside, on paper. Answers whether the host has
    /// that much.
    pub(crate) fn may_give_back(&mut self, slot: Slot, units: u32, need: &Resources, replicas: u32) -> bool {
        self.free = self.free.plus(&in_full(slot, units, need).times(replicas));
        let has_gpus = if slot == Slot::CPU {
            true
        } else {
            let place = usize::from(slot.0);
            let free = self.free_gpus[place].saturating_add(units.saturating_mul(replicas));
            self.free_gpus[place] = free;
            free <= self.gpus[place].count
        };
        has_gpus && self.total.minus(&self.free).is_some()
    }

    /// Gives back what [`Provider::take`] set aside.
    pub(crate) fn give_back(&mut self, slot: Slot, units: u32, need: &Resources, replicas: u32) {
        self.free = self.free.plus(&in_full(slot, units, need).times(replicas));
        if slot != Slot::CPU {
            let place = usize::from(slot.0);
            self.free_gpus[place] += units * replicas;
            assert!(self.free_gpus[place] <= self.gpus[place].count, "a lease gives back what it took");
        }
        assert!(self.total.minus(&self.free).is_some(), "a lease gives back what it took");
    }
}

/// What is free on a host for one market, to be used up on paper.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    slot: Slot,
    free: Resources,
    units: u32,
}

impl Room {
    /// How many replicas, each of `units` and `need`, fit.
    pub(crate) fn fits(&self, units: u32, need: &Resources) -> u32 {
        fits(self.slot, units, need, &self.free, self.units)
    }

    /// Whether no unit is left.
    pub(crate) const fn is_used_up(&self) -> bool {
        self.units == 0
    }

    /// Uses up what `replicas` need; they fit.
    pub(crate) fn take(&mut self, units: u32, need: &Resources, replicas: u32) {
        let need = Resources { cpu: if self.slot == Slot::CPU { 0 } else { need.cpu }, ..*need };
        self.free = self.free.minus(&need.times(replicas)).expect("no more is planned than fits");
        self.units -= units * replicas;
    }
}

fn fits(slot: Slot, units: u32, need: &Resources, free: &Resources, free_units: u32) -> u32 {
    // Most replicas take one unit, and dividing is slow.
    let of_units = if units == 1 { free_units } else { free_units.checked_div(units).unwrap_or(0) };
    let need = if slot == Slot::CPU { Resources { cpu: 0, ..*need } } else { *need };
    if need == Resources::default() { of_units } else { of_units.min(free.fits(&need)) }
}

/// In the CPU market a replica's processors are its units.
fn in_full(slot: Slot, units: u32, need: &Resources) -> Resources {
    if slot == Slot::CPU { Resources { cpu: units, ..*need } } else { *need }
}

content!(Provider {
    id,
    account,
    total,
    free,
    gpus,
    free_gpus,
    bandwidth,
    hostname,
    port,
    attributes,
    available,
    own_agent,
    client_id,
} rest {
    youngest_bid: BidId(0),
});
