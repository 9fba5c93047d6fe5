//! What the contract publishes. The first topic is the event's name, then its
//! subjects; data of more than one value is a vector in the order of the
//! fields. Each event about stake tells all that counts after it.

use soroban_sdk::{Address, BytesN, String, contractevent};

/// A GPU is offered.
#[contractevent(topics = ["gpu_registered"], data_format = "vec")]
pub struct GpuRegistered {
    /// Its number.
    #[topic]
    pub id: u64,
    /// Whose it is.
    #[topic]
    pub provider: Address,
    /// What it is called.
    pub model: String,
    /// GiB.
    pub vram_gb: u32,
    /// Stroops.
    pub price_per_hour: i128,
}

/// A GPU may be rented, or may not.
#[contractevent(topics = ["gpu_availability"], data_format = "single-value")]
pub struct GpuAvailability {
    /// Its number.
    #[topic]
    pub id: u64,
    /// Whose it is.
    #[topic]
    pub provider: Address,
    /// Whether it may.
    pub available: bool,
}

/// A GPU has another price.
#[contractevent(topics = ["gpu_price"], data_format = "single-value")]
pub struct GpuPrice {
    /// Its number.
    #[topic]
    pub id: u64,
    /// Whose it is.
    #[topic]
    pub provider: Address,
    /// Stroops.
    pub price_per_hour: i128,
}

/// A GPU is offered no more.
#[contractevent(topics = ["gpu_removed"], data_format = "single-value")]
pub struct GpuRemoved {
    /// Its number.
    #[topic]
    pub id: u64,
    /// Whose it was.
    pub provider: Address,
}

/// Stake was added.
#[contractevent(topics = ["stake_deposited"], data_format = "vec")]
pub struct StakeDeposited {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Stroops that count now.
    pub staked: i128,
    /// Stroops that were added.
    pub amount: i128,
}

/// Stake was asked back.
#[contractevent(topics = ["stake_unbonding"], data_format = "vec")]
pub struct StakeUnbonding {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Stroops that count now.
    pub staked: i128,
    /// Stroops that are unbonding now, in all.
    pub unbonding: i128,
    /// From when on they may be withdrawn, in unix seconds.
    pub release_at: u64,
}

/// What was asked back stays after all.
#[contractevent(topics = ["stake_rebonded"], data_format = "vec")]
pub struct StakeRebonded {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Stroops that count now.
    pub staked: i128,
    /// Stroops that stay.
    pub amount: i128,
}

/// Stake left the contract for its account.
#[contractevent(topics = ["stake_withdrawn"], data_format = "vec")]
pub struct StakeWithdrawn {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Stroops that count now.
    pub staked: i128,
    /// Stroops that left.
    pub amount: i128,
}

/// Stake was taken for a lease, for its tenant to claim.
#[contractevent(topics = ["stake_slashed"], data_format = "vec")]
pub struct StakeSlashed {
    /// Whose.
    #[topic]
    pub account: Address,
    /// Who was harmed.
    #[topic]
    pub tenant: Address,
    /// In which lease.
    #[topic]
    pub lease: u64,
    /// Stroops that count now.
    pub staked: i128,
    /// Stroops that were taken.
    pub amount: i128,
}

/// A harmed tenant was paid.
#[contractevent(topics = ["claimed"], data_format = "single-value")]
pub struct Claimed {
    /// Who.
    #[topic]
    pub tenant: Address,
    /// Stroops.
    pub amount: i128,
}

/// An account has a trust badge.
#[contractevent(topics = ["badge"], data_format = "vec")]
pub struct BadgeGiven {
    /// Who.
    #[topic]
    pub account: Address,
    /// 1 to 5.
    pub level: u32,
    /// The entry of the exchange's log that it rests on.
    pub seq: u64,
    /// That entry's hash.
    pub entry: BytesN<32>,
}

/// Somebody is an auditor, or no more.
#[contractevent(topics = ["auditor"], data_format = "single-value")]
pub struct AuditorNamed {
    /// Who.
    #[topic]
    pub auditor: Address,
    /// Whether it is one.
    pub named: bool,
}

/// An auditor gave its word for an account, or took it back.
#[contractevent(topics = ["attested"], data_format = "vec")]
pub struct Attested {
    /// For whom.
    #[topic]
    pub account: Address,
    /// Who.
    #[topic]
    pub auditor: Address,
    /// Unix seconds; 0 when it was taken back.
    pub until: u64,
    /// The hash of what it rests on.
    pub evidence: BytesN<32>,
}
