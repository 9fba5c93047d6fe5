//! Opening a log: every link is checked and every entry applied again. What
//! cannot be vouched for is refused, with its place and the remedy; what was
//! mended on the way is told.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use berth_domain::{Digest, Seq};
use berth_exchange::Exchange;
use rocksdb::ErrorKind;

use self::start::Opened;
use crate::chain::Tip;
use crate::database::StoreError;
use crate::event_store::EventStore;
use crate::journal::Journal;
use crate::keys::DataDir;
use crate::replica::Replica;
use crate::snapshot::discard;
use crate::space::make_room_to_start;
use crate::store::LogStore;
use crate::tail::{Torn, torn_tail};
use crate::watermark::{Mark, MarkError, Watermark};

mod catch_up;
mod evidence;
mod report;
mod start;

pub use self::report::{Note, Problem, RecoveryError};

/// A log read back to its end, ready to be continued by [`crate::Sequencer`].
pub struct Recovered {
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) watermark: Watermark,
    pub(crate) events: EventStore,
    pub(crate) replica: Replica,
    notes: Vec<Note>,
}

impl Recovered {
    /// Whether the log is empty, so that it must begin with a genesis.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.tip().seq == Seq(0)
    }

    /// A follower that stands at the end of the log, for whoever goes on beside
    /// the sequencer.
    #[must_use]
    pub fn follower(&self) -> Replica {
        self.replica.clone()
    }

    /// The exchange at the end of the log.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        self.replica.exchange()
    }

    /// Where the log ends.
    #[must_use]
    pub const fn tip(&self) -> &Tip {
        self.replica.tip()
    }

    /// Hash of the genesis entry, which names the log; none in a fresh one.
    #[must_use]
    pub const fn log_id(&self) -> Option<Digest> {
        self.replica.log_id()
    }

    /// The events, for readers.
    #[must_use]
    pub fn events(&self) -> EventStore {
        self.events.clone()
    }

    /// Puts another journal around or in place of the one that was read: one
    /// that ships batches elsewhere, too, or that fails on purpose. It must go on
    /// where the log ends.
    #[must_use]
    pub fn with_journal(mut self, wrap: impl FnOnce(Box<dyn Journal>) -> Box<dyn Journal>) -> Self {
        self.journal = wrap(self.journal);
        self
    }

    /// The log by itself, and the mark that is moved behind each batch that it
    /// took: for whoever has batches and no exchange.
    #[must_use]
    pub fn into_log(self) -> (Box<dyn Journal>, Watermark) {
        (self.journal, self.watermark)
    }

    /// What was mended.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

/// Opens the log of a data directory, or makes it.
///
/// # Errors
/// When the log cannot be vouched for; nothing was changed then that RocksDB
/// itself does not change on opening.
pub fn recover(dir: &DataDir) -> Result<Recovered, RecoveryError> {
    let refuse = |file: PathBuf, seq, problem| RecoveryError { file, seq, problem };
    let unreadable = |e: StoreError| refuse(dir.root().to_owned(), None, Problem::Unreadable(e));
    dir.create().map_err(StoreError::file(dir.root())).map_err(unreadable)?;
    let mut notes = Vec::new();
    if make_room_to_start(dir) {
        notes.push(Note::BallastGivenUp);
    }

    let mark = Mark::read(&dir.watermark()).map_err(|e| {
        let problem = match e {
            MarkError::Damaged => Problem::Watermark,
            MarkError::File(e) => Problem::Unreadable(StoreError::file(&dir.watermark())(e)),
        };
        refuse(dir.watermark(), None, problem)
    })?;
    let torn = torn_tail(&dir.log()).map_err(StoreError::file(&dir.log())).map_err(unreadable)?;
    let mut store = open_log(dir, mark, torn.as_ref()).map_err(|problem| refuse(dir.log(), None, problem))?;
    notes.extend(torn.map(|torn| Note::TornTail { file: torn.file, bytes: torn.bytes }));

    let (events, lost) = EventStore::open(dir).map_err(unreadable)?;
    notes.extend(lost.map(Note::EventsLost));

    let place = |seq, problem| refuse(store.path().to_owned(), seq, problem);
    let opened = Opened { dir, store: &store, mark, events: &events };
    let (replica, useless) = opened.replay(&mut notes).map_err(|stop| stop.into_error(place))?;
    let tip = *replica.tip();
    evidence::check(dir, &store, &tip, &events).map_err(|stop| stop.into_error(place))?;
    if mark.is_none() && tip.seq > Seq(0) {
        notes.push(Note::NoWatermark);
    }
    let watermark = store.resume(dir, &tip).map_err(unreadable)?;
    for path in useless {
        discard(&path).map_err(StoreError::file(&path)).map_err(unreadable)?;
    }
    for note in &notes {
        tracing::warn!("{note}");
    }
    tracing::info!(entries = tip.seq.0, batch = %tip.hash, epoch = tip.epoch, "the log is recovered");
    Ok(Recovered { journal: Box::new(store), watermark, events, replica, notes })
}

/// Opens the database; makes it only where there can have been none.
fn open_log(dir: &DataDir, mark: Option<Mark>, torn: Option<&Torn>) -> Result<LogStore, Problem> {
    let path = dir.log();
    let has_current = path.join("CURRENT").exists();
    // RocksDB, asked to make a database, deletes the files of one whose CURRENT
    // was lost.
    if !has_current && holds_data(&path).map_err(|e| Problem::Unreadable(StoreError::file(&path)(e)))? {
        return Err(Problem::Headless);
    }
    if let (false, Some(Mark { seq: marked, .. })) = (has_current, mark)
        && marked > Seq(0)
    {
        return Err(Problem::Short { recovered: Seq(0), marked });
    }
    let refusal = |e: StoreError| match &e {
        StoreError::Database { source, .. } if is_locked(source) => Problem::InUse,
        StoreError::Database { source, .. } if source.kind() == ErrorKind::Corruption => Problem::Damaged(e.into()),
        _ => Problem::Unreadable(e),
    };
    let opened = LogStore::open(dir, !has_current).map_err(refusal);
    match (&opened, torn, mark) {
        (Err(Problem::Damaged(_)), Some(torn), Some(mark)) if is_unfinished(dir, mark) => {
            torn.cut().map_err(|e| Problem::Unreadable(StoreError::file(&torn.file)(e)))?;
            LogStore::open(dir, false).map_err(refusal)
        }
        _ => opened,
    }
}

/// Whether the log has all that the watermark knows of without its damaged last
/// write, so that the power can have interrupted that one. Anything that fails
/// is a no: the log is refused then for what is wrong with it.
fn is_unfinished(dir: &DataDir, mark: Mark) -> bool {
    let before = LogStore::end_before_damage(dir).ok().flatten();
    before.map_or(Seq(0), |batch| batch.last()) >= mark.seq
}

/// RocksDB has no kind of error for this; these are its words for a lock that
/// another process, or this one, holds.
fn is_locked(error: &rocksdb::Error) -> bool {
    ["While lock file", "lock hold by current process"].iter().any(|words| error.as_ref().contains(words))
}

fn holds_data(database: &Path) -> io::Result<bool> {
    let listing = match fs::read_dir(database) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(e),
    };
    for file in listing {
        let file = file?;
        let path = file.path();
        let kind = path.extension().and_then(|e| e.to_str());
        if matches!(kind, Some("log" | "sst")) && file.metadata()?.len() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where following the log stopped.
struct Stop {
    seq: Option<Seq>,
    problem: Problem,
}

impl Stop {
    fn into_error(self, place: impl FnOnce(Option<Seq>, Problem) -> RecoveryError) -> RecoveryError {
        place(self.seq, self.problem)
    }
}

impl From<StoreError> for Stop {
    fn from(e: StoreError) -> Self {
        Self { seq: None, problem: Problem::Unreadable(e) }
    }
}
