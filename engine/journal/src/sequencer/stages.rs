//! What becomes of a sealed batch: it is written, its events are kept, it is
//! published, and who waits is answered. Each step takes what only the one before
//! it gives, so that nothing can be shown which is not durable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Ack, Committed, CommittedEntry, Fatal, OnCommitted, Reply};
use crate::batch::SealedBatch;
use crate::event_store::{EventRecord, EventStore};
use crate::journal::Journal;
use crate::watermark::{Mark, Watermark};

/// The log, and those who are shown what is in it. Batches come in order, to
/// each of the two one at a time, from whichever thread.
pub(super) struct Stages {
    journal: Mutex<Box<dyn Journal>>,
    showing: Mutex<Showing>,
}

/// What is told of a batch that is durable.
pub(super) struct Showing {
    pub(super) watermark: Watermark,
    pub(super) events: EventStore,
    pub(super) on_committed: OnCommitted,
}

/// Applied and sealed, but not durable: nobody may see any of it.
pub(super) struct Sealed {
    pub(super) batch: SealedBatch,
    pub(super) contents: Contents,
}

/// A batch and what followed from it.
pub(super) struct Contents {
    pub(super) committed: Committed,
    pub(super) record: EventRecord,
    /// Who waits for which of the entries.
    pub(super) replies: Vec<(usize, Reply)>,
}

/// In the log for good.
pub(super) struct Durable(Contents);

/// Durable, and its events can be read.
pub(super) struct Readable {
    committed: Arc<Committed>,
    replies: Vec<(usize, Reply)>,
}

impl Stages {
    pub(super) fn new(journal: Box<dyn Journal>, showing: Showing) -> Self {
        Self { journal: Mutex::new(journal), showing: Mutex::new(showing) }
    }

    /// Makes a batch durable.
    pub(super) fn write(&self, Sealed { batch, contents }: Sealed) -> Result<Durable, Fatal> {
        lock(&self.journal).append(&batch).map_err(Fatal::Journal)?;
        Ok(Durable(contents))
    }

    /// Notes that a batch is durable, and keeps its events.
    ///
    /// Both come before the publication and the answers: what was acknowledged
    /// cannot go missing unnoticed, and a reader that is told of an entry finds
    /// its events, so that it can go over from the store to what is published
    /// without a gap. They are not the writer's, which writes the next meanwhile.
    pub(super) fn keep(&self, Durable(contents): Durable) -> Result<Readable, Fatal> {
        let Contents { committed, record, replies } = contents;
        let mut showing = lock(&self.showing);
        if let Some(CommittedEntry { entry, .. }) = committed.entries.last() {
            showing.watermark.advance(Mark { seq: entry.seq, hash: committed.batch }).map_err(Fatal::Journal)?;
        }
        showing.events.append(&record).map_err(Fatal::Events)?;
        drop(showing);
        Ok(Readable { committed: Arc::new(committed), replies })
    }

    /// Publishes, then answers. In between it says that it has published: whoever
    /// shows a later batch then waits for these answers all the same.
    pub(super) fn tell(&self, Readable { committed, replies }: Readable, published: impl FnOnce()) {
        let mut showing = lock(&self.showing);
        (showing.on_committed)(Arc::clone(&committed));
        published();
        for (place, reply) in replies {
            let CommittedEntry { entry, hash, outcome, .. } = &committed.entries[place];
            reply(Ack { seq: entry.seq, at: entry.at, entry_hash: *hash, outcome: *outcome });
        }
        drop(showing);
    }
}

/// Who panics with a lock ends the node: nobody takes it after that.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
