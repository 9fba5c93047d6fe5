//! The Rust SDK of a Berth node.
//!
//! ```no_run
//! use berth_client::{Client, LeaseFilter};
//! use serde_json::json;
//!
//! # async fn example() -> Result<(), berth_client::ClientError> {
//! let client = Client::new("http://127.0.0.1:3000", None)?;
//! println!("log {}", client.health().await?.log_id);
//!
//! // REST: typed calls, or any path.
//! let leases = client.leases(&LeaseFilter { provider_id: Some(1), ..Default::default() }).await?;
//! let stats: serde_json::Value = client.get("/api/v1/network/stats").await?;
//!
//! // Commands in a pipeline over one WebSocket.
//! let session = client.session();
//! session.call("lease.stop", json!({ "leaseId": leases[0].id })).await?;
//!
//! // The log's events from its beginning, without a gap, for ever.
//! let mut events = client.events(1, vec!["lease.*".to_owned()]);
//! loop {
//!     let frame = events.next().await?;
//!     println!("{} {:?}", frame.seq, frame.events);
//! }
//! # }
//! ```
//!
//! Whatever breaks is told by [`ClientError`]: it keeps apart what was certainly
//! not done ([`ClientError::Transport`]), what may have been done
//! ([`ClientError::Unknown`]) and what the node refused
//! ([`ClientError::Refused`]).
//!
//! The SDK speaks HTTP without TLS, as a node on the loopback does, and uses no
//! proxy. It needs a Tokio runtime.

mod backoff;
mod book;
mod call;
mod calls;
mod error;
mod events;
mod log;
mod newest;
mod quotes;
mod rest;
mod session;
mod signing;
mod socket;
mod trading;

pub use berth_wire as wire;
pub use berth_wire::event::EventFrame;
pub use book::{BookBuilder, BookFault, BookState, BookStream};
pub use call::{Call, Reply};
pub use calls::{BidFilter, LeaseFilter, OrderFilter};
pub use error::ClientError;
pub use events::{EventStream, LogStream, OwnChannel, OwnEvents, OwnStream, TradeStream};
pub use log::LogPage;
pub use newest::Newest;
pub use quotes::{Quote, QuoteStream};
pub use rest::Client;
pub use session::Session;
pub use signing::Signer;
