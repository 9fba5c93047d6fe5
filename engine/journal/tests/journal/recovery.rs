//! What recovery mends, and what it refuses.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use berth_domain::{AccountId, Digest, Seconds, Seq};
use berth_journal::{Batch, BatchBuilder, DataDir, recover, verify};
use rocksdb::{DB, Options};

use crate::cast::deposit;
use crate::node::{Node, OPENING, data_dir, write_log};

/// The first sequence numbers of the batches of [`write_log`].
const LAST_BATCH: u64 = 6;

fn log_db(dir: &DataDir) -> DB {
    DB::open(&Options::default(), dir.log()).unwrap()
}

fn batch(db: &DB, first: u64) -> Batch {
    Batch::decode(&db.get(first.to_be_bytes()).unwrap().unwrap()).unwrap()
}

/// Puts a batch in the place of another, well formed and with its own hash.
fn forge(dir: &DataDir, first: u64, change: impl FnOnce(&mut Batch)) {
    let db = log_db(dir);
    let mut forged = batch(&db, first);
    change(&mut forged);
    let mut builder = BatchBuilder::new(forged.epoch, forged.first(), forged.previous, forged.events);
    for entry in &forged.entries {
        builder.push(entry);
    }
    db.put(first.to_be_bytes(), builder.seal().bytes).unwrap();
}

/// Flips the lowest bit of a byte.
pub(crate) fn flip(path: &Path, at: u64) {
    let mut file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut byte).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[byte[0] ^ 1]).unwrap();
}

/// The newest non-empty file of a kind in the log's database.
pub(crate) fn newest(dir: &DataDir, extension: &str) -> PathBuf {
    let files = fs::read_dir(dir.log()).unwrap().map(|file| file.unwrap().path());
    let of_kind = files.filter(|path| path.extension().is_some_and(|e| e == extension));
    of_kind.filter(|path| fs::metadata(path).unwrap().len() > 0).max().unwrap()
}

/// Writes a log, damages it, and expects a refusal that says all of `expected`.
#[track_caller]
fn check_refused(damage: impl FnOnce(&DataDir), expected: &[&str]) {
    let (_root, dir) = data_dir();
    write_log(&dir);
    damage(&dir);
    let refusal = recover(&dir).err().expect("a damaged log was opened").to_string();
    for part in expected {
        assert!(refusal.contains(part), "{part:?} is not in {refusal:?}");
    }
    // A node that refused has mended nothing behind the operator's back.
    assert_eq!(recover(&dir).err().expect("the second start went through").to_string(), refusal);
}

#[test]
fn a_log_is_read_back_to_its_end() {
    let (_root, dir) = data_dir();
    assert!(recover(&dir).unwrap().is_fresh());
    write_log(&dir);
    let recovered = recover(&dir).unwrap();
    assert!(recovered.notes().is_empty(), "{:?}", recovered.notes());
    assert_eq!((recovered.tip().seq, recovered.tip().epoch), (Seq(LAST_BATCH), 2));
    assert_eq!(recovered.exchange().orders().count(), 1);
    assert_eq!(recovered.events().head().unwrap(), Seq(LAST_BATCH));
}

#[test]
fn a_torn_last_write_is_cut_and_told() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    // A write that the power cut in the middle: a header for 300 bytes, and 20.
    let mut torn = vec![0xab; 27];
    torn[4..7].copy_from_slice(&[44, 1, 1]);
    OpenOptions::new().append(true).open(newest(&dir, "log")).unwrap().write_all(&torn).unwrap();
    let recovered = recover(&dir).unwrap();
    assert_eq!(recovered.tip().seq, Seq(LAST_BATCH));
    let told = recovered.notes()[0].to_string();
    assert!(told.contains("was torn: 27 bytes"), "{told}");
    drop(recovered);
    let node = Node::start(&dir, OPENING.plus(Seconds(80)));
    assert_eq!(node.say(AccountId::EXCHANGE, deposit(9)).seq, Seq(LAST_BATCH + 2));
    node.stop();
    assert!(recover(&dir).unwrap().notes().is_empty());
}

#[test]
fn what_was_durable_and_is_gone_is_refused() {
    let cut = |dir: &DataDir| {
        let path = newest(dir, "log");
        let len = fs::metadata(&path).unwrap().len();
        OpenOptions::new().write(true).open(path).unwrap().set_len(len - 5).unwrap();
    };
    check_refused(cut, &["/log at entry 5", "ends at entry 5, but it was durable up to entry 6", "Restore the data"]);
    let delete = |dir: &DataDir| log_db(dir).delete(LAST_BATCH.to_be_bytes()).unwrap();
    check_refused(delete, &["ends at entry 5, but it was durable up to entry 6"]);
    check_refused(|dir| fs::remove_dir_all(dir.log()).unwrap(), &["durable up to entry 6"]);
    check_refused(|dir| fs::remove_file(dir.log().join("CURRENT")).unwrap(), &["CURRENT file is missing"]);
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is() {
    // In the write-ahead log.
    check_refused(|dir| flip(&newest(dir, "log"), 40), &["/log", "checksum", "Restore the data directory"]);
    // In a table: opening writes the log out into one.
    let in_table = |dir: &DataDir| {
        drop(log_db(dir));
        flip(&newest(dir, "sst"), 100);
    };
    check_refused(in_table, &["/log", "checksum"]);
    // Under RocksDB's own checksum, as a fault of memory would leave it.
    let in_batch = |dir: &DataDir| {
        let db = log_db(dir);
        let mut bytes = db.get(2_u64.to_be_bytes()).unwrap().unwrap();
        bytes[30] ^= 1;
        db.put(2_u64.to_be_bytes(), bytes).unwrap();
    };
    check_refused(in_batch, &["/log at entry 2", "batch hash"]);
    let in_watermark = |dir: &DataDir| {
        flip(&dir.watermark(), 3);
        flip(&dir.watermark(), 4096);
    };
    check_refused(in_watermark, &["/watermark", "damaged", "remove the watermark file"]);
}

#[test]
fn a_log_whose_links_do_not_hold_is_refused() {
    check_refused(
        |dir| log_db(dir).delete(3_u64.to_be_bytes()).unwrap(),
        &["/log at entry 4", "entry 4 stands where 3 belongs"],
    );
    check_refused(|dir| forge(dir, 3, |b| b.previous = Digest([1; 32])), &["at entry 3", "follows batch 0101"]);
    check_refused(|dir| forge(dir, 3, |b| b.entries[0].at.0 += 1), &["at entry 4", "the batch before it is"]);
    check_refused(
        |dir| forge(dir, 3, |b| b.events = Digest([1; 32])),
        &["at entry 3", "events before it were 0101", "Start the build that wrote this log"],
    );
    check_refused(|dir| forge(dir, LAST_BATCH, |b| b.epoch = 1), &["at entry 6", "epoch 1 stands behind epoch 2"]);
    check_refused(
        |dir| forge(dir, LAST_BATCH, |b| b.entries[0].at.0 += 1),
        &["at entry 6", "the watermark names batch"],
    );
    check_refused(|dir| forge(dir, 2, |b| b.entries[0].rules = 9), &["at entry 2", "carries rules 9"]);
}

#[test]
fn a_data_directory_has_one_writer() {
    let (_root, dir) = data_dir();
    let _first = recover(&dir).unwrap();
    let refusal = recover(&dir).err().unwrap().to_string();
    assert!(refusal.contains("another process has it open"), "{refusal}");
}

#[test]
fn a_missing_watermark_is_told_where_all_else_agrees() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    fs::remove_file(dir.watermark()).unwrap();
    let recovered = recover(&dir).unwrap();
    assert_eq!(recovered.tip().seq, Seq(6));
    let told: Vec<_> = recovered.notes().iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("no watermark"), "{told:?}");
    drop(recovered);
    assert!(recover(&dir).unwrap().notes().is_empty());
}

#[test]
fn events_of_what_the_log_lost_refuse_to_start_and_stay() {
    let cut = |dir: &DataDir| {
        log_db(dir).delete(LAST_BATCH.to_be_bytes()).unwrap();
        fs::remove_file(dir.watermark()).unwrap();
    };
    let expected =
        ["/log at entry 5: the log ends at entry 5, but", "/events knows it up to entry 6", "Restore the data"];
    check_refused(cut, &expected);
    // The whole log is gone: no new one is begun beside what is left of it.
    let lose = |dir: &DataDir| {
        fs::remove_dir_all(dir.log()).unwrap();
        fs::remove_file(dir.watermark()).unwrap();
    };
    check_refused(lose, &["ends at entry 0", "/events knows it up to entry 6", "move what was made of them out"]);

    let (_root, dir) = data_dir();
    write_log(&dir);
    cut(&dir);
    assert!(recover(&dir).is_err());
    let db = DB::open_for_read_only(&Options::default(), dir.events(), false).unwrap();
    assert!(db.get(LAST_BATCH.to_be_bytes()).unwrap().is_some());
    drop(db);
    // The operator takes the loss, and keeps what is left.
    fs::rename(dir.events(), dir.root().join("events-kept")).unwrap();
    let recovered = recover(&dir).unwrap();
    assert_eq!(recovered.tip().seq, Seq(5));
    assert!(recovered.notes()[0].to_string().contains("no watermark"), "{:?}", recovered.notes());
    assert_eq!(recovered.events().head().unwrap(), Seq(5));
    assert_eq!(recovered.events().read(Seq(6), 10).unwrap(), []);
}

#[test]
fn events_are_made_anew_from_the_log() {
    let (_root, dir) = data_dir();
    write_log(&dir);
    let all = recover(&dir).unwrap().events().read(Seq(1), 100).unwrap();
    assert_eq!(all.len(), 6);

    // Behind the log: as a power loss leaves it.
    let db = DB::open(&Options::default(), dir.events()).unwrap();
    let records: Vec<_> = db.iterator(rocksdb::IteratorMode::Start).map(|record| record.unwrap().0).collect();
    assert!(records.len() > 2, "a batch's events are a record");
    for key in &records[records.len() - 2..] {
        db.delete(key).unwrap();
    }
    drop(db);
    assert_eq!(recover(&dir).unwrap().events().read(Seq(1), 100).unwrap(), all);

    fs::remove_dir_all(dir.events()).unwrap();
    assert_eq!(recover(&dir).unwrap().events().read(Seq(1), 100).unwrap(), all);

    // Of another log.
    let db = DB::open(&Options::default(), dir.events()).unwrap();
    let mut record = db.get(6_u64.to_be_bytes()).unwrap().unwrap();
    // The last entry's digest, behind its length and stamp.
    let (mut part, length) = (0, |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap()) as usize);
    while part + 4 + length(part) < record.len() {
        part += 4 + length(part);
    }
    record[part + 4 + 8] ^= 1;
    db.put(6_u64.to_be_bytes(), record).unwrap();
    drop(db);
    let recovered = recover(&dir).unwrap();
    assert!(recovered.notes()[0].to_string().contains("other events at entry 6"), "{:?}", recovered.notes());
    assert_eq!(recovered.events().read(Seq(1), 100).unwrap(), all);
    drop(recovered);

    // Beyond repair.
    fs::write(dir.events().join("CURRENT"), "nonsense").unwrap();
    let recovered = recover(&dir).unwrap();
    assert!(recovered.notes()[0].to_string().contains("made anew"), "{:?}", recovered.notes());
    assert_eq!(recovered.events().read(Seq(1), 100).unwrap(), all);
    drop(recovered);
    assert!(verify(&dir, |_| ()).unwrap().is_sound());
}
