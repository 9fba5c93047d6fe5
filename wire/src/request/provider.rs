//! Registering a host.

use std::collections::BTreeMap;

use berth_domain::{ClientId, GpuInventory, RegisterProvider, ResourceClass, Resources, Text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::attributes;
use crate::address::Name;
use crate::json::{Malformed, objects, unique_map};
use crate::scalar::{in_text_option, whole};

/// Classes of GPUs on one host.
const GPU_CLASSES_MAX: usize = 32;

/// `POST /providers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderRequest {
    /// The owner.
    pub address: Name,
    /// What the host has.
    pub resources: ResourcesRequest,
    /// Where it is reached: a host name or an IP address.
    pub hostname: String,
    /// The port there, from 1.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub port: u16,
    /// What it offers, such as `region`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_map")]
    pub attributes: BTreeMap<String, String>,
    /// Who serves its leases.
    #[serde(default)]
    pub agent: Agent,
    /// The owner's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// Whether it takes leases; `false` is not offered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
}

/// Who serves a provider's leases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Agent {
    /// An agent of the provider's own.
    Own,
    /// The node's house agent.
    #[default]
    House,
}

impl Agent {
    /// The name that the outside uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::House => "house",
        }
    }
}

/// What a host has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourcesRequest {
    /// Virtual CPUs.
    #[serde(deserialize_with = "whole::<1, 65_536, _, _>")]
    #[schema(minimum = 1, maximum = 65536)]
    pub cpu: u32,
    /// Memory in MiB.
    #[serde(deserialize_with = "whole::<1, 1_073_741_824, _, _>")]
    #[schema(minimum = 1, maximum = 1073741824)]
    pub memory: u64,
    /// Disk in GiB.
    #[serde(default, deserialize_with = "whole::<0, 1_073_741_824, _, _>")]
    #[schema(minimum = 0, maximum = 1073741824)]
    pub storage: u64,
    /// Network bandwidth in Mbit/s.
    #[serde(default, deserialize_with = "whole::<0, 10_000_000, _, _>")]
    #[schema(minimum = 0, maximum = 10000000)]
    pub bandwidth: u32,
    /// GPUs by class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<GpuRequest>,
}

/// GPUs of one class on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct GpuRequest {
    /// Product name, such as `NVIDIA H100 80GB HBM3` or `H100`.
    pub model: String,
    /// Memory in GiB.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub vram: u16,
    /// How many.
    #[serde(default = "one", deserialize_with = "whole::<1, 1_024, _, _>")]
    #[schema(minimum = 1, maximum = 1024)]
    pub count: u32,
}

objects!(ProviderRequest, ResourcesRequest, GpuRequest);

const fn one() -> u32 {
    1
}

/// A host to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProvider {
    /// The owner.
    pub address: Name,
    /// What the exchange is told.
    pub command: RegisterProvider,
}

impl ProviderRequest {
    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<NewProvider, Malformed> {
        if self.available == Some(false) {
            return Err(Malformed::not_offered("available", "a provider that is registered as not available"));
        }
        let command = RegisterProvider {
            resources: Resources {
                cpu: self.resources.cpu,
                memory: self.resources.memory,
                storage: self.resources.storage,
            },
            bandwidth: self.resources.bandwidth,
            gpus: gpus(&self.resources.gpus)?,
            hostname: hostname(&self.hostname)?,
            port: self.port,
            attributes: attributes(self.attributes.iter(), "attributes")?,
            own_agent: self.agent == Agent::Own,
            client_id: self.client_order_id,
        };
        Ok(NewProvider { address: self.address, command })
    }
}

fn gpus(requests: &[GpuRequest]) -> Result<Vec<GpuInventory>, Malformed> {
    if requests.len() > GPU_CLASSES_MAX {
        return Err(Malformed::new("resources.gpus", format!("has more than {GPU_CLASSES_MAX} entries")));
    }
    let mut gpus: Vec<GpuInventory> = Vec::with_capacity(requests.len());
    for (i, gpu) in requests.iter().enumerate() {
        let field = format!("resources.gpus[{i}].model");
        let class = ResourceClass::gpu(&gpu.model, gpu.vram).map_err(|why| Malformed::new(&field, why.to_string()))?;
        if gpus.iter().any(|other| other.class == class) {
            return Err(Malformed::new(field, format!("names {class} twice")));
        }
        gpus.push(GpuInventory { class, count: gpu.count });
    }
    gpus.sort_by(|a, b| a.class.cmp(&b.class));
    Ok(gpus)
}

fn hostname(text: &str) -> Result<Text<253>, Malformed> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if text.is_empty() || !text.chars().all(fits) {
        return Err(Malformed::new("hostname", "is not a host name or an IP address"));
    }
    Text::new(text).map_err(|why| Malformed::new("hostname", why.to_string()))
}
