//! The ledger through its JSON-RPC, as any client of a Stellar network sees it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archival;
mod bumps;
mod classic;
mod client;
mod contract;
mod events;
mod hostile;
mod killed;
mod ledgers;
mod official;
mod preconditions;
mod refusals;
mod restart;
mod shapes;
mod simulations;
mod token;
mod trouble;
