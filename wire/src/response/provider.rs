//! A host.

use std::collections::BTreeMap;

use berth_domain::{Address, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::request::Agent;
use crate::scalar::in_text;

/// A host, as anyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// Its id.
    pub id: u64,
    /// Its owner.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub address: Address,
    /// What it has.
    pub resources: ProviderResources,
    /// What no lease holds of it.
    pub free: Free,
    /// Where it is reached.
    pub hostname: String,
    /// The port there.
    pub port: u16,
    /// What it offers.
    pub attributes: BTreeMap<String, String>,
    /// Whether it takes leases.
    pub available: bool,
    /// Who serves its leases.
    pub agent: Agent,
    /// Its owner's trust level.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
    pub trust_level: TrustLevel,
    /// Its owner's reputation, 0 to 100.
    pub reputation: u8,
}

/// What a host has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderResources {
    /// Virtual CPUs.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u64,
    /// Disk in GiB.
    pub storage: u64,
    /// Network bandwidth in Mbit/s.
    pub bandwidth: u32,
    /// GPUs by class.
    pub gpus: Vec<Gpu>,
}

/// What no lease holds of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Free {
    /// Virtual CPUs.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u64,
    /// Disk in GiB.
    pub storage: u64,
    /// GPUs by class.
    pub gpus: Vec<Gpu>,
}

/// GPUs of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Gpu {
    /// Model without vendor words.
    pub model: String,
    /// Memory in GiB.
    pub vram: u16,
    /// How many.
    pub count: u32,
}
