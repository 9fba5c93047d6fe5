//! What the journal costs over the disk: a plain append with fdatasync, and the
//! journal's real write path, with the same batches, in one run on one disk.
//!
//! A disk's speed drifts, and clouds cap it, by far more than the two differ. So
//! every batch is written to both, one after the other, and beside criterion's
//! figures for each the ratio over all pairs is printed: that is the one to hold.
//!
//! `cargo bench -p berth-benches --bench journal`. Set `TMPDIR` to choose the disk.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use berth_domain::{AccountId, Authority, Digest, Entry, Heartbeat, LeaseId, Micros, RULES_VERSION};
use berth_journal::{BatchBuilder, DataDir, Journal, LogStore, SealedBatch, Tip};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Entries of a batch.
const BATCHES: [u64; 3] = [1, 64, 256];

/// Seals the batch that comes next, of heartbeats: the commonest command of a
/// busy exchange.
fn next_batch(tip: &mut Tip, entries: u64) -> SealedBatch {
    let mut builder = BatchBuilder::new(1, tip.next(), tip.hash, Digest::default());
    for _ in 0..entries {
        let seq = tip.next();
        let command =
            Heartbeat { lease: LeaseId(seq.0 % 1_000), cpu_millis: seq.0, memory_bytes: 1 << 30, healthy: true }.into();
        builder.push(&Entry {
            rules: RULES_VERSION,
            seq,
            at: Micros(seq.0),
            account: AccountId(2),
            authority: Authority::OperatorAttested,
            command,
        });
        tip.seq = seq;
    }
    let sealed = builder.seal();
    tip.hash = sealed.hash;
    sealed
}

/// The same batches, once as a plain file and once as a log.
struct Pair {
    raw: File,
    log: LogStore,
    tip: Tip,
    /// Time spent on each, and in how many rounds.
    spent: (Duration, Duration, u64),
}

#[derive(Clone, Copy)]
enum Side {
    Raw,
    Journal,
}

impl Pair {
    fn create(root: &Path) -> Self {
        let raw = OpenOptions::new().create(true).append(true).open(root.join("raw"));
        Self {
            raw: raw.expect("a file can be made there"),
            log: LogStore::create(&DataDir::new(root)).expect("a log can be made there"),
            tip: Tip::default(),
            spent: (Duration::ZERO, Duration::ZERO, 0),
        }
    }

    /// Writes every batch to both and gives the time of one.
    fn time(&mut self, side: Side, rounds: u64, entries: u64) -> Duration {
        let before = self.spent;
        for _ in 0..rounds {
            let batch = next_batch(&mut self.tip, entries);
            let start = Instant::now();
            self.raw.write_all(&batch.bytes).and_then(|()| self.raw.sync_data()).expect("the disk takes it");
            let between = Instant::now();
            self.log.append(&batch).expect("the disk takes it");
            self.spent.1 += between.elapsed();
            self.spent.0 += between - start;
            self.spent.2 += 1;
        }
        match side {
            Side::Raw => self.spent.0 - before.0,
            Side::Journal => self.spent.1 - before.1,
        }
    }
}

fn append(c: &mut Criterion) {
    let mut group = c.benchmark_group("append");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4));
    for entries in BATCHES {
        group.throughput(Throughput::Elements(entries));
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        let mut pair = Pair::create(root.path());
        for (name, side) in [("file and fdatasync", Side::Raw), ("journal", Side::Journal)] {
            group.bench_function(BenchmarkId::new(name, entries), |b| {
                b.iter_custom(|rounds| pair.time(side, rounds, entries));
            });
        }
        let (raw, journal, pairs) = pair.spent;
        let ratio = raw.as_secs_f64() / journal.as_secs_f64();
        eprintln!("append/{entries}: the journal at {ratio:.2} of the file's speed, over {pairs} pairs\n");
    }
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
