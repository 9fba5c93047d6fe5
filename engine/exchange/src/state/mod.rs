//! What the exchange knows: one file for each kind of thing, and the indexes
//! that are derived from them.

mod account;
mod bid;
mod client_ids;
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
pub(crate) use client_ids::ClientIds;
pub(crate) use hash::ComponentHasher;
pub(crate) use ledger::Place;
pub(crate) use market::{bid_key, bids_of, order_key, orders_of};
pub(crate) use provider::Slot;
pub(crate) use timers::{Timer, Timers};

/// The item with an id in a vector whose ids count from 1.
#[inline]
pub(crate) fn place<T>(items: &[T], id: u64) -> Option<&T> {
    items.get(usize::try_from(id).ok()?.wrapping_sub(1))
}

/// The item with an id, to change it.
#[inline]
pub(crate) fn place_mut<T>(items: &mut [T], id: u64) -> Option<&mut T> {
    items.get_mut(usize::try_from(id).ok()?.wrapping_sub(1))
}
