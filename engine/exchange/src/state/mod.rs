//! What the exchange knows: one file for each kind of thing, and the indexes
//! that are derived from them.

mod account;
mod bid;
mod hash;
mod lease;
mod ledger;
mod market;
mod order;
mod provider;
mod timers;

pub use account::Account;
pub use bid::Bid;
pub use hash::StateHash;
pub use lease::{Evidence, Lease};
pub use ledger::{Balances, Ledger};
pub use market::{Book, BookRow, Market};
pub use order::Order;
pub use provider::Provider;

pub(crate) use account::Accounts;
pub(crate) use timers::{Timer, Timers};
