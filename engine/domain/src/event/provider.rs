//! Hosts.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address, ProviderId};

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
