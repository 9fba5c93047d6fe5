//! `cargo xtask simulate`: runs the worlds of many seeds, or that of one again.

use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use berth_simulator::{Coverage, Failure, Run, simulate};
use clap::Parser;

/// Simulates the whole line, from clients to the chain, out of seeds.
#[derive(Parser)]
struct Args {
    /// Seeds to run, from the first on.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Runs this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Tells everything that happens in it.
    #[arg(long, requires = "seed")]
    trace: bool,
    /// Says at the end what was met, and how often.
    #[arg(long)]
    met: bool,
}

/// What all runs came to.
#[derive(Default)]
struct Tally {
    runs: u64,
    entries: u64,
    steps: u64,
    coverage: Coverage,
    failure: Option<Failure>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (first, last) = match args.seed {
        Some(seed) => (seed, seed),
        None => (args.first, args.first.saturating_add(args.seeds.saturating_sub(1))),
    };
    #[expect(clippy::disallowed_types, reason = "how long all runs took is no matter of any of them")]
    let from = std::time::Instant::now();
    let tally = run(first, last, &args);
    let took = from.elapsed().as_secs();
    report(&tally, took, args.met)
}

/// Runs the seeds on all cores. A seed that fails ends it, once all smaller ones
/// are through, so that the same one is told each time.
fn run(first: u64, last: u64, args: &Args) -> Tally {
    let (next, end) = (AtomicU64::new(first), AtomicU64::new(last));
    let tally = Mutex::new(Tally::default());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > end.load(Ordering::Relaxed) {
                return;
            }
            let run = Run { seed, bug: None, is_traced: args.trace };
            let outcome = simulate(&run);
            let mut tally = tally.lock().expect("nobody panics while he adds");
            tally.runs += 1;
            match outcome {
                Ok(summary) => {
                    tally.entries += summary.entries;
                    tally.steps += summary.steps;
                    tally.coverage.add(&summary.coverage);
                }
                Err(failure) => {
                    end.fetch_min(seed, Ordering::Relaxed);
                    if tally.failure.as_ref().is_none_or(|other| seed < other.seed) {
                        tally.failure = Some(failure);
                    }
                }
            }
        }
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    tally.into_inner().expect("nobody panics while he adds")
}

#[expect(clippy::print_stdout, reason = "a tool of the terminal")]
fn report(tally: &Tally, seconds: u64, is_met_told: bool) -> ExitCode {
    if is_met_told {
        print!("{}", tally.coverage);
    }
    let Tally { runs, entries, steps, coverage, failure } = tally;
    if let Some(failure) = failure {
        println!("{failure}");
        println!("again: cargo xtask simulate --seed {} (--trace tells everything)", failure.seed);
        return ExitCode::FAILURE;
    }
    let (crashes, torn, leases) =
        (coverage.of("met", "crash"), coverage.of("met", "torn tail"), coverage.of("event", "lease.closed"));
    println!(
        "{runs} seeds hold: {steps} steps, {entries} entries, {leases} leases, {crashes} crashes of the node, \
         {torn} torn tails, in {seconds} s"
    );
    ExitCode::SUCCESS
}
