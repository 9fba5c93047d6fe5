//! The gateway over loopback, in front of a real sequencer and log.
//!
//! No part is played but the chain's: facts come over the operator's socket,
//! where the settler would send them.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

mod accounts;
mod book;
mod channels;
mod credentials;
mod docs;
mod docs_page;
mod documents;
mod dry_run;
mod events;
mod fixed;
mod floods;
mod full;
mod guards;
mod hostile;
mod identity;
mod keys;
mod limits;
mod log;
mod metrics;
mod node;
mod operator;
mod orders;
mod output;
mod past;
mod refusals;
mod revoked;
mod sdl;
mod seed;
mod signed;
mod slow;
mod socket;
mod starting;
mod stream;
mod tls;
mod topups;
mod trading;
