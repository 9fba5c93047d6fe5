//! What RocksDB passes over in silence: damage at the end of a write-ahead log or
//! a manifest, which it takes for a write that was never finished, and a table
//! that a secondary cannot open; and the parts of the watermark that do not count
//! at the moment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use berth_domain::Seq;
use rocksdb::{DB, DBRecoveryMode};

use super::{FindingKind, Verification};
use crate::database::{StoreError, durable_options};
use crate::keys::DataDir;
use crate::tail::unfinished;
use crate::watermark::{Mark, SLOT_AT, SLOT_BYTES};

/// A running node may be writing what is looked at. By then it has.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Looks at the files of the three databases, at the watermark and at the mark of
/// the archive.
pub(super) fn check(dir: &DataDir, done: &mut Verification) -> Result<(), StoreError> {
    for database in [dir.log(), dir.events(), dir.tree()] {
        for file in records_of(&database).map_err(StoreError::file(&database))? {
            let found = lasting(|| unfinished(&file)).map_err(StoreError::file(&file))?;
            if let Some(from) = found {
                done.find(Seq(0), FindingKind::Unfinished { file, from });
            }
        }
        if let Some(e) = tables(&database) {
            done.find(Seq(0), FindingKind::Store(e));
        }
    }
    let archived = dir.archived();
    let is_whole = match fs::read(&archived) {
        Ok(slot) => slot.as_slice().try_into().is_ok_and(|slot: &[u8; SLOT_BYTES]| Mark::from_slot(slot).is_some()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => true,
        Err(e) => return Err(StoreError::file(&archived)(e)),
    };
    if !is_whole {
        done.find(Seq(0), FindingKind::Unfinished { file: archived, from: 0 });
    }
    let mark = dir.watermark();
    let found = lasting(|| watermark(&mark)).map_err(StoreError::file(&mark))?;
    if let Some(from) = found {
        done.find(Seq(0), FindingKind::WatermarkBytes(from));
    }
    Ok(())
}

/// Opens every table of a database. A secondary, by which all else here is read,
/// goes back to what the database was before a table that it cannot open.
fn tables(database: &Path) -> Option<StoreError> {
    // Opening what is not there would make its folder.
    if !database.join("CURRENT").exists() {
        return None;
    }
    let mut options = durable_options();
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // All of them, and at once.
    options.set_max_open_files(-1);
    let mut found = None;
    for look in 0..LOOKS {
        if look > 0 {
            sleep(BETWEEN_LOOKS);
        }
        match DB::open_for_read_only(&options, database, false) {
            Ok(_) => return None,
            // The node may have removed a table that it needs no more.
            Err(source) => found = Some(StoreError::Database { path: database.to_owned(), source }),
        }
    }
    found
}

/// Opens a database that a running node may be putting in order at this moment.
pub(super) fn open<T>(open: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut opened = open();
    for _ in 1..LOOKS {
        if !matches!(opened, Err(StoreError::Database { .. })) {
            break;
        }
        sleep(BETWEEN_LOOKS);
        opened = open();
    }
    opened
}

/// The write-ahead logs of a database and its manifest.
fn records_of(database: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let listing = match fs::read_dir(database) {
        Ok(listing) => listing,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(e) => return Err(e),
    };
    for file in listing {
        let path = file?.path();
        if path.extension().is_some_and(|end| end == "log") {
            files.push(path);
        }
    }
    // Where it names none, the database does not open.
    if let Ok(current) = fs::read_to_string(database.join("CURRENT")) {
        let name = current.trim_end();
        if name.strip_prefix("MANIFEST-").is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit())) {
            files.push(database.join(name));
        }
    }
    files.sort();
    Ok(files)
}

/// Damage that stays at its place while a node writes on.
fn lasting(look: impl Fn() -> io::Result<Option<u64>>) -> io::Result<Option<u64>> {
    let look = || match look() {
        // The node has removed what it needs no more.
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        looked => looked,
    };
    let mut found = look()?;
    for _ in 1..LOOKS {
        if found.is_none() {
            break;
        }
        sleep(BETWEEN_LOOKS);
        let again = look()?;
        if again != found {
            return Ok(None);
        }
        found = again;
    }
    Ok(found)
}

/// The first part of a watermark that nobody wrote so: a slot, or what is between
/// the two or behind them. One slot alone is a new file. Where neither is whole,
/// that is told as damage of all of it.
fn watermark(path: &Path) -> io::Result<Option<u64>> {
    let bytes = fs::read(path)?;
    let slot = |at: u64| {
        let at = usize::try_from(at).ok()?;
        let slot = bytes.get(at..at + SLOT_BYTES)?.first_chunk()?;
        Some(Mark::from_slot(slot).is_some())
    };
    let [first, second] = SLOT_AT.map(slot);
    if first != Some(true) && second != Some(true) {
        return Ok(None);
    }
    if first != Some(true) {
        return Ok(Some(SLOT_AT[0]));
    }
    let end = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).saturating_add(SLOT_BYTES);
    let between = bytes.iter().take(end(SLOT_AT[1]) - SLOT_BYTES).enumerate().skip(SLOT_BYTES);
    let behind = bytes.iter().enumerate().skip(end(SLOT_AT[1]));
    let unwritten = between.chain(behind).find(|(_, byte)| **byte != 0).map(|(at, _)| at as u64);
    let is_torn = second == Some(false) || (second.is_none() && bytes.len() > SLOT_BYTES);
    Ok(unwritten.or(is_torn.then_some(SLOT_AT[1])))
}
