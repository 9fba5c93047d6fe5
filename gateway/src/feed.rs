//! The way from the sequencer's threads to the view's.

use std::sync::Arc;

use berth_journal::Committed;
use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::time::Instant;

use crate::metrics;

/// Batches that may wait for the view.
const BATCHES_MAX: usize = 1_024;

/// The sequencer's end.
#[derive(Clone)]
pub struct Publisher(Sender<Durable>);

/// The gateway's end.
pub struct Feed(pub(crate) Receiver<Durable>);

/// A durable batch, and since when it is.
pub(crate) struct Durable {
    pub(crate) committed: Arc<Committed>,
    pub(crate) since: Instant,
}

/// A bounded channel for durable batches.
///
/// A full one makes the sequencer wait rather than lose a batch. It takes a view
/// that falls behind by all of it. The view does less per batch than the
/// sequencer, but it waits for those who read the exchange at that moment. Each
/// of these reads is bounded, by the limits of lists, books and events or, where
/// the whole state is walked, by how rarely that is done; none waits for its
/// client, who is sent what was read when the view is free again.
#[must_use]
pub fn feed() -> (Publisher, Feed) {
    let (sender, receiver) = bounded(BATCHES_MAX);
    (Publisher(sender), Feed(receiver))
}

impl Publisher {
    /// Passes a durable batch on; what the sequencer's `on_committed` shall call.
    pub fn publish(&self, committed: Arc<Committed>) {
        metrics::published(committed.entries.len(), self.0.len());
        // Without a gateway there is nobody left to tell.
        let _ = self.0.send(Durable { committed, since: Instant::now() });
    }
}
