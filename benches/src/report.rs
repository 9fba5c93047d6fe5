//! What is printed: for people, and as one line of JSON.

use std::fmt;

use serde::Serialize;

/// Figures of one driver on one workload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The driver.
    #[serde(skip)]
    pub name: &'static str,
    /// Whether the right answer was known from the oracle, and not only from
    /// the baseline.
    #[serde(skip)]
    pub is_known: bool,
    /// Timed commands.
    pub commands: u64,
    /// In the best run.
    pub commands_per_second_best: u64,
    /// In the median run.
    pub commands_per_second_median: u64,
    /// With each batch's quickest run.
    pub commands_per_second_undisturbed: u64,
    /// Runs.
    pub runs: usize,
    /// Trades of the timed commands.
    pub trades: u64,
    /// The sum of their quantities.
    pub volume: u64,
    /// The sum of their quantities times prices.
    pub notional: u128,
    /// Over the trades in their order: 16 hex digits.
    pub hash: String,
    /// Time of a command: the median, in nanoseconds.
    pub p50_ns: u64,
    /// 99 of 100 commands took less.
    pub p99_ns: u64,
    /// 999 of 1,000 commands took less.
    pub p999_ns: u64,
    /// 9,999 of 10,000 commands took less.
    pub p9999_ns: u64,
    /// Allocations during the timed commands; nothing where they are not
    /// counted.
    pub allocations: Option<u64>,
    /// The baseline in the same runs.
    pub baseline: Baseline,
}

/// What a driver is measured against.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Baseline {
    /// What it is.
    pub name: &'static str,
    /// In the median run.
    pub commands_per_second_median: u64,
    /// With each batch's quickest run.
    pub commands_per_second_undisturbed: u64,
}

/// Figures of one driver on two workloads that took turns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ratio {
    /// The driver.
    pub name: &'static str,
    /// Runs of each.
    pub runs: usize,
    /// On the first workload.
    pub first: Side,
    /// On the second.
    pub second: Side,
    /// How fast it is on the second where its speed on the first is 1: the median
    /// of the runs.
    pub ratio_median: f64,
    /// With each batch's quickest run.
    pub ratio_undisturbed: f64,
}

/// One of two workloads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// Timed commands.
    pub commands: u64,
    /// Commands that filled its books before.
    pub prefill: u64,
    /// In the median run.
    pub commands_per_second_median: u64,
    /// With each batch's quickest run.
    pub commands_per_second_undisturbed: u64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, runs, first, second, ratio_median, ratio_undisturbed } = self;
        writeln!(f, "{name}: {runs} runs of each, in turns")?;
        for side in [first, second] {
            let median = millions(side.commands_per_second_median);
            let undisturbed = millions(side.commands_per_second_undisturbed);
            let depth = side.prefill;
            writeln!(f, "  {depth:>9} before   commands/s   median {median}, undisturbed {undisturbed}")?;
        }
        write!(f, "  the second is {ratio_median:.3} times as fast (median), {ratio_undisturbed:.3} undisturbed")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, commands, runs, trades, volume, notional, hash, baseline, .. } = self;
        let like = if self.is_known { "the oracle" } else { baseline.name };
        let ratio = self.commands_per_second_median as f64 / baseline.commands_per_second_median as f64;
        let median = millions(self.commands_per_second_median);
        writeln!(f, "{name}: {commands} commands, {runs} runs")?;
        let undisturbed = millions(self.commands_per_second_undisturbed);
        let best = millions(self.commands_per_second_best);
        writeln!(f, "  commands/s   best {best}, median {median}, undisturbed {undisturbed}")?;
        writeln!(
            f,
            "  {:<12} median {}: {name} is {ratio:.2} times as fast",
            baseline.name,
            millions(baseline.commands_per_second_median)
        )?;
        writeln!(
            f,
            "  latency      p50 {} ns, p99 {} ns, p99.9 {} ns, p99.99 {} ns",
            self.p50_ns, self.p99_ns, self.p999_ns, self.p9999_ns
        )?;
        match self.allocations {
            Some(count) => writeln!(f, "  allocations  {count}")?,
            None => writeln!(f, "  allocations  not counted by this program")?,
        }
        write!(f, "  trades       {trades}, volume {volume}, notional {notional}, hash {hash} like {like}")
    }
}

fn millions(count: u64) -> String {
    format!("{:.2} M", count as f64 / 1e6)
}
