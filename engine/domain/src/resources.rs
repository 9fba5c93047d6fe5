//! What hosts have and replicas need.

use crate::codec::codec_struct;
use crate::market::ResourceClass;
use crate::text::Text;

/// An amount of a host's divisible resources, GPUs aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// Virtual CPUs.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u64,
    /// Disk in GiB.
    pub storage: u64,
}

codec_struct!(Resources { cpu, memory, storage });

impl Resources {
    /// More memory or disk than any host has: 2⁴⁰ MiB or GiB. A proof names both
    /// in JSON, whose numbers are exact below 2⁵³.
    pub const AMOUNT_MAX: u64 = 1 << 40;

    /// Whether memory and disk are at most [`Resources::AMOUNT_MAX`].
    #[inline]
    #[must_use]
    pub const fn is_in_bounds(&self) -> bool {
        self.memory <= Self::AMOUNT_MAX && self.storage <= Self::AMOUNT_MAX
    }

    /// How many times `need` fits into this; `u32::MAX` when `need` is nothing.
    #[inline]
    #[must_use]
    pub fn fits(&self, need: &Self) -> u32 {
        let times = |have: u64, need: u64| have.checked_div(need).unwrap_or(u64::MAX);
        let fits = times(self.cpu.into(), need.cpu.into())
            .min(times(self.memory, need.memory))
            .min(times(self.storage, need.storage));
        u32::try_from(fits).unwrap_or(u32::MAX)
    }

    /// `n` times this, saturating.
    #[inline]
    #[must_use]
    pub fn times(&self, n: u32) -> Self {
        Self {
            cpu: self.cpu.saturating_mul(n),
            memory: self.memory.saturating_mul(n.into()),
            storage: self.storage.saturating_mul(n.into()),
        }
    }

    /// This plus `other`, saturating.
    #[inline]
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            cpu: self.cpu.saturating_add(other.cpu),
            memory: self.memory.saturating_add(other.memory),
            storage: self.storage.saturating_add(other.storage),
        }
    }

    /// This minus `other`, when there is that much.
    #[inline]
    #[must_use]
    pub fn minus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            cpu: self.cpu.checked_sub(other.cpu)?,
            memory: self.memory.checked_sub(other.memory)?,
            storage: self.storage.checked_sub(other.storage)?,
        })
    }
}

/// GPUs of one class on one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInventory {
    /// Model and memory.
    pub class: ResourceClass,
    /// How many, from 1.
    pub count: u32,
}

codec_struct!(GpuInventory { class, count });

/// Something that a provider offers and an order may require, such as
/// `region` = `eu`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// Name.
    pub key: Text<32>,
    /// Value, compared byte by byte.
    pub value: Text<64>,
}

codec_struct!(Attribute { key, value });
