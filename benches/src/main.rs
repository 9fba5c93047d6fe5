//! `berth-benches`: makes workload files and measures what carries them out.
#![expect(clippy::print_stderr, reason = "a program of the terminal")]

use std::process::ExitCode;

use berth_benches::allocations::CountingAllocator;
use berth_benches::measure::MeasureFault;
use berth_benches::verbs::Verb;
use clap::{Parser, ValueEnum};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Makes workload files and measures what carries them out.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Benches {
    /// How answers are printed; `json` adds one object on the last line.
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

fn main() -> ExitCode {
    let Benches { output, verb } = Benches::parse();
    match verb.run(output == Output::Json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("berth-benches: {fault}");
            // 1 is a finding, 2 that it could not run.
            ExitCode::from(if matches!(fault, MeasureFault::Wrong { .. }) { 1 } else { 2 })
        }
    }
}
