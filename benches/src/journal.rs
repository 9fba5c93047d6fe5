//! What the journal costs over the disk, and how quickly a node starts: measured
//! on the node's own sequencer, log and recovery, fed with a workload.
//!
//! **In the journal** are an entry's canonical bytes and hash, the batch and its
//! hash, one synced RocksDB write a batch, and the watermark. **In a node** is all
//! that it does with a command between its queue and its answer: the stamp,
//! `Exchange::apply`, the journal, the digest of the events and their store, and
//! the call that answers. **In neither** is what happens on other threads or
//! before: sockets, decoding, signatures, the gateway's view, the follower that
//! makes snapshots and the tree.

mod alone;
mod feed;
mod gate;
mod opening;
mod raw;
mod report;
mod start;
mod write;

#[cfg(feature = "gateway")]
pub(crate) use raw::Raw;
pub use report::{JournalReport, StartReport};
pub use start::{Start, TAIL_MAX, measure_start};
pub use write::{Write, measure_writing};

use std::fmt::Display;

use crate::measure::MeasureFault;

/// Says what was being done when something went wrong.
trait While<T> {
    fn or_fault(self, doing: &'static str) -> Result<T, MeasureFault>;
}

impl<T, E: Display> While<T> for Result<T, E> {
    fn or_fault(self, doing: &'static str) -> Result<T, MeasureFault> {
        self.map_err(|cause| fault(doing, cause))
    }
}

fn fault(doing: &'static str, cause: impl Display) -> MeasureFault {
    MeasureFault::Journal { doing, cause: cause.to_string() }
}
