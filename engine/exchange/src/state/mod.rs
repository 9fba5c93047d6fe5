//! What the exchange knows: one file for each kind of thing, and the indexes
//! that are derived from them.

mod account;
mod bid;
mod check;
mod client_ids;
mod config;
mod content;
mod entrant;
mod evidence;
mod funding;
mod gang;
mod hash;
mod history;
mod id_table;
mod key;
mod lease;
mod ledger;
mod market;
mod order;
mod provider;
mod recall;
mod standby;
mod standing;
mod timers;

pub use account::Account;
pub use bid::Bid;
pub use config::Terms;
pub use evidence::{Evidence, Gap};
pub use funding::{Funding, TopUp};
pub use hash::StateHash;
pub use history::Record;
pub use key::AccountKey;
pub use lease::{Lease, Origin};
pub use ledger::{Balances, Ledger};
pub use market::{Book, BookRow, Market};
pub use order::Order;
pub use provider::Provider;
pub use standby::Standby;

pub(crate) use account::{Accounts, next_midnight};
pub(crate) use check::{Check, Checks};
pub(crate) use client_ids::ClientIds;
pub(crate) use config::Config;
pub(crate) use content::sequence;
pub(crate) use entrant::Entrant;
pub(crate) use gang::{Gang, Gangs};
pub(crate) use history::{Counted, Ending, day_of};
pub use key::SIGNATURE_LIFE;
pub(crate) use ledger::{Funds, Place};
pub(crate) use market::{bid_key, bids_of, order_key, orders_of};
pub(crate) use provider::{Room, Slot};
pub(crate) use recall::{Parts, Recall, Unread};
pub(crate) use standby::Standbys;
pub(crate) use timers::{Timer, Timers};
#[cfg(test)]
pub(crate) use {client_ids::ClientIdRecord, history::History, standing::Standing};

/// Adds an item, made where it stays: `push` would make a large one elsewhere
/// and copy it there.
#[inline]
pub(crate) fn add<T>(items: &mut Vec<T>, make: impl FnOnce() -> T) {
    items.extend(std::iter::once_with(make));
}

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
