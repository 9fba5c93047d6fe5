//! The settler and its chain client against the embedded ledger: the real
//! contract, real transactions, over JSON-RPC.

mod contract;
mod exchange;
mod limits;
mod restarts;
mod setup;
