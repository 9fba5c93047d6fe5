//! Hosts.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address, ProviderId};
use crate::resources::Attribute;

/// A host has joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderRegistered {
    /// Its id.
    pub provider: ProviderId,
    /// Its owner.
    pub account: AccountId,
    /// The owner's key.
    pub address: Address,
    /// Whether it has an agent of its own.
    pub own_agent: bool,
}
codec_struct!(ProviderRegistered { provider, account, address, own_agent });

/// A host takes leases or takes none, or offers something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderChanged {
    /// The host.
    pub provider: ProviderId,
    /// Whether new leases may be opened on it.
    pub available: bool,
    /// All that it offers now.
    pub attributes: Vec<Attribute>,
}
codec_struct!(ProviderChanged { provider, available, attributes });
