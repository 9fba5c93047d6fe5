//! Hosts.

use crate::client_id::ClientId;
use crate::codec::codec_struct;
use crate::ids::ProviderId;
use crate::resources::{Attribute, GpuInventory, Resources};
use crate::text::Text;

/// Registers a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterProvider {
    /// Processors, memory and disk.
    pub resources: Resources,
    /// Network bandwidth in Mbit/s.
    pub bandwidth: u32,
    /// GPUs by class, each class once.
    pub gpus: Vec<GpuInventory>,
    /// Where the host is reached.
    pub hostname: Text<253>,
    /// The port there.
    pub port: u16,
    /// What it offers, sorted by key, each key once.
    pub attributes: Vec<Attribute>,
    /// Whether an agent of the provider's own serves its leases; otherwise the
    /// node's house agent does.
    pub own_agent: bool,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(RegisterProvider { resources, bandwidth, gpus, hostname, port, attributes, own_agent, client_id });

/// Says whether a host takes leases, and what it offers now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateProvider {
    /// The host.
    pub provider: ProviderId,
    /// Whether new leases may be opened on it. Those that it has go on.
    pub available: bool,
    /// All that it offers now, sorted by key, each key once.
    pub attributes: Vec<Attribute>,
}
codec_struct!(UpdateProvider { provider, available, attributes });
