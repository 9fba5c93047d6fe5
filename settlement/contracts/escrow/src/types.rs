//! What the contract stores, takes and answers.

use soroban_sdk::{Address, BytesN, Vec, contracttype};

/// What a deployment fixes for good.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Opens and settles leases, and may pay withdrawals before their delay.
    pub operator: Address,
    /// Its balance earns the fee. Another than the operator.
    pub treasury: Address,
    /// The tokens that the contract takes (SEP-41), 1 to 8, each once.
    pub tokens: Vec<Address>,
    /// Basis points of pay that go to the treasury, at most 10,000.
    pub fee_bps: u32,
    /// Seconds after which anyone may have a withdrawal paid, at most 30 days.
    pub withdraw_delay: u64,
    /// The Ed25519 key with which the operator's node signs receipts.
    pub receipt_key: BytesN<32>,
    /// Seconds after a lease's deadline in which it may still be settled and
    /// receipts be submitted, at most 30 days.
    pub window: u64,
    /// Seconds after its opening from which on a tenant may cancel a lease, at
    /// most 30 days.
    pub cancel_after: u64,
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

/// What the operator may lock of an account's money.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantMandate {
    /// The most that one lease may lock, its top-ups included, in stroops.
    pub per_lease: i128,
    /// The most that may be locked in one UTC day, in stroops. What a lease
    /// gives back does not count as never locked.
    pub per_day: i128,
    /// The last second (unix) in which it allows anything.
    pub until: u64,
    /// The UTC day that `spent` counts, in days since 1970.
    pub day: u64,
    /// Stroops locked on that day.
    pub spent: i128,
}

/// For what an account lets itself be leased.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMandate {
    /// The least that a whole lease must pay per hour, in stroops.
    pub floor_per_hour: i128,
    /// The last second (unix) in which it binds.
    pub until: u64,
}

/// What a lease locks, for whom and until when.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who pays.
    pub tenant: Address,
    /// Who earns.
    pub provider: Address,
    /// In which of the contract's tokens.
    pub token: Address,
    /// Stroops that the whole lease costs per hour.
    pub rate_per_hour: i128,
    /// Stroops locked.
    pub amount: i128,
    /// The last second (unix) of service. It can be settled for `window`
    /// seconds more.
    pub deadline: u64,
}

/// A lease's lock.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// As they are now: top-ups add to the amount and may move the deadline,
    /// a cancellation brings it forward.
    pub terms: Terms,
    /// When it was opened, in unix seconds.
    pub opened_at: u64,
    /// The fee in force when it was opened.
    pub fee_bps: u32,
    /// How often it was topped up.
    pub top_ups: u32,
    /// Whether its tenant has cancelled it.
    pub cancelled: bool,
    /// The receipt with the most seconds so far; all zero if there is none.
    pub receipt: Receipt,
    /// How it ended, if it did.
    pub outcome: Outcome,
}

/// What the node's key has signed for a lease.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Evidenced seconds of service so far.
    pub seconds: u64,
    /// Which of the lease's receipts it is.
    pub seq: u64,
}

/// Where a lease stands.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its amount is locked.
    Open,
    /// Paid by the operator, with the head of the lease's proof chain.
    Settled(Payment, BytesN<32>),
    /// Paid by its receipt when the window had passed.
    Refunded(Payment),
}

/// How a lease's amount divided.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Stroops that the tenant paid.
    pub pay: i128,
    /// Stroops of it that went to the treasury.
    pub fee: i128,
    /// Stroops that went back to the tenant.
    pub refund: i128,
    /// Seconds that were paid for.
    pub seconds: u64,
}

/// One lease of a batch to settle.
#[contracttype]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Which.
    pub lease: u64,
    /// Evidenced seconds of service.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: BytesN<32>,
}
