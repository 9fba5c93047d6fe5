//! How far the log is known to be durable, kept outside RocksDB: the one thing
//! that tells a log which lost its end from a log which never had it.
//!
//! The mark is rewritten after each commit and synced ten times a second, so it
//! may lag behind the log, but it can never lead. Two slots take turns, in
//! different sectors: a torn write spoils one and leaves the mark before it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use berth_domain::codec::{Decode, Encode};
use berth_domain::{Digest, Seq};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use thiserror::Error;

use crate::database::StoreError;

/// Between two syncs of the mark.
const SYNC_EVERY: Duration = Duration::from_millis(100);
/// Sequence number, batch hash, checksum.
pub(crate) const SLOT_BYTES: usize = 8 + 32 + 32;
/// Where the two slots stand: no sector, and no page, holds both.
pub(crate) const SLOT_AT: [u64; 2] = [0, 4096];

/// A place that the log reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Last entry of the batch.
    pub(crate) seq: Seq,
    /// Hash of the batch.
    pub(crate) hash: Digest,
}

/// Why a mark could not be read.
#[derive(Debug, Error)]
pub(crate) enum MarkError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error("neither of its two slots is whole")]
    Damaged,
}

/// Writes the mark.
pub(crate) struct Watermark {
    path: PathBuf,
    file: Arc<File>,
    turn: usize,
    shared: Arc<Shared>,
    /// Dropping it ends the thread.
    stop: Option<Sender<()>>,
    syncer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    dirty: AtomicBool,
    failed: AtomicBool,
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

impl Watermark {
    /// Opens the file, or makes it, with `mark` in both slots and durable. The
    /// directory's own entry for a new file is the caller's to sync.
    pub(crate) fn open(path: &Path, mark: Mark) -> io::Result<Self> {
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
        let file = Arc::new(file);
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = bounded::<()>(0);
        let syncer = std::thread::Builder::new().name("watermark".into()).spawn({
            let (file, shared) = (Arc::clone(&file), Arc::clone(&shared));
            move || {
                while stopped.recv_timeout(SYNC_EVERY) == Err(RecvTimeoutError::Timeout) {
                    if shared.dirty.swap(false, Ordering::AcqRel) && file.sync_data().is_err() {
                        shared.failed.store(true, Ordering::Release);
                    }
                }
            }
        })?;
        Ok(Self { path: path.to_owned(), file, turn: 0, shared, stop: Some(stop), syncer: Some(syncer) })
    }

    /// Moves the mark. The batch must be durable.
    pub(crate) fn advance(&mut self, mark: Mark) -> Result<(), StoreError> {
        let written = self.file.write_all_at(&mark.to_slot(), SLOT_AT[self.turn]);
        written.map_err(StoreError::file(&self.path))?;
        self.turn ^= 1;
        self.shared.dirty.store(true, Ordering::Release);
        // A disk that fails to sync these few bytes fails the log next; the
        // writer learns of it here.
        if self.shared.failed.load(Ordering::Acquire) { Err(StoreError::Poisoned) } else { Ok(()) }
    }
}

impl Drop for Watermark {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(syncer) = self.syncer.take() {
            let _ = syncer.join();
        }
        // After a clean stop the mark is exact. When this fails it only lags.
        let _ = self.file.sync_data();
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
        let mut writer = Watermark::open(&path, Mark::default()).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), Some(Mark::default()));
        for n in 1..=3 {
            writer.advance(mark(n)).unwrap();
            assert_eq!(Mark::read(&path).unwrap(), Some(mark(n)));
        }
        // The third mark stands in the first slot.
        writer.file.write_all_at(&[0xff], 11).unwrap();
        assert_eq!(Mark::read(&path).unwrap(), Some(mark(2)));
        writer.file.write_all_at(&[0xff], SLOT_AT[1]).unwrap();
        assert!(matches!(Mark::read(&path), Err(MarkError::Damaged)));
    }
}
