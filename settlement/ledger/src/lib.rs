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
//! and of the classic ones `CreateAccount`, `Payment`, `ChangeTrust`,
//! `SetTrustLineFlags`, `SetOptions`, `ManageData`, `BumpSequence` and
//! `AccountMerge`, alone or within a fee bump. Everything else is refused as
//! not supported. What it serves and where it differs from a real network is in
//! `docs/ledger.md`.

mod config;
mod error;
mod guard;
mod server;

mod chain;
mod close;
mod close_meta;
mod fee_window;
mod friendbot;
mod outline;
mod pending;
mod simulate;

mod account;
mod apply;
mod asset;
mod asset_events;
#[expect(clippy::result_large_err, reason = "a refusal is the network's own result, made once, at the end")]
mod check;
#[expect(clippy::result_large_err, reason = "a failure is the network's own result, made once, at the end")]
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

pub use config::{Config, DEFAULT_PASSPHRASE, Trouble};
pub use error::Error;
pub use server::{Server, serve};
