//! The tree behind the log: built while a node runs, signed, continued, and
//! built again where it was lost or is another log's.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Seq};
use berth_journal::{
    CheckpointConfig, DataDir, Follower, FollowerConfig, LogReader, Replica, TreeReader, recover, replay, verify,
};
use berth_merkle::{Checkpoint, NoteSigner, SignedNote, inclusion, leaf_hash, root_at, verify_inclusion};
use ed25519_dalek::SigningKey;

use crate::cast::deposit;
use crate::node::{Node, OPENING, data_dir, write_log};

fn signer() -> NoteSigner {
    NoteSigner::new("berth.example/log", SigningKey::from_bytes(&[5; 32])).unwrap()
}

fn follow(dir: &DataDir, replica: Replica) -> Follower {
    let checkpoints = CheckpointConfig { every: Duration::ZERO, keep_every: 1, ..CheckpointConfig::new(signer()) };
    let config =
        FollowerConfig { checkpoints: Some(checkpoints), poll: Duration::from_millis(2), ..FollowerConfig::default() };
    Follower::start(dir, replica, config).unwrap()
}

/// Waits for the signed checkpoint of a size and checks it against the log.
fn signed(dir: &DataDir, size: u64) -> Checkpoint {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let note = TreeReader::open(dir).ok().and_then(|tree| tree.checkpoint().unwrap());
        if let Some(note) = note {
            let note: SignedNote = note.parse().unwrap();
            let checkpoint: Checkpoint = note.verify(signer().key()).unwrap().parse().unwrap();
            if checkpoint.size == size {
                return checkpoint;
            }
        }
        assert!(Instant::now() < patience, "no checkpoint of {size} entries comes");
        sleep(Duration::from_millis(5));
    }
}

/// Every entry of the log is in the tree, at its place.
fn check(dir: &DataDir, checkpoint: &Checkpoint) {
    let tree = TreeReader::open(dir).unwrap();
    assert_eq!(root_at(&tree, checkpoint.size).unwrap(), checkpoint.root);
    let log = LogReader::open(dir).unwrap();
    for batch in log.read(Seq(1)) {
        for entry in batch.unwrap().entries.iter().filter(|entry| entry.seq.0 <= checkpoint.size) {
            let index = entry.seq.0 - 1;
            let path = inclusion(&tree, index, checkpoint.size).unwrap();
            verify_inclusion(&leaf_hash(&entry.hash().0), index, checkpoint.size, &path, &checkpoint.root).unwrap();
        }
    }
    let replica = replay(dir, |_, replica| {
        let end = replica.tip().seq.0 >= checkpoint.size;
        if end { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    });
    let replica = replica.unwrap();
    if replica.tip().seq.0 == checkpoint.size {
        assert_eq!(checkpoint.state(), Some(replica.exchange().state_hash().root()));
    }
}

#[test]
fn the_tree_grows_with_the_log_and_goes_on_after_a_stop() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let follower = follow(&dir, Replica::new());
    for n in 1..=30 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    // The genesis, and thirty deposits.
    check(&dir, &signed(&dir, 31));
    follower.stop();
    node.stop();

    let recovered = recover(&dir).unwrap();
    let replica = recovered.follower();
    drop(recovered);
    let node = Node::start(&dir, OPENING);
    let follower = follow(&dir, replica);
    for n in 31..=300 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    // And one resumption.
    let checkpoint = signed(&dir, 302);
    check(&dir, &checkpoint);
    follower.stop();
    node.stop();

    // It is built again from nothing, to the same root.
    fs::remove_dir_all(dir.tree()).unwrap();
    let recovered = recover(&dir).unwrap();
    let replica = recovered.follower();
    drop(recovered);
    let follower = follow(&dir, replica);
    assert_eq!(signed(&dir, 302).root, checkpoint.root);
    follower.stop();
}

/// However long it would have waited, and whatever hashing the state costs.
#[test]
fn the_last_checkpoint_is_of_the_whole_log() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let checkpoints = CheckpointConfig { every: Duration::MAX, ..CheckpointConfig::new(signer()) };
    let config =
        FollowerConfig { checkpoints: Some(checkpoints), poll: Duration::from_millis(2), ..FollowerConfig::default() };
    let follower = Follower::start(&dir, Replica::new(), config).unwrap();
    // The first is signed at once, and no other while the node runs.
    let first = loop {
        let newest = follower.tree().and_then(|tree| tree.checkpoint().unwrap());
        if let Some(note) = newest {
            break note;
        }
        sleep(Duration::from_millis(2));
    };
    for n in 1..=20 {
        node.say(AccountId::EXCHANGE, deposit(n));
    }
    sleep(Duration::from_millis(50));
    assert_eq!(follower.tree().unwrap().checkpoint().unwrap(), Some(first));
    node.stop();
    follower.stop();
    let last = signed(&dir, 21);
    assert!(last.state().is_some());
    check(&dir, &last);
    let verified = verify(&dir, |_| ()).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.findings);
    assert_eq!(verified.tree.unwrap().newest, Some(21));
}

#[test]
fn a_tree_of_another_log_is_built_again() {
    let (_other_root, other) = data_dir();
    let (_root, dir) = data_dir();
    for (dir, first) in [(&other, 100), (&dir, 1)] {
        let node = Node::start(dir, OPENING);
        for n in first..first + 5 {
            node.say(AccountId::EXCHANGE, deposit(n));
        }
        node.stop();
    }
    let follower = follow(&other, Replica::new());
    let foreign = signed(&other, 6);
    follower.stop();
    copy_folder(&other.tree(), &dir.tree());
    let follower = follow(&dir, Replica::new());
    let patience = Instant::now() + Duration::from_secs(20);
    while signed(&dir, 6).root == foreign.root {
        assert!(Instant::now() < patience, "the tree stays the other log's");
        sleep(Duration::from_millis(5));
    }
    check(&dir, &signed(&dir, 6));
    follower.stop();
}

#[test]
fn a_tree_of_what_the_log_lost_refuses_to_start_and_stays() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    let follower = follow(&dir, Replica::new());
    let whole = signed(&dir, 6);
    follower.stop();
    // The log loses its last entry, and everything else that knew of it.
    rocksdb::DB::open(&rocksdb::Options::default(), dir.log()).unwrap().delete(6_u64.to_be_bytes()).unwrap();
    fs::remove_file(dir.watermark()).unwrap();
    fs::remove_dir_all(dir.events()).unwrap();
    let refusal = recover(&dir).err().unwrap().to_string();
    for part in
        ["/log at entry 5: the log ends at entry 5, but", "/tree knows it up to entry 6", "Restore the data directory"]
    {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    assert_eq!(recover(&dir).err().unwrap().to_string(), refusal);
    assert_eq!(signed(&dir, 6), whole);
    fs::remove_dir_all(dir.tree()).unwrap();
    assert_eq!(recover(&dir).unwrap().tip().seq, Seq(5));
}

/// With all that lies in it.
pub(crate) fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let copy = to.join(file.file_name());
        if file.file_type().unwrap().is_dir() {
            copy_folder(&file.path(), &copy);
        } else {
            fs::copy(file.path(), copy).unwrap();
        }
    }
}
