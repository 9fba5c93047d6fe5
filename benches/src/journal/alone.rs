//! The journal by itself: entries that are there already are encoded, hashed,
//! chained into batches and written, as the sequencer does it, and nothing else.
//!
//! One thread seals and one writes, so that the next batch is sealed while one is
//! written; of small batches one thread does all, as in a node.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use berth_domain::{Digest, Entry, Seq};
use berth_journal::{
    Batch, BatchBuilder, CARRIED_MAX, DataDir, Journal, Mark, ReadError, SealedBatch, StoreError, Watermark, recover,
};

use super::raw::Raw;
use super::report::{Measured, Times};
use super::write::Pace;
use super::{While, fault};
use crate::measure::MeasureFault;

const WRITING: &str = "writing the log again";

/// The log that is written.
struct Log {
    journal: Box<dyn Journal>,
    watermark: Watermark,
}

/// Of each batch of a round: from the end of the one before, and its bytes.
type Written = Vec<(Duration, usize)>;

/// Carries a round's batches out, from the hash of the last batch before it, and
/// gives that of its last.
type WriteRound<'a> = dyn FnMut(&[Entry], Digest) -> Result<(Digest, Written), MeasureFault> + 'a;

/// Writes the entries of a node's log once more, into a log of its own, in turns
/// with the plain file.
///
/// # Errors
/// When a log cannot be opened, read or written.
pub(super) fn write_again(
    node: &DataDir,
    copy: &DataDir,
    pace: &Pace,
    raw: &mut Raw,
) -> Result<Measured, MeasureFault> {
    let (source, _) = recover(node).or_fault("opening the log")?.into_log();
    let (journal, watermark) = recover(copy).or_fault("making a log")?.into_log();
    let mut log = Log { journal, watermark };
    let entries = entries(source.read(Seq(1)));
    if pace.batch <= CARRIED_MAX {
        return measure(entries, pace, raw, &mut |round, before| log.carry(round, pace.batch, before));
    }
    let (hand_over, batches) = sync_channel(1);
    let (tell, told) = channel();
    thread::scope(|scope| {
        let writer = scope.spawn(move || log.write_all(&batches, &tell));
        let measured = measure(entries, pace, raw, &mut |round, mut before| {
            let ended = |_| fault(WRITING, "the writer has ended");
            hand_over.send(Step::Begin(Instant::now())).map_err(ended)?;
            for batch in round.chunks(pace.batch) {
                let batch = seal(batch, before);
                before = batch.hash;
                hand_over.send(Step::Write(batch)).map_err(ended)?;
            }
            hand_over.send(Step::End).map_err(ended)?;
            Ok((before, told.recv().map_err(|_| fault(WRITING, "the writer has ended"))?))
        });
        drop(hand_over);
        // What ended the writer is more than that it has.
        writer.join().map_err(|_| fault(WRITING, "the writer panicked"))?.or_fault(WRITING)?;
        measured
    })
}

fn measure(
    entries: impl Iterator<Item = Result<Entry, ReadError>>,
    pace: &Pace,
    raw: &mut Raw,
    write: &mut WriteRound<'_>,
) -> Result<Measured, MeasureFault> {
    let mut entries = entries.peekable();
    let mut before = Digest::default();
    let (mut own, mut plain, mut commands, mut bytes) = (Vec::new(), Vec::new(), 0, 0);
    let start = Instant::now();
    for turn in 0.. {
        let round = entries.by_ref().take(pace.round).collect::<Result<Vec<_>, _>>().or_fault("reading the log")?;
        if round.is_empty() {
            break;
        }
        let (last, written) = write(&round, before)?;
        before = last;
        let sizes: Vec<usize> = written.iter().map(|(_, bytes)| *bytes).collect();
        let beside = raw.append(&sizes).or_fault("writing a file")?;
        // The first pair warms both up.
        if turn == 0 && entries.peek().is_some() {
            continue;
        }
        commands += round.len() as u64;
        bytes += sizes.iter().sum::<usize>();
        own.extend(written.into_iter().map(|(spent, _)| spent));
        plain.extend(beside);
        if start.elapsed() >= pace.spend {
            break;
        }
    }
    Ok(Measured { commands, bytes, own: Times::of(own), raw: Times::of(plain) })
}

/// What the writer is to do.
enum Step {
    Begin(Instant),
    Write(SealedBatch),
    End,
}

impl Log {
    /// Makes a batch durable, and notes that it is.
    fn write(&mut self, batch: &SealedBatch) -> Result<(), StoreError> {
        self.journal.append(batch)?;
        self.watermark.advance(Mark { seq: batch.last, hash: batch.hash })
    }

    fn carry(&mut self, round: &[Entry], batch: usize, mut before: Digest) -> Result<(Digest, Written), MeasureFault> {
        let (mut written, mut since) = (Written::new(), Instant::now());
        for batch in round.chunks(batch) {
            let batch = seal(batch, before);
            self.write(&batch).or_fault(WRITING)?;
            before = batch.hash;
            let now = Instant::now();
            written.push((now - since, batch.bytes.len()));
            since = now;
        }
        Ok((before, written))
    }

    fn write_all(mut self, steps: &Receiver<Step>, tell: &Sender<Written>) -> Result<(), StoreError> {
        let (mut written, mut since) = (Written::new(), Instant::now());
        for step in steps {
            match step {
                Step::Begin(at) => since = at,
                Step::Write(batch) => {
                    self.write(&batch)?;
                    let now = Instant::now();
                    written.push((now - since, batch.bytes.len()));
                    since = now;
                }
                // Who measures waits for it, or has failed and says why.
                Step::End => drop(tell.send(std::mem::take(&mut written))),
            }
        }
        Ok(())
    }
}

fn seal(entries: &[Entry], before: Digest) -> SealedBatch {
    // The digest of the events is the exchange's work; any is as long as it.
    let mut builder = BatchBuilder::new(1, entries[0].seq, before, Digest::default());
    for entry in entries {
        builder.push(entry);
    }
    builder.seal()
}

fn entries<'a>(
    batches: impl Iterator<Item = Result<Batch, ReadError>> + 'a,
) -> impl Iterator<Item = Result<Entry, ReadError>> + 'a {
    batches.flat_map(|batch| match batch {
        Ok(batch) => batch.entries.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(e) => vec![Err(e)],
    })
}
