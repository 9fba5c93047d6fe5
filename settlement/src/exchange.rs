//! What the settler wants from the exchange: its events, and somewhere to
//! report facts of the chain.

use std::future::Future;

use berth_domain::{ChainEventId, LeaseId, Stroops, TxHash};
use thiserror::Error;

use crate::chain::Address;
use crate::plan::ExchangeEvent;

/// Something that happened on the chain, or that cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Money came in.
    Deposit(Movement),
    /// Money shall leave. The amount is all that waits now.
    WithdrawalRequested(Movement),
    /// Money left.
    Withdrawn(Movement),
    /// Money that waited to leave stays.
    WithdrawalCancelled(Movement),
    /// A lease's escrow is locked.
    Escrowed {
        /// The lease.
        lease: LeaseId,
        /// The transaction.
        tx: TxHash,
        /// The ledger that it is in.
        ledger: u32,
    },
    /// A lease's escrow cannot be locked.
    EscrowFailed {
        /// The lease.
        lease: LeaseId,
        /// Why, in words.
        reason: String,
    },
    /// A lease is paid.
    Paid {
        /// The lease.
        lease: LeaseId,
        /// The transaction.
        tx: TxHash,
        /// The ledger that it is in.
        ledger: u32,
        /// What the tenant paid.
        pay: Stroops,
        /// What the treasury kept of it.
        fee: Stroops,
        /// What went back to the tenant.
        refund: Stroops,
    },
    /// A lease ran past its deadline, and its tenant has everything back.
    Refunded {
        /// The lease.
        lease: LeaseId,
        /// The transaction.
        tx: TxHash,
        /// The ledger that it is in.
        ledger: u32,
        /// How much went back.
        amount: Stroops,
    },
}

/// Money that moves between an account and the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The event that says so: the exchange takes each once.
    pub event: ChainEventId,
    /// Whose money.
    pub address: Address,
    /// How much.
    pub amount: Stroops,
}

/// What one entry of the exchange's log led to, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The entry's number.
    pub seq: u64,
    /// Its events, in order.
    pub events: Vec<ExchangeEvent>,
}

/// Why the exchange gave no usable answer.
#[derive(Clone, Debug, Error)]
pub enum ExchangeError {
    /// Nobody answered. It may help to try again.
    #[error("the exchange cannot be reached: {0}")]
    Unreachable(String),
    /// The exchange refuses.
    #[error("the exchange refuses: {detail} ({code})")]
    Refused {
        /// Its stable code.
        code: String,
        /// More in words.
        detail: String,
        /// Whether it may help to try again.
        retry: bool,
    },
    /// The answer is not what the protocol promises.
    #[error("the exchange's answer makes no sense: {0}")]
    Malformed(String),
}

/// The exchange, as the settler sees it.
pub trait Exchange: Send + Sync + 'static {
    /// Its event stream.
    type Events: Events;

    /// What tells this exchange's log from all others: the hash of its first
    /// entry, as hexadecimal.
    fn log_id(&self) -> impl Future<Output = Result<String, ExchangeError>> + Send;

    /// The events of the log from entry `from` on, those that are still to come
    /// included.
    fn events(&self, from: u64) -> Self::Events;

    /// Reports a fact. `Ok` means that the exchange has it durably, be it that
    /// it had it before.
    fn report(&self, fact: &Fact) -> impl Future<Output = Result<(), ExchangeError>> + Send;
}

/// A stream of frames, in order, without gaps in what matters.
pub trait Events: Send {
    /// The next frame; waits for it.
    fn next(&mut self) -> impl Future<Output = Result<Frame, ExchangeError>> + Send;
}
