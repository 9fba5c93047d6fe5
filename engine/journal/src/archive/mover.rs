//! Moving batches from the database into an archive. At each moment every batch
//! is durable in one of the two, and for a while in both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::{Digest, Seq};
use thiserror::Error;

use super::segment::{Header, SegmentFault, SegmentWriter, check};
use super::{Archive, Segment, sync_folder};
use crate::chain::{ChainBreak, Tip};
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::ReadError;
use crate::recovery::{RecoveryError, recover};
use crate::snapshot::{Batched, check_place, found_in, read};
use crate::store::LogStore;
use crate::watermark::Mark;

/// Bytes of batches from which on a segment is ended.
const SEGMENT_BYTES: u64 = 256 << 20;

/// What may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchivePolicy {
    /// Batches that end before an entry.
    Before(Seq),
    /// All but the newest so many entries.
    Keep(u64),
}

/// What was archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Archived {
    /// The first entry that was moved; behind `last` when none was.
    pub first: Seq,
    /// The last.
    pub last: Seq,
    /// Segments that were written.
    pub segments: u64,
    /// The snapshot that a start needs nothing before.
    pub snapshot: Seq,
}

/// Why nothing, or not everything, was archived. Nothing is lost.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The node cannot start on it, or runs.
    #[error(transparent)]
    Recovery(#[from] Box<RecoveryError>),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A segment that was written does not read back as what it should be. The log
    /// still has its batches.
    #[error("{}: {fault}", file.display())]
    Segment {
        /// The segment.
        file: PathBuf,
        /// What is wrong.
        fault: SegmentFault,
    },
    /// A batch of the log does not follow the one before it.
    #[error("the batch at {at}: {source}")]
    Break {
        /// Its first entry.
        at: Seq,
        /// Why.
        source: ChainBreak,
    },
    /// Nothing may be moved before there is a snapshot behind it.
    #[error("there is no sound snapshot, and a start would need all of the log")]
    NoSnapshot,
}

/// Moves whole batches out of the database of a node that does not run, as far as
/// they lie before the newest sound snapshot. The genesis batch stays. The log is
/// recovered first, so that nothing is moved which cannot be vouched for.
///
/// # Errors
/// When the log is refused or in use, there is no snapshot, or something cannot be
/// written and read back. The next call goes on where this one stopped.
pub fn archive(dir: &DataDir, policy: ArchivePolicy) -> Result<Archived, ArchiveError> {
    // Recovery makes a log where there is none.
    if !dir.log().join("CURRENT").exists() {
        return Err(StoreError::file(&dir.log())(io::ErrorKind::NotFound.into()).into());
    }
    let recovered = recover(dir).map_err(Box::new)?;
    let before = match policy {
        ArchivePolicy::Before(before) => before,
        ArchivePolicy::Keep(newest) => Seq(recovered.tip().seq.next().0.saturating_sub(newest)),
    };
    let log = recovered.log_id().unwrap_or_default();
    drop(recovered);
    let mut store = LogStore::open(dir, false)?;
    let snapshot = newest_snapshot(dir, &store)?;
    let before = before.min(snapshot);
    let folder = dir.archive();
    fs::create_dir_all(&folder).map_err(StoreError::file(&folder))?;
    // What a crash left unfinished.
    remove_unfinished(&folder).map_err(StoreError::file(&folder))?;

    // The genesis stays.
    let genesis = store.records(Seq(1)).next().transpose()?;
    let from = genesis.map_or(Seq(1), |(genesis, _)| genesis.last().next());
    let mut tip = archived_to(dir, &store, from)?;
    let mover = Mover { folder: &folder, log, before };
    let mut moved = Archived { first: tip.next(), last: tip.seq, segments: 0, snapshot };
    while let Some(header) = mover.write_next(&store, &tip)? {
        tip = Tip { seq: header.last, hash: header.hash, ..tip };
        moved.segments += 1;
    }
    moved.last = tip.seq;
    if tip.seq >= from {
        let mark = Mark { seq: tip.seq, hash: tip.hash };
        mark.write_one(&dir.archived()).map_err(StoreError::file(&dir.archived()))?;
        dir.sync().map_err(StoreError::file(dir.root()))?;
        store.remove(from, tip.seq)?;
    }
    Ok(moved)
}

/// Where the archive ends: behind what is known to be archived, and behind
/// segments that a run wrote which came no further. The database may still have
/// what is in them.
fn archived_to(dir: &DataDir, store: &LogStore, from: Seq) -> Result<Tip, ArchiveError> {
    let mut tip = match Mark::read_one(&dir.archived()) {
        Some(mark) => Tip { seq: mark.seq, hash: mark.hash, ..Tip::default() },
        None => {
            let genesis = store.batch_of(Seq(from.0 - 1))?;
            Tip { seq: Seq(from.0 - 1), hash: genesis.map_or(Digest::default(), |batch| batch.hash), ..Tip::default() }
        }
    };
    for Segment { header, path } in Archive::of(dir).segments()? {
        if header.first == tip.next() && header.previous == tip.hash {
            check(&path, &header).map_err(|fault| ArchiveError::Segment { file: path, fault })?;
            tip = Tip { seq: header.last, hash: header.hash, ..tip };
        }
    }
    Ok(tip)
}

fn newest_snapshot(dir: &DataDir, store: &LogStore) -> Result<Seq, ArchiveError> {
    let found = found_in(dir).map_err(StoreError::file(&dir.snapshots()))?;
    let is_sound = |(seq, path): &&(Seq, PathBuf)| check_place(path, *seq, store).and_then(|()| read(path)).is_ok();
    found.iter().rev().find(is_sound).map(|(seq, _)| *seq).ok_or(ArchiveError::NoSnapshot)
}

fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == "unfinished") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

struct Mover<'a> {
    folder: &'a Path,
    log: Digest,
    before: Seq,
}

impl Mover<'_> {
    /// Writes the segment behind `tip`, reads it back, and gives it its name; none
    /// when no batch there may be moved.
    fn write_next(&self, store: &LogStore, tip: &Tip) -> Result<Option<Header>, ArchiveError> {
        let path = self.folder.join(Header::name(tip.next()));
        let beside = path.with_extension("unfinished");
        let mut at = Tip { epoch: 0, ..*tip };
        let mut writer = None;
        for batch in store.records(tip.next()) {
            let (batch, bytes) = batch?;
            // Also for the one that stays: the log must go on where the archive ends.
            at.check_links(&batch).map_err(|source| ArchiveError::Break { at: batch.first(), source })?;
            if batch.last() >= self.before {
                break;
            }
            let new = match writer.take() {
                Some(writer) => Ok(writer),
                None => SegmentWriter::create(&beside, self.log, &at),
            };
            let mut open = new.map_err(StoreError::file(&beside))?;
            open.push(&batch, &bytes).map_err(StoreError::file(&beside))?;
            at = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: batch.events };
            let is_full = open.bytes() >= SEGMENT_BYTES;
            writer = Some(open);
            if is_full {
                break;
            }
        }
        let Some(writer) = writer else { return Ok(None) };
        let header = writer.finish().map_err(StoreError::file(&beside))?;
        check(&beside, &header).map_err(|fault| ArchiveError::Segment { file: beside.clone(), fault })?;
        let placed = fs::rename(&beside, &path).and_then(|()| sync_folder(self.folder));
        placed.map_err(StoreError::file(&path))?;
        Ok(Some(header))
    }
}
