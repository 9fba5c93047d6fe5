//! What the contract stores, takes and answers.

use soroban_sdk::{Address, BytesN, String, contracttype};

/// What a deployment fixes for good.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Names the auditors, and nothing else.
    pub admin: Address,
    /// Slashes within the bounds below, and gives trust badges.
    pub operator: Address,
    /// What is staked (SEP-41).
    pub token: Address,
    /// Seconds that stake is still bound after it was asked back, at most 90
    /// days.
    pub unbonding: u64,
    /// The most that one slash takes, in stroops.
    pub slash_max: i128,
    /// The most that is slashed of one account in a period, in stroops.
    pub slash_period_max: i128,
    /// How long a period is, in seconds; at least 1. Periods are counted from
    /// 1970.
    pub period: u64,
}

/// A GPU that somebody offers.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// Its number, from 1.
    pub id: u64,
    /// Whose it is.
    pub provider: Address,
    /// What it is called, 1 to 64 bytes.
    pub model: String,
    /// GiB, 1 to 65,536.
    pub vram_gb: u32,
    /// Stroops; at least 1.
    pub price_per_hour: i128,
    /// Whether it may be rented now.
    pub available: bool,
    /// Unix seconds.
    pub registered_at: u64,
}

/// What an account has staked.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stake {
    /// Stroops that count for trust.
    pub bonded: i128,
    /// Stroops that were asked back: they count no more, and may be slashed.
    pub unbonding: i128,
    /// From when on they may be withdrawn, in unix seconds.
    pub release_at: u64,
    /// The period that `slashed` counts.
    pub period: u64,
    /// Stroops that were slashed in it.
    pub slashed: i128,
}

/// A trust level. It belongs to its account and cannot be passed on.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// 1 to 5.
    pub level: u32,
    /// The entry of the exchange's log that it rests on.
    pub seq: u64,
    /// That entry's hash.
    pub entry: BytesN<32>,
    /// Unix seconds.
    pub given_at: u64,
}

/// An auditor's word for an account.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The last second (unix) in which it holds.
    pub until: u64,
    /// The hash of what it rests on.
    pub evidence: BytesN<32>,
    /// Unix seconds.
    pub given_at: u64,
}
