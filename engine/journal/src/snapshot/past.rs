//! The state as it was: the nearest snapshot before, and the log from there.

use berth_domain::Seq;
use berth_exchange::Exchange;
use thiserror::Error;

use super::folder::found_in;
use super::source::load;
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::{LogReader, ReadError};
use crate::replay::ReplayError;
use crate::replica::Replica;

/// Why an old state cannot be had.
#[derive(Debug, Error)]
pub enum PastError {
    /// The log cannot be opened, read or followed.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The log has not come so far.
    #[error("the log ends at entry {0}")]
    Future(Seq),
    /// No snapshot is near enough.
    #[error("the nearest snapshot is at entry {nearest}, and no more than {most} entries are applied to it")]
    TooFar {
        /// Where it is; zero is the beginning of the log.
        nearest: Seq,
        /// The bound.
        most: u64,
    },
}

impl From<StoreError> for PastError {
    fn from(e: StoreError) -> Self {
        Self::Replay(e.into())
    }
}

impl From<ReadError> for PastError {
    fn from(e: ReadError) -> Self {
        Self::Replay(e.into())
    }
}

/// The exchange as it was after the entry at `seq`, beside whoever may be writing
/// the log. No more than `entries_max` entries are applied, so that an answer
/// takes a bounded time.
///
/// # Errors
/// When the log cannot be read or does not follow, does not reach `seq`, or no
/// sound snapshot is near enough.
pub fn exchange_at(dir: &DataDir, seq: Seq, entries_max: u64) -> Result<Exchange, PastError> {
    exchange_behind(&LogReader::open(dir)?, dir, seq, entries_max)
}

/// The same with a log of this directory that is open already.
///
/// # Errors
/// See [`exchange_at`].
pub fn exchange_behind(log: &LogReader, dir: &DataDir, seq: Seq, entries_max: u64) -> Result<Exchange, PastError> {
    let mut replica = nearest(dir, seq, log)?;
    let from = replica.tip().seq;
    if seq.0 - from.0 > entries_max {
        return Err(PastError::TooFar { nearest: from, most: entries_max });
    }
    if from < seq {
        for batch in log.read(from.next()) {
            let batch = batch?;
            if batch.last() <= from {
                // There is nothing behind it.
                break;
            }
            let follow = replica.follow_to(&batch, seq);
            follow.map_err(|source| ReplayError::Follow { first: batch.first(), source })?;
            if batch.last() >= seq {
                break;
            }
        }
    }
    let head = replica.tip().seq;
    if head < seq { Err(PastError::Future(head)) } else { Ok(replica.into_exchange()) }
}

/// The newest sound snapshot that is not behind an entry, or the beginning.
fn nearest(dir: &DataDir, seq: Seq, log: &LogReader) -> Result<Replica, StoreError> {
    let folder = dir.snapshots();
    let found = found_in(dir).map_err(StoreError::file(&folder))?;
    for (at, path) in found.into_iter().rev().filter(|(at, _)| *at <= seq) {
        match load(&path, at, log) {
            Ok(replica) => return Ok(replica),
            Err(fault) => tracing::warn!("the snapshot {} is not used: {fault}", path.display()),
        }
    }
    Ok(Replica::new())
}
