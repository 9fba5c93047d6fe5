//! How far the log is known to be durable, kept outside RocksDB: the one thing
//! that tells a log which lost its end from a log which never had it.
//!
//! The mark is rewritten behind each commit, some milliseconds later at most, and
//! synced ten times a second, by a thread of its own: so it may lag behind the log,
//! but it can never lead. Two slots take turns, in different sectors: a torn write
//! spoils one and leaves the mark before it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use berth_domain::codec::{Decode, Encode};
use berth_domain::{Digest, Seq};
use thiserror::Error;

use crate::database::StoreError;

/// Between two writes of the mark while the log moves. A write takes as long as a
/// tenth of a short commit.
const WRITE_EVERY: Duration = Duration::from_millis(4);
/// Between two syncs of it.
const SYNC_EVERY: Duration = Duration::from_millis(100);
/// Sequence number, batch hash, checksum.
pub(crate) const SLOT_BYTES: usize = 8 + 32 + 32;
/// Where the two slots stand: no sector, and no page, holds both.
pub(crate) const SLOT_AT: [u64; 2] = [0, 4096];

/// A place that the log reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Last entry of the batch.
    pub seq: Seq,
    /// Hash of the batch.
    pub hash: Digest,
}

/// Why a mark could not be read.
#[derive(Debug, Error)]
pub(crate) enum MarkError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("neither of its two slots is whole")]
    Damaged,
}

/// Writes the mark. When this is dropped the mark is exact, and synced.
pub struct Watermark {
    path: PathBuf,
    shared: Arc<Shared>,
    writer: Option<JoinHandle<()>>,
}

/// Between who moves the mark and who writes it.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Default)]
struct State {
    /// Not written yet.
    next: Option<Mark>,
    /// Nothing was to be done: the writer must be woken.
    is_asleep: bool,
    is_over: bool,
    failed: Option<Failed>,
}

/// The writer has ended before its time.
enum Failed {
    /// Nobody was told.
    Now(io::Error),
    Before,
}

/// The file.
struct Slots {
    file: File,
    turn: usize,
}

impl Mark {
    /// The mark in a file; none when there is no file.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, MarkError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let mut newest: Option<Self> = None;
        for at in SLOT_AT {
            let mut slot = [0; SLOT_BYTES];
            match file.read_exact_at(&mut slot, at) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(e) => return Err(e.into()),
            }
            newest = newest.max_by_seq(Self::from_slot(&slot));
        }
        newest.map(Some).ok_or(MarkError::Damaged)
    }

    /// The mark of a file that has one slot; none when there is no such file.
    pub(crate) fn read_one(path: &Path) -> Option<Self> {
        Self::from_slot(std::fs::read(path).ok()?.first_chunk()?)
    }

    /// Makes such a file, or another in its place; its name is the caller's to
    /// sync.
    pub(crate) fn write_one(self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        let file = File::create(&beside)?;
        file.write_all_at(&self.to_slot(), 0)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    }

    fn to_slot(self) -> [u8; SLOT_BYTES] {
        let mut bytes = Vec::with_capacity(SLOT_BYTES);
        self.seq.encode(&mut bytes);
        self.hash.encode(&mut bytes);
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes.try_into().expect("a sequence number and two digests are 72 bytes")
    }

    pub(crate) fn from_slot(slot: &[u8; SLOT_BYTES]) -> Option<Self> {
        let (body, checksum) = slot.split_last_chunk::<32>()?;
        if blake3::hash(body) != *checksum {
            return None;
        }
        let (seq, hash) = body.split_first_chunk::<8>()?;
        Some(Self { seq: Seq(u64::from_le_bytes(*seq)), hash: Digest::from_bytes(hash).ok()? })
    }
}

trait MaxBySeq {
    fn max_by_seq(self, other: Self) -> Self;
}

impl MaxBySeq for Option<Mark> {
    fn max_by_seq(self, other: Self) -> Self {
        [self, other].into_iter().flatten().max_by_key(|mark| mark.seq)
    }
}

impl Slots {
    /// Opens the file, or makes it, with `mark` in both slots and durable. The
    /// directory's own entry for a new file is the caller's to sync.
    fn open(path: &Path, mark: Mark) -> io::Result<Self> {
        let file = match OpenOptions::new().write(true).open(path) {
            Ok(file) => file,
            // Made beside and renamed: a kill in between leaves no empty file,
            // which would look like damage.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let beside = path.with_extension("new");
                let file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?;
                file.write_all_at(&mark.to_slot(), SLOT_AT[0])?;
                file.sync_all()?;
                std::fs::rename(&beside, path)?;
                file
            }
            Err(e) => return Err(e),
        };
        // One slot after the other, each durable before the next is touched: a
        // torn write leaves a mark in the other.
        for at in SLOT_AT {
            file.write_all_at(&mark.to_slot(), at)?;
            file.sync_all()?;
        }
        Ok(Self { file, turn: 0 })
    }

    fn write(&mut self, mark: Mark) -> io::Result<()> {
        self.file.write_all_at(&mark.to_slot(), SLOT_AT[self.turn])?;
        self.turn ^= 1;
        Ok(())
    }

    /// Writes what comes until it is over.
    fn follow(&mut self, shared: &Shared) -> io::Result<()> {
        // When it was synced, unless nothing was written since.
        let mut unsynced: Option<Instant> = None;
        loop {
            let (next, is_over) = shared.wait(unsynced.is_some());
            if let Some(mark) = next {
                self.write(mark)?;
                unsynced.get_or_insert_with(Instant::now);
            }
            if unsynced.is_some_and(|since| is_over || since.elapsed() >= SYNC_EVERY) {
                self.file.sync_data()?;
                unsynced = None;
            }
            if is_over {
                return Ok(());
            }
            shared.rest();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be written, and whether it is over. Waits for one of them
    /// unless there is something to sync.
    fn wait(&self, is_unsynced: bool) -> (Option<Mark>, bool) {
        let mut state = self.lock();
        while state.next.is_none() && !state.is_over && !is_unsynced {
            state.is_asleep = true;
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.is_asleep = false;
        }
        (state.next.take(), state.is_over)
    }

    /// Lets some time pass, in which nobody need wake the writer; less when it is
    /// over.
    fn rest(&self) {
        let waiting = self.moved.wait_timeout_while(self.lock(), WRITE_EVERY, |state| !state.is_over);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Watermark {
    /// Opens the file, or makes it, with `mark` in it and durable. The
    /// directory's own entry for a new file is the caller's to sync.
    pub(crate) fn open(path: &Path, mark: Mark) -> io::Result<Self> {
        let mut slots = Slots::open(path, mark)?;
        let shared = Arc::new(Shared::default());
        let writer = std::thread::Builder::new().name("watermark".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                if let Err(e) = slots.follow(&shared) {
                    shared.lock().failed = Some(Failed::Now(e));
                }
            }
        })?;
        Ok(Self { path: path.to_owned(), shared, writer: Some(writer) })
    }

    /// Moves the mark to the end of a batch, which must be durable.
    ///
    /// # Errors
    /// When an earlier mark could not be written or synced: a disk that fails
    /// with these few bytes fails the log next.
    pub fn advance(&mut self, mark: Mark) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        if let Some(failed) = state.failed.replace(Failed::Before) {
            return Err(match failed {
                Failed::Now(e) => StoreError::file(&self.path)(e),
                Failed::Before => StoreError::Poisoned,
            });
        }
        state.failed = None;
        state.next = Some(mark);
        if state.is_asleep {
            self.shared.moved.notify_one();
        }
        Ok(())
    }
}

impl Drop for Watermark {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.moved.notify_one();
        if let Some(writer) = self.writer.take() {
            // It may have failed: then the mark only lags.
            let _ = writer.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(n: u64) -> Mark {
        Mark { seq: Seq(n), hash: Digest([u8::try_from(n).unwrap(); 32]) }
    }

    #[test]
    fn a_start_that_is_cut_off_leaves_no_empty_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        // What a kill before the rename leaves behind.
        std::fs::write(path.with_extension("new"), [0; 7]).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), None);
        drop(Watermark::open(&path, mark(1)).unwrap());
        drop(Watermark::open(&path, mark(2)).unwrap());
        assert_eq!(Mark::read(&path).unwrap(), Some(mark(2)));
    }

    #[test]
    fn a_torn_slot_leaves_the_mark_before_it_and_two_are_damage() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        assert_eq!(Mark::read(&path).unwrap(), None);
        let mut writer = Slots::open(&path, Mark::default()).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), Some(Mark::default()));
        for n in 1..=3 {
            writer.write(mark(n)).unwrap();
            assert_eq!(Mark::read(&path).unwrap(), Some(mark(n)));
        }
        // The third mark stands in the first slot.
        writer.file.write_all_at(&[0xff], 11).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), Some(mark(2)));
        writer.file.write_all_at(&[0xff], SLOT_AT[1]).unwrap();
        assert!(matches!(Mark::read(&path), Err(MarkError::Damaged)));
    }

    #[test]
    fn the_last_mark_is_written_soon_and_when_it_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        let mut watermark = Watermark::open(&path, Mark::default()).unwrap();
        for n in 1..=200 {
            watermark.advance(mark(n)).unwrap();
        }
        let begun = Instant::now();
        while Mark::read(&path).unwrap() != Some(mark(200)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "the mark was not written");
            std::thread::yield_now();
        }
        // It sleeps by now, or rests: either way the last word is the last.
        for n in 201..=203 {
            watermark.advance(mark(n)).unwrap();
        }
        drop(watermark);
        assert_eq!(Mark::read(&path).unwrap(), Some(mark(203)));
    }

    #[test]
    fn who_moves_a_mark_that_cannot_be_written_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        let mut watermark = Watermark::open(&path, Mark::default()).unwrap();
        watermark.shared.lock().failed = Some(Failed::Now(io::ErrorKind::StorageFull.into()));
        let told = watermark.advance(mark(1)).unwrap_err();
        assert!(matches!(&told, StoreError::File { path: at, .. } if *at == path), "{told}");
        assert!(matches!(watermark.advance(mark(2)), Err(StoreError::Poisoned)));
        drop(watermark);
        assert_eq!(Mark::read(&path).unwrap(), Some(Mark::default()), "no mark was written behind the failure");
    }
}
