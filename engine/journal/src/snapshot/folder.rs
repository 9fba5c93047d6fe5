//! The snapshots of a data directory: which there are, and which stay.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::Seq;

use super::file::unfinished;
use crate::keys::DataDir;

/// Of the newest, so many are kept.
const NEWEST: usize = 3;

/// The snapshots that lie in a data directory, by the entries in their names,
/// the oldest first.
pub(crate) fn found_in(dir: &DataDir) -> io::Result<Vec<(Seq, PathBuf)>> {
    let mut found = Vec::new();
    let listing = match fs::read_dir(dir.snapshots()) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(e) => return Err(e),
    };
    for file in listing {
        let path = file?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let seq = name.and_then(|name| name.parse().ok()).map(Seq);
        if let Some(seq) = seq.filter(|seq| dir.snapshot(*seq) == path) {
            found.push((seq, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Removes snapshots that are not kept, and what was never finished.
pub(super) fn prune(dir: &DataDir, keep_every: u64) -> io::Result<()> {
    let found = found_in(dir)?;
    let seqs: Vec<Seq> = found.iter().map(|(seq, _)| *seq).collect();
    for (_, path) in found.iter().filter(|(seq, _)| !is_kept(&seqs, *seq, keep_every)) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Removes what a node that died was writing.
pub(super) fn remove_unfinished(dir: &DataDir) -> io::Result<()> {
    let listing = match fs::read_dir(dir.snapshots()) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    for file in listing {
        let path = file?.path();
        if path == unfinished(&path) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Removes a snapshot that will never be used.
pub(crate) fn discard(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

/// Whether a snapshot stays: one of the newest, or the first of its stretch of
/// the log. `seqs` ascend. The first stretch needs none: it is read from the
/// beginning.
fn is_kept(seqs: &[Seq], seq: Seq, keep_every: u64) -> bool {
    let stretch = |seq: Seq| seq.0 / keep_every;
    let is_new = seqs.iter().rev().take(NEWEST).any(|newest| *newest == seq);
    let first = seqs.iter().find(|other| stretch(**other) == stretch(seq));
    is_new || (stretch(seq) > 0 && first == Some(&seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seqs: &[u64], keep_every: u64, kept: &[u64]) {
        let seqs: Vec<Seq> = seqs.iter().copied().map(Seq).collect();
        let stay: Vec<u64> = seqs.iter().filter(|seq| is_kept(&seqs, **seq, keep_every)).map(|seq| seq.0).collect();
        assert_eq!(stay, kept);
        // What stays, stays.
        let left: Vec<Seq> = stay.iter().copied().map(Seq).collect();
        assert!(left.iter().all(|seq| is_kept(&left, *seq, keep_every)));
    }

    #[test]
    fn the_newest_stay_and_the_first_of_each_stretch() {
        check(&[], 10, &[]);
        check(&[1, 2], 10, &[1, 2]);
        check(&[1, 2, 3, 4], 10, &[2, 3, 4]);
        check(&[1, 9, 12, 15, 18, 21, 24, 27, 38], 10, &[12, 21, 24, 27, 38]);
        check(&[12, 15, 18, 21, 24, 27, 38, 39, 40], 10, &[12, 21, 38, 39, 40]);
    }
}
