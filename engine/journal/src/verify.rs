//! Checking a log as an auditor does: it may be hostile, and one fault must not
//! hide the next.

mod events;
mod files;
mod finding;
mod tree;

use std::io;
use std::path::PathBuf;

use berth_domain::{Authority, Digest, Seq};
use berth_exchange::{Exchange, Invariants, StateHash};
use berth_merkle::NoteKey;

use self::events::{EventCheck, EventReader};
pub use self::finding::{CheckpointFault, Finding, FindingKind};
pub use self::tree::CheckedTree;
use self::tree::TreeCheck;
use crate::batch::Batch;
use crate::chain::Tip;
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::{LogReader, ReadError};
use crate::replica::{FollowError, Replica};
use crate::snapshot::{Header, SnapshotFault, found_in, read};
use crate::tree_store::TreeReader;
use crate::watermark::{Mark, MarkError};

/// Findings that are kept; where there are more, the log is beyond detail.
const FINDINGS_MAX: usize = 100;

/// How a log is checked.
#[derive(Clone, Debug)]
pub struct Checks {
    /// What signed checkpoints are verified with; without it their signatures
    /// are not looked at.
    pub key: Option<NoteKey>,
    /// The invariants are looked at behind the last entry, and whenever so many
    /// entries have passed and as many as there are orders, bids and leases: so
    /// all looks together take no more than a part of the time.
    pub invariants_every: u64,
    /// Pairs of resting things whose prices cross that one look goes through.
    pub pairs_max: u64,
}

impl Default for Checks {
    fn default() -> Self {
        Self { key: None, invariants_every: 100_000, pairs_max: 1_000_000 }
    }
}

/// What a check of a log came to.
#[derive(Debug, Default)]
pub struct Verification {
    /// Batches that could be read.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries that the exchange itself made: ticks and facts of the chain.
    pub exchange: u64,
    /// Entries that rest on the operator's word alone, with a key of the account
    /// or without.
    pub operator_attested: u64,
    /// Entries that carry a signature, sound or not.
    pub signed: u64,
    /// Hash of the genesis entry, which names the log.
    pub log_id: Option<Digest>,
    /// How far the watermark says that the log is durable; none where there is no
    /// watermark, or it is damaged.
    pub watermark: Option<Seq>,
    /// Snapshots whose state replay came to.
    pub snapshots: u64,
    /// The last entry whose events are kept as replay comes to them; none where
    /// there is no event store.
    pub events: Option<Seq>,
    /// The Merkle tree; none where there is none.
    pub tree: Option<CheckedTree>,
    /// How often the invariants were looked at.
    pub invariants: u64,
    /// Pairs with crossing prices that were looked at for that.
    pub pairs: u64,
    /// Looks that had to leave out pairs.
    pub pairs_cut: u64,
    /// The end of the log.
    pub tip: Tip,
    /// The state that replay ended in; none when it could not reach the end.
    pub state: Option<StateHash>,
    /// What is wrong, in the order of the log; empty when all is well. At most 100.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Keeps a finding.
    fn find(&mut self, at: Seq, kind: FindingKind) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { at, kind });
        }
    }

    fn count(&mut self, batch: &Batch) {
        self.batches += 1;
        for entry in &batch.entries {
            self.entries += 1;
            if entry.seq == Seq(1) {
                self.log_id = Some(entry.hash());
            }
            match entry.authority {
                Authority::Exchange => self.exchange += 1,
                Authority::OperatorAttested | Authority::KeyAttested { .. } => self.operator_attested += 1,
                Authority::Signed { .. } | Authority::SignedMessage { .. } => {
                    self.signed += 1;
                    if self.log_id.and_then(|log| entry.is_signed_well(log)) != Some(true) {
                        self.find(entry.seq, FindingKind::Signature);
                    }
                }
            }
        }
    }

    /// A store that follows from the log; none when there is none, or it cannot
    /// be opened.
    fn opened<T>(&mut self, store: Result<T, StoreError>) -> Option<T> {
        match store {
            Ok(store) => Some(store),
            Err(StoreError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(e) => {
                self.find(Seq(0), FindingKind::Store(e));
                None
            }
        }
    }

    fn mark(&mut self, dir: &DataDir) -> Result<Option<Mark>, StoreError> {
        match Mark::read(&dir.watermark()) {
            Ok(mark) => {
                self.watermark = mark.map(|mark| mark.seq);
                Ok(mark)
            }
            Err(MarkError::File(e)) => Err(StoreError::file(&dir.watermark())(e)),
            Err(MarkError::Damaged) => {
                self.find(Seq(0), FindingKind::WatermarkDamaged);
                Ok(None)
            }
        }
    }

    /// Looks at the invariants behind an entry.
    fn look(&mut self, x: &Exchange, pairs_max: u64) {
        let found = Invariants::of(x, pairs_max);
        self.invariants += 1;
        self.pairs += found.pairs;
        self.pairs_cut += u64::from(found.is_cut);
        found.broken.into_iter().for_each(|broken| self.find(x.head(), FindingKind::Invariant(broken)));
    }
}

/// When it is time for what walks the whole state: whenever so many entries have
/// passed, and as many as it walks over.
pub(crate) struct Looks {
    every: u64,
    last: Seq,
}

impl Looks {
    const fn new(every: u64) -> Self {
        Self { every, last: Seq(0) }
    }

    /// Whether a look is due; if so it is taken.
    fn take(&mut self, x: &Exchange) -> bool {
        let things = (x.orders().count() + x.bids().count() + x.leases().count()) as u64;
        let is_due = x.head().0 - self.last.0 >= self.every.max(things);
        if is_due {
            self.last = x.head();
        }
        is_due
    }
}

/// Checks the log of a data directory by [`Checks`] as they are without a word.
///
/// # Errors
/// As [`Checks::verify`].
pub fn verify(dir: &DataDir, progress: impl FnMut(Seq)) -> Result<Verification, StoreError> {
    Checks::default().verify(dir, progress)
}

impl Checks {
    /// Checks the log of a data directory, also beside a running node: every
    /// batch's own hash, the chain, contiguity, epochs, the watermark, the files
    /// beneath RocksDB, the Merkle tree with its signed checkpoints, and, as far as
    /// the log can be replayed, every entry, the digest of all events, the event
    /// store, that each registered key asked for it, every snapshot and the
    /// invariants. `progress` is told of each batch's
    /// last entry.
    ///
    /// # Errors
    /// When there is no log, or it cannot be read. Whatever is wrong in it is a
    /// finding.
    pub fn verify(&self, dir: &DataDir, mut progress: impl FnMut(Seq)) -> Result<Verification, StoreError> {
        let mut done = Verification::default();
        // Before the log: what is marked or kept by now must be in it.
        let mark = done.mark(dir)?;
        files::check(dir, &mut done)?;
        let snapshots = found_in(dir).map_err(StoreError::file(&dir.snapshots()))?;
        let mut snapshots = snapshots.into_iter().peekable();
        let events = done.opened(files::open(|| EventReader::open(dir)));
        let tree = done.opened(files::open(|| TreeReader::open(dir)));
        let log = match files::open(|| LogReader::open(dir)) {
            // Whatever RocksDB calls it: its files are there and could be read.
            Err(e @ StoreError::Database { .. }) => {
                done.find(Seq(0), FindingKind::Read(e.into()));
                return Ok(done);
            }
            log => log?,
        };
        let mut run = Run {
            checks: self,
            replica: Some(Replica::new()),
            looks: Looks::new(self.invariants_every),
            states: Looks::new(0),
            events: events.as_ref().map(|events| EventCheck::of(events, &mut done)),
            tree: tree.as_ref().and_then(|tree| TreeCheck::of(tree, self.key.as_ref(), &mut done)),
            done,
        };
        for batch in log.read(Seq(0)) {
            let batch = match batch {
                Ok(batch) => batch,
                Err(e) => {
                    if run.unreadable(e) {
                        break;
                    }
                    continue;
                }
            };
            run.batch(&batch);
            if let Some(mark) = mark
                && (batch.first()..=batch.last()).contains(&mark.seq)
                && (mark.seq, mark.hash) != (batch.last(), batch.hash)
            {
                run.done.find(batch.first(), FindingKind::Watermark(mark.hash));
            }
            while let Some((seq, file)) = snapshots.next_if(|(seq, _)| *seq <= batch.last()) {
                check_snapshot(&mut run.done, run.replica.as_ref(), seq, file);
            }
            progress(batch.last());
        }
        for (seq, file) in snapshots {
            run.done.find(seq, FindingKind::Snapshot { file, fault: SnapshotFault::Ahead });
        }
        if let Some(mark) = mark.filter(|mark| mark.seq > run.done.tip.seq) {
            run.done.find(run.done.tip.next(), FindingKind::Short(mark.seq));
        }
        Ok(run.end())
    }
}

/// A check under way.
struct Run<'a> {
    checks: &'a Checks,
    /// None once replay has failed; the links are still checked then.
    replica: Option<Replica>,
    looks: Looks,
    states: Looks,
    events: Option<EventCheck<'a>>,
    tree: Option<TreeCheck<'a>>,
    done: Verification,
}

impl Run<'_> {
    /// Notes a record that is no batch, and whether nothing can be read behind it.
    fn unreadable(&mut self, e: ReadError) -> bool {
        let is_end = matches!(e, ReadError::Store(_));
        self.done.find(e.seq().unwrap_or(self.done.tip.next()), FindingKind::Read(e));
        self.replica = None;
        is_end
    }

    /// Checks one batch and goes on behind it, whatever was wrong.
    fn batch(&mut self, batch: &Batch) {
        let done = &mut self.done;
        done.count(batch);
        if let Err(e) = done.tip.check_links(batch) {
            done.find(batch.first(), FindingKind::Break(e));
            self.replica = None;
        }
        if let Some(tree) = &mut self.tree {
            batch.entries.iter().for_each(|entry| tree.add(entry.seq, entry.hash(), done));
        }
        let mut registered = Vec::new();
        if let Some(replica) = &mut self.replica {
            let events = &mut self.events;
            let followed = replica.follow(batch, |applied| {
                if applied.registers_key() {
                    registered.push(applied.entry.seq);
                }
                if let Some(events) = events {
                    events.compare(&applied, done);
                }
            });
            if let Err(e) = followed {
                match e {
                    FollowError::Break(e) => done.find(batch.first(), FindingKind::Break(e)),
                    FollowError::Violation(e) => done.find(batch.first(), FindingKind::Violation(e)),
                    FollowError::Resumption(at) => done.find(at, FindingKind::Resumption),
                }
                self.replica = None;
            }
        }
        let replica = self.replica.as_ref();
        for entry in batch.entries.iter().filter(|entry| registered.contains(&entry.seq)) {
            if replica.is_some_and(|replica| !replica.is_proven(entry)) {
                done.find(entry.seq, FindingKind::KeyProof);
            }
        }
        if let Some(tree) = &mut self.tree {
            tree.behind(batch.last(), replica, &mut self.states, done);
        }
        if let Some(replica) = replica.filter(|replica| self.looks.take(replica.exchange())) {
            done.look(replica.exchange(), self.checks.pairs_max);
        }
        let events = replica.map_or(batch.events, |replica| replica.tip().events);
        done.tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events };
    }

    /// What is to be said at the end of the log.
    fn end(self) -> Verification {
        let Self { checks, replica, looks, events, tree, mut done, .. } = self;
        if let Some(tree) = tree {
            tree.end(&mut done);
        }
        if let Some(replica) = replica {
            let x = replica.exchange();
            if looks.last < x.head() {
                done.look(x, checks.pairs_max);
            }
            if let Some(events) = events {
                events.end(x.head(), &mut done);
            }
            done.log_id = replica.log_id();
            done.state = Some(x.state_hash());
        }
        done
    }
}

/// Compares a snapshot with the replica that stands where it was made. Where
/// replay has failed, nothing can be said of it.
fn check_snapshot(done: &mut Verification, replica: Option<&Replica>, seq: Seq, file: PathBuf) {
    let Some(replica) = replica else { return };
    let checked = read(&file).and_then(|(of_file, state)| {
        let is_there = Header::of(&of_file) == Header::of(replica);
        let is_same = is_there && state == replica.exchange().state_hash();
        if is_same { Ok(()) } else { Err(SnapshotFault::OtherState) }
    });
    match checked {
        Ok(()) => done.snapshots += 1,
        // A running node removes the old ones.
        Err(SnapshotFault::Unreadable(e)) if e.kind() == io::ErrorKind::NotFound => {}
        Err(fault) => done.find(seq, FindingKind::Snapshot { file, fault }),
    }
}
