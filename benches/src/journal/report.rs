//! What is printed: for people, and as one line of JSON.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::opening::Reopened;
use crate::measure::per_second;

/// The journal beside a plain file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JournalReport {
    /// Entries of a batch.
    pub batch: usize,
    /// Commands that the node made durable and answered in a second.
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
    /// Commands that a start reads back and applies in a second, from the
    /// beginning of this run's log, with the opening of its databases.
    pub replay_per_second: u64,
    /// Commands that were timed.
    #[serde(skip)]
    pub commands: u64,
    /// Batches that they were in.
    #[serde(skip)]
    pub batches: usize,
    /// Bytes of those.
    #[serde(skip)]
    pub bytes: usize,
    /// The part of the node's time in which the log's writes and the watermark's
    /// were under way.
    #[serde(skip)]
    pub writing: f64,
    /// Entries that were read back.
    #[serde(skip)]
    pub replayed: u64,
    /// How long that took.
    #[serde(skip)]
    pub replay: Duration,
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
    pub(super) fn new(
        batch: usize,
        (commands, bytes): (u64, usize),
        [own, raw]: [Times; 2],
        writing: Duration,
        reopened: &Reopened,
    ) -> Self {
        Self {
            batch,
            journal_per_second: per_second(commands, own.total),
            raw_per_second: per_second(commands, raw.total),
            ratio: raw.total.as_secs_f64() / own.total.as_secs_f64(),
            p50_us: micros(own.p50),
            p99_us: micros(own.p99),
            raw_p50_us: micros(raw.p50),
            raw_p99_us: micros(raw.p99),
            replay_per_second: per_second(reopened.head.0, reopened.spent),
            commands,
            batches: own.count,
            bytes,
            writing: writing.as_secs_f64() / own.total.as_secs_f64(),
            replayed: reopened.head.0,
            replay: reopened.spent,
        }
    }
}

impl fmt::Display for JournalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commands, batches, bytes, ratio, .. } = self;
        let size = bytes / (*batches).max(1);
        writeln!(f, "journal: {commands} commands in {batches} batches of up to {}, {size} bytes each", self.batch)?;
        let (own, raw) = (self.journal_per_second, self.raw_per_second);
        writeln!(
            f,
            "  the node            {own:>9} commands/s, a batch p50 {:.0} us, p99 {:.0} us",
            self.p50_us, self.p99_us
        )?;
        writeln!(
            f,
            "  append + fdatasync  {raw:>9} commands/s, a record p50 {:.0} us, p99 {:.0} us",
            self.raw_p50_us, self.raw_p99_us
        )?;
        writeln!(
            f,
            "  the node is {ratio:.3} times as fast; its writes to the log alone {:.3} times",
            ratio / self.writing
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
