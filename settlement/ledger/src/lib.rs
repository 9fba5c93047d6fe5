//! An embedded Stellar ledger: the Soroban host behind stellar-rpc's JSON-RPC.
//!
//! One process validates, applies, closes and keeps a chain of its own. Clients
//! of a real network drive it unmodified: transaction envelopes, signatures,
//! sequence numbers, fees, simulation, archival and events are the protocol's.
//! What is absent is consensus: there is one validator, and it is this one.
//!
//! A ledger closes every `close_ms`; what was accepted since the last close
//! (`PENDING`) enters it in order of arrival. A close is one synced write to
//! RocksDB, and nothing of it can be seen before that write is done. A process
//! that is killed finds the same chain when it starts again; what was still
//! pending is gone, as from any validator's queue, and is sent again.
//!
//! All entries are held in memory, history is read from disk and kept for a
//! bounded number of ledgers.
//!
//! Operations: `InvokeHostFunction`, `ExtendFootprintTtl`, `RestoreFootprint`,
//! and of the classic ones `CreateAccount` and `Payment` of the native asset.
//! Everything else, and fee-bump transactions, are refused as not supported.

mod config;
mod error;
mod guard;
mod server;

mod chain;
mod close;
mod friendbot;
mod pending;
mod simulate;

mod apply;
mod check;
mod classic;
mod fees;
mod footprint;
mod genesis;
mod invoke;
mod modules;

mod codec;
mod header;
mod journal;
mod record;
mod rpc;
mod settings;
mod state;
mod time;

pub use config::{Config, DEFAULT_PASSPHRASE};
pub use error::Error;
pub use server::{Server, serve};
