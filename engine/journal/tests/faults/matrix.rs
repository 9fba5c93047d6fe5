//! Every fault on every kind of file, each with the outcome that
//! `docs/journal.md` states.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use berth_disk::{Disk, Effect, Fault, Image, Operation, Survival, is_available};
use berth_journal::{DataDir, Recovered, RecoveryError, recover, verify};

use crate::load::Load;
use crate::node::Node;
use crate::witness::Witness;

/// Answers of one run: some tens of batches.
const ANSWERS: usize = 600;
/// Operations that go well before a fault in a running node.
const BEFORE: u64 = 6;
/// A watermark is synced ten times a second: by now it has been.
const WATERMARK_SYNCED: Duration = Duration::from_millis(400);
/// By now every fault has happened that will.
const PATIENCE: Duration = Duration::from_secs(20);

/// A kind of file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Log,
    Table,
    Manifest,
    Snapshot,
    Watermark,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Log, "log"),
    (Kind::Table, "table"),
    (Kind::Manifest, "manifest"),
    (Kind::Snapshot, "snapshot"),
    (Kind::Watermark, "watermark"),
];

/// What happens to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mishap {
    /// While the node starts and runs.
    Live(Operation, Effect),
    /// While it does not run: a bit.
    Flip,
    /// Its end is missing.
    Truncation,
    /// It is as it was before.
    Stale,
    /// The newest is not there.
    Missing,
    /// The newest is not there, nor is the watermark.
    MissingBoth,
}

const MISHAPS: [(Mishap, &str); 12] = [
    (Mishap::Live(Operation::Write, Effect::Error), "EIO on a write"),
    (Mishap::Live(Operation::Sync, Effect::Error), "EIO on a sync"),
    (Mishap::Live(Operation::Read, Effect::Error), "EIO on a read"),
    (Mishap::Live(Operation::Write, Effect::Full), "ENOSPC"),
    (Mishap::Live(Operation::Write, Effect::Short), "short write"),
    (Mishap::Live(Operation::Write, Effect::Torn), "torn write"),
    (Mishap::Flip, "bit flip"),
    (Mishap::Truncation, "truncation"),
    (Mishap::Live(Operation::Sync, Effect::Lost), "lost fsync"),
    (Mishap::Stale, "stale copy"),
    (Mishap::Missing, "missing"),
    (Mishap::MissingBoth, "missing, and no watermark"),
];

/// How a start ends.
enum Start {
    /// Everything that was acknowledged is there.
    Whole,
    /// That too, and something is told.
    Told,
    /// The node does not start, and says where and what to do.
    Refuses,
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Told => "told",
            Self::Refuses => "refuses",
        })
    }
}

impl Kind {
    fn pattern(self) -> &'static str {
        match self {
            Self::Log => "data/log/*.log",
            Self::Table => "data/log/*.sst",
            Self::Manifest => "data/log/MANIFEST-*",
            Self::Snapshot => "data/snapshots/*",
            Self::Watermark => "data/watermark",
        }
    }

    /// The files of this kind that hold something, the newest last.
    fn files(self, dir: &DataDir) -> Vec<PathBuf> {
        let (folder, begins, ends) = match self {
            Self::Log => (dir.log(), "", ".log"),
            Self::Table => (dir.log(), "", ".sst"),
            Self::Manifest => (dir.log(), "MANIFEST-", ""),
            Self::Snapshot => (dir.snapshots(), "", ".snap"),
            Self::Watermark => (dir.root().to_owned(), "watermark", "watermark"),
        };
        let listing = fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path());
        let is_mine = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            // A snapshot may be gone by now.
            let holds = |path| fs::metadata(path).is_ok_and(|of| of.len() > 0);
            name.starts_with(begins) && name.ends_with(ends) && holds(path)
        };
        let mut files: Vec<_> = listing.filter(is_mine).collect();
        files.sort();
        files
    }

    /// Where a bit is flipped, as a share of the file's length. What only tells
    /// how to read faster, at a table's end, may well go unread.
    const fn places(self) -> &'static [f64] {
        match self {
            Self::Log | Self::Manifest | Self::Snapshot => &[0.0, 0.2, 0.5, 0.8, 1.0],
            Self::Table => &[0.0, 0.25, 0.5],
            Self::Watermark => &[0.0, 0.005, 0.01],
        }
    }

    fn newest(self, dir: &DataDir) -> PathBuf {
        self.files(dir).pop().unwrap()
    }
}

/// A data directory after three runs, as a disk, and old copies of its files.
struct Aged {
    image: Image,
    witness: Witness,
    load: Load,
    stale: Vec<(Kind, PathBuf, Vec<u8>)>,
}

impl Aged {
    fn new() -> Self {
        let disk = Disk::new(1).unwrap();
        let dir = data(&disk);
        let (mut witness, mut load, mut stale) = (Witness::new(), Load::default(), Vec::new());
        let mut copy = |kind, from: PathBuf, to: PathBuf| {
            let below = to.strip_prefix(disk.path()).unwrap().to_owned();
            stale.push((kind, below, fs::read(from).unwrap()));
        };
        // Each run makes a snapshot.
        let mut run = |look: &mut dyn FnMut()| {
            let before = Kind::Snapshot.files(&dir).pop();
            let node = Node::start_with_snapshots(&dir, recover(&dir).unwrap()).unwrap();
            node.work(&mut load, |answered| answered >= ANSWERS && Kind::Snapshot.files(&dir).pop() != before);
            look();
            node.work(&mut load, |answered| answered >= ANSWERS);
            witness.see(&node.stop());
        };
        run(&mut || {});
        copy(Kind::Watermark, dir.watermark(), dir.watermark());
        let manifest = Kind::Manifest.newest(&dir);
        copy(Kind::Manifest, manifest.clone(), manifest);
        copy(Kind::Manifest, dir.log().join("CURRENT"), dir.log().join("CURRENT"));
        run(&mut || {});
        run(&mut || copy(Kind::Log, Kind::Log.newest(&dir), Kind::Log.newest(&dir)));
        let snapshots = Kind::Snapshot.files(&dir);
        copy(Kind::Snapshot, snapshots[0].clone(), snapshots[snapshots.len() - 1].clone());
        let tables = Kind::Table.files(&dir);
        assert!(tables.len() >= 2, "{tables:?}");
        copy(Kind::Table, tables[0].clone(), tables[tables.len() - 1].clone());
        let image = disk.remove().unwrap();
        // Looked at on a copy: a start writes the log out into a table.
        let copy = Disk::mount(image.clone(), 1).unwrap();
        witness.check(&data(&copy), &recover(&data(&copy)).unwrap()).unwrap();
        copy.remove().unwrap();
        Self { image, witness, load, stale }
    }

    /// What comes of one fault on one kind of file, wherever in it that is.
    fn outcome(&self, kind: Kind, mishap: Mishap) -> String {
        let places = if mishap == Mishap::Flip { kind.places() } else { &[0.5] };
        let mut outcomes: Vec<_> = places.iter().map(|place| self.outcome_at(kind, mishap, *place)).collect();
        outcomes.dedup();
        outcomes.join(" or ")
    }

    fn outcome_at(&self, kind: Kind, mishap: Mishap, place: f64) -> String {
        let disk = Disk::mount(self.image.clone(), 7).unwrap();
        let dir = data(&disk);
        let mut witness = self.witness.clone();
        if kind != Kind::Snapshot {
            // Without snapshots a start reads the whole log.
            fs::remove_dir_all(dir.snapshots()).unwrap();
        }
        let lived = match mishap {
            Mishap::Live(operation, effect) => Some(self.live(&disk, kind, operation, effect, &mut witness)),
            Mishap::Flip => {
                flip(&kind.newest(&dir), kind, place);
                None
            }
            Mishap::Truncation => {
                let path = kind.newest(&dir);
                let length = fs::metadata(&path).unwrap().len();
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(if kind == Kind::Watermark { 10 } else { length / 2 }).unwrap();
                None
            }
            Mishap::Stale => {
                for (_, path, bytes) in self.stale.iter().filter(|(of, ..)| *of == kind) {
                    fs::write(disk.path().join(path), bytes).unwrap();
                }
                None
            }
            Mishap::Missing | Mishap::MissingBoth => {
                fs::remove_file(kind.newest(&dir)).unwrap();
                if mishap == Mishap::MissingBoth && kind != Kind::Watermark {
                    fs::remove_file(dir.watermark()).unwrap();
                }
                None
            }
        };
        // Then the disk is sound, but for what has happened to it.
        let disk = Disk::mount(disk.remove().unwrap(), 8).unwrap();
        let dir = data(&disk);
        let after = match recover(&dir) {
            Ok(recovered) => sound(&dir, &recovered, &mut witness),
            Err(refusal) => refused(&refusal),
        };
        if matches!(after, Start::Refuses) {
            // What is refused once is refused again: nothing was mended in secret.
            assert!(recover(&dir).is_err(), "the second start went through");
        }
        disk.remove().unwrap();
        match lived.flatten() {
            Some(lived) => format!("{lived}, then {after}"),
            None => after.to_string(),
        }
    }

    /// Starts and runs a node while the fault is there. None when the power ends
    /// it.
    fn live(
        &self,
        disk: &Disk,
        kind: Kind,
        operation: Operation,
        effect: Effect,
        witness: &mut Witness,
    ) -> Option<&'static str> {
        let dir = data(disk);
        // Tables and manifests are written, and everything is read, at a start.
        let running = matches!(kind, Kind::Log | Kind::Watermark) && operation != Operation::Read;
        let snapshots = kind == Kind::Snapshot;
        let fault = Fault::on(kind.pattern(), operation, effect);
        disk.plan(if running && effect != Effect::Lost { fault.after(BEFORE) } else { fault });
        let recovered = match recover(&dir) {
            Ok(recovered) => recovered,
            Err(refusal) => {
                assert!(disk.struck() > 0, "no fault: {refusal}");
                if !disk.has_power() {
                    return None;
                }
                refused(&refusal);
                return Some("refuses");
            }
        };
        let started = sound(&dir, &recovered, witness);
        let node = if snapshots {
            Node::start_with_snapshots(&dir, recovered).unwrap()
        } else {
            Node::start(recovered).unwrap()
        };
        let begun = Instant::now();
        // The words of the load before are known; it goes on.
        let mut load = Load::from(self.load.said());
        let mut struck = None;
        node.work(&mut load, |answered| {
            if disk.struck() > 0 {
                struck.get_or_insert_with(Instant::now);
            }
            // From the fault on it has had time to be noticed, and to be durable.
            let is_over = struck.is_some_and(|at| at.elapsed() > WATERMARK_SYNCED) && answered > ANSWERS;
            is_over || begun.elapsed() > PATIENCE
        });
        if effect == Effect::Lost {
            disk.cut(Survival::Synced);
        }
        let said = node.stop();
        assert!(disk.struck() > 0, "{operation:?} {effect:?} on {} did not happen", kind.pattern());
        witness.see(&said);
        match (disk.has_power(), said.fatal) {
            (false, _) => None,
            (true, Some(_)) => Some("stops"),
            (true, None) if matches!(started, Start::Told) => Some("told"),
            (true, None) => Some("goes on"),
        }
    }
}

fn data(disk: &Disk) -> DataDir {
    DataDir::new(disk.path().join("data"))
}

/// Changes one bit; of a watermark, which has two slots, one in each.
fn flip(path: &Path, kind: Kind, place: f64) {
    let mut bytes = fs::read(path).unwrap();
    let at = ((bytes.len() - 1) as f64 * place) as usize;
    for at in if kind == Kind::Watermark { vec![at, at + 4_096] } else { vec![at] } {
        bytes[at] ^= 0x10;
    }
    fs::write(path, bytes).unwrap();
}

/// A start that went through has everything.
#[track_caller]
fn sound(dir: &DataDir, recovered: &Recovered, witness: &mut Witness) -> Start {
    witness.check(dir, recovered).unwrap();
    if recovered.notes().is_empty() { Start::Whole } else { Start::Told }
}

/// A refusal says where and what to do.
#[track_caller]
fn refused(refusal: &RecoveryError) -> Start {
    let text = refusal.to_string();
    let place = ["/data/log", "/data/watermark", "/data/snapshots"];
    assert!(place.iter().any(|place| text.contains(place)), "no place: {text}");
    assert!(text.contains(refusal.problem.remedy()), "no remedy: {text}");
    Start::Refuses
}

/// The table of outcomes, as a document has it.
fn table(cell: impl Fn(Kind, Mishap) -> String) -> String {
    let mut table = "| |".to_owned();
    KINDS.iter().for_each(|(_, name)| write!(table, " {name} |").unwrap());
    table.push_str("\n|---|");
    KINDS.iter().for_each(|_| table.push_str("---|"));
    for (mishap, name) in MISHAPS {
        write!(table, "\n| {name} |").unwrap();
        KINDS.iter().for_each(|(kind, _)| write!(table, " {} |", cell(*kind, mishap)).unwrap());
    }
    table
}

#[test]
fn every_fault_on_every_file_has_the_outcome_that_the_document_states() {
    if !is_available() {
        return;
    }
    let aged = Aged::new();
    let found = table(|kind, mishap| aged.outcome(kind, mishap));
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/journal.md")).unwrap();
    assert!(document.contains(&found), "docs/journal.md does not have this table:\n{found}");
}

#[test]
fn what_a_start_from_a_snapshot_does_not_read_an_audit_reads() {
    if !is_available() {
        return;
    }
    let mut aged = Aged::new();
    let disk = Disk::mount(aged.image, 1).unwrap();
    let dir = data(&disk);
    flip(&Kind::Table.files(&dir)[0], Kind::Table, 0.5);
    assert!(matches!(sound(&dir, &recover(&dir).unwrap(), &mut aged.witness), Start::Whole));
    let audit = verify(&dir, |_| ()).unwrap();
    assert!(audit.findings[0].to_string().contains("Corruption"), "{:?}", audit.findings);
    disk.remove().unwrap();
}
