//! When a snapshot is made, and which stay.

use std::fs;
use std::io;

use berth_domain::Seq;

use super::file::write;
use super::folder::{found_in, prune, remove_unfinished};
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::replica::Replica;

/// How often snapshots are made, and which stay beside the newest three.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotConfig {
    /// Entries between two, from 1.
    pub every: u64,
    /// The first in each stretch of so many entries stays for ever, so that no
    /// old state is further than that from a snapshot. From 1.
    pub keep_every: u64,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self { every: 500_000, keep_every: 10_000_000 }
    }
}

/// Writes a replica down now and then.
pub(crate) struct SnapshotMaker {
    dir: DataDir,
    config: SnapshotConfig,
    /// Where the last was made, or tried.
    last: Seq,
}

impl SnapshotMaker {
    pub(crate) fn open(dir: &DataDir, config: SnapshotConfig) -> Result<Self, StoreError> {
        let folder = dir.snapshots();
        let prepare = || -> io::Result<Seq> {
            fs::create_dir_all(&folder)?;
            dir.sync()?;
            remove_unfinished(dir)?;
            Ok(found_in(dir)?.last().map_or(Seq(0), |(seq, _)| *seq))
        };
        let last = prepare().map_err(StoreError::file(&folder))?;
        Ok(Self { dir: dir.clone(), config, last })
    }

    pub(crate) fn make_if_due(&mut self, replica: &Replica) {
        let head = replica.tip().seq;
        if head.0.saturating_sub(self.last.0) < self.config.every {
            return;
        }
        self.last = head;
        // A disk that is full now may have room at the next one.
        match self.make(replica) {
            Ok(()) => tracing::info!(entry = head.0, "a snapshot is made"),
            Err(e) => tracing::warn!("the snapshot at entry {head} was not made: {e}"),
        }
    }

    fn make(&self, replica: &Replica) -> io::Result<()> {
        write(&self.dir.snapshot(replica.tip().seq), replica)?;
        prune(&self.dir, self.config.keep_every)
    }
}
