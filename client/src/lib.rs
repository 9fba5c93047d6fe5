//! The Rust SDK of a Berth node.
//!
//! ```no_run
//! use berth_client::wire::request::CancelRequest;
//! use berth_client::{Call, Client, LeaseFilter};
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
//! let one = session.begin(Call::cancel_order(1, &CancelRequest::default())).await?;
//! let two = session.begin(Call::cancel_order(2, &CancelRequest::default())).await?;
//! println!("{:?} {:?}", one.answer().await?.seq, two.answer().await?.seq);
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
//! The SDK speaks HTTP, or HTTPS where the URL says so, and uses no proxy. It
//! needs a Tokio runtime.

mod accounts;
mod backoff;
mod book;
mod call;
mod calls;
mod credentials;
mod error;
mod events;
mod limiter;
mod log;
mod login;
mod market;
mod newest;
mod output;
mod pipeline;
mod quotes;
mod rest;
mod session;
mod signing;
mod socket;
mod tls;
mod trading;

pub use berth_wire as wire;
pub use berth_wire::event::EventFrame;
pub use book::{BookBuilder, BookFault, BookPhase, BookState, BookStream};
pub use call::{Call, Reply};
pub use calls::{BidFilter, LeaseFilter, OrderFilter};
pub use ed25519_dalek::SigningKey;
pub use error::ClientError;
pub use events::{EventStream, LogStream, OwnChange, OwnChanges, OwnChannel, OwnEvents, OwnStream, TradeStream};
pub use limiter::Lane;
pub use log::LogPage;
pub use market::GpuFilter;
pub use newest::Newest;
pub use output::{OutputQuery, OutputStream};
pub use quotes::{Quote, QuoteStream};
pub use rest::Client;
pub use session::{Pending, Session};
pub use signing::Signer;
pub use tls::use_ring;
