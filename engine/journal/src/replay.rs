//! Replaying a log from nothing, beside whoever may be writing it.

use std::ops::ControlFlow;

use berth_domain::Seq;
use thiserror::Error;

use crate::batch::Batch;
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::{LogReader, ReadError};
use crate::replica::{FollowError, Replica};

/// Why a log cannot be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] StoreError),
    /// A record is no batch.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A batch does not follow the one before it.
    #[error("the batch at {first}: {source}")]
    Follow {
        /// Its first entry.
        first: Seq,
        /// Why.
        source: FollowError,
    },
}

/// Applies the log of a data directory to a new exchange and shows the replica
/// after every batch, until `visit` breaks. Gives the replica where it ended.
///
/// # Errors
/// At the first batch that cannot be read or does not follow.
pub fn replay(
    dir: &DataDir,
    mut visit: impl FnMut(&Batch, &Replica) -> ControlFlow<()>,
) -> Result<Replica, ReplayError> {
    let log = LogReader::open(dir)?;
    let mut replica = Replica::new();
    for batch in log.read(Seq(0)) {
        let batch = batch?;
        let follow = replica.follow(&batch, |_| {});
        follow.map_err(|source| ReplayError::Follow { first: batch.first(), source })?;
        if visit(&batch, &replica).is_break() {
            break;
        }
    }
    Ok(replica)
}
