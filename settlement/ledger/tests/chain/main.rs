//! The ledger through its JSON-RPC, as any client of a Stellar network sees it.

mod client;
mod contract;
mod events;
mod hostile;
mod refusals;
mod restart;
