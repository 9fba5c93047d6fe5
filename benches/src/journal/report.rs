//! What is printed: for people, and as one line of JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::opening::Reopened;
use crate::measure::per_second;

/// The journal, and a whole node, each beside a plain file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalReport {
    /// Entries of a batch.
    pub batch: usize,
    /// Commands that the journal made durable in a second.
    pub journal_per_second: u64,
    /// The same commands as records of a file, each synced.
    pub raw_per_second: u64,
    /// The first where the second is 1.
    pub ratio: f64,
    /// Time of a batch, in microseconds: the median.
    pub p50_us: f64,
    /// 99 of 100 batches took less.
    pub p99_us: f64,
    /// Time of a record, in microseconds: the median.
    pub raw_p50_us: f64,
    /// 99 of 100 records took less.
    pub raw_p99_us: f64,
    /// Commands that the whole node took, applied, made durable and answered in a
    /// second.
    pub node_per_second: u64,
    /// That where the records of a file, taking turns with it, are 1.
    pub node_ratio: f64,
    /// Time of a batch in the node, in microseconds: the median.
    pub node_p50_us: f64,
    /// 99 of 100 batches took less.
    pub node_p99_us: f64,
    /// Commands that a start reads back and applies in a second, from the
    /// beginning of this run's log, with the opening of its databases.
    pub replay_per_second: u64,
    /// Commands that were timed: of the node, and of the journal.
    #[serde(skip)]
    pub commands: [u64; 2],
    /// Batches that they were in.
    #[serde(skip)]
    pub batches: [usize; 2],
    /// Bytes of those.
    #[serde(skip)]
    pub bytes: [usize; 2],
    /// Entries that were read back.
    #[serde(skip)]
    pub replayed: u64,
    /// How long that took.
    #[serde(skip)]
    pub replay: Duration,
}

/// One side's commands beside the plain file's: what they took, and their bytes.
pub(super) struct Measured {
    pub(super) commands: u64,
    pub(super) bytes: usize,
    pub(super) own: Times,
    pub(super) raw: Times,
}

impl Measured {
    fn ratio(&self) -> f64 {
        self.raw.total.as_secs_f64() / self.own.total.as_secs_f64()
    }
}

/// What a number of writes took.
pub(super) struct Times {
    count: usize,
    total: Duration,
    p50: Duration,
    p99: Duration,
}

impl Times {
    pub(super) fn of(mut spent: Vec<Duration>) -> Self {
        spent.sort_unstable();
        let quantile = |percent: usize| {
            let rank = (spent.len() * percent).div_ceil(100);
            spent.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { count: spent.len(), total: spent.iter().sum(), p50: quantile(50), p99: quantile(99) }
    }
}

impl JournalReport {
    pub(super) fn new(batch: usize, node: &Measured, alone: &Measured, reopened: &Reopened) -> Self {
        Self {
            batch,
            journal_per_second: per_second(alone.commands, alone.own.total),
            raw_per_second: per_second(alone.commands, alone.raw.total),
            ratio: alone.ratio(),
            p50_us: micros(alone.own.p50),
            p99_us: micros(alone.own.p99),
            raw_p50_us: micros(alone.raw.p50),
            raw_p99_us: micros(alone.raw.p99),
            node_per_second: per_second(node.commands, node.own.total),
            node_ratio: node.ratio(),
            node_p50_us: micros(node.own.p50),
            node_p99_us: micros(node.own.p99),
            replay_per_second: per_second(reopened.head.0, reopened.spent),
            commands: [node.commands, alone.commands],
            batches: [node.own.count, alone.own.count],
            bytes: [node.bytes, alone.bytes],
            replayed: reopened.head.0,
            replay: reopened.spent,
        }
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commands: [_, commands], batches: [_, batches], bytes: [_, bytes], .. } = self;
        let size = bytes / (*batches).max(1);
        writeln!(f, "journal: {commands} commands in {batches} batches of up to {}, {size} bytes each", self.batch)?;
        let mut side = |what: &str, per_second: u64, piece: &str, p50: f64, p99: f64| {
            writeln!(f, "  {what:<19} {per_second:>9} commands/s, a {piece} p50 {p50:.0} us, p99 {p99:.0} us")
        };
        side("the journal", self.journal_per_second, "batch", self.p50_us, self.p99_us)?;
        side("append + fdatasync", self.raw_per_second, "record", self.raw_p50_us, self.raw_p99_us)?;
        side("a whole node", self.node_per_second, "batch", self.node_p50_us, self.node_p99_us)?;
        writeln!(
            f,
            "  the journal is {:.3} times as fast as append + fdatasync, a whole node {:.3} times",
            self.ratio, self.node_ratio
        )?;
        let (replayed, millis) = (self.replayed, self.replay.as_millis());
        write!(f, "  opening the log     {:>9} commands/s: {replayed} entries in {millis} ms", self.replay_per_second)
    }
}

/// A start from a snapshot beside one from the log alone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartReport {
    /// Entries of the log.
    pub entries: u64,
    /// Bytes of its databases and of the snapshot: log, events, snapshot.
    pub log_bytes: u64,
    /// See above.
    pub events_bytes: u64,
    /// See above.
    pub snapshot_bytes: u64,
    /// The entry behind which the snapshot was made.
    pub snapshot_at: u64,
    /// How long a start from it and the entries behind it took, in milliseconds.
    pub snapshot_start_ms: u64,
    /// How long a start from the log alone took, in milliseconds.
    pub log_start_ms: u64,
    /// Entries that the start from the log alone read and applied in a second.
    pub replay_per_second: u64,
    /// Time in which the log was written, in milliseconds.
    pub writing_ms: u64,
    /// The state that both starts came to: BLAKE3, 64 hex digits.
    pub state_hash: String,
}

impl fmt::Display for StartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entries, snapshot_at, snapshot_start_ms, log_start_ms, .. } = self;
        let [log, events, snapshot] = [self.log_bytes, self.events_bytes, self.snapshot_bytes].map(|b| b >> 20);
        writeln!(
            f,
            "start: a log of {entries} entries, {log} MiB, events {events} MiB, written in {} ms",
            self.writing_ms
        )?;
        let tail = entries - snapshot_at;
        writeln!(f, "  from a snapshot of {snapshot} MiB and {tail} entries behind it  {snapshot_start_ms:>7} ms")?;
        writeln!(
            f,
            "  from the log alone                                {log_start_ms:>7} ms, {} commands/s",
            self.replay_per_second
        )?;
        write!(f, "  both came to state {}", self.state_hash)
    }
}

pub(super) fn micros(time: Duration) -> f64 {
    // A tenth of a microsecond is below what the clock's own reading takes.
    (time.as_secs_f64() * 1e7).round() / 10.0
}
