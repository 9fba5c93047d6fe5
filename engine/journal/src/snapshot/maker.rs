//! Making snapshots on a thread of its own: a replica follows the log, as far as
//! that is known to be durable, and is written down now and then. The sequencer
//! knows nothing of it.

use std::fs;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use berth_domain::Seq;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::file::write;
use super::folder::{found_in, prune, remove_unfinished};
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::LogReader;
use crate::replay::ReplayError;
use crate::replica::Replica;
use crate::watermark::Mark;

/// How often snapshots are made, and which stay beside the newest three.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotConfig {
    /// Entries between two, from 1.
    pub every: u64,
    /// The first in each stretch of so many entries stays for ever, so that no
    /// old state is further than that from a snapshot. From 1.
    pub keep_every: u64,
    /// How often the log is looked at.
    pub poll: Duration,
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self { every: 500_000, keep_every: 10_000_000, poll: Duration::from_millis(500) }
    }
}

/// A thread that makes snapshots. Dropping it stops it, after the one that it is
/// writing.
pub struct Snapshots {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Snapshots {
    /// Makes snapshots of the log of a data directory from where `replica`
    /// stands.
    ///
    /// # Errors
    /// When the log cannot be opened, the folder cannot be made, or there is no
    /// thread.
    pub fn start(dir: &DataDir, replica: Replica, config: SnapshotConfig) -> Result<Self, StoreError> {
        let maker = Maker::open(dir, replica, config)?;
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new().name("snapshots".to_owned());
        let thread = thread.spawn(move || maker.run(&stopped)).map_err(StoreError::file(&dir.snapshots()))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Stops and waits for the end.
    pub fn stop(self) {}
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

struct Maker {
    dir: DataDir,
    log: LogReader,
    replica: Replica,
    config: SnapshotConfig,
    /// Where the last was made, or tried.
    last: Seq,
}

impl Maker {
    fn open(dir: &DataDir, replica: Replica, config: SnapshotConfig) -> Result<Self, StoreError> {
        let folder = dir.snapshots();
        let prepare = || -> io::Result<Seq> {
            fs::create_dir_all(&folder)?;
            dir.sync()?;
            remove_unfinished(dir)?;
            Ok(found_in(dir)?.last().map_or(Seq(0), |(seq, _)| *seq))
        };
        let last = prepare().map_err(StoreError::file(&folder))?;
        Ok(Self { dir: dir.clone(), log: LogReader::open(dir)?, replica, config, last })
    }

    fn run(mut self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(self.config.poll) == Err(RecvTimeoutError::Timeout) {
            if let Err(e) = self.follow() {
                tracing::error!("snapshots end here, for the log cannot be followed: {e}");
                return;
            }
        }
    }

    /// Applies what is durable and new, and makes snapshots where they are due.
    fn follow(&mut self) -> Result<(), ReplayError> {
        // What the log shows may not have reached the disk. A snapshot of that
        // would outlive it.
        let durable = Mark::read(&self.dir.watermark()).ok().flatten().map_or(Seq(0), |mark| mark.seq);
        if durable > self.replica.tip().seq {
            self.log.catch_up()?;
        }
        for batch in self.log.read(self.replica.tip().next()) {
            let batch = batch?;
            if batch.last() > durable || batch.first() < self.replica.tip().next() {
                break;
            }
            let follow = self.replica.follow(&batch, |_| {});
            follow.map_err(|source| ReplayError::Follow { first: batch.first(), source })?;
            let head = self.replica.tip().seq;
            if head.0.saturating_sub(self.last.0) >= self.config.every {
                self.last = head;
                // A disk that is full now may have room at the next one.
                match self.make() {
                    Ok(()) => tracing::info!(entry = head.0, "a snapshot is made"),
                    Err(e) => tracing::warn!("the snapshot at entry {head} was not made: {e}"),
                }
            }
        }
        Ok(())
    }

    fn make(&self) -> io::Result<()> {
        write(&self.dir.snapshot(self.replica.tip().seq), &self.replica)?;
        prune(&self.dir, self.config.keep_every)
    }
}
