//! What else in a data directory knows how far the log once went: events, tree
//! and snapshots are made of what is durable, so none of them can lead, and one
//! that does is the last trace of entries that were acknowledged.

use std::path::PathBuf;

use berth_domain::{Digest, Entry, Seq};
use berth_merkle::{TILE_WIDTH, Tile};

use super::Stop;
use super::report::Problem;
use crate::chain::Tip;
use crate::event_store::EventStore;
use crate::keys::DataDir;
use crate::reader::ReadError;
use crate::snapshot::{found_in, read};
use crate::store::LogStore;
use crate::tree_store::TreeReader;

/// Refuses where a part is of this log and goes on behind its end. Parts of
/// another log say nothing, nor do those that cannot be read.
pub(super) fn check(dir: &DataDir, log: &LogStore, tip: &Tip, events: &EventStore) -> Result<(), Stop> {
    let mut beyond = Vec::new();
    if tip.seq == Seq(0)
        && let Some(snapshot) = newest_snapshot(dir)
    {
        beyond.push(snapshot);
    }
    let of_events = events.head()?;
    // The digest runs over all events: where it agrees at the end of the log, all
    // before it do.
    if of_events > tip.seq && (tip.seq == Seq(0) || events.digest_at(tip.seq)? == Some(tip.events)) {
        beyond.push((dir.events(), of_events));
    }
    if let Some(of_tree) = tree_beyond(dir, log, tip.seq)? {
        beyond.push((dir.tree(), of_tree));
    }
    let recovered = tip.seq;
    if beyond.is_empty() {
        Ok(())
    } else {
        Err(Stop { seq: Some(recovered), problem: Problem::Behind { recovered, beyond } })
    }
}

/// Snapshots are compared with a log that holds something where it is read; an
/// empty one has nothing to compare.
fn newest_snapshot(dir: &DataDir) -> Option<(PathBuf, Seq)> {
    let found = found_in(dir).ok()?;
    found.into_iter().rev().find(|(_, file)| read(file).is_ok()).map(|(seq, file)| (file, seq))
}

/// Where the tree ends, when that is behind the log and its leaves are the log's
/// up to there.
fn tree_beyond(dir: &DataDir, log: &LogStore, end: Seq) -> Result<Option<Seq>, Stop> {
    // What cannot be read is built again.
    let Ok(Some(tree)) = TreeReader::open_beside(dir) else { return Ok(None) };
    let size = tree.size().unwrap_or_default();
    if size <= end.0 {
        return Ok(None);
    }
    if end > Seq(0) {
        let damaged = |e: ReadError| Stop { seq: e.seq(), problem: Problem::Damaged(e) };
        let last = log.batches(end).next().transpose().map_err(damaged)?;
        let hash = last.and_then(|batch| batch.entries.last().map(Entry::hash));
        if hash.is_none() || leaf(&tree, end, size) != hash {
            return Ok(None);
        }
    }
    Ok(Some(Seq(size)))
}

/// The entry's hash that a tree has at a place.
fn leaf(tree: &TreeReader, seq: Seq, size: u64) -> Option<Digest> {
    let index = seq.0 - 1;
    let hashes = tree.entries(Tile::holding(0, index, size)?).ok()?;
    hashes.get(usize::try_from(index % TILE_WIDTH).ok()?).copied()
}
