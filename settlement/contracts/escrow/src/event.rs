//! What the contract publishes. The first topic is the event's name, then its
//! subjects; the exchange follows the chain by these alone.

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
    /// Stroops.
    pub amount: i128,
}

/// `account` has now `amount` set aside to be withdrawn, in total.
#[contractevent(topics = ["withdraw_requested"], data_format = "single-value")]
pub struct WithdrawRequested {
    /// Whose request.
    #[topic]
    pub account: Address,
    /// The request's new total, in stroops.
    pub amount: i128,
}

/// `amount` left the contract for `account`.
#[contractevent(topics = ["withdrawn"], data_format = "single-value")]
pub struct Withdrawn {
    /// Who was paid.
    #[topic]
    pub account: Address,
    /// Stroops.
    pub amount: i128,
}

/// `amount` of a request went back into the balance of `account`.
#[contractevent(topics = ["withdraw_cancelled"], data_format = "single-value")]
pub struct WithdrawCancelled {
    /// Whose request.
    #[topic]
    pub account: Address,
    /// Stroops.
    pub amount: i128,
}

/// `amount` of the tenant's money is locked for a lease.
#[contractevent(topics = ["opened"], data_format = "single-value")]
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
    /// Stroops.
    pub amount: i128,
}

/// A lease was paid: the tenant paid `pay`, of which the treasury keeps `fee`,
/// and got `refund` back. The data is a vector in this order.
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
    /// Evidenced seconds of service.
    pub seconds: u64,
    /// Head of the lease's proof chain.
    pub proof: BytesN<32>,
}

/// A lease ran past its deadline unsettled, and all went back to the tenant.
#[contractevent(topics = ["refunded"], data_format = "single-value")]
pub struct Refunded {
    /// The lease.
    #[topic]
    pub lease: u64,
    /// Stroops.
    pub amount: i128,
}
