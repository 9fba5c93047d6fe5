//! A flipped bit anywhere in a data directory is found by `verify`, with the
//! entry or the file that it is in.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Seconds, Seq};
use berth_journal::{
    ArchivePolicy, CheckpointConfig, Checks, DataDir, Follower, FollowerConfig, Replica, SnapshotConfig, TreeReader,
    Verification, archive, recover,
};
use berth_merkle::{Checkpoint, NoteSigner, SignedNote};
use ed25519_dalek::SigningKey;
use rocksdb::{DB, Options};

use crate::cast::deposit;
use crate::node::{Node, OPENING, data_dir, write_log};
use crate::recovery::flip;
use crate::trees::copy_folder;

/// Bytes of each file that are flipped, one after the other, unless `BERTH_FLIPS`
/// says how many.
const SAMPLES: u64 = 16;
/// Index, properties, directory and footer of a small table.
const TABLE_END: u64 = 1_300;
const LANES: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);

fn signer() -> NoteSigner {
    NoteSigner::new("berth.example/log", SigningKey::from_bytes(&[5; 32])).unwrap()
}

fn checks() -> Checks {
    Checks { key: Some(signer().key().clone()), invariants_every: 100, ..Checks::default() }
}

fn check(dir: &DataDir) -> Verification {
    checks().verify(dir, |_| ()).unwrap()
}

fn follow(dir: &DataDir, replica: Replica) -> Follower {
    let checkpoints = CheckpointConfig { every: Duration::ZERO, keep_every: 1, ..CheckpointConfig::new(signer()) };
    let snapshots = SnapshotConfig { every: 100, keep_every: u64::MAX };
    let config = FollowerConfig { snapshots, checkpoints: Some(checkpoints), poll: Duration::from_millis(2) };
    Follower::start(dir, replica, config).unwrap()
}

/// Waits until the tree of a log is signed up to an entry.
fn signed(dir: &DataDir, size: u64) {
    let patience = Instant::now() + PATIENCE;
    let newest = || {
        let note: SignedNote = TreeReader::open(dir).ok()?.checkpoint().unwrap()?.parse().unwrap();
        Some(note.unverified_text().parse::<Checkpoint>().unwrap().size)
    };
    while newest() != Some(size) {
        assert!(Instant::now() < patience, "no checkpoint of {size} entries comes");
        sleep(Duration::from_millis(5));
    }
}

/// A log of two runs with all that is made of it: tables of the first run and
/// write-ahead logs of the second, a full tile, signed checkpoints, snapshots, an
/// archive.
fn whole() -> (tempfile::TempDir, DataDir) {
    let (root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let follower = follow(&dir, Replica::new());
    for n in 1..=269 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    signed(&dir, 270);
    follower.stop();
    node.stop();
    let recovered = recover(&dir).unwrap();
    let replica = recovered.follower();
    drop(recovered);
    let node = Node::start(&dir, OPENING.plus(Seconds(60)));
    let follower = follow(&dir, replica);
    for n in 270..=280 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    signed(&dir, 282);
    follower.stop();
    node.stop();
    assert!(archive(&dir, ArchivePolicy::Before(Seq(50))).unwrap().segments > 0);
    (root, dir)
}

/// All files of a data directory but those that tell an auditor nothing: what
/// RocksDB writes for people and for its own next start (`LOG`, `OPTIONS-…`), the
/// name of a database (`IDENTITY`), its lock, and the private store, which is not
/// the log's: each specification in it is checked against its hash when it is
/// read.
fn files(dir: &DataDir) -> Vec<PathBuf> {
    let mut found = vec![dir.watermark(), dir.archived()];
    for folder in [dir.log(), dir.events(), dir.tree(), dir.snapshots(), dir.archive()] {
        found.extend(fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    }
    found.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_without_meaning = ["LOG", "OPTIONS-", "IDENTITY", "LOCK"].iter().any(|begin| name.starts_with(begin));
        !is_without_meaning && fs::metadata(path).unwrap().len() > 0
    });
    found.sort();
    found
}

/// Bytes of a file that are flipped: the first, the last, and some between.
fn samples(path: &Path) -> Vec<u64> {
    let last = fs::metadata(path).unwrap().len() - 1;
    let count = std::env::var("BERTH_FLIPS").map_or(SAMPLES, |count| count.parse().unwrap()).max(1);
    let mut samples: Vec<_> = (0..=count).map(|n| last * n / count).collect();
    // What an open database is known by: index, properties and footer of a table,
    // the name of the manifest; and a mark without a twin.
    let name = path.file_name().unwrap().to_str().unwrap();
    match name {
        "CURRENT" | "archived" => samples.extend(0..=last),
        _ if name.ends_with(".sst") => {
            let stride = usize::try_from(TABLE_END / (4 * count)).unwrap().max(1);
            samples.extend((last.saturating_sub(TABLE_END)..=last).rev().step_by(stride));
        }
        _ => {}
    }
    samples.sort_unstable();
    samples.dedup();
    samples
}

/// Flips bytes of files, one after the other and back, and names each flip that is
/// not found.
fn missed(dir: &DataDir, files: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let mut missed = Vec::new();
    for file in files {
        for at in samples(&file) {
            flip(&file, at);
            let found = check(dir).findings;
            if found.is_empty() {
                missed.push(format!("{} at {at}", file.display()));
            }
            // An entry, or the file or its database by name.
            let is_placed = |text: String| text.contains('/') || text.contains("watermark");
            assert!(found.iter().all(|it| it.at > Seq(0) || is_placed(it.to_string())), "{found:?}");
            flip(&file, at);
        }
    }
    let again = check(dir);
    assert!(again.is_sound(), "{:?}", again.findings);
    missed
}

#[test]
fn a_flipped_bit_in_any_file_is_found_with_its_place() {
    let (_root, dir) = whole();
    let listed = |folder: PathBuf| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let all = || [dir.log(), dir.events(), dir.tree(), dir.snapshots(), dir.root().to_owned()].map(listed);
    let before = all();
    let sound = check(&dir);
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!(all(), before, "a check makes and removes nothing");
    let tree = sound.tree.unwrap();
    assert_eq!((sound.tip.seq, sound.events, sound.watermark), (Seq(282), Some(Seq(282)), Some(Seq(282))));
    assert!(tree.leaves == 282 && tree.tiles == 1 && tree.checkpoints > 1 && tree.states > 0, "{tree:?}");
    assert_eq!(tree.signed, tree.checkpoints);
    assert!(sound.snapshots > 0 && sound.invariants > 1, "{sound:?}");

    let other = NoteSigner::new("berth.example/log", SigningKey::from_bytes(&[6; 32])).unwrap();
    let by_other = Checks { key: Some(other.key().clone()), ..Checks::default() }.verify(&dir, |_| ()).unwrap();
    assert_eq!(by_other.findings.len() as u64, tree.checkpoints, "{:?}", by_other.findings);

    let files = files(&dir);
    let of_kind = |kind: &str| files.iter().filter(|path| path.to_str().unwrap().contains(kind)).count();
    for kind in [
        "log/MANIFEST",
        "events/MANIFEST",
        "tree/MANIFEST",
        "CURRENT",
        ".sst",
        ".log",
        ".snap",
        "watermark",
        ".batches",
    ] {
        assert!(of_kind(kind) > 0, "there is no {kind} in {files:?}");
    }
    // A look at damage waits for a writer that may be at it, so many are taken side
    // by side, each at a copy.
    let missed: Vec<String> = scope(|lanes| {
        let lane = |lane: usize| {
            let (dir, files) = (&dir, &files);
            lanes.spawn(move || {
                let root = tempfile::tempdir().unwrap();
                copy_folder(dir.root(), root.path());
                let own = |file: &PathBuf| root.path().join(file.strip_prefix(dir.root()).unwrap());
                missed(&DataDir::new(root.path()), files.iter().skip(lane).step_by(LANES).map(own))
            })
        };
        let lanes: Vec<_> = (0..LANES).map(lane).collect();
        lanes.into_iter().flat_map(|lane| lane.join().unwrap()).collect()
    });
    assert!(missed.is_empty(), "{missed:#?}");
}

/// RocksDB's own checksums aside: whoever can write to the database meets those
/// of the batch.
#[test]
fn a_flipped_bit_in_any_byte_of_a_batch_is_found_at_its_entry() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    let db = DB::open(&Options::default(), dir.log()).unwrap();
    let key = 3_u64.to_be_bytes();
    let whole = db.get(key).unwrap().unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        db.put(key, bytes).unwrap();
        let found = check(&dir).findings;
        assert!(found.first().is_some_and(|it| it.at == Seq(3)), "byte {at}: {found:?}");
    }
    db.put(key, whole).unwrap();
    let sound = check(&dir);
    assert!(sound.is_sound(), "{:?}", sound.findings);
}
