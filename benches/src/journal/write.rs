//! A node, and the journal by itself, each beside a plain file, in turns.
//!
//! A disk's speed drifts, and clouds cap it, by more than the two differ. So short
//! rounds of each take turns in one folder, and each record of the file is as long
//! as the batch that the journal wrote before it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use berth_journal::DataDir;

use super::While;
use super::alone::write_again;
use super::feed::Feed;
use super::opening::{found, reopen};
use super::raw::Raw;
use super::report::{JournalReport, Measured, Times};
use crate::drive::Inputs;
use crate::measure::MeasureFault;
use crate::workload::{Made, Recipe};

/// Entries and batches of a round: long enough that its ends, where not all of the
/// sequencer's threads have work, do not count; short enough that the disk is the
/// same for both sides.
const ROUND_ENTRIES: usize = 65_536;
const ROUND_BATCHES: usize = 64;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Write {
    /// Entries of a batch, from 1 to 65,536. One is closed at 4 MiB, too.
    pub batch: usize,
    /// Commands that are timed at most.
    pub commands: u64,
    /// Time that node, journal and file may take together, but for the opening of
    /// logs; a round that has begun ends.
    pub spend: Duration,
    /// Where a folder is made for the run, and removed after it.
    pub dir: PathBuf,
}

/// How it is measured.
pub(super) struct Pace {
    /// Entries of a batch.
    pub(super) batch: usize,
    /// Entries of a round.
    pub(super) round: usize,
    /// Time for a side and the plain file together; a round that has begun ends.
    pub(super) spend: Duration,
}

/// Measures a node's way of writing a log, how quickly that log is read back, and
/// then the journal by itself with the same entries.
///
/// # Errors
/// When the folder cannot be written, or the exchange refuses a command.
pub fn measure_writing(write: &Write) -> Result<JournalReport, MeasureFault> {
    let folder = tempfile::tempdir_in(&write.dir).or_fault("making a folder")?;
    let dir = DataDir::new(folder.path().join("node"));
    let round = (ROUND_ENTRIES / write.batch).clamp(1, ROUND_BATCHES) * write.batch;
    let pace = Pace { batch: write.batch, round, spend: write.spend / 2 };
    let raw = Raw::create(&folder.path().join("raw")).or_fault("making a file")?;
    let raw = Arc::new(Mutex::new(raw));
    let node = of_a_node(write, &dir, &pace, &raw)?;
    let reopened = reopen(&dir)?;
    let mut raw = raw.lock().unwrap_or_else(PoisonError::into_inner);
    let alone = write_again(&dir, &DataDir::new(folder.path().join("alone")), &pace, &mut raw)?;
    Ok(JournalReport::new(write.batch, &node, &alone, &reopened))
}

fn of_a_node(write: &Write, dir: &DataDir, pace: &Pace, raw: &Arc<Mutex<Raw>>) -> Result<Measured, MeasureFault> {
    let Made { workload, .. } = Recipe { commands: write.commands, ..Recipe::a() }.make();
    let mut inputs = Inputs::new(&workload);
    found(dir, &workload, &mut inputs)?;
    let mut feed = Feed::start(dir, None, pace.batch, pace.round)?;
    let (mut own, mut others, mut bytes, mut commands) = (Vec::new(), Vec::new(), 0, 0);
    let start = Instant::now();
    // The first pair warms both up.
    for (turn, part) in workload.timed().chunks(pace.round).enumerate() {
        let round = feed.round(part.iter().map(|command| inputs.next(command)), Some(raw))?;
        if turn == 0 && part.len() < workload.timed().len() {
            continue;
        }
        commands += part.len() as u64;
        bytes += round.sizes.iter().sum::<usize>();
        own.extend(round.spent);
        others.extend(round.plain);
        if start.elapsed() >= pace.spend {
            break;
        }
    }
    feed.stop()?;
    Ok(Measured { commands, bytes, own: Times::of(own), raw: Times::of(others) })
}
