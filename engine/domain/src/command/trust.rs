//! What trust is derived from, beside an account's leases.

use crate::codec::codec_struct;
use crate::ids::{Address, ChainEventId, LeaseId};
use crate::money::Stroops;
use crate::time::Micros;

/// A stake changed on the chain, which alone says what is staked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeFact {
    /// The chain's id of the event. Stake events are counted by a cursor of
    /// their own, so they may come from another contract than deposits.
    pub event: ChainEventId,
    /// Whose stake.
    pub address: Address,
    /// All of it, after the event.
    pub staked: Stroops,
    /// The lease for which the chain took stake in this event.
    pub slashed: Option<LeaseId>,
}
codec_struct!(StakeFact { event, address, staked, slashed });

/// An auditor's word for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attest {
    /// The account's key.
    pub address: Address,
    /// Until when it holds. Now or earlier takes this auditor's word back.
    pub until: Micros,
}
codec_struct!(Attest { address, until });
