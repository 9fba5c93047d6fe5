//! A snapshot in its place in the log.

use std::path::Path;

use berth_domain::{Entry, Seq};

use super::file::{SnapshotFault, read, read_header};
use crate::batch::Batch;
use crate::reader::{LogReader, ReadError};
use crate::replica::Replica;
use crate::store::LogStore;

/// A log whose batches can be looked up.
pub(crate) trait Batched {
    /// The batch that holds an entry.
    fn batch_of(&self, seq: Seq) -> Result<Option<Batch>, ReadError>;
}

impl Batched for LogStore {
    fn batch_of(&self, seq: Seq) -> Result<Option<Batch>, ReadError> {
        that_holds(seq, self.batches(seq))
    }
}

impl Batched for LogReader {
    fn batch_of(&self, seq: Seq) -> Result<Option<Batch>, ReadError> {
        that_holds(seq, self.read(seq))
    }
}

fn that_holds(
    seq: Seq,
    mut batches: impl Iterator<Item = Result<Batch, ReadError>>,
) -> Result<Option<Batch>, ReadError> {
    let batch = batches.next().transpose()?;
    Ok(batch.filter(|batch| (batch.first()..=batch.last()).contains(&seq)))
}

/// A replica out of a snapshot that belongs to this log.
pub(crate) fn load(path: &Path, seq: Seq, log: &impl Batched) -> Result<Replica, SnapshotFault> {
    // Most that will not do is found out without reading the state.
    check_place(path, seq, log)?;
    let (replica, _) = read(path)?;
    Ok(replica)
}

/// Whether what a snapshot says that it was made behind stands in this log.
pub(crate) fn check_place(path: &Path, seq: Seq, log: &impl Batched) -> Result<(), SnapshotFault> {
    let header = read_header(path)?;
    if header.seq != seq {
        return Err(SnapshotFault::Misnamed(header.seq));
    }
    // What of the log cannot be read is recovery's to tell.
    let batch_of = |seq| log.batch_of(seq).ok().flatten();
    let first = batch_of(Seq(1)).and_then(|batch| batch.entries.first().map(Entry::hash));
    if first != Some(header.log) {
        return Err(SnapshotFault::OtherLog(header.log));
    }
    match batch_of(seq) {
        Some(batch) if header.is_behind(&batch) => Ok(()),
        None => {
            // It speaks against the log only when it is sound itself.
            read(path)?;
            Err(SnapshotFault::Ahead)
        }
        Some(_) => Err(SnapshotFault::OtherBatch(header.batch)),
    }
}
