//! Commands in, entries out.

use berth_domain::{AccountId, Authority, Command, Event, Micros, Resumed, Seconds, Seq, Tick};
use berth_exchange::Outcome;
use berth_journal::{Batch, DataDir, Fatal, Journal, ReadError, SealedBatch, StoreError, Submission, SubmitError};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::cast::{TENANT, deposit};
use crate::node::{Node, OPENING, data_dir, wait};

/// A journal whose writes wait for what becomes of them.
struct Held {
    inner: Box<dyn Journal>,
    writing: Sender<Seq>,
    verdict: Receiver<Verdict>,
}

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Written,
    Failed,
    /// Nobody can tell it from the one before but by looking into the log.
    WrittenAndFailed,
}

impl Journal for Held {
    fn append(&mut self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.writing.send(batch.last).unwrap();
        let verdict = self.verdict.recv().unwrap();
        if verdict != Verdict::Failed {
            self.inner.append(batch)?;
        }
        if verdict == Verdict::Written { Ok(()) } else { Err(StoreError::Poisoned) }
    }

    fn durable_head(&self) -> Seq {
        self.inner.durable_head()
    }

    fn read(&self, from: Seq) -> Box<dyn Iterator<Item = Result<Batch, ReadError>> + '_> {
        self.inner.read(from)
    }
}

/// A node whose writes the test lets through, its log begun and looked at.
pub(crate) fn held(dir: &DataDir, queue: usize) -> (Node, Receiver<Seq>, Sender<Verdict>) {
    let (writing, is_writing) = bounded(8);
    let (decide, verdict) = bounded(8);
    decide.send(Verdict::Written).unwrap();
    let node = Node::start_with(dir, OPENING, queue, |inner| Box::new(Held { inner, writing, verdict }));
    assert_eq!(wait(&is_writing), Seq(1));
    drop(node.committed());
    (node, is_writing, decide)
}

#[test]
fn a_tick_stands_before_the_entry_that_comes_after_a_deadline() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide) = held(&dir, 8);
    (0..2).for_each(|_| decide.send(Verdict::Written).unwrap());
    node.say(AccountId::EXCHANGE, deposit(1));
    let expiry = OPENING.plus(Seconds(30));
    node.place_order(expiry);

    // While a write is under way both happen: the order's time comes, and after
    // it a deposit.
    let before = node.submit(AccountId::EXCHANGE, deposit(2));
    while wait(&is_writing) < Seq(4) {}
    node.clock.set(expiry);
    let after = node.submit(AccountId::EXCHANGE, deposit(3));
    (0..2).for_each(|_| decide.send(Verdict::Written).unwrap());
    assert_eq!((wait(&before).at, wait(&after).at), (OPENING, expiry));

    (0..3).for_each(|_| drop(node.committed()));
    let entries = node.committed().entries.clone();
    assert_eq!(entries[0].entry.command, Command::from(Tick));
    assert!(matches!(entries[0].events[..], [Event::OrderExpired(_)]));
    assert_eq!(entries[1].entry.command, Command::from(deposit(3)));
    assert_eq!(entries[1].hash, entries[1].entry.hash());
    node.stop();
}

#[test]
fn a_timer_fires_by_itself_and_stamps_never_run_back() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    node.say(AccountId::EXCHANGE, deposit(1));
    let expiry = OPENING.plus(Seconds(30));
    node.place_order(expiry);
    (0..3).for_each(|_| drop(node.committed()));

    let late = Micros(expiry.0 + 5);
    node.clock.set(late);
    let tick = node.committed();
    assert_eq!((tick.entries[0].entry.at, tick.entries.len()), (late, 1));
    node.clock.set(OPENING);
    assert_eq!(node.say(AccountId::EXCHANGE, deposit(2)).at, late);
    node.stop();
}

#[test]
fn nothing_is_acknowledged_published_or_readable_before_it_is_durable() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide) = held(&dir, 8);

    let first = node.submit(AccountId::EXCHANGE, deposit(1));
    assert_eq!(wait(&is_writing), Seq(2));
    // These come while the write is under way, so they share the next one.
    let second = node.submit(AccountId::EXCHANGE, deposit(2));
    let third = node.submit(TENANT, deposit(3));
    assert!(first.is_empty() && node.published() == 0 && node.events.head().unwrap() == Seq(1));

    decide.send(Verdict::Written).unwrap();
    assert_eq!(wait(&first).seq, Seq(2));
    assert_eq!(wait(&is_writing), Seq(4));
    assert!(second.is_empty() && third.is_empty() && node.events.head().unwrap() == Seq(2));
    decide.send(Verdict::Written).unwrap();
    assert_eq!(wait(&second).seq, Seq(3));
    // A refusal is in the log like everything else.
    assert!(matches!(wait(&third).outcome, Outcome::Refused(_)));
    assert_eq!(node.events.read(Seq(2), 9).unwrap().iter().map(|of| of.seq.0).collect::<Vec<_>>(), [2, 3, 4]);

    // A write fails: who waits is never answered, and nothing more is taken.
    let lost = node.submit(AccountId::EXCHANGE, deposit(4));
    assert_eq!(wait(&is_writing), Seq(5));
    decide.send(Verdict::Failed).unwrap();
    assert!(matches!(wait(&node.fatal), Fatal::Journal(_)));
    assert!(lost.recv().is_err());
    let again = Submission { account: AccountId::EXCHANGE, authority: Authority::Exchange, command: deposit(5).into() };
    assert_eq!(node.handle.submit(again, |_| ()), Err(SubmitError::Stopped));
}

#[test]
fn the_queue_is_bounded_and_a_stop_takes_what_is_in_it() {
    let (_root, dir) = data_dir();
    let (node, is_writing, decide) = held(&dir, 2);
    let submission = |command| Submission { account: AccountId::EXCHANGE, authority: Authority::Exchange, command };
    let resumed = Resumed { down_from: OPENING, up_at: OPENING };
    assert_eq!(node.handle.submit(submission(resumed.into()), |_| ()), Err(SubmitError::Reserved));

    let first = node.submit(AccountId::EXCHANGE, deposit(1));
    assert_eq!(wait(&is_writing), Seq(2));
    let waiting = [node.submit(AccountId::EXCHANGE, deposit(2)), node.submit(AccountId::EXCHANGE, deposit(3))];
    assert_eq!(node.handle.submit(submission(deposit(4).into()), |_| ()), Err(SubmitError::QueueFull));
    (0..3).for_each(|_| decide.send(Verdict::Written).unwrap());
    let handle = node.handle.clone();
    node.stop();
    assert_eq!(wait(&first).seq, Seq(2));
    assert_eq!(waiting.map(|answer| wait(&answer).seq), [Seq(3), Seq(4)]);
    assert_eq!(handle.submit(submission(deposit(4).into()), |_| ()), Err(SubmitError::Stopped));
}

#[test]
fn every_later_run_begins_with_how_long_it_was_down_before_any_timer_fires() {
    let (_root, dir) = data_dir();
    let node = Node::start(&dir, OPENING);
    node.say(AccountId::EXCHANGE, deposit(1));
    node.place_order(OPENING.plus(Seconds(30)));
    let log_id = node.handle.log_id();
    node.stop();

    let up_at = OPENING.plus(Seconds(3_600));
    let node = Node::start(&dir, up_at);
    assert_eq!(node.handle.log_id(), log_id);
    let resumed = node.committed();
    assert_eq!(resumed.epoch, 2);
    assert_eq!(resumed.entries[0].entry.command, Command::from(Resumed { down_from: OPENING, up_at }));
    assert_eq!(node.committed().entries[0].entry.command, Command::from(Tick));
    node.stop();
}
