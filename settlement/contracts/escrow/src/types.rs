//! What the contract stores and answers.

use soroban_sdk::{Address, BytesN, contracttype};

/// What a deployment fixes for good.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Opens and settles leases, and may pay withdrawals before their delay.
    pub operator: Address,
    /// Its balance earns the fee.
    pub treasury: Address,
    /// The one token that the contract takes (SEP-41).
    pub token: Address,
    /// Basis points of pay that go to the treasury, at most 10,000.
    pub fee_bps: u32,
    /// Seconds after which anyone may have a withdrawal paid.
    pub withdraw_delay: u64,
}

/// A pending withdrawal.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Stroops set aside; never 0.
    pub amount: i128,
    /// When its delay began, in unix seconds.
    pub since: u64,
}

/// A lease's lock.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who pays.
    pub tenant: Address,
    /// Who earns.
    pub provider: Address,
    /// Stroops that the whole lease costs per hour.
    pub rate_per_hour: i128,
    /// Stroops locked at opening.
    pub amount: i128,
    /// Last second (unix) in which it can be settled.
    pub deadline: u64,
    /// The fee in force when it was opened.
    pub fee_bps: u32,
    /// How it ended, if it did.
    pub outcome: Outcome,
}

/// Where a lease stands.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its amount is locked.
    Open,
    /// Paid by evidence.
    Settled(Settlement),
    /// Given back after the deadline.
    Refunded,
}

/// How a lease was paid.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Stroops that the tenant paid.
    pub pay: i128,
    /// Stroops of it that went to the treasury.
    pub fee: i128,
    /// Stroops that went back to the tenant.
    pub refund: i128,
    /// Evidenced seconds of service.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: BytesN<32>,
}
