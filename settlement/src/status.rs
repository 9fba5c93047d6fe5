//! How the settler is doing, for whoever looks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How the settler is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Intents that are not done.
    pub pending: u64,
    /// When the oldest of them was planned, in unix seconds: a backlog's age.
    pub oldest_planned_at: Option<u64>,
    /// Accounts that pay for transactions: channels, or the operator's own alone.
    pub lanes: usize,
    /// How many of them have an envelope in flight.
    pub in_flight: usize,
    /// Intents that ended in failure, over all time.
    pub failed: u64,
    /// Facts that the exchange refused, over all time: people must look.
    pub refused_facts: u64,
    /// The next entry of the exchange's log to read.
    pub exchange_cursor: u64,
    /// Where to go on in the contract's events.
    pub chain_cursor: Option<String>,
    /// What went wrong last in reading the exchange's events; gone when it works.
    pub exchange_error: Option<String>,
    /// What went wrong last in acting on the chain; gone when it works.
    pub acting_error: Option<String>,
    /// Why the exchange does not know of all failures; gone when it does.
    pub reporting_error: Option<String>,
    /// What went wrong last in keeping the channels funded; gone when it works.
    pub channels_error: Option<String>,
    /// What went wrong last in following the chain; gone when it works.
    pub chain_error: Option<String>,
    /// Why the settler, or a part of it, has stopped for good.
    pub halted: Option<String>,
}

/// Where the settler's parts write how they are doing.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Status>);

impl Board {
    pub(crate) fn write(&self) -> MutexGuard<'_, Status> {
        // A status is whole after each assignment: a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read(&self) -> Status {
        self.write().clone()
    }
}
