//! The event store against the events that replay comes to.

use std::io;
use std::path::PathBuf;

use berth_domain::Seq;
use berth_domain::codec::Encode as _;
use rocksdb::{DB, IteratorMode};

use super::{FindingKind, Verification};
use crate::database::{StoreError, rebuildable_options, scan_options};
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

/// One record: the entry, and the bytes that are kept of it.
type Record = Result<(Seq, Box<[u8]>), StoreError>;

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
    records: Box<dyn Iterator<Item = Record> + 'a>,
    /// The next record; none behind the last, or behind one that ends the check.
    next: Option<(Seq, Box<[u8]>)>,
    value: Vec<u8>,
}

impl<'a> EventCheck<'a> {
    pub(super) fn of(store: &'a EventReader, done: &mut Verification) -> Self {
        let mut check = Self { records: Box::new(store.records()), next: None, value: Vec::new() };
        done.events = Some(Seq(0));
        check.step(done);
        check
    }

    fn step(&mut self, done: &mut Verification) {
        self.next = match self.records.next().transpose() {
            Ok(next) => next,
            Err(e) => {
                done.find(done.events.unwrap_or_default().next(), FindingKind::Store(e));
                None
            }
        };
    }

    /// Compares what is kept of an entry. The store may end before the log: what
    /// is missing at its end is made again.
    pub(super) fn compare(&mut self, applied: &Applied<'_>, done: &mut Verification) {
        let Some((seq, kept)) = &self.next else { return };
        let entry = applied.entry;
        self.value.clear();
        entry.at.encode(&mut self.value);
        applied.digest.encode(&mut self.value);
        self.value.extend_from_slice(&applied.encoded);
        let fault = match (*seq == entry.seq, **kept == *self.value) {
            (true, true) => None,
            (true, false) => Some(FindingKind::Events),
            // Records are in order, so this one's is not there.
            (false, _) => Some(FindingKind::EventsMissing),
        };
        match fault {
            None => {
                done.events = Some(entry.seq);
                self.step(done);
            }
            // A digest covers all before it: behind this one nothing agrees.
            Some(fault) => {
                done.find(entry.seq, fault);
                self.next = None;
            }
        }
    }

    /// The log ends at an entry.
    pub(super) fn end(self, last: Seq, done: &mut Verification) {
        if let Some((seq, _)) = self.next.filter(|(seq, _)| *seq > last) {
            done.find(last.next(), FindingKind::EventsAhead(seq));
        }
    }
}
