//! `berth-benches`: makes workload files and measures what carries them out.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the terminal")]

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use berth_benches::allocations::CountingAllocator;
use berth_benches::drive::{BooksAlone, LadderBooks, TreeBooks};
use berth_benches::generate::generate;
use berth_benches::measure::{MeasureFault, measure, once};
use berth_benches::workload::{Recipe, Workload};
use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

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

#[derive(Subcommand)]
enum Verb {
    /// Writes a workload file.
    Generate {
        /// Which: one book; a hundred books; one book with a million orders.
        flow: Flow,
        /// The file.
        out: PathBuf,
        /// Start of the random numbers (default 1, 2, 3 for a, b, c).
        #[arg(long)]
        seed: Option<u64>,
        /// Timed commands (default 3,000,000).
        #[arg(long)]
        commands: Option<u64>,
    },
    /// Measures the book alone, beside one of the standard library's maps.
    Book {
        /// A workload file.
        file: PathBuf,
        /// Runs of each; the best and the median count.
        #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// Carries the file out once and measures nothing, for instruments that
        /// watch from outside.
        #[arg(long)]
        once: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Flow {
    A,
    B,
    C,
}

fn main() -> ExitCode {
    let Benches { output, verb } = Benches::parse();
    match run(output, verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("berth-benches: {fault}");
            // 1 is a finding, 2 that it could not run.
            ExitCode::from(if matches!(fault, MeasureFault::Wrong { .. }) { 1 } else { 2 })
        }
    }
}

fn run(output: Output, verb: Verb) -> Result<(), MeasureFault> {
    match verb {
        Verb::Generate { flow, out, seed, commands } => {
            let recipe = match flow {
                Flow::A => Recipe::a(),
                Flow::B => Recipe::b(),
                Flow::C => Recipe::c(),
            };
            let recipe =
                Recipe { seed: seed.unwrap_or(recipe.seed), commands: commands.unwrap_or(recipe.commands), ..recipe };
            print(output, &generate(recipe, &out)?);
        }
        Verb::Book { file, runs, once: false } => {
            let workload = Workload::read(&file)?;
            print(output, &measure::<BooksAlone<LadderBooks>, BooksAlone<TreeBooks>>(&workload, runs.into())?);
        }
        Verb::Book { file, once: true, .. } => {
            let workload = Workload::read(&file)?;
            let tally = once::<BooksAlone<LadderBooks>>(&workload)?;
            println!("{} commands, hash {:016x}", workload.header.timed, tally.hash);
        }
    }
    Ok(())
}

fn print(output: Output, answer: &(impl Display + Serialize)) {
    println!("{answer}");
    if output == Output::Json {
        println!("{}", serde_json::to_string(answer).expect("numbers and names are JSON"));
    }
}
