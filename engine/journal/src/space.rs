//! Room on the disk: who may still grow, what is held back, and when the node had
//! better end. A thread of its own looks at the disk; the sequencer reads a flag.
//!
//! A start writes each write-ahead log out as a table before it removes it, so
//! for a moment it needs as much again as these logs hold. That room must never
//! be used up while the node runs. It is the ballast as long as that is there;
//! and once that had to be given up, the node ends itself before it takes it.

use std::fs;
use std::io;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::admission::Admission;
use crate::ballast::{Ballast, give_up_of};
use crate::database::StoreError;
use crate::keys::DataDir;

/// What a start writes beside its tables: manifests, fresh logs, its own entry.
const START_BYTES: u64 = 16 << 20;
/// Hundredths of the disk between closing the admission and opening it again.
const OPEN_ABOVE: u64 = 2;
/// The ballast is given up when less than this part of its size is free.
const GIVE_UP_PART: u64 = 8;

/// How much room is held back.
#[derive(Clone, Copy, Debug)]
pub struct SpaceConfig {
    /// Bytes of the ballast; 0 for none. It should hold what the write-ahead logs
    /// of all databases can: two memtables each.
    pub ballast: u64,
    /// Hundredths of the disk; with less free than that nothing new is taken. Up
    /// to 98; with 0 everything always is.
    pub stop_below: u8,
    /// How often the disk is looked at.
    pub poll: Duration,
}

impl Default for SpaceConfig {
    fn default() -> Self {
        Self { ballast: 512 << 20, stop_below: 10, poll: Duration::from_millis(100) }
    }
}

/// The thread that looks at the disk. Dropping it stops it; the ballast stays.
pub struct Space {
    admission: Admission,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Space {
    /// Looks at the disk of a data directory that was recovered, makes the ballast
    /// where there is room, and goes on to look. `on_full` is called once, when the
    /// ballast is gone and what is left is what the next start needs: the node must
    /// then end.
    ///
    /// # Errors
    /// When the disk cannot be looked at, or there is no thread.
    pub fn start(
        dir: &DataDir,
        config: SpaceConfig,
        on_full: impl FnOnce() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let admission = Admission::default();
        let mut watch = Watch {
            dir: dir.clone(),
            ballast: (config.ballast > 0).then(|| Ballast::new(dir, config.ballast)),
            stop_below: u64::from(config.stop_below.min(98)),
            admission: admission.clone(),
            is_blind: false,
        };
        let room = Room::on(dir.root()).map_err(StoreError::file(dir.root()))?;
        let is_full = watch.look(room);
        let (stop, stopped) = bounded(0);
        let run = move || watch.run(is_full, config.poll, &stopped, on_full);
        let thread = std::thread::Builder::new().name("space".to_owned());
        let thread = thread.spawn(run).map_err(StoreError::file(dir.root()))?;
        Ok(Self { admission, stop: Some(stop), thread: Some(thread) })
    }

    /// What the sequencer asks.
    #[must_use]
    pub fn admission(&self) -> Admission {
        self.admission.clone()
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was told there.
            let _ = thread.join();
        }
    }
}

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// What a user without privileges can use, and has used.
    total: u64,
    /// What is left of it.
    pub(crate) free: u64,
}

impl Room {
    pub(crate) fn on(path: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(path)?;
        let used = disk.f_blocks.saturating_sub(disk.f_bfree);
        let total = used.saturating_add(disk.f_bavail).saturating_mul(disk.f_frsize);
        Ok(Self { total, free: disk.f_bavail.saturating_mul(disk.f_frsize) })
    }

    /// Whether at least so many hundredths of it are free.
    const fn has(self, hundredths: u64) -> bool {
        self.free as u128 * 100 >= self.total as u128 * hundredths as u128
    }
}

/// Gives the ballast up if a start needs its room; whether it did. What is left of
/// a disk that cannot be looked at is not guessed: the start shows it.
pub(crate) fn make_room_to_start(dir: &DataDir) -> bool {
    let is_short = Room::on(dir.root()).is_ok_and(|room| room.free < start_needs(dir));
    is_short && give_up_of(dir).unwrap_or(false)
}

/// Bytes that a start takes for a moment.
fn start_needs(dir: &DataDir) -> u64 {
    let logs: u64 = dir.databases().iter().map(|database| logs_in(database)).sum();
    // A table has an index and filters beside the records.
    logs + logs / 16 + START_BYTES
}

/// Bytes of write-ahead logs of a database.
fn logs_in(database: &Path) -> u64 {
    let files = fs::read_dir(database).into_iter().flatten().filter_map(Result::ok);
    let logs = files.filter(|file| Path::new(&file.file_name()).extension().is_some_and(|kind| kind == "log"));
    logs.filter_map(|file| file.metadata().ok()).map(|of| of.len()).sum()
}

struct Watch {
    dir: DataDir,
    /// None without one, also when it could not be made.
    ballast: Option<Ballast>,
    stop_below: u64,
    admission: Admission,
    /// The disk could not be looked at, which was told.
    is_blind: bool,
}

impl Watch {
    fn run(mut self, mut is_full: bool, poll: Duration, stopped: &Receiver<()>, on_full: impl FnOnce()) {
        while !is_full {
            if stopped.recv_timeout(poll) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            match Room::on(self.dir.root()) {
                Ok(room) => {
                    self.is_blind = false;
                    is_full = self.look(room);
                }
                Err(e) if !self.is_blind => {
                    self.is_blind = true;
                    tracing::warn!("how much room the disk has cannot be told: {e}");
                }
                Err(_) => {}
            }
        }
        tracing::error!("the disk is full but for what the next start needs: the node ends");
        on_full();
    }

    /// Does what there is to do; whether the disk is full.
    fn look(&mut self, room: Room) -> bool {
        self.admit(room);
        let Some(ballast) = &self.ballast else { return room.free < start_needs(&self.dir) };
        if ballast.is_whole() {
            if room.free < ballast.bytes() / GIVE_UP_PART {
                tracing::warn!("the disk is full: the ballast is given up");
                if let Err(e) = ballast.give_up() {
                    tracing::warn!("the ballast cannot be given up: {e}");
                }
            }
            return false;
        }
        // Behind it as much must be free as it takes, or it would soon be given
        // up again.
        if room.free / 2 >= ballast.bytes() {
            if let Err(e) = ballast.make() {
                tracing::warn!("there is no ballast until the next start: {e}");
                self.ballast = None;
            }
            return false;
        }
        room.free < start_needs(&self.dir)
    }

    fn admit(&self, room: Room) {
        match self.admission.is_open() {
            true if !room.has(self.stop_below) => {
                self.admission.close();
                tracing::warn!(
                    free = room.free,
                    total = room.total,
                    "the disk is nearly full: nothing new is taken, cancels and reads go on"
                );
            }
            false if room.has(self.stop_below + OPEN_ABOVE) => {
                self.admission.open();
                tracing::info!(free = room.free, total = room.total, "the disk has room: everything is taken again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn watch(dir: &DataDir, ballast: u64) -> Watch {
        let ballast = (ballast > 0).then(|| Ballast::new(dir, ballast));
        Watch { dir: dir.clone(), ballast, stop_below: 10, admission: Admission::default(), is_blind: false }
    }

    #[test]
    fn admission_closes_below_a_tenth_and_opens_a_little_above_it() {
        let root = tempfile::tempdir().unwrap();
        let mut watch = watch(&DataDir::new(root.path()), 0);
        let open: Vec<_> = [1_000, 100, 99, 110, 119, 120, 100, 99]
            .map(|free| {
                watch.look(Room { total: 1_000 * MIB, free: free * MIB });
                watch.admission.is_open()
            })
            .into();
        assert_eq!(open, [true, true, false, false, false, true, true, false]);
    }

    #[test]
    fn the_ballast_goes_when_nothing_else_is_left_and_the_node_before_what_a_start_needs() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        let mut watch = watch(&dir, 32 * MIB);
        let mut look = |free: u64| {
            let is_full = watch.look(Room { total: 1_000 * MIB, free: free * MIB });
            (is_full, watch.ballast.as_ref().unwrap().is_whole())
        };
        // Too little for it, and enough.
        assert_eq!(look(63), (false, false));
        assert_eq!(look(64), (false, true));
        assert_eq!(look(4), (false, true));
        assert_eq!(look(3), (false, false));
        // Its room is there now.
        assert_eq!(look(35), (false, false));
        assert_eq!(look(15), (true, false));
        // A log of 8 MiB, which a start writes out.
        fs::create_dir(dir.log()).unwrap();
        fs::File::create(dir.log().join("000004.log")).unwrap().set_len(8 * MIB).unwrap();
        assert_eq!(look(24), (true, false));
        assert_eq!(look(25), (false, false));
        assert_eq!(look(64), (false, true));
    }
}
