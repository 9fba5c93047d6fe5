//! Payments by x402, version 2, scheme `exact` on Stellar: whoever asks without
//! an account is told what the call costs, signs a token transfer of exactly
//! that, and asks again with it. This is the facilitator, which checks that
//! transfer and brings it to the ledger at its own cost, and the desk, which
//! keeps what was paid and gives out what is due of it.
//!
//! ```text
//! header ─ message ─▶ check ─▶ facilitator: simulate, rebuild, sign ─▶ payments (synced) ─▶ ledger
//!                                                                          │
//!                     desk: order, then give back the rest  ◀──────────────┘
//! ```
//!
//! The payer signs an authorization entry and nothing else, so what the payer
//! wrote around it (source account, fee, footprint) is thrown away. The specification
//! is x402's `scheme_exact_stellar.md`, with what it calls MUST; the words for what
//! is wrong are those of the official facilitator.

mod check;
mod desk;
mod facilitator;
mod fault;
mod giving;
mod message;
mod payments;

pub use check::{Transfer, check_events, read};
pub use desk::{Desk, DeskConfig, DeskError, Due};
pub use facilitator::{Facilitator, TIMEOUT_SECONDS};
pub use fault::Fault;
pub use message::{Payload, Receipt, Required, Requirements, Resource, Terms, network_name};
pub use payments::{Payment, Purpose, Stage};
