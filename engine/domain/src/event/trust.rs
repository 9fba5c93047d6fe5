//! Stake, attestations, trust levels and reputations.

use crate::codec::codec_struct;
use crate::ids::{AccountId, Address, ChainEventId, LeaseId};
use crate::money::Stroops;
use crate::standing::{Reputation, ReputationCause, TrustCause};
use crate::time::Micros;
use crate::trust::TrustLevel;

/// A stake changed on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeChanged {
    /// The account.
    pub account: AccountId,
    /// Its key.
    pub address: Address,
    /// All that it has staked now.
    pub staked: Stroops,
    /// The event on the chain.
    pub event: ChainEventId,
}
codec_struct!(StakeChanged { account, address, staked, event });

/// Stake is forfeited to a harmed tenant: the chain is to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeSlashed {
    /// Whose stake.
    pub account: AccountId,
    /// Its key.
    pub address: Address,
    /// The tenant's key.
    pub tenant_address: Address,
    /// The lease whose verification failed.
    pub lease: LeaseId,
    /// How much.
    pub amount: Stroops,
}
codec_struct!(StakeSlashed { account, address, tenant_address, lease, amount });

/// An auditor gave its word for an account, or took it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The account.
    pub account: AccountId,
    /// The auditor.
    pub auditor: AccountId,
    /// Until when it holds; `None` when it was taken back.
    pub until: Option<Micros>,
}
codec_struct!(Attested { account, auditor, until });

/// An account's trust level is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustChanged {
    /// The account.
    pub account: AccountId,
    /// What it was.
    pub from: TrustLevel,
    /// What it is.
    pub to: TrustLevel,
    /// Why.
    pub cause: TrustCause,
}
codec_struct!(TrustChanged { account, from, to, cause });

/// An account's reputation is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReputationChanged {
    /// The account.
    pub account: AccountId,
    /// What it was.
    pub from: Reputation,
    /// What it is.
    pub to: Reputation,
    /// The lease that changed it.
    pub lease: LeaseId,
    /// How.
    pub cause: ReputationCause,
}
codec_struct!(ReputationChanged { account, from, to, lease, cause });
