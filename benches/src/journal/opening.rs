//! A log's first entries, and the opening of a log that is there.

use std::time::{Duration, Instant};

use berth_domain::Seq;
use berth_exchange::StateHash;
use berth_journal::{DataDir, recover};

use super::feed::Feed;
use super::{While, fault};
use crate::drive::Inputs;
use crate::measure::MeasureFault;
use crate::workload::Workload;

/// Entries of a batch of a node in service, and submissions that wait.
pub(super) const BATCH: usize = 1_024;
pub(super) const QUEUE: usize = 8 * BATCH;

/// Opens the exchange, its accounts and hosts, and fills its books, in a run of
/// the node of its own.
pub(super) fn found(dir: &DataDir, workload: &Workload, inputs: &mut Inputs) -> Result<(), MeasureFault> {
    let (books, users) = (workload.header.books, workload.header.users);
    let mut feed = Feed::start(dir, Some(Inputs::genesis(books)), BATCH, QUEUE)?;
    let filling = workload.prefill().iter().map(|command| inputs.next(command));
    feed.round(Inputs::founding(books, users).chain(filling), None)?;
    feed.stop()
}

/// A log that was opened.
pub(super) struct Reopened {
    pub(super) head: Seq,
    pub(super) state: StateHash,
    pub(super) spent: Duration,
}

/// Opens a log as a start does.
///
/// # Errors
/// When it cannot be opened, or was not as it should be.
pub(super) fn reopen(dir: &DataDir) -> Result<Reopened, MeasureFault> {
    const DOING: &str = "opening the log again";
    let start = Instant::now();
    let recovered = recover(dir).or_fault(DOING)?;
    let spent = start.elapsed();
    if let Some(note) = recovered.notes().first() {
        return Err(fault(DOING, note));
    }
    Ok(Reopened { head: recovered.tip().seq, state: recovered.exchange().state_hash(), spent })
}
