//! A node's log and sequencer under load, in this process.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use berth_domain::{AccountId, Authority};
use berth_journal::{
    Ack, Admission, Committed, DataDir, Fatal, Follower, FollowerConfig, Recovered, Sequencer, SequencerConfig,
    SnapshotConfig, Space, SpaceConfig, StartError, Submission, SubmitError,
};

use crate::cast::genesis;
use crate::load::Load;

/// Commands that wait for their answer at one time: enough for batches that go
/// over several pages.
const UNDER_WAY: usize = 200;

/// What a node let out before it ended.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) acks: Vec<Ack>,
    pub(crate) committed: Vec<Arc<Committed>>,
    /// Why it ended, unless it was stopped.
    pub(crate) fatal: Option<Fatal>,
}

pub(crate) struct Node {
    sequencer: Sequencer,
    acks: (Sender<Ack>, Receiver<Ack>),
    under_way: Cell<usize>,
    said: Arc<Mutex<Said>>,
    turned_away: Cell<u64>,
    snapshots: Option<Follower>,
    space: Option<Space>,
    is_full: Arc<AtomicBool>,
}

impl Node {
    /// The same, and snapshots are made, many.
    pub(crate) fn start_with_snapshots(dir: &DataDir, recovered: Recovered) -> Result<Self, String> {
        let follower = recovered.follower();
        let snapshots = SnapshotConfig { every: 200, keep_every: 1_000_000 };
        let config = FollowerConfig { snapshots, checkpoints: None, poll: Duration::from_millis(10) };
        let mut node = Self::start(recovered).map_err(|e| e.to_string())?;
        node.snapshots = Some(Follower::start(dir, follower, config).map_err(|e| e.to_string())?);
        Ok(node)
    }

    /// The same, and the disk's room is looked after.
    pub(crate) fn start_with_space(dir: &DataDir, recovered: Recovered, config: SpaceConfig) -> Result<Self, String> {
        let is_full = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&is_full);
        let space =
            Space::start(dir, config, move || tell.store(true, Ordering::Release)).map_err(|e| e.to_string())?;
        let node = Self::start_admitting(recovered, space.admission()).map_err(|e| e.to_string())?;
        Ok(Self { space: Some(space), is_full, ..node })
    }

    /// Goes on behind what was recovered.
    pub(crate) fn start(recovered: Recovered) -> Result<Self, StartError> {
        Self::start_admitting(recovered, Admission::default())
    }

    fn start_admitting(recovered: Recovered, admission: Admission) -> Result<Self, StartError> {
        let said = Arc::new(Mutex::new(Said::default()));
        let mut config = SequencerConfig::new({
            let said = Arc::clone(&said);
            move |batch| said.lock().unwrap().committed.push(batch)
        });
        config.admission = admission;
        config.on_fatal = Box::new({
            let said = Arc::clone(&said);
            move |fatal| said.lock().unwrap().fatal = Some(fatal)
        });
        let sequencer = Sequencer::start(recovered, Some(genesis()), config)?;
        Ok(Self {
            sequencer,
            acks: channel(),
            under_way: Cell::new(0),
            said,
            turned_away: Cell::new(0),
            snapshots: None,
            space: None,
            is_full: Arc::default(),
        })
    }

    /// Keeps the node busy until it has stopped by itself, or `enough` says so
    /// after an answer.
    pub(crate) fn work(&self, load: &mut Load, mut enough: impl FnMut(usize) -> bool) {
        let handle = self.sequencer.handle();
        let mut answered = 0;
        loop {
            while self.under_way.get() < UNDER_WAY {
                let (account, command) = load.next();
                let exchange = account == AccountId::EXCHANGE;
                let authority = if exchange { Authority::Exchange } else { Authority::OperatorAttested };
                let answer = self.acks.0.clone();
                let submission = Submission { account, authority, command };
                match handle.submit(submission, move |ack| answer.send(ack).unwrap()) {
                    Ok(()) => self.under_way.update(|n| n + 1),
                    Err(SubmitError::NoRoom) => self.turned_away.update(|n| n + 1),
                    Err(SubmitError::Stopped) => return,
                    Err(e) => panic!("{e}"),
                }
            }
            // Some, not all: the node never runs out of work.
            for ack in self.acks.1.try_iter() {
                self.said.lock().unwrap().acks.push(ack);
                self.under_way.update(|n| n - 1);
                answered += 1;
            }
            // Who stopped answers nobody, and may owe all answers.
            if enough(answered) || self.said.lock().unwrap().fatal.is_some() {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// The answers that came since they were last taken.
    pub(crate) fn take_acks(&self) -> Vec<Ack> {
        std::mem::take(&mut self.said.lock().unwrap().acks)
    }

    /// Commands that were not taken for want of room on the disk.
    pub(crate) const fn turned_away(&self) -> u64 {
        self.turned_away.get()
    }

    /// Whether nothing but the next start's room is left.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Acquire)
    }

    /// Commands that were published since that was last asked for.
    pub(crate) fn take_published(&self) -> Vec<Arc<Committed>> {
        std::mem::take(&mut self.said.lock().unwrap().committed)
    }

    /// Stops, and closes every database. What it had said is told.
    pub(crate) fn stop(self) -> Said {
        self.sequencer.stop();
        drop(self.snapshots);
        drop(self.space);
        let mut said = std::mem::take(&mut *self.said.lock().unwrap());
        said.acks.extend(self.acks.1.try_iter());
        said
    }
}
