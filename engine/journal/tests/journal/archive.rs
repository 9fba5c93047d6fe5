//! A log whose old batches lie in an archive is one log.

use std::fs;

use berth_domain::{AccountId, Seconds, Seq};
use berth_journal::{ArchiveError, ArchivePolicy, DataDir, LogReader, archive, copy, exchange_at, recover, verify};

use crate::cast::deposit;
use crate::node::{Node, OPENING, data_dir, write_log};
use crate::recovery::flip;
use crate::snapshots::{kept_log, states};

const ALL: ArchivePolicy = ArchivePolicy::Keep(0);

fn firsts(dir: &DataDir, from: u64) -> Vec<u64> {
    let log = LogReader::open(dir).unwrap();
    log.read(Seq(from)).map(|batch| batch.map_or(0, |batch| batch.first().0)).collect()
}

/// The keys that the database itself has.
fn kept(dir: &DataDir) -> Vec<u64> {
    let db = rocksdb::DB::open_for_read_only(&rocksdb::Options::default(), dir.log(), false).unwrap();
    let records = db.iterator(rocksdb::IteratorMode::Start);
    records.map(|record| u64::from_be_bytes(record.unwrap().0.as_ref().try_into().unwrap())).collect()
}

/// A log of which entries 2 and 3 are archived by one run, and 4 and 5 by the next.
fn archived_log() -> (tempfile::TempDir, DataDir) {
    let (root, dir) = kept_log();
    // The newest entries stay when that is asked for.
    assert_eq!(archive(&dir, ArchivePolicy::Keep(5)).unwrap().segments, 0);
    let moved = archive(&dir, ArchivePolicy::Before(Seq(4))).unwrap();
    assert_eq!((moved.first, moved.last, moved.segments, moved.snapshot), (Seq(2), Seq(3), 1, Seq(6)));
    assert_eq!(kept(&dir), [1, 4, 5, 6]);
    // Nothing behind the newest snapshot is moved, whatever is asked for.
    let moved = archive(&dir, ALL).unwrap();
    assert_eq!((moved.first, moved.last, moved.segments), (Seq(4), Seq(5), 1));
    assert_eq!(kept(&dir), [1, 6]);
    let moved = archive(&dir, ALL).unwrap();
    assert_eq!((moved.first, moved.last, moved.segments), (Seq(6), Seq(5), 0));
    (root, dir)
}

#[test]
fn archive_and_log_are_read_as_one() {
    let (_first, whole) = kept_log();
    let (_root, dir) = archived_log();
    for from in 0..=7 {
        assert_eq!(firsts(&dir, from), firsts(&whole, from), "from {from}");
    }
    assert_eq!(states(&dir), states(&whole));
    let audit = verify(&dir, |_| ()).unwrap();
    assert!(audit.is_sound() && audit.entries == 6, "{:?}", audit.findings);
    assert_eq!(exchange_at(&dir, Seq(3), 10).unwrap().state_hash(), states(&whole)[2]);

    // A backup has all of it in its log.
    let copied = tempfile::tempdir().unwrap();
    let copied = DataDir::new(copied.path().join("copy"));
    assert_eq!(copy(&dir, &copied).unwrap().batches, 6);
    assert_eq!(kept(&copied), [1, 2, 3, 4, 5, 6]);

    // The event store is made anew out of both, and the log goes on.
    fs::remove_dir_all(dir.events()).unwrap();
    fs::remove_dir_all(dir.snapshots()).unwrap();
    let recovered = recover(&dir).unwrap();
    assert_eq!((recovered.tip().seq, recovered.events().head().unwrap()), (Seq(6), Seq(6)));
    drop(recovered);
    let node = Node::start(&dir, OPENING.plus(Seconds(80)));
    assert_eq!(node.say(AccountId::EXCHANGE, deposit(9)).seq, Seq(8));
    node.stop();
    assert!(verify(&dir, |_| ()).unwrap().is_sound());
}

#[test]
fn an_archive_that_is_elsewhere_is_linked_or_asked_for() {
    let (root, dir) = archived_log();
    let elsewhere = tempfile::tempdir().unwrap();
    let away = elsewhere.path().join("berth");
    fs::rename(dir.archive(), &away).unwrap();
    // A start from a snapshot needs none of it.
    assert_eq!(recover(&dir).unwrap().tip().seq, Seq(6));
    let told = verify(&dir, |_| ()).unwrap().findings[0].to_string();
    for part in ["entries 2 to 5 were archived", &dir.archive().display().to_string()] {
        assert!(told.contains(part), "{part:?} is not in {told:?}");
    }
    let snapshots = root.path().join("away");
    fs::rename(dir.snapshots(), &snapshots).unwrap();
    let refusal = recover(&dir).err().expect("entries are missing").to_string();
    for part in ["/log at entry 2", "entries 2 to 5 were archived", "Bring the archive's files back there, or link"] {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    std::os::unix::fs::symlink(&away, dir.archive()).unwrap();
    assert_eq!(recover(&dir).unwrap().tip().seq, Seq(6));
    assert!(verify(&dir, |_| ()).unwrap().is_sound());

    // A part of it is not enough, and it says which part is missing.
    fs::remove_file(away.join(format!("{:020}.batches", 4))).unwrap();
    let refusal = recover(&dir).err().expect("entries are missing").to_string();
    assert!(refusal.contains("entries 4 to 5 were archived"), "{refusal}");
}

#[test]
fn every_changed_byte_of_a_segment_is_found() {
    let (_root, dir) = archived_log();
    let segment = dir.archive().join(format!("{:020}.batches", 2));
    let length = fs::metadata(&segment).unwrap().len();
    for at in 0..length {
        flip(&segment, at);
        let audit = verify(&dir, |_| ()).unwrap();
        assert!(!audit.is_sound(), "byte {at} of {length}");
        flip(&segment, at);
    }
    fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(length - 1).unwrap();
    let told = verify(&dir, |_| ()).unwrap().findings[0].to_string();
    assert!(told.contains("00002.batches: its length is not what its header says"), "{told}");
}

#[test]
fn without_a_snapshot_or_beside_a_running_node_nothing_is_moved() {
    let (_root, dir) = data_dir();
    assert!(archive(&dir, ALL).is_err() && !dir.log().exists());
    write_log(&dir);
    assert!(matches!(archive(&dir, ALL), Err(ArchiveError::NoSnapshot)));
    let node = Node::start(&dir, OPENING.plus(Seconds(80)));
    let refused = archive(&dir, ALL).unwrap_err().to_string();
    assert!(refused.contains("another process has it open"), "{refused}");
    node.stop();
    assert!(verify(&dir, |_| ()).unwrap().is_sound());
}
