//! The event store against the events that replay comes to.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use berth_domain::{Digest, Micros, Seq};
use rocksdb::{DB, IteratorMode};

use super::{FindingKind, Verification};
use crate::database::{StoreError, rebuildable_options, scan_options};
use crate::event_store::{Part, entries};
use crate::keys::{DataDir, seq_of_key};
use crate::replica::Applied;
use crate::scratch::Scratch;

/// The event store as it is now; the node may run.
pub(super) struct EventReader {
    db: DB,
    path: PathBuf,
    /// A secondary keeps its own notes somewhere; removed at the end.
    _scratch: Scratch,
}

/// One record: its last entry, and its bytes.
type Record = Result<(Seq, Box<[u8]>), StoreError>;

/// What is kept of an entry.
struct Kept {
    seq: Seq,
    at: Micros,
    digest: Digest,
    events: Box<[u8]>,
}

impl EventReader {
    pub(super) fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let path = dir.events();
        // Opening what is not there would make its folder.
        if !path.join("CURRENT").exists() {
            return Err(StoreError::file(&path)(io::ErrorKind::NotFound.into()));
        }
        let scratch = Scratch::new().map_err(StoreError::file(&std::env::temp_dir()))?;
        let mut options = rebuildable_options();
        // A secondary must hold every table open: the primary may delete one.
        options.set_max_open_files(-1);
        let db =
            DB::open_as_secondary(&options, &path, &scratch.path().to_owned()).map_err(StoreError::database(&path))?;
        Ok(Self { db, path, _scratch: scratch })
    }

    fn records(&self) -> impl Iterator<Item = Record> + '_ {
        self.db.iterator_opt(IteratorMode::Start, scan_options()).map(|record| {
            let (key, value) = record.map_err(StoreError::database(&self.path))?;
            Ok((seq_of_key(&key).unwrap_or_default(), value))
        })
    }
}

/// Goes through the store beside the log.
pub(super) struct EventCheck<'a> {
    path: &'a PathBuf,
    records: Box<dyn Iterator<Item = Record> + 'a>,
    /// What comes next; empty behind the last record, or behind one that ends the
    /// check.
    next: VecDeque<Kept>,
}

impl<'a> EventCheck<'a> {
    pub(super) fn of(store: &'a EventReader, done: &mut Verification) -> Self {
        let mut check = Self { path: &store.path, records: Box::new(store.records()), next: VecDeque::new() };
        done.events = Some(Seq(0));
        check.load(done);
        check
    }

    /// Takes the next record in, if there is one.
    fn load(&mut self, done: &mut Verification) {
        let Some(record) = self.records.next() else { return };
        let kept = record.and_then(|(last, record)| {
            let entries = entries(last, &record).map_err(|source| StoreError::Record {
                path: self.path.clone(),
                seq: last,
                source,
            })?;
            Ok(entries.into_iter().map(|(seq, part)| Kept::of(seq, part)).collect())
        });
        match kept {
            Ok(kept) => self.next = kept,
            Err(e) => done.find(done.events.unwrap_or_default().next(), FindingKind::Store(e)),
        }
    }

    /// Compares what is kept of an entry. The store may end before the log: what
    /// is missing at its end is made again.
    pub(super) fn compare(&mut self, applied: &Applied<'_>, done: &mut Verification) {
        let Some(kept) = self.next.pop_front() else { return };
        let entry = applied.entry;
        let is_same = kept.at == entry.at && kept.digest == applied.digest && *kept.events == *applied.encoded;
        let fault = match (kept.seq == entry.seq, is_same) {
            (true, true) => None,
            (true, false) => Some(FindingKind::Events),
            // Entries are in order, so this one's are not there.
            (false, _) => Some(FindingKind::EventsMissing),
        };
        match fault {
            None => {
                done.events = Some(entry.seq);
                if self.next.is_empty() {
                    self.load(done);
                }
            }
            // A digest covers all before it: behind this one nothing agrees.
            Some(fault) => {
                done.find(entry.seq, fault);
                self.next.clear();
            }
        }
    }

    /// The log ends at an entry.
    pub(super) fn end(self, last: Seq, done: &mut Verification) {
        if let Some(kept) = self.next.front().filter(|kept| kept.seq > last) {
            done.find(last.next(), FindingKind::EventsAhead(kept.seq));
        }
    }
}

impl Kept {
    fn of(seq: Seq, part: Part<'_>) -> Self {
        Self { seq, at: part.at, digest: part.digest, events: part.events.into() }
    }
}
