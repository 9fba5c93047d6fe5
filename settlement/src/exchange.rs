//! What the settler wants from the exchange: its events, and somewhere to
//! report facts of the chain.

mod node;
mod read;

use std::future::Future;

use berth_wire::domain::Code;
use berth_wire::request::Fact;
use thiserror::Error;

use crate::plan::ExchangeEvent;

pub use node::{Node, NodeEvents};
pub use read::{EVENT_TYPES, read_frame};

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
    /// Nobody answered, or who did would not let us in. It may pass.
    #[error("the exchange cannot be reached: {0}")]
    Unreachable(String),
    /// The exchange took note, and refuses: it is in its log.
    #[error("the exchange refuses: {detail} ({code})")]
    Refused {
        /// Why.
        code: Code,
        /// More in words.
        detail: String,
    },
    /// The log is not the one that was followed so far, or its part to go on
    /// from is not kept.
    #[error("the exchange's log cannot be followed any further: {0}")]
    OtherLog(String),
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
