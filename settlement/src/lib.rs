//! Settles leases on Stellar.
//!
//! The settler reads the exchange's events, plans what they ask of the chain,
//! brings it about by signed transactions of the escrow contract's operator,
//! and reports what the contract publishes back to the exchange as facts.
//!
//! ```text
//! exchange ─ events ─▶ plan ─▶ outbox (synced) ─▶ act ─▶ escrow contract
//!     ▲                                                        │
//!     └───────────── facts ◀─ watcher ◀─ contract's events ◀───┘
//! ```
//!
//! Several transactions are in flight at once: each is paid for by an account of
//! its own, a channel, while the operator authorizes the call in it.
//!
//! What it does is safe to repeat at every step: intents have natural keys, an
//! envelope is on disk before it is handed in and is applied at most once, the
//! contract opens and settles a lease once, and the exchange takes each fact
//! once. It may be killed at any moment.

mod settler;
mod status;

mod exchange;
mod plan;

mod act;
mod channels;
mod follower;
mod operator;
mod outbox;
mod queue;
mod watcher;
mod worker;

pub mod chain;
pub mod contract;

mod faucet;
mod inspect;
mod reconcile;

mod metrics;
pub mod x402;

mod serial;
mod store;

pub use channels::ChannelsConfig;
pub use exchange::{EVENT_TYPES, Events, Exchange, ExchangeError, Frame, Node, NodeEvents, read_frame};
pub use faucet::{Faucet, FaucetError, fund};
pub use inspect::{Envelope, Inspection, Pending};
pub use plan::{ExchangeEvent, Intent, Live, Name, Plan};
pub use reconcile::{Comparison, Expectation, Split, Subject, compare, reconcile};
pub use settler::{Settler, SettlerConfig, SettlerError};
pub use status::Status;
pub use store::StoreError;
