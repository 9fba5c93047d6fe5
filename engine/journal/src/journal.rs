//! What the sequencer needs of a log, wherever its batches are kept.

use berth_domain::Seq;

use crate::batch::{Batch, SealedBatch};
use crate::database::StoreError;
use crate::reader::ReadError;

/// An append-only, durable list of batches. That of [`crate::recover`] is on the
/// disk of this machine.
pub trait Journal: Send {
    /// Adds a batch; it is durable when this returns.
    ///
    /// # Errors
    /// Any error leaves open whether the batch is in the log: the caller must
    /// not go on, but open the log anew and see. Every later call fails.
    fn append(&mut self, batch: &SealedBatch) -> Result<(), StoreError>;

    /// Sequence number of the last durable entry; zero when there is none.
    fn durable_head(&self) -> Seq;

    /// The batches in order, from the one that holds `from`.
    fn read(&self, from: Seq) -> Box<dyn Iterator<Item = Result<Batch, ReadError>> + '_>;
}
