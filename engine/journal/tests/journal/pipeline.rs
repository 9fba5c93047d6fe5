//! Batches that are computed while one before them is written.

use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Authority, Seq};
use berth_journal::{Ack, DataDir, Fatal, Submission, SubmitError, recover};
use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::cast::deposit;
use crate::node::{BATCH, Node, data_dir, wait};
use crate::sequencing::{Verdict, held};

/// Two full batches and half of one.
const WAITING: usize = 2 * BATCH + BATCH / 2;
/// The last entries of the first batch, with one, and of those.
const LASTS: [u64; 4] = [2, 2 + BATCH as u64, 2 + 2 * BATCH as u64, 2 + WAITING as u64];

/// A node that writes its first full batch and has computed all that follows.
fn running_ahead(dir: &DataDir) -> (Node, Receiver<Seq>, Sender<Verdict>, Vec<Receiver<Ack>>) {
    let (node, is_writing, decide) = held(dir, 512);
    // Alone, so that it goes off at once; the others wait in the queue meanwhile.
    let first = node.submit(AccountId::EXCHANGE, deposit(1));
    assert_eq!(wait(&is_writing), Seq(LASTS[0]));
    let waiting = (0..WAITING).map(|n| node.submit(AccountId::EXCHANGE, deposit(n as u64 + 2))).collect();
    decide.send(Verdict::Written).unwrap();
    assert_eq!(wait(&is_writing), Seq(LASTS[1]));
    assert_eq!(wait(&first).seq, Seq(LASTS[0]));
    drop(node.committed());
    let patience = Instant::now() + Duration::from_secs(20);
    while node.handle.queued() > 0 {
        assert!(Instant::now() < patience, "nothing is computed while a batch is written");
        sleep(Duration::from_millis(1));
    }
    (node, is_writing, decide, waiting)
}

fn submission(n: u64) -> Submission {
    Submission { account: AccountId::EXCHANGE, authority: Authority::Exchange, command: deposit(n).into() }
}

/// How many were answered.
fn answered(waiting: &[Receiver<Ack>]) -> usize {
    waiting.iter().filter(|answer| !answer.is_empty()).count()
}

#[test]
fn what_is_computed_ahead_is_shown_batch_by_batch_when_it_is_durable() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide, waiting) = running_ahead(&dir);
    // They had all the time in the world.
    sleep(Duration::from_millis(20));
    for turn in 0..3 {
        let shown = turn * BATCH;
        assert_eq!(answered(&waiting), shown);
        assert_eq!(node.published(), turn);
        assert_eq!(node.events.head().unwrap(), Seq(LASTS[turn]));
        decide.send(Verdict::Written).unwrap();
        if turn < 2 {
            // The last is a batch of its own only when nothing more came before
            // the writer was free.
            assert_eq!(wait(&is_writing), Seq(LASTS[turn + 2]));
        }
        let last = WAITING.min(shown + BATCH) - 1;
        while waiting[last].is_empty() {
            sleep(Duration::from_millis(1));
        }
    }
    assert_eq!(waiting.iter().map(|answer| wait(answer).seq.0).collect::<Vec<_>>(), (3..=LASTS[3]).collect::<Vec<_>>());
    node.stop();
}

#[test]
fn answers_come_in_the_order_of_the_log_and_behind_the_publication() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide, waiting) = running_ahead(&dir);
    // However the rest is split into batches, and whichever thread shows them.
    let let_all_through = || {
        while decide.try_send(Verdict::Written).is_ok() {}
        while is_writing.try_recv().is_ok() {}
    };
    let (tell, told) = unbounded();
    for n in 0..40 {
        let (tell, events) = (tell.clone(), node.events.clone());
        let reply = move |ack: Ack| tell.send((ack.seq, events.head().unwrap())).unwrap();
        node.handle.submit(submission(100 + n), reply).unwrap();
        if n % 8 == 7 {
            let_all_through();
            sleep(Duration::from_millis(1));
        }
    }
    let mut answers = Vec::new();
    while answers.len() < 40 {
        let_all_through();
        answers.extend(told.recv_timeout(Duration::from_millis(2)));
    }
    let first = LASTS[3] + 1;
    assert_eq!(answers.iter().map(|(seq, _)| seq.0).collect::<Vec<_>>(), (first..first + 40).collect::<Vec<_>>());
    assert!(answers.iter().all(|(seq, readable)| readable >= seq), "{answers:?}");
    assert_eq!(answered(&waiting), WAITING);
    node.stop();
}

#[test]
fn nobody_behind_a_failed_write_is_answered_and_nothing_of_it_is_in_the_log() {
    for (verdict, end) in [(Verdict::Failed, LASTS[0]), (Verdict::WrittenAndFailed, LASTS[1])] {
        let (_root, dir) = data_dir();
        let (node, is_writing, decide, waiting) = running_ahead(&dir);
        decide.send(verdict).unwrap();
        assert!(matches!(wait(&node.fatal), Fatal::Journal(_)));
        assert_eq!(node.handle.submit(submission(99), |_| ()), Err(SubmitError::Stopped));
        assert!(waiting.iter().all(|answer| answer.recv().is_err()));
        assert_eq!((node.published(), node.events.head().unwrap()), (0, Seq(LASTS[0])));
        // The next one was never tried.
        assert!(is_writing.is_empty());
        drop(node);
        assert_eq!(recover(&dir).unwrap().tip().seq, Seq(end));
    }
}

#[test]
fn a_stop_writes_and_answers_what_is_computed_and_what_waits() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide, mut waiting) = running_ahead(&dir);
    waiting.extend((0..BATCH).map(|n| node.submit(AccountId::EXCHANGE, deposit(n as u64 + 100))));
    let stopping = spawn(move || node.stop());
    sleep(Duration::from_millis(20));
    assert_eq!(answered(&waiting), 0);
    while !stopping.is_finished() {
        let _ = decide.try_send(Verdict::Written);
        let _ = is_writing.try_recv();
        sleep(Duration::from_millis(1));
    }
    stopping.join().unwrap();
    let last = LASTS[3] + BATCH as u64;
    assert_eq!(waiting.iter().map(|answer| wait(answer).seq.0).collect::<Vec<_>>(), (3..=last).collect::<Vec<_>>());
    let recovered = recover(&dir).unwrap();
    assert!(recovered.notes().is_empty(), "{:?}", recovered.notes());
    assert_eq!(recovered.tip().seq, Seq(last));
}

#[test]
fn a_panic_of_whoever_writes_or_shows_ends_the_node() {
    let (_root, dir) = data_dir();
    let (node, _is_writing, decide, waiting) = running_ahead(&dir);
    // The journal has nobody to ask.
    drop(decide);
    assert!(matches!(wait(&node.fatal), Fatal::Panicked));
    assert!(waiting.iter().all(|answer| answer.recv().is_err()));
    drop(node);
    assert_eq!(recover(&dir).unwrap().tip().seq, Seq(LASTS[0]));

    let (_root, dir) = data_dir();
    let (node, _is_writing, decide, waiting) = running_ahead(&dir);
    // It shares the batch of the last ones.
    node.handle.submit(submission(99), |_| panic!("on purpose")).unwrap();
    let behind = node.submit(AccountId::EXCHANGE, deposit(100));
    (0..3).for_each(|_| decide.send(Verdict::Written).unwrap());
    assert!(matches!(wait(&node.fatal), Fatal::Panicked));
    assert_eq!(answered(&waiting), WAITING);
    assert!(behind.recv().is_err());
    drop(node);
}
