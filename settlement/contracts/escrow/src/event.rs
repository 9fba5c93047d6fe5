//! What the contract publishes. The first topic is the event's name, then its
//! subjects; data of more than one value is a vector in the order of the
//! fields. The exchange follows the chain by these alone.

use soroban_sdk::{Address, BytesN, contractevent};

/// `from` paid `amount` into the balance of `to`.
#[contractevent(topics = ["deposit"], data_format = "single-value")]
pub struct Deposit {
    /// Who paid.
    #[topic]
    pub from: Address,
    /// Whose balance grew.
    #[topic]
    pub to: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// Stroops.
    pub amount: i128,
}

/// `account` has now `amount` set aside to be withdrawn, in total.
#[contractevent(topics = ["withdraw_requested"], data_format = "single-value")]
pub struct WithdrawRequested {
    /// Whose request.
    #[topic]
    pub account: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// The request's new total, in stroops.
    pub amount: i128,
}

/// `amount` left the contract for `account`.
#[contractevent(topics = ["withdrawn"], data_format = "single-value")]
pub struct Withdrawn {
    /// Who was paid.
    #[topic]
    pub account: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// Stroops.
    pub amount: i128,
}

/// `amount` of a request went back into the balance of `account`.
#[contractevent(topics = ["withdraw_cancelled"], data_format = "single-value")]
pub struct WithdrawCancelled {
    /// Whose request.
    #[topic]
    pub account: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// Stroops.
    pub amount: i128,
}

/// `account` signed what may be locked of its money, in place of what it had
/// signed before.
#[contractevent(topics = ["tenant_mandate"], data_format = "vec")]
pub struct TenantMandateSet {
    /// Whose money.
    #[topic]
    pub account: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// Stroops; 0 when it was ended.
    pub per_lease: i128,
    /// Stroops; 0 when it was ended.
    pub per_day: i128,
    /// Unix seconds; 0 when it was ended.
    pub until: u64,
}

/// `account` signed for what it lets itself be leased, in place of what it had
/// signed before.
#[contractevent(topics = ["provider_mandate"], data_format = "vec")]
pub struct ProviderMandateSet {
    /// Whose hosts.
    #[topic]
    pub account: Address,
    /// In which token.
    #[topic]
    pub token: Address,
    /// Stroops; 0 when it was ended.
    pub floor_per_hour: i128,
    /// Unix seconds; 0 when it was ended.
    pub until: u64,
}

/// `amount` of the tenant's money is locked for a lease.
#[contractevent(topics = ["opened"], data_format = "vec")]
pub struct Opened {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Who pays.
    #[topic]
    pub tenant: Address,
    /// Who earns.
    #[topic]
    pub provider: Address,
    /// In which token.
    pub token: Address,
    /// Stroops that the whole lease costs per hour.
    pub rate_per_hour: i128,
    /// Stroops.
    pub amount: i128,
    /// Unix seconds.
    pub deadline: u64,
}

/// `amount` more of the tenant's money is locked for a lease.
#[contractevent(topics = ["topped_up"], data_format = "vec")]
pub struct ToppedUp {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Which of its top-ups it is, from 1.
    pub number: u32,
    /// Stroops, beside what was locked.
    pub amount: i128,
    /// Stroops locked now.
    pub total: i128,
    /// Its deadline now, in unix seconds.
    pub deadline: u64,
}

/// A lease's tenant cancelled it.
#[contractevent(topics = ["cancelled"], data_format = "single-value")]
pub struct Cancelled {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Its deadline now, in unix seconds.
    pub deadline: u64,
}

/// The contract holds a receipt for more seconds of a lease than before.
#[contractevent(topics = ["receipted"], data_format = "vec")]
pub struct Receipted {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Seconds in all.
    pub seconds: u64,
    /// The receipt's number.
    pub seq: u64,
}

/// The operator settled a lease: the tenant paid `pay`, of which the treasury
/// keeps `fee`, and got `refund` back.
#[contractevent(topics = ["settled"], data_format = "vec")]
pub struct Settled {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Stroops.
    pub pay: i128,
    /// Stroops, a part of `pay`.
    pub fee: i128,
    /// Stroops.
    pub refund: i128,
    /// Seconds that were paid for.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: BytesN<32>,
}

/// A lease ran past its deadline and its window unsettled. Its receipt, if
/// there is one, was paid, and the rest went back to the tenant.
#[contractevent(topics = ["refunded"], data_format = "vec")]
pub struct Refunded {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Stroops.
    pub pay: i128,
    /// Stroops, a part of `pay`.
    pub fee: i128,
    /// Stroops.
    pub refund: i128,
    /// Seconds that were paid for.
    pub seconds: u64,
}
