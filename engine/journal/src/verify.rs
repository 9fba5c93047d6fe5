//! Checking a log as an auditor does: it may be hostile, and one fault must not
//! hide the next.

use std::io;
use std::path::PathBuf;

use berth_domain::{Authority, Digest, Seq};
use berth_exchange::{LogViolation, StateHash};
use rocksdb::ErrorKind;
use thiserror::Error;

use crate::batch::Batch;
use crate::chain::{ChainBreak, Tip};
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::{LogReader, ReadError};
use crate::replica::{FollowError, Replica};
use crate::snapshot::{Header, SnapshotFault, found_in, read};
use crate::watermark::{Mark, MarkError};

/// Findings that are kept; where there are more, the log is beyond detail.
const FINDINGS_MAX: usize = 100;

/// What a check of a log came to.
#[derive(Debug)]
pub struct Verification {
    /// Batches that could be read.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries that the exchange itself made: ticks and facts of the chain.
    pub exchange: u64,
    /// Entries that rest on the operator's word alone.
    pub operator_attested: u64,
    /// Entries that carry a signature.
    pub signed: u64,
    /// Hash of the genesis entry, which names the log.
    pub log_id: Option<Digest>,
    /// Snapshots whose state replay came to.
    pub snapshots: u64,
    /// The end of the log.
    pub tip: Tip,
    /// The state that replay ended in; none when it could not reach the end.
    pub state: Option<StateHash>,
    /// What is wrong, in the order of the log; empty when all is well. At most 100.
    pub findings: Vec<Finding>,
}

/// One fault.
#[derive(Debug, Error)]
#[error("at entry {at}: {kind}")]
pub struct Finding {
    /// The first entry of the batch, or the entry that belongs there; zero when it
    /// is the log as a whole.
    pub at: Seq,
    /// What is wrong.
    pub kind: FindingKind,
}

/// What is wrong.
#[derive(Debug, Error)]
pub enum FindingKind {
    /// A record is no batch, or cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// A batch does not link to the one before it.
    #[error(transparent)]
    Break(ChainBreak),
    /// An entry cannot stand where it stands; nothing behind it can be replayed.
    #[error("replay ends here: {0}")]
    Violation(LogViolation),
    /// A resumption stands where no run of the node begins, or none stands
    /// where one does; nothing behind it can be replayed.
    #[error("a new epoch begins with a resumption, and nothing else is one")]
    Resumption,
    /// This build accepts no signed commands, so it cannot vouch for one.
    #[error("this entry carries a signature, which this build cannot check")]
    Unchecked,
    /// The log lacks what was durable once.
    #[error("the log was durable up to entry {0} once")]
    Short(Seq),
    /// The watermark names another batch than the log holds.
    #[error("the watermark names batch {0} here")]
    Watermark(Digest),
    /// The watermark is damaged.
    #[error("the watermark is damaged")]
    WatermarkDamaged,
    /// A snapshot is not what it should be.
    #[error("the snapshot {}: {fault}", file.display())]
    Snapshot {
        /// The snapshot.
        file: PathBuf,
        /// Why.
        fault: SnapshotFault,
    },
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    fn find(&mut self, at: Seq, kind: FindingKind) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { at, kind });
        }
    }

    fn count(&mut self, batch: &Batch) {
        self.batches += 1;
        for entry in &batch.entries {
            self.entries += 1;
            match entry.authority {
                Authority::Exchange => self.exchange += 1,
                Authority::OperatorAttested => self.operator_attested += 1,
                Authority::Signed { .. } => {
                    self.signed += 1;
                    self.find(entry.seq, FindingKind::Unchecked);
                }
            }
        }
    }
}

/// Checks the log of a data directory, also beside a running node: every batch's
/// own hash, the chain, contiguity, epochs, the watermark, and, as far as the log
/// can be replayed, every entry, the digest of all events and every snapshot. `progress` is told
/// of each batch's last entry.
///
/// # Errors
/// When there is no log, or it cannot be read. Whatever is wrong in it is a
/// finding.
pub fn verify(dir: &DataDir, mut progress: impl FnMut(Seq)) -> Result<Verification, StoreError> {
    // Before the log: what is marked or kept by now must be in it.
    let mark = Mark::read(&dir.watermark());
    let snapshots = found_in(dir).map_err(StoreError::file(&dir.snapshots()))?;
    let mut snapshots = snapshots.into_iter().peekable();
    let log = LogReader::open(dir);
    let mut done = Verification {
        batches: 0,
        entries: 0,
        exchange: 0,
        operator_attested: 0,
        signed: 0,
        log_id: None,
        snapshots: 0,
        tip: Tip::default(),
        state: None,
        findings: Vec::new(),
    };
    let mark = match mark {
        Ok(mark) => mark,
        Err(MarkError::File(e)) => return Err(StoreError::file(&dir.watermark())(e)),
        Err(MarkError::Damaged) => {
            done.find(Seq(0), FindingKind::WatermarkDamaged);
            None
        }
    };
    let log = match log {
        Err(StoreError::Database { path, source }) if source.kind() == ErrorKind::Corruption => {
            done.find(Seq(0), FindingKind::Read(StoreError::Database { path, source }.into()));
            return Ok(done);
        }
        log => log?,
    };
    // None once replay has failed; the links are still checked then.
    let mut replica = Some(Replica::new());
    for batch in log.read(Seq(0)) {
        let batch = match batch {
            Ok(batch) => batch,
            Err(e) => {
                let end = matches!(e, ReadError::Store(_));
                done.find(e.seq().unwrap_or(done.tip.next()), FindingKind::Read(e));
                replica = None;
                if end {
                    break;
                }
                continue;
            }
        };
        check_batch(&mut done, &mut replica, &batch);
        if let Some(mark) = mark
            && (batch.first()..=batch.last()).contains(&mark.seq)
            && (mark.seq, mark.hash) != (batch.last(), batch.hash)
        {
            done.find(batch.first(), FindingKind::Watermark(mark.hash));
        }
        while let Some((seq, file)) = snapshots.next_if(|(seq, _)| *seq <= batch.last()) {
            check_snapshot(&mut done, replica.as_ref(), seq, file);
        }
        progress(batch.last());
    }
    for (seq, file) in snapshots {
        done.find(seq, FindingKind::Snapshot { file, fault: SnapshotFault::Ahead });
    }
    if let Some(mark) = mark.filter(|mark| mark.seq > done.tip.seq) {
        done.find(done.tip.next(), FindingKind::Short(mark.seq));
    }
    if let Some(replica) = replica {
        done.log_id = replica.log_id();
        done.state = Some(replica.exchange().state_hash());
    }
    Ok(done)
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

/// Checks one batch and goes on behind it, whatever was wrong.
fn check_batch(done: &mut Verification, replica: &mut Option<Replica>, batch: &Batch) {
    let first = batch.first();
    done.count(batch);
    let links = done.tip.check_links(batch);
    if let Err(e) = links {
        done.find(first, FindingKind::Break(e));
        *replica = None;
    }
    if let Some(following) = replica {
        match following.follow(batch, |_| {}) {
            Ok(()) => {}
            Err(FollowError::Break(e)) => {
                done.find(first, FindingKind::Break(e));
                *replica = None;
            }
            Err(FollowError::Violation(e)) => {
                done.find(first, FindingKind::Violation(e));
                *replica = None;
            }
            Err(FollowError::Resumption(at)) => {
                done.find(at, FindingKind::Resumption);
                *replica = None;
            }
        }
    }
    let events = replica.as_ref().map_or(batch.events, |replica| replica.tip().events);
    done.tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events };
}
