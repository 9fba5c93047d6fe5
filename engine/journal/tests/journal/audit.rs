//! Replay and verification, beside a running node and of damaged logs.

use std::ops::ControlFlow;

use berth_domain::{
    AccountId, Address, Authority, Command, Deposit, Digest, RegisterKey, Scopes, Seconds, Seq, SetDeadMan,
    key_proof_bytes, message_hash, signed_bytes, signed_text,
};
use berth_exchange::{Exchange, Outcome};
use berth_journal::{CopyError, DataDir, Finding, FindingKind, Verification, copy, copy_database, replay, verify};
use ed25519_dalek::{Signer, SigningKey};
use rocksdb::{DB, IteratorMode, Options};

use crate::cast::{TENANT, deposit};
use crate::node::{Node, OPENING, data_dir, wait, write_log};
use crate::recovery::{flip, newest};

fn state_by_batch(dir: &DataDir) -> Vec<(Seq, Digest)> {
    let mut states = Vec::new();
    replay(dir, |batch, replica| {
        states.push((batch.last(), replica.exchange().state_hash().root()));
        ControlFlow::Continue(())
    })
    .unwrap();
    states
}

#[test]
fn a_replay_beside_a_running_node_has_its_state_at_every_batch() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    for n in 1..=20 {
        node.submit(AccountId::EXCHANGE, deposit(n));
    }
    node.place_order(OPENING.plus(Seconds(30)));
    node.clock.set(OPENING.plus(Seconds(30)));
    node.say(AccountId::EXCHANGE, deposit(21));

    let mut live = Exchange::new();
    let mut expected = Vec::new();
    while live.head() < Seq(24) {
        for committed in &node.committed().entries {
            let mut events = Vec::new();
            assert_eq!(live.apply(&committed.entry, &mut events).unwrap(), committed.outcome);
            assert_eq!(events, committed.events);
        }
        expected.push((live.head(), live.state_hash().root()));
    }
    assert_eq!(state_by_batch(&dir), expected);
    assert_eq!(state_by_batch(&dir), expected);

    let sound = verify(&dir, |_| ()).unwrap();
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!((sound.entries, sound.exchange, sound.operator_attested, sound.signed), (24, 23, 1, 0));
    assert_eq!(sound.state, Some(live.state_hash()));
    assert_eq!(sound.log_id, Some(node.handle.log_id()));
    node.stop();
}

#[test]
fn every_signature_is_checked() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let signer = SigningKey::from_bytes(&[9; 32]);
    let key = signer.verifying_key().to_bytes();
    node.say(AccountId::EXCHANGE, Deposit { address: Address(key), ..deposit(1) });
    let say = |nonce: u64, said: &Command, signed: &Command| {
        let signature = signer.sign(&signed_bytes(node.handle.log_id(), nonce, signed)).to_bytes();
        let authority = Authority::Signed { key, nonce, signature };
        wait(&node.submit_by(TENANT, authority, said.clone()))
    };
    let one = Command::from(SetDeadMan { millis: 1_000 });
    let other = Command::from(SetDeadMan { millis: 2_000 });
    assert!(matches!(say(OPENING.0, &one, &one).outcome, Outcome::Done(_)));
    let sound = verify(&dir, |_| ()).unwrap();
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!((sound.entries, sound.exchange, sound.operator_attested, sound.signed), (3, 2, 0, 1));

    // An operator who makes another word of it.
    say(OPENING.0 + 1, &other, &one);
    node.stop();
    let found = verify(&dir, |_| ()).unwrap();
    assert_eq!(found.signed, 2);
    assert!(
        matches!(found.findings[..], [Finding { at: Seq(4), kind: FindingKind::Signature }]),
        "{:?}",
        found.findings
    );
}

#[test]
fn every_registered_key_has_asked_for_it_and_what_it_says_is_counted() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    let log = node.handle.log_id();
    let [owner, robot] = [[9; 32], [8; 32]].map(|seed| SigningKey::from_bytes(&seed));
    let [address, key] = [&owner, &robot].map(|signer| signer.verifying_key().to_bytes());
    node.say(AccountId::EXCHANGE, Deposit { address: Address(address), ..deposit(1) });
    let say = |authority, command: Command| wait(&node.submit_by(TENANT, authority, command)).outcome;
    let register = |key, proof| RegisterKey { key, scopes: Scopes::ALL, expires_at: None, proof }.into();
    let proof = robot.sign(&key_proof_bytes(log, Address(address))).to_bytes();
    assert!(matches!(say(Authority::OperatorAttested, register(key, proof)), Outcome::Done(_)));

    let command = Command::from(SetDeadMan { millis: 60_000 });
    assert!(matches!(say(Authority::KeyAttested { key }, command.clone()), Outcome::Done(_)));
    let nonce = OPENING.0;
    let signature = robot.sign(&message_hash(&signed_text(log, nonce, &command))).to_bytes();
    assert!(matches!(say(Authority::SignedMessage { key, nonce, signature }, command), Outcome::Done(_)));
    // What is refused registers nothing.
    assert!(matches!(say(Authority::OperatorAttested, register(address, proof)), Outcome::Refused(_)));
    let sound = verify(&dir, |_| ()).unwrap();
    assert!(sound.is_sound(), "{:?}", sound.findings);
    assert_eq!((sound.entries, sound.exchange, sound.operator_attested, sound.signed), (6, 2, 3, 1));

    // An operator who lets a key speak that has not asked for it.
    let stolen = SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes();
    assert!(matches!(say(Authority::OperatorAttested, register(stolen, proof)), Outcome::Done(_)));
    node.stop();
    let found = verify(&dir, |_| ()).unwrap().findings;
    assert!(matches!(found[..], [Finding { at: Seq(7), kind: FindingKind::KeyProof }]), "{found:?}");
}

fn verify_damaged(damage: impl FnOnce(&DB)) -> Verification {
    let (_root, dir) = data_dir();
    write_log(&dir);
    damage(&DB::open(&Options::default(), dir.log()).unwrap());
    verify(&dir, |_| ()).unwrap()
}

#[track_caller]
fn check(damage: impl FnOnce(&DB), expected: &[&str]) {
    let found = verify_damaged(damage);
    let texts: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), expected.len(), "{texts:?}");
    for (text, expected) in texts.iter().zip(expected) {
        assert!(text.starts_with(expected), "{texts:?}");
    }
    assert_eq!(found.state, None);
}

#[test]
fn verification_goes_on_behind_a_fault_and_names_the_place_of_each() {
    let flip = |db: &DB, first: u64| {
        let mut bytes = db.get(first.to_be_bytes()).unwrap().unwrap();
        bytes[50] ^= 1;
        db.put(first.to_be_bytes(), bytes).unwrap();
    };
    check(
        |db| {
            flip(db, 2);
            flip(db, 5);
        },
        &[
            "at entry 2: the batch at 2: a value is outside the range of batch hash",
            "at entry 3: entry 3 stands where 2 belongs",
            "at entry 5: the batch at 5",
            "at entry 6: entry 6 stands where 5 belongs",
        ],
    );
    check(|db| db.delete(3_u64.to_be_bytes()).unwrap(), &["at entry 4: entry 4 stands where 3 belongs"]);
    let moved = |db: &DB| {
        let bytes = db.get(6_u64.to_be_bytes()).unwrap().unwrap();
        db.put(7_u64.to_be_bytes(), bytes).unwrap();
    };
    check(moved, &["at entry 7: the batch at 7 says that it begins at 6"]);
}

#[test]
fn verification_finds_damage_beneath_rocksdb() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    flip(&newest(&dir, "log"), 40);
    let found = verify(&dir, |_| ()).unwrap();
    // The file and the byte, and what RocksDB makes of it.
    let [place, finding] = &found.findings[..] else { panic!("{:?}", found.findings) };
    assert!(place.to_string().ends_with("from byte 0 on"), "{place}");
    assert!(finding.to_string().contains("checksum mismatch"), "{finding}");
}

#[test]
fn looking_for_a_log_makes_none() {
    let (root, dir) = data_dir();
    assert!(verify(&dir, |_| ()).is_err());
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn verification_misses_what_was_durable() {
    let found = verify_damaged(|db| db.delete(6_u64.to_be_bytes()).unwrap());
    let texts: Vec<_> = found.findings.iter().map(ToString::to_string).collect();
    let expected = [
        "at entry 6: the log was durable up to entry 6 once",
        "at entry 6: the event store has events of entry 6, and the log ends before it",
    ];
    assert_eq!(texts, expected);
    assert_eq!(found.tip.seq, Seq(5));
}

#[test]
fn a_log_that_lacks_what_was_durable_is_not_copied() {
    // Once the copy ended where the log did, and passed for whole.
    let (_root, dir) = data_dir();
    write_log(&dir);
    let copied = |dir: &DataDir| {
        let (_to, to) = data_dir();
        copy(dir, &to).map(|copied| copied.tip.seq)
    };
    assert!(matches!(copied(&dir), Ok(Seq(6))));
    std::fs::copy(dir.watermark(), dir.root().join("kept")).unwrap();
    std::fs::write(dir.watermark(), [7; 256]).unwrap();
    assert!(matches!(copied(&dir), Err(CopyError::WatermarkDamaged(_))));
    std::fs::copy(dir.root().join("kept"), dir.watermark()).unwrap();
    DB::open(&Options::default(), dir.log()).unwrap().delete(6_u64.to_be_bytes()).unwrap();
    assert!(matches!(copied(&dir), Err(CopyError::Short { durable: Seq(6), end: Seq(5) })));
}

#[test]
fn a_database_is_copied_beside_its_writer_with_all_its_families() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let families = ["default", "entries", "none"];
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    let writer = DB::open_cf(&options, from.path(), families).unwrap();
    writer.put("head", "7").unwrap();
    let entries = writer.cf_handle("entries").unwrap();
    writer.put_cf(entries, "head", "other").unwrap();
    writer.put_cf(entries, "gone", "soon").unwrap();
    writer.delete_cf(entries, "gone").unwrap();
    let copy = to.path().join("copy");
    copy_database(from.path(), &copy, |_, _| Ok(true)).unwrap();
    let copied = DB::open_cf(&Options::default(), &copy, families).unwrap();
    assert_eq!(copied.get("head").unwrap().as_deref(), Some(&b"7"[..]));
    let entries = copied.iterator_cf(copied.cf_handle("entries").unwrap(), IteratorMode::Start);
    let entries: Vec<_> = entries.map(Result::unwrap).collect();
    assert_eq!(entries, [(Box::from(&b"head"[..]), Box::from(&b"other"[..]))]);
}
