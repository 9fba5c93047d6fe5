//! A thread that follows the log behind the sequencer: a replica of its own goes
//! as far as the log is known to be durable, and out of it come snapshots, the
//! Merkle tree and signed checkpoints. The sequencer knows nothing of it.

use std::thread::JoinHandle;
use std::time::Duration;

use berth_domain::Seq;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::LogReader;
use crate::replay::ReplayError;
use crate::replica::Replica;
use crate::snapshot::{SnapshotConfig, SnapshotMaker};
use crate::tree_builder::{CheckpointConfig, TreeBuilder};
use crate::tree_store::TreeReader;
use crate::watermark::Mark;

/// What a follower makes.
pub struct FollowerConfig {
    /// How often snapshots are made.
    pub snapshots: SnapshotConfig,
    /// Who signs checkpoints, and how often; without it no tree is built.
    pub checkpoints: Option<CheckpointConfig>,
    /// How often the log is looked at.
    pub poll: Duration,
}

impl Default for FollowerConfig {
    fn default() -> Self {
        let snapshots = SnapshotConfig::default();
        Self { snapshots, checkpoints: None, poll: Duration::from_millis(500) }
    }
}

/// The thread. Dropping it stops it, behind all that is durable by then and with
/// a signed checkpoint of it: where the sequencer has stopped before, of the whole
/// log.
pub struct Follower {
    tree: Option<TreeReader>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    /// Follows the log of a data directory from where `replica` stands.
    ///
    /// # Errors
    /// When the log cannot be opened, a folder cannot be made, or there is no
    /// thread.
    pub fn start(dir: &DataDir, replica: Replica, config: FollowerConfig) -> Result<Self, StoreError> {
        let log = LogReader::open(dir)?;
        let snapshots = SnapshotMaker::open(dir, config.snapshots)?;
        let tree = config.checkpoints.map(|config| TreeBuilder::open(dir, config)).transpose()?;
        let reader = tree.as_ref().map(TreeBuilder::reader);
        let following = Following { dir: dir.clone(), log, replica, snapshots, tree };
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new().name("follower".to_owned());
        let run = move || following.run(config.poll, &stopped);
        let thread = thread.spawn(run).map_err(StoreError::file(dir.root()))?;
        Ok(Self { tree: reader, stop: Some(stop), thread: Some(thread) })
    }

    /// The tree that it builds, as it grows; none without checkpoints.
    #[must_use]
    pub fn tree(&self) -> Option<TreeReader> {
        self.tree.clone()
    }

    /// Stops and waits for the end.
    pub fn stop(self) {}
}

impl Drop for Follower {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

struct Following {
    dir: DataDir,
    log: LogReader,
    replica: Replica,
    snapshots: SnapshotMaker,
    tree: Option<TreeBuilder>,
}

impl Following {
    fn run(mut self, poll: Duration, stopped: &Receiver<()>) {
        self.with_tree(|tree, log, replica| tree.catch_up(log, replica.tip().seq));
        while stopped.recv_timeout(poll) == Err(RecvTimeoutError::Timeout) {
            if let Err(e) = self.follow() {
                tracing::error!("snapshots and checkpoints end here, for the log cannot be followed: {e}");
                return;
            }
        }
        // A log at rest can be proved to its last entry.
        if let Err(e) = self.follow() {
            tracing::error!("the last entries are in no checkpoint, for the log cannot be followed: {e}");
            return;
        }
        self.with_tree(|tree, _, replica| tree.sign_last(replica));
    }

    /// Applies what is durable and new.
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
            self.snapshots.make_if_due(&self.replica);
            if let Some(tree) = &mut self.tree
                && let Err(e) = tree.add(&batch)
            {
                tracing::error!("checkpoints end here: {e}");
                self.tree = None;
            }
        }
        self.with_tree(|tree, _, replica| tree.sign_if_due(replica));
        Ok(())
    }

    /// The tree is made anew at the next start when it fails; snapshots go on.
    fn with_tree(&mut self, work: impl FnOnce(&mut TreeBuilder, &LogReader, &Replica) -> Result<(), ReplayError>) {
        if let Some(tree) = &mut self.tree
            && let Err(e) = work(tree, &self.log, &self.replica)
        {
            tracing::error!("checkpoints end here: {e}");
            self.tree = None;
        }
    }
}
