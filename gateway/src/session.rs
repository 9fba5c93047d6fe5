//! Sessions: one for each WebSocket. The log says in which one an order or a
//! bid was placed, so that all of a session can be cancelled.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::now;

/// Gives every session a number that no other of the log has.
pub(crate) struct Sessions(AtomicU64);

impl Sessions {
    /// Numbers begin with the time of the start in microseconds: no node opens
    /// so many sockets that they reach the next start's.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(now().0))
    }

    pub(crate) fn open(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}
