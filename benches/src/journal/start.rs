//! How long a node with a long log takes to start.
//!
//! The log is written by the node's own sequencer, in batches as a busy node makes
//! them, while a follower beside it makes one snapshot, as a node's does. Then the
//! log is opened twice: with the snapshot, and without. What is read lies in the
//! machine's page cache where there is room for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use berth_journal::{DataDir, Follower, FollowerConfig, SnapshotConfig, recover};

use super::feed::Feed;
use super::opening::{BATCH, QUEUE, found, reopen};
use super::report::StartReport;
use super::{While, fault};
use crate::drive::Inputs;
use crate::measure::{MeasureFault, per_second};
use crate::workload::{Made, Recipe};

/// Entries that a node leaves behind its newest snapshot at most, as it is
/// configured when nobody configures it.
pub const TAIL_MAX: u64 = 500_000;

/// How long the follower may take for a snapshot after the log is written.
const PATIENCE: Duration = Duration::from_secs(300);

/// What to measure.
#[derive(Clone, Debug)]
pub struct Start {
    /// Commands of the log, beside those that open accounts and fill books.
    pub commands: u64,
    /// Entries behind the snapshot, about; at most half of the commands.
    pub tail: u64,
    /// Where a folder is made for the run, and removed after it.
    pub dir: PathBuf,
}

/// Measures starts from a snapshot and from the log alone.
///
/// # Errors
/// When the folder cannot be written, the exchange refuses a command, no snapshot
/// comes, or the two starts come to different states.
pub fn measure_start(start: &Start) -> Result<StartReport, MeasureFault> {
    if start.tail > start.commands / 2 {
        return Err(fault("--tail", format_args!("{} is more than half of the commands", start.tail)));
    }
    let folder = tempfile::tempdir_in(&start.dir).or_fault("making a folder")?;
    let dir = DataDir::new(folder.path().join("node"));
    let writing = Instant::now();
    let (snapshot_at, snapshot) = write(start, &dir)?;
    let writing = writing.elapsed();

    let short = reopen(&dir)?;
    let snapshot_bytes = fs::metadata(&snapshot).or_fault("looking at the snapshot")?.len();
    fs::rename(dir.snapshots(), folder.path().join("snapshots")).or_fault("taking the snapshot away")?;
    let long = reopen(&dir)?;
    if (short.head, short.state) != (long.head, long.state) {
        return Err(fault("opening the log", "with the snapshot and without it, it comes to different states"));
    }
    let entries = long.head.0;
    let bytes_of = |path: PathBuf| bytes(&path).or_fault("looking at the log");
    Ok(StartReport {
        entries,
        log_bytes: bytes_of(dir.log())?,
        events_bytes: bytes_of(dir.events())?,
        snapshot_bytes,
        snapshot_at,
        snapshot_start_ms: millis(short.spent),
        log_start_ms: millis(long.spent),
        replay_per_second: per_second(entries, long.spent),
        writing_ms: millis(writing),
        state_hash: long.state.root().to_string(),
    })
}

/// Writes the log, and waits for its snapshot: gives the entry behind which it
/// was made, and the file.
fn write(start: &Start, dir: &DataDir) -> Result<(u64, PathBuf), MeasureFault> {
    let Made { workload, .. } = Recipe { commands: start.commands, ..Recipe::a() }.make();
    let mut inputs = Inputs::new(&workload);
    found(dir, &workload, &mut inputs)?;
    let follower = {
        let replica = recover(dir).or_fault("opening the log")?.follower();
        let every = replica.tip().seq.0 + start.commands - start.tail;
        // The next would be made behind as many entries again, and that many do
        // not come.
        let snapshots = SnapshotConfig { every, ..SnapshotConfig::default() };
        Follower::start(dir, replica, FollowerConfig { snapshots, ..FollowerConfig::default() })
            .or_fault("starting a follower")?
    };
    let mut feed = Feed::start(dir, None, BATCH, QUEUE)?;
    feed.round(workload.timed().iter().map(|command| inputs.next(command)), None)?;
    feed.stop()?;
    let waiting = Instant::now();
    loop {
        if let Some(found) = snapshot_in(&dir.snapshots()).or_fault("looking for the snapshot")? {
            follower.stop();
            return Ok(found);
        }
        if waiting.elapsed() > PATIENCE {
            return Err(fault("waiting for the snapshot", "the follower made none"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The snapshot that is whole.
fn snapshot_in(folder: &Path) -> io::Result<Option<(u64, PathBuf)>> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|kind| kind == "snap")
            && let Some(seq) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            return Ok(Some((seq, path)));
        }
    }
    Ok(None)
}

/// Bytes of a database's files.
fn bytes(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, file| Ok(sum + file?.metadata()?.len()))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
