//! Where the replay of the log begins, and the replay itself: at the newest
//! snapshot that is beyond doubt, or at the beginning.

use std::path::{Path, PathBuf};

use berth_domain::Seq;

use super::catch_up::CatchUp;
use super::report::{Note, Problem};
use super::{Stop, Tip};
use crate::batch::Batch;
use crate::database::StoreError;
use crate::event_store::EventStore;
use crate::keys::DataDir;
use crate::replica::Replica;
use crate::snapshot::{Batched, SnapshotFault, check_place, found_in, read};
use crate::store::LogStore;
use crate::watermark::Mark;

/// What is open at a start.
pub(super) struct Opened<'a> {
    pub(super) dir: &'a DataDir,
    pub(super) store: &'a LogStore,
    pub(super) mark: Option<Mark>,
    pub(super) events: &'a EventStore,
}

impl Opened<'_> {
    /// The replica at the end of the log, and the snapshots that will never be
    /// used.
    pub(super) fn replay(&self, notes: &mut Vec<Note>) -> Result<(Replica, Vec<PathBuf>), Stop> {
        let mut useless = Vec::new();
        let folder = self.dir.snapshots();
        let found = found_in(self.dir).map_err(StoreError::file(&folder))?;
        for (seq, file) in found.into_iter().rev() {
            let fault = match self.begin_at(&file, seq) {
                Ok(replica) => match self.follow_log(replica, notes) {
                    Ok(Some(replica)) => return Ok((replica, useless)),
                    // The event store was emptied: only the whole log fills it.
                    Ok(None) => break,
                    // Something is wrong with the log or with the snapshot. The
                    // whole log tells which.
                    Err(Stop { problem: Problem::Follow(e), .. }) => SnapshotFault::Misleads(e),
                    Err(stop) => return Err(stop),
                },
                // It was made of what was durable.
                Err(SnapshotFault::Ahead) => return Err(self.behind(seq, file)),
                Err(fault) => fault,
            };
            if fault.is_lasting() {
                useless.push(file.clone());
            }
            notes.push(Note::SnapshotUnused { file, fault });
        }
        for _ in 0..2 {
            if let Some(replica) = self.follow_log(Replica::new(), notes)? {
                return Ok((replica, useless));
            }
            // The event store was emptied: once more, to fill it.
        }
        Err(StoreError::Poisoned.into())
    }

    /// A replica out of a snapshot, when log and event store agree with it.
    fn begin_at(&self, file: &Path, seq: Seq) -> Result<Replica, SnapshotFault> {
        let stored = |e: StoreError| SnapshotFault::Unreadable(std::io::Error::other(e));
        check_place(file, seq, self.store)?;
        let events = self.events.head().map_err(stored)?;
        if events < seq {
            return Err(SnapshotFault::EventsBehind(events));
        }
        let (replica, _) = read(file)?;
        if self.events.digest_at(seq).map_err(stored)? != Some(replica.tip().events) {
            return Err(SnapshotFault::OtherEvents);
        }
        Ok(replica)
    }

    /// The log ends before a snapshot of it.
    fn behind(&self, snapshot: Seq, file: PathBuf) -> Stop {
        let last = self.store.batches(Seq(u64::MAX)).next().and_then(Result::ok);
        let recovered = last.map_or(Seq(0), |batch| batch.last());
        Stop { seq: Some(recovered), problem: Problem::BehindSnapshot { recovered, snapshot, file } }
    }

    /// Applies the log from where a replica stands and brings the event store
    /// level with it. None when the store held other events: it is empty now.
    fn follow_log(&self, mut replica: Replica, notes: &mut Vec<Note>) -> Result<Option<Replica>, Stop> {
        let mut catch_up = CatchUp::new(self.events)?;
        let Tip { seq: start, .. } = *replica.tip();
        if let Some(mark) = self.mark.filter(|mark| mark.seq <= start && mark.seq > Seq(0)) {
            let damaged = |e| Stop { seq: Some(mark.seq), problem: Problem::Damaged(e) };
            if let Some(batch) = self.store.batch_of(mark.seq).map_err(damaged)? {
                check_mark(mark, &batch).map_err(|problem| Stop { seq: Some(batch.first()), problem })?;
            }
        }
        for batch in self.store.batches(start.next()) {
            let batch = batch.map_err(|e| Stop { seq: e.seq(), problem: Problem::Damaged(e) })?;
            if batch.last() <= start {
                // The log ends with the snapshot.
                break;
            }
            let at = Some(batch.first());
            replica
                .follow(&batch, |applied| catch_up.see(applied))
                .map_err(|e| Stop { seq: at, problem: Problem::Follow(e) })?;
            if let Some(mark) = self.mark {
                check_mark(mark, &batch).map_err(|problem| Stop { seq: at, problem })?;
            }
            catch_up.write_when_full()?;
        }
        let recovered = replica.tip().seq;
        if let Some(Mark { seq: marked, .. }) = self.mark
            && marked > recovered
        {
            return Err(Stop { seq: Some(recovered), problem: Problem::Short { recovered, marked } });
        }
        Ok(catch_up.finish(replica.tip(), notes)?.then_some(replica))
    }
}

fn check_mark(mark: Mark, batch: &Batch) -> Result<(), Problem> {
    let holds = (batch.first()..=batch.last()).contains(&mark.seq);
    if holds && (batch.last(), batch.hash) != (mark.seq, mark.hash) {
        return Err(Problem::Other { marked: mark.hash });
    }
    Ok(())
}
