//! The Merkle tree against the log: it is built again from the entries, and each
//! tile and each signed checkpoint compared where it would have been made.

use std::iter::Peekable;

use berth_domain::{Digest, Seq};
use berth_merkle::{Checkpoint, NoteKey, SignedNote, Tile, leaf_hash};
use rocksdb::{Direction, IteratorMode};

use super::finding::CheckpointFault;
use super::{FindingKind, Looks, Verification};
use crate::database::{StoreError, scan_options};
use crate::replica::Replica;
use crate::tree_store::{CHECKPOINT, EDGE, Edge, TreeReader, bytes_of, entries_key, tile_key};

/// What was checked of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckedTree {
    /// Leaves that are the log's.
    pub leaves: u64,
    /// Full tiles of all levels that are what the leaves beneath them make.
    pub tiles: u64,
    /// Checkpoints whose root is the log's.
    pub checkpoints: u64,
    /// Those of them that the key had signed; none without a key.
    pub signed: u64,
    /// Those of them whose state was compared with that of replay.
    pub states: u64,
    /// Entries that the newest of them is of; none where that one is missing or a
    /// finding.
    pub newest: Option<u64>,
}

/// A signed checkpoint as it is kept; the size that it is kept under, and none
/// for the newest.
struct Note {
    kept_as: Option<u64>,
    bytes: Box<[u8]>,
}

/// A checkpoint in its place.
struct Placed {
    size: u64,
    checkpoint: Result<Checkpoint, CheckpointFault>,
    is_signed: bool,
}

pub(super) struct TreeCheck<'a> {
    stored: &'a TreeReader,
    /// The stored right edge, and its size.
    edge: Vec<u8>,
    size: u64,
    own: Edge,
    /// Records that were compared.
    records: u64,
    kept: Peekable<Box<dyn Iterator<Item = Placed> + 'a>>,
    newest: Option<Placed>,
    /// States that checkpoints of the batch at hand tell: where, which, and
    /// whether it is the newest.
    states: Vec<(u64, Digest, bool)>,
    /// The log is another's, or cannot be read on: nothing more can be said.
    is_lost: bool,
}

impl<'a> TreeCheck<'a> {
    /// None when the tree cannot be read.
    pub(super) fn of(stored: &'a TreeReader, key: Option<&'a NoteKey>, done: &mut Verification) -> Option<Self> {
        let read = stored.edge().and_then(|edge| Ok((edge, stored.get(CHECKPOINT)?)));
        let (edge, newest) = match read {
            Ok(read) => read,
            Err(e) => {
                done.find(Seq(0), FindingKind::Store(e));
                return None;
            }
        };
        let newest = newest.map(|bytes| Note { kept_as: None, bytes: bytes.into() }.placed(key));
        let kept: Box<dyn Iterator<Item = Placed> + 'a> = Box::new(kept(stored).map(move |note| note.placed(key)));
        done.tree = Some(CheckedTree::default());
        Some(Self {
            stored,
            size: edge.tree.size(),
            edge: edge.to_bytes(),
            own: Edge::default(),
            records: 0,
            kept: kept.peekable(),
            newest,
            states: Vec::new(),
            is_lost: false,
        })
    }

    /// Adds the log's next entry; `hash` is of its bytes.
    pub(super) fn add(&mut self, seq: Seq, hash: Digest, done: &mut Verification) {
        if self.is_lost {
            return;
        }
        if seq.0 != self.own.tree.size() + 1 {
            self.is_lost = true;
            return;
        }
        if self.own.tree.size() < self.size {
            self.compare_tiles(seq, hash, done);
        } else {
            // Behind the stored tree only the root of signed ones counts.
            self.own.tree.push(leaf_hash(&hash.0), |_, _| ());
        }
        self.place_checkpoints(seq, done);
    }

    fn compare_tiles(&mut self, seq: Seq, hash: Digest, done: &mut Verification) {
        let Self { stored, own: Edge { tree, entries }, records, .. } = self;
        entries.push(hash);
        let mut compare = |tile: Tile, key: &[u8], hashes: &[Digest]| {
            *records += 1;
            let first = Seq(tile.index.saturating_mul(256 << (8 * u32::from(tile.level))).saturating_add(1));
            match stored.get(key) {
                Ok(Some(bytes)) if bytes == bytes_of(hashes) => return true,
                Ok(_) => done.find(first, FindingKind::Tile(tile)),
                Err(e) => done.find(first, FindingKind::Store(e)),
            }
            false
        };
        let mut tiles = 0;
        tree.push(leaf_hash(&hash.0), |tile, nodes| {
            tiles += u64::from(compare(tile, &tile_key(tile), nodes));
            if tile.level == 0 {
                compare(tile, &entries_key(tile.index), &std::mem::take(entries));
            }
        });
        let checked = done.tree.get_or_insert_default();
        checked.tiles += tiles;
        checked.leaves = seq.0;
        if seq.0 == self.size && self.own.to_bytes() != self.edge {
            done.find(seq, FindingKind::Edge);
        }
    }

    /// Compares the roots of checkpoints of so many entries.
    fn place_checkpoints(&mut self, seq: Seq, done: &mut Verification) {
        while let Some(placed) = self.kept.next_if(|placed| placed.size <= seq.0) {
            self.place(placed, false, done);
        }
        if let Some(placed) = self.newest.take_if(|placed| placed.size == seq.0) {
            self.place(placed, true, done);
        }
    }

    fn place(&mut self, placed: Placed, is_newest: bool, done: &mut Verification) {
        let Placed { size, checkpoint, is_signed } = placed;
        let fault = match checkpoint {
            Err(fault) => Some(fault),
            Ok(found) if size != self.own.tree.size() => Some(CheckpointFault::Size(found.size)),
            Ok(found) if found.root != self.own.tree.root() => Some(CheckpointFault::Root),
            Ok(found) => {
                let checked = done.tree.get_or_insert_default();
                checked.checkpoints += 1;
                checked.signed += u64::from(is_signed);
                if is_newest {
                    checked.newest = Some(size);
                }
                self.states.extend(found.state().map(|state| (size, state, is_newest)));
                None
            }
        };
        if let Some(fault) = fault {
            done.find(Seq(size), FindingKind::Checkpoint { size, fault });
        }
    }

    /// Compares the states that checkpoints tell behind a batch. Hashing the
    /// state walks all of it: of those that are kept for ever it is done where a
    /// look is due, of the newest always.
    pub(super) fn behind(&mut self, last: Seq, replica: Option<&Replica>, looks: &mut Looks, done: &mut Verification) {
        for (size, told, is_newest) in std::mem::take(&mut self.states) {
            let Some(replica) = replica else { continue };
            let fault = match size == last.0 {
                false => Some(CheckpointFault::Within),
                true if !looks.take(replica.exchange()) && !is_newest => continue,
                true => (replica.exchange().state_hash().root() != told).then_some(CheckpointFault::State),
            };
            match fault {
                Some(fault) => done.find(Seq(size), FindingKind::Checkpoint { size, fault }),
                None => done.tree.get_or_insert_default().states += 1,
            }
        }
    }

    /// The log ends here.
    pub(super) fn end(mut self, done: &mut Verification) {
        if self.is_lost {
            return;
        }
        let end = Seq(self.own.tree.size());
        if self.size > end.0 {
            done.find(end.next(), FindingKind::TreeAhead(self.size));
        }
        for Placed { size, checkpoint, .. } in self.kept.by_ref().chain(self.newest.take()) {
            let fault = checkpoint.err().unwrap_or(CheckpointFault::Ahead);
            done.find(end.next(), FindingKind::Checkpoint { size, fault });
        }
        if self.size <= end.0 {
            self.count_records(done);
        }
    }

    /// Looks for records that belong to no tree of this size.
    fn count_records(&self, done: &mut Verification) {
        let mut others = 0_u64;
        for record in self.stored.db.iterator_opt(IteratorMode::Start, scan_options()) {
            match record {
                Ok((key, _)) if *key == *EDGE || key.starts_with(CHECKPOINT) => {}
                Ok(_) => others += 1,
                Err(e) => {
                    let fault = StoreError::database(&self.stored.path)(e);
                    return done.find(Seq(0), FindingKind::Store(fault));
                }
            }
        }
        if others > self.records {
            done.find(Seq(0), FindingKind::TreeRecords(others - self.records));
        }
    }
}

/// The checkpoints that are kept for ever, by their size.
fn kept(stored: &TreeReader) -> impl Iterator<Item = Note> + '_ {
    // Behind the newest, whose key is the beginning of theirs.
    let from = [CHECKPOINT, &[0]].concat();
    let records = stored.db.iterator_opt(IteratorMode::From(&from, Direction::Forward), scan_options());
    // What cannot be read is found where all records are counted.
    records.map_while(Result::ok).take_while(|(key, _)| key.starts_with(CHECKPOINT)).map(|(key, bytes)| {
        let size = key[CHECKPOINT.len()..].try_into().map_or(0, u64::from_be_bytes);
        Note { kept_as: Some(size), bytes }
    })
}

impl Note {
    /// Reads it and checks its signature.
    fn placed(&self, key: Option<&NoteKey>) -> Placed {
        let note = std::str::from_utf8(&self.bytes).ok().and_then(|text| text.parse::<SignedNote>().ok());
        let read = note.and_then(|note| Some((note.unverified_text().parse::<Checkpoint>().ok()?, note)));
        let Some((checkpoint, note)) = read else {
            let checkpoint = Err(CheckpointFault::Form);
            return Placed { size: self.kept_as.unwrap_or(0), checkpoint, is_signed: false };
        };
        let size = self.kept_as.unwrap_or(checkpoint.size);
        let fault = match key {
            _ if size != checkpoint.size => Some(CheckpointFault::Size(checkpoint.size)),
            Some(key) => match note.verify(key) {
                Err(e) => Some(e.into()),
                Ok(_) if checkpoint.origin != key.name() => Some(CheckpointFault::Origin(checkpoint.origin.clone())),
                Ok(_) => None,
            },
            None => None,
        };
        let is_signed = key.is_some() && fault.is_none();
        Placed { size, checkpoint: fault.map_or(Ok(checkpoint), Err), is_signed }
    }
}
