//! A log, walked from its first entry to wherever the verb has seen enough.

use std::ops::ControlFlow;
use std::path::PathBuf;

use berth_audit::{Moment, Player};
use berth_domain::Seq;
use berth_exchange::Exchange;
use berth_journal::{Batch, DataDir, LogReader, ReadError, Tip, exchange_at};
use clap::Args;

use super::progress::Progress;
use crate::fault::{Fault, While};

/// Where a log is read.
#[derive(Args)]
pub(crate) struct Data {
    /// The node's data directory.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
}

impl Data {
    pub(crate) fn dir(&self) -> DataDir {
        DataDir::new(&self.data)
    }

    /// Plays the log and shows each entry as it was applied, until `visit` breaks.
    /// Gives the player where it ended.
    ///
    /// # Errors
    /// Those of `visit`, and when the log cannot be read or does not link; what is
    /// wrong with it, `verify` says.
    pub(crate) fn walk(
        &self,
        mut visit: impl FnMut(&Moment<'_>) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<Player, Fault> {
        let mut player = Player::new();
        let mut progress = Progress::new();
        let log = LogReader::open(&self.dir()).or_fault("opening the log")?;
        for batch in linked(log.read(Seq(0))) {
            for entry in &batch?.entries {
                let moment = player.play(entry).or_fault("playing the log")?;
                progress.at(entry.seq);
                if visit(&moment)?.is_break() {
                    return Ok(player);
                }
            }
        }
        Ok(player)
    }

    /// The state behind an entry, from the nearest snapshot.
    ///
    /// # Errors
    /// When the log cannot be read, or ends before it.
    pub(crate) fn state_at(&self, seq: Seq) -> Result<Exchange, Fault> {
        if seq == Seq(0) {
            return Err(Fault::CouldNotRun("seq: the first entry is 1".to_owned()));
        }
        exchange_at(&self.dir(), seq, u64::MAX).or_fault(&format!("the state behind entry {seq}"))
    }
}

/// Batches, each checked to follow the one before.
pub(crate) fn linked(
    batches: impl Iterator<Item = Result<Batch, ReadError>>,
) -> impl Iterator<Item = Result<Batch, Fault>> {
    let mut tip = Tip::default();
    batches.map(move |batch| {
        let batch = batch.or_fault("reading the log")?;
        tip.check_links(&batch).or_fault("following the log")?;
        tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events };
        Ok(batch)
    })
}
