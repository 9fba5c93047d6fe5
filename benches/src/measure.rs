//! What a driver does with a workload in how much time, beside a baseline.
//!
//! Each run begins with a new driver whose tables are sized for the workload,
//! fills its books untimed, and then carries out the timed commands batch after
//! batch, with the clock stopped while a batch is prepared and while its events
//! are added up. The driver and its baseline take turns, so that a machine that
//! slows down slows both. Latencies come from a run of their own, command by
//! command; they include two readings of the clock.
//!
//! Where other work is on the machine, most of what differs between runs is that
//! work. A run does the same in each batch, so the quickest that each batch ever
//! was, added up, is what the commands take *undisturbed*.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::allocations::{allocations, are_counted, begin};
use crate::drive::{BATCH, Driver, Tally};
use crate::report::{Baseline, Ratio, Report, Side};
use crate::workload::{Command, Expected, Workload, WorkloadFault, oracle};

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum MeasureFault {
    /// There is no workload.
    #[error(transparent)]
    Workload(#[from] WorkloadFault),
    /// The journal could not be measured.
    #[error("{doing}: {cause}")]
    Journal {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        cause: String,
    },
    /// A node could not be measured.
    #[error("{doing}: {cause}")]
    Node {
        /// What was being done.
        doing: &'static str,
        /// What went wrong.
        cause: String,
    },
    /// Figures of what trades wrongly mean nothing.
    #[error("{name} trades wrongly: it gave {found:?}, {of} says {expected:?}")]
    Wrong {
        /// The driver.
        name: &'static str,
        /// What it gave.
        found: Box<Expected>,
        /// What gives the right answer.
        of: &'static str,
        /// The right answer.
        expected: Box<Expected>,
    },
}

/// One run.
struct Run {
    /// Of each batch.
    spent: Vec<Duration>,
    allocations: u64,
    gave: Expected,
}

/// Measures a driver and a baseline on a workload, `runs` times each.
///
/// # Errors
/// When one of them does not trade as the oracle does, or, where the workload is
/// none whose answer is known, as the first run of the baseline.
///
/// # Panics
/// When `runs` is zero.
pub fn measure<D: Driver, B: Driver>(workload: &Workload, runs: usize) -> Result<Report, MeasureFault> {
    assert!(runs > 0, "figures need a run");
    begin();
    let known = oracle(&workload.header).map(|expected| ("the oracle", expected));
    let mut expected = known;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let other = run::<B>(workload);
        let (of, right) = *expected.get_or_insert((B::NAME, other.gave));
        must_trade::<B>(other.gave, of, right)?;
        let run = run::<D>(workload);
        must_trade::<D>(run.gave, of, right)?;
        others.push(other);
        own.push(run);
    }
    let commands = workload.header.timed;
    let Expected { tally: Tally { trades, volume, notional, hash, .. }, .. } = own[0].gave;
    let [p50_ns, p99_ns, p999_ns, p9999_ns] = latencies::<D, 4>(workload, [500_000, 990_000, 999_000, 999_900]);
    Ok(Report {
        name: D::NAME,
        is_known: known.is_some(),
        commands,
        commands_per_second_best: per_second(commands, own.iter().map(Run::spent).min().unwrap_or_default()),
        commands_per_second_median: per_second(commands, median(&own)),
        commands_per_second_undisturbed: per_second(commands, undisturbed(&own)),
        runs,
        trades,
        volume,
        notional,
        hash: format!("{hash:016x}"),
        p50_ns,
        p99_ns,
        p999_ns,
        p9999_ns,
        allocations: own.iter().map(|run| run.allocations).max().filter(|_| are_counted()),
        baseline: Baseline {
            name: B::NAME,
            commands_per_second_median: per_second(commands, median(&others)),
            commands_per_second_undisturbed: per_second(commands, undisturbed(&others)),
        },
    })
}

/// Measures a driver on two workloads that take turns, `runs` times each.
///
/// # Errors
/// When it does not trade as the oracle does.
///
/// # Panics
/// When `runs` is zero.
pub fn compare<D: Driver>([first, second]: [&Workload; 2], runs: usize) -> Result<Ratio, MeasureFault> {
    assert!(runs > 0, "figures need a run");
    begin();
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        firsts.push(known::<D>(first)?);
        seconds.push(known::<D>(second)?);
    }
    let side = |workload: &Workload, runs: &[Run]| Side {
        commands: workload.header.timed,
        prefill: workload.header.prefill,
        commands_per_second_median: per_second(workload.header.timed, median(runs)),
        commands_per_second_undisturbed: per_second(workload.header.timed, undisturbed(runs)),
    };
    let mut ratios: Vec<f64> = firsts
        .iter()
        .zip(&seconds)
        .map(|(one, other)| {
            per_second(second.header.timed, other.spent()) as f64 / per_second(first.header.timed, one.spent()) as f64
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    let (first, second) = (side(first, &firsts), side(second, &seconds));
    let undisturbed = second.commands_per_second_undisturbed as f64 / first.commands_per_second_undisturbed as f64;
    Ok(Ratio { name: D::NAME, runs, first, second, ratio_median: ratios[runs / 2], ratio_undisturbed: undisturbed })
}

/// Carries a workload out once, for instruments that watch from outside; gives
/// what came of it, and commands per second.
///
/// # Errors
/// When it does not trade as the oracle does.
pub fn once<D: Driver>(workload: &Workload) -> Result<(Tally, u64), MeasureFault> {
    begin();
    let run = known::<D>(workload)?;
    Ok((run.gave.tally, per_second(workload.header.timed, run.spent())))
}

/// A run that gave what the oracle says, where that is known.
fn known<D: Driver>(workload: &Workload) -> Result<Run, MeasureFault> {
    let run = run::<D>(workload);
    if let Some(expected) = oracle(&workload.header) {
        must_trade::<D>(run.gave, "the oracle", expected)?;
    }
    Ok(run)
}

fn must_trade<D: Driver>(found: Expected, of: &'static str, expected: Expected) -> Result<(), MeasureFault> {
    if found == expected {
        return Ok(());
    }
    Err(MeasureFault::Wrong { name: D::NAME, found: Box::new(found), of, expected: Box::new(expected) })
}

/// A driver whose books are full.
fn filled<D: Driver>(workload: &Workload) -> D {
    let mut driver = D::open(workload);
    for batch in workload.prefill().chunks(BATCH) {
        driver.prepare(batch);
        driver.run(batch);
        driver.tell();
    }
    driver.take_tally();
    driver
}

fn run<D: Driver>(workload: &Workload) -> Run {
    let mut driver = filled::<D>(workload);
    let mut spent = Vec::with_capacity(workload.timed().len().div_ceil(BATCH));
    let mut allocated = 0;
    for batch in workload.timed().chunks(BATCH) {
        driver.prepare(batch);
        let before = allocations();
        let start = Instant::now();
        timed(&mut driver, batch);
        spent.push(start.elapsed());
        allocated += allocations() - before;
        driver.tell();
    }
    let (resting, resting_quantity) = driver.resting();
    Run { spent, allocations: allocated, gave: Expected { tally: driver.take_tally(), resting, resting_quantity } }
}

/// The part that is timed, and that `scripts/callgrind` counts, by its name.
#[inline(never)]
fn timed<D: Driver>(driver: &mut D, batch: &[Command]) {
    driver.run(batch);
    // An instrument that waits for this function's end sees it end here.
    black_box(driver);
}

/// Quantiles of the time that one command takes, in nanoseconds; the quantiles
/// in millionths.
fn latencies<D: Driver, const N: usize>(workload: &Workload, quantiles: [u64; N]) -> [u64; N] {
    let mut driver = filled::<D>(workload);
    let mut nanos: Vec<u64> = Vec::with_capacity(workload.timed().len());
    for command in workload.timed().chunks(1) {
        driver.prepare(command);
        let start = Instant::now();
        timed(&mut driver, command);
        nanos.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        driver.tell();
    }
    nanos.sort_unstable();
    quantiles.map(|millionths| {
        let rank = (nanos.len() as u128 * u128::from(millionths)).div_ceil(1_000_000);
        nanos.get((rank as usize).saturating_sub(1)).copied().unwrap_or_default()
    })
}

impl Run {
    fn spent(&self) -> Duration {
        self.spent.iter().sum()
    }
}

fn median(runs: &[Run]) -> Duration {
    let mut spent: Vec<Duration> = runs.iter().map(Run::spent).collect();
    spent.sort_unstable();
    spent[spent.len() / 2]
}

/// The quickest that each batch was, added up.
fn undisturbed(runs: &[Run]) -> Duration {
    let quickest = |batch| runs.iter().map(|run| run.spent[batch]).min().unwrap_or_default();
    (0..runs[0].spent.len()).map(quickest).sum()
}

pub(crate) fn per_second(commands: u64, spent: Duration) -> u64 {
    let nanos = spent.as_nanos().max(1);
    u64::try_from(u128::from(commands) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}
