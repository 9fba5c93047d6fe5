//! The matching core: one deterministic state machine.
//!
//! [`Exchange::apply`] takes an entry of the log and appends the events that
//! follow from it. It has no clock, no randomness, no I/O, no float, no lock and
//! iterates over nothing unordered, so the same log gives the same state on any
//! machine. The live service, replay, simulator and benches all drive this one
//! function; there is no flag that tells them apart.

mod apply;
mod content;
#[cfg(test)]
mod document;
mod dry_run;
mod exchange;
mod explain;
mod invariants;
mod look_ahead;
mod outcome;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod read;
mod restore;
mod rules;
mod state;

pub use content::Component;
pub use dry_run::{DryFill, DryRun, Fate};
pub use exchange::{Capacity, Exchange};
pub use explain::{BidExplanation, BidVerdict, Explanation, Obstacle, OrderVerdict, ProviderVerdict, Resource, Wait};
pub use invariants::Invariants;
pub use outcome::{LogViolation, Outcome, Reply};
#[cfg(feature = "planted-bugs")]
pub use planted::Planted;
pub use restore::{ContentError, Spot};
pub use state::{
    Account, AccountKey, Balances, Bid, Book, BookRow, Evidence, Funding, Gap, Lease, Ledger, Market, Order, Origin,
    Provider, Record, SIGNATURE_LIFE, Standby, StateHash, Terms, TopUp,
};
