//! The settler and its chain client against the embedded ledger: the real
//! contract, real transactions, over JSON-RPC.

#![expect(clippy::unwrap_used, reason = "a test ends by panicking")]

mod contract;
mod exchange;
mod limits;
mod parallel;
mod restarts;
mod setup;
mod x402;
