//! Providers.

use berth_domain::{GpuInventory, Reputation, ResourceClass, TrustLevel};
use berth_exchange::{Exchange, Provider};
use berth_wire::request::Agent;
use berth_wire::response;

use crate::address;

/// A host.
#[must_use]
pub fn provider(x: &Exchange, provider: &Provider) -> response::Provider {
    let owner = x.account(provider.account);
    let gpus = provider.gpus.iter();
    let attributes = provider.attributes.iter();
    response::Provider {
        id: provider.id.0.into(),
        address: address(x, provider.account),
        resources: response::ProviderResources {
            cpu: provider.total.cpu,
            memory: provider.total.memory,
            storage: provider.total.storage,
            bandwidth: provider.bandwidth,
            gpus: gpus.clone().filter_map(|gpus| gpu(gpus, gpus.count)).collect(),
        },
        free: response::Free {
            cpu: provider.free.cpu,
            memory: provider.free.memory,
            storage: provider.free.storage,
            gpus: gpus.zip(&provider.free_gpus).filter_map(|(gpus, free)| gpu(gpus, *free)).collect(),
        },
        hostname: provider.hostname.as_str().to_owned(),
        port: provider.port,
        attributes: attributes.map(|a| (a.key.as_str().to_owned(), a.value.as_str().to_owned())).collect(),
        available: provider.available,
        agent: if provider.own_agent { Agent::Own } else { Agent::House },
        trust_level: owner.map_or(TrustLevel::One, |account| account.level),
        reputation: owner.map_or(Reputation::MAX, |account| account.reputation).get(),
    }
}

fn gpu(gpus: &GpuInventory, count: u32) -> Option<response::Gpu> {
    match &gpus.class {
        ResourceClass::Gpu { model, vram } => {
            Some(response::Gpu { model: model.as_str().to_owned(), vram: *vram, count })
        }
        ResourceClass::Cpu => None,
    }
}
