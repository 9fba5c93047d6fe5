//! Starts from snapshots, and from those that are none.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Seconds, Seq};
use berth_exchange::StateHash;
use berth_journal::{
    DataDir, Follower, FollowerConfig, PastError, Replica, SnapshotConfig, exchange_at, recover, replay, verify,
};
use rocksdb::{DB, Options};

use crate::cast::deposit;
use crate::node::{Node, OPENING, data_dir, wait, write_log};
use crate::recovery::flip;

/// Last entry of [`write_log`], and of its last batch.
const LAST: Seq = Seq(6);

const OFTEN: SnapshotConfig = SnapshotConfig { every: 1, keep_every: u64::MAX };

fn follow(dir: &DataDir, replica: Replica, snapshots: SnapshotConfig) -> Follower {
    let config = FollowerConfig { snapshots, checkpoints: None, poll: Duration::from_millis(2) };
    Follower::start(dir, replica, config).unwrap()
}

fn wait_for(path: &Path) {
    let patience = Instant::now() + Duration::from_secs(20);
    while !path.exists() {
        assert!(Instant::now() < patience, "{} does not come", path.display());
        sleep(Duration::from_millis(2));
    }
}

/// Makes a snapshot behind each batch of a log that nobody writes; the newest
/// three stay.
fn make(dir: &DataDir) {
    let snapshots = follow(dir, Replica::new(), OFTEN);
    wait_for(&dir.snapshot(LAST));
    snapshots.stop();
}

/// A log with snapshots at entries 4, 5 and 6.
pub(crate) fn kept_log() -> (tempfile::TempDir, DataDir) {
    let (root, dir) = data_dir();
    write_log(&dir);
    make(&dir);
    (root, dir)
}

fn names(dir: &DataDir) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(dir.snapshots()).unwrap().map(|file| file.unwrap().path()).collect();
    names.sort();
    names
}

/// The state after each entry, by replay.
pub(crate) fn states(dir: &DataDir) -> Vec<StateHash> {
    let mut states = Vec::new();
    replay(dir, |_, replica| {
        states.push(replica.exchange().state_hash());
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    states
}

fn log_db(dir: &DataDir) -> DB {
    DB::open(&Options::default(), dir.log()).unwrap()
}

/// Does something to a log with snapshots, and expects a start that tells this
/// and knows the same.
#[track_caller]
fn check_start(damage: impl FnOnce(&DataDir), expected: &[&str]) {
    let (_root, dir) = kept_log();
    let state = *states(&dir).last().unwrap();
    damage(&dir);
    let recovered = recover(&dir).unwrap();
    let told: Vec<_> = recovered.notes().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (told, part) in told.iter().zip(expected) {
        assert!(told.contains(part), "{part:?} is not in {told:?}");
    }
    assert_eq!(recovered.exchange().state_hash(), state);
    assert_eq!((recovered.tip().seq, recovered.events().head().unwrap()), (LAST, LAST));
    assert_eq!(recovered.exchange().head(), LAST);
    drop(recovered);
    // The log goes on behind it.
    let node = Node::start(&dir, OPENING.plus(Seconds(80)));
    assert_eq!(node.say(AccountId::EXCHANGE, deposit(9)).seq, Seq(LAST.0 + 2));
    node.stop();
    let checked = verify(&dir, |_| ()).unwrap();
    let found: Vec<_> = checked.findings.iter().map(ToString::to_string).collect();
    assert!(checked.is_sound(), "{found:?}");
}

#[test]
fn a_start_from_a_snapshot_knows_the_same() {
    check_start(|_| (), &[]);
}

#[test]
fn a_start_reads_only_what_is_behind_the_snapshot_and_verify_all() {
    let (_root, dir) = kept_log();
    let mut bytes = log_db(&dir).get(2_u64.to_be_bytes()).unwrap().unwrap();
    bytes[30] ^= 1;
    log_db(&dir).put(2_u64.to_be_bytes(), bytes).unwrap();
    assert_eq!(recover(&dir).unwrap().tip().seq, LAST);
    let found = &verify(&dir, |_| ()).unwrap().findings;
    assert!(found[0].to_string().contains("batch hash"), "{found:?}");
    fs::remove_dir_all(dir.snapshots()).unwrap();
    assert!(recover(&dir).is_err());
}

#[test]
fn the_newest_three_are_there_and_are_what_replay_comes_to() {
    let (_root, dir) = kept_log();
    assert_eq!(names(&dir), [dir.snapshot(Seq(4)), dir.snapshot(Seq(5)), dir.snapshot(LAST)]);
    let checked = verify(&dir, |_| ()).unwrap();
    assert_eq!((checked.is_sound(), checked.snapshots), (true, 3));
}

#[test]
fn a_damaged_snapshot_is_told_removed_and_not_used() {
    for at in [0, 8, 13, 40, 80, 110, 140, 300, 1_000] {
        let (_root, dir) = kept_log();
        flip(&dir.snapshot(LAST), at);
        let recovered = recover(&dir).unwrap();
        assert_eq!(recovered.notes().len(), 1, "byte {at}");
        assert_eq!(recovered.tip().seq, LAST);
        let is_gone = !dir.snapshot(LAST).exists();
        assert!(is_gone && dir.snapshot(Seq(5)).exists(), "byte {at}");
    }
    check_start(|dir| flip(&dir.snapshot(LAST), 500), &["00006.snap was not used: its checksum does not match"]);
    let tear = |dir: &DataDir| {
        let bytes = fs::read(dir.snapshot(LAST)).unwrap();
        fs::write(dir.snapshot(LAST), &bytes[..bytes.len() / 2]).unwrap();
    };
    check_start(tear, &["its checksum does not match"]);
    check_start(|dir| fs::write(dir.snapshot(LAST), b"").unwrap(), &["it is no snapshot"]);
    let zeros = |dir: &DataDir| fs::write(dir.snapshot(LAST), vec![0; 4_096]).unwrap();
    check_start(zeros, &["it is no snapshot"]);
    let all = |dir: &DataDir| names(dir).iter().for_each(|path| flip(path, 200));
    check_start(all, &["00006.snap", "00005.snap", "00004.snap"]);
}

#[test]
fn a_snapshot_of_another_build_is_made_anew() {
    let newer = |dir: &DataDir| {
        let path = dir.snapshot(LAST);
        let mut bytes = fs::read(&path).unwrap();
        bytes[8] += 1;
        fs::write(path, bytes).unwrap();
    };
    check_start(newer, &["it has version 2, and this build reads version 1"]);
}

#[test]
fn a_stale_snapshot_under_a_newer_name_is_not_used() {
    let stale = |dir: &DataDir| {
        fs::copy(dir.snapshot(Seq(4)), dir.snapshot(LAST)).unwrap();
    };
    check_start(stale, &["it was made at entry 4, and its name says otherwise"]);
}

#[test]
fn a_snapshot_of_another_log_is_not_used() {
    // The same genesis at the same time names the same log.
    let forked = |dir: &DataDir| {
        let (_root, other) = data_dir();
        let node = Node::start(&other, OPENING);
        for n in 11..=15 {
            node.say(AccountId::EXCHANGE, deposit(n));
        }
        node.stop();
        make(&other);
        fs::copy(other.snapshot(LAST), dir.snapshot(LAST)).unwrap();
    };
    check_start(forked, &["the log holds another batch there than"]);
    let foreign = |dir: &DataDir| {
        let (_root, other) = data_dir();
        let node = Node::start(&other, OPENING.plus(Seconds(1)));
        for n in 1..=5 {
            node.say(AccountId::EXCHANGE, deposit(n));
        }
        node.stop();
        make(&other);
        fs::copy(other.snapshot(LAST), dir.snapshot(LAST)).unwrap();
    };
    check_start(foreign, &["it is of log"]);
}

#[test]
fn a_snapshot_of_what_the_log_lost_refuses_to_start() {
    let (_root, dir) = kept_log();
    log_db(&dir).delete(LAST.0.to_be_bytes()).unwrap();
    fs::remove_file(dir.watermark()).unwrap();
    let refusal = recover(&dir).err().unwrap().to_string();
    for part in ["ends at entry 5", "00006.snap was made of it at entry 6", "remove the snapshot"] {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    let found = verify(&dir, |_| ()).unwrap().findings;
    assert!(found[0].to_string().contains("the log ends before it"), "{found:?}");
    fs::remove_file(dir.snapshot(LAST)).unwrap();
    // Its events are there, too.
    fs::remove_dir_all(dir.events()).unwrap();
    assert_eq!(recover(&dir).unwrap().tip().seq, Seq(5));
}

#[test]
fn a_snapshot_whose_log_is_gone_refuses_to_start_and_stays() {
    let (_root, dir) = kept_log();
    for lost in [dir.log(), dir.events()] {
        fs::remove_dir_all(lost).unwrap();
    }
    fs::remove_file(dir.watermark()).unwrap();
    let refusal = recover(&dir).err().unwrap().to_string();
    for part in ["ends at entry 0", "00006.snap knows it up to entry 6", "move what was made of them out"] {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    assert_eq!(recover(&dir).err().unwrap().to_string(), refusal);
    assert_eq!(names(&dir).len(), 3);
}

#[test]
fn a_lost_event_store_is_filled_from_before_the_snapshots() {
    let lost = |dir: &DataDir| fs::remove_dir_all(dir.events()).unwrap();
    let behind = "the event store ends at entry 0, before it";
    check_start(lost, &[behind, behind, behind]);
    // They are sound all the same.
    let (_root, dir) = kept_log();
    lost(&dir);
    drop(recover(&dir).unwrap());
    assert_eq!(names(&dir).len(), 3);
    assert!(recover(&dir).unwrap().notes().is_empty());
}

#[test]
fn a_state_that_replay_does_not_come_to_is_found() {
    let (_root, dir) = kept_log();
    // The state of another entry under the header of the last, well formed.
    let [before, last] = [Seq(4), LAST].map(|seq| fs::read(dir.snapshot(seq)).unwrap());
    let forged = [&last[..132], &before[132..before.len() - 32]].concat();
    let sum = blake3::hash(&forged);
    fs::write(dir.snapshot(LAST), [&forged[..], sum.as_bytes()].concat()).unwrap();
    let found = verify(&dir, |_| ()).unwrap().findings;
    assert_eq!(found.len(), 1);
    assert!(found[0].to_string().contains("replay of the log comes to another state there"), "{found:?}");
}

#[test]
fn a_state_that_the_log_does_not_follow_from_is_told_and_removed() {
    let (_root, dir) = kept_log();
    let state = *states(&dir).last().unwrap();
    fs::remove_file(dir.snapshot(LAST)).unwrap();
    let [before, last] = [Seq(4), Seq(5)].map(|seq| fs::read(dir.snapshot(seq)).unwrap());
    // Its events are said to be others, too.
    let mut header = last[..132].to_vec();
    header[100] ^= 1;
    let forged = [&header[..], &before[132..before.len() - 32]].concat();
    let sum = blake3::hash(&forged);
    fs::write(dir.snapshot(Seq(5)), [&forged[..], sum.as_bytes()].concat()).unwrap();
    let recovered = recover(&dir).unwrap();
    assert_eq!(recovered.exchange().state_hash(), state);
    let told = recovered.notes()[0].to_string();
    assert!(told.contains("the event store holds other events up to there"), "{told}");
}

#[test]
fn the_past_is_as_it_was_however_it_is_reached() {
    let (_root, dir) = kept_log();
    let states = states(&dir);
    for (seq, state) in (1..).map(Seq).zip(&states) {
        let exchange = exchange_at(&dir, seq, 100).unwrap();
        assert_eq!((exchange.head(), exchange.state_hash()), (seq, *state));
    }
    assert_eq!(exchange_at(&dir, Seq(0), 0).unwrap().head(), Seq(0));
    // From a snapshot nothing is applied, and from the beginning three are.
    assert!(exchange_at(&dir, Seq(4), 0).is_ok());
    assert!(exchange_at(&dir, Seq(3), 3).is_ok());
    let far = exchange_at(&dir, Seq(3), 2).err().unwrap();
    assert!(matches!(far, PastError::TooFar { nearest: Seq(0), most: 2 }), "{far}");
    let future = exchange_at(&dir, Seq(7), 100).err().unwrap();
    assert!(matches!(future, PastError::Future(LAST)), "{future}");
    // One that is damaged is passed over, and stays: a reader changes nothing.
    flip(&dir.snapshot(Seq(5)), 400);
    assert_eq!(exchange_at(&dir, Seq(5), 1).unwrap().state_hash(), states[4]);
    assert!(dir.snapshot(Seq(5)).exists());
}

#[test]
fn the_past_may_lie_inside_a_batch() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let waiting: Vec<_> = (1..=40).map(|n| node.submit(AccountId::EXCHANGE, deposit(n))).collect();
    for answer in &waiting {
        wait(answer);
    }
    node.stop();
    let whole = exchange_at(&dir, Seq(41), 100).unwrap();
    for seq in 1..=41 {
        let then = exchange_at(&dir, Seq(seq), 100).unwrap();
        assert_eq!(then.head(), Seq(seq));
        assert_eq!(then.state_hash() == whole.state_hash(), seq == 41);
    }
}

#[test]
fn snapshots_are_made_while_a_node_runs_and_never_of_what_is_not_durable() {
    let (_root, dir) = data_dir();
    let recovered = recover(&dir).unwrap();
    let follower = recovered.follower();
    drop(recovered);
    let node = Node::start(&dir, OPENING);
    // What a node that died was writing.
    fs::create_dir_all(dir.snapshots()).unwrap();
    fs::write(dir.snapshots().join("00000000000000000009.unfinished"), b"half").unwrap();
    let snapshots = follow(&dir, follower, SnapshotConfig { every: 10, ..OFTEN });
    for n in 1..=60 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    let patience = Instant::now() + Duration::from_secs(20);
    let newest = || names(&dir).last().cloned();
    while newest().is_none_or(|path| path < dir.snapshot(Seq(51))) {
        assert!(Instant::now() < patience, "no snapshot comes");
        sleep(Duration::from_millis(2));
    }
    let checked = verify(&dir, |_| ()).unwrap();
    assert!(checked.is_sound(), "{:?}", checked.findings);
    snapshots.stop();
    node.stop();
    assert!((1..=3).contains(&names(&dir).len()));
    let recovered = recover(&dir).unwrap();
    assert!(recovered.notes().is_empty(), "{:?}", recovered.notes());
}

#[test]
fn the_first_of_each_stretch_stays() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    let snapshots = follow(&dir, Replica::new(), SnapshotConfig { keep_every: 2, ..OFTEN });
    wait_for(&dir.snapshot(LAST));
    snapshots.stop();
    let stay = [2, 4, 5, 6].map(|seq| dir.snapshot(Seq(seq)));
    assert_eq!(names(&dir), stay);
}
