//! Checks and tools of the repository, in Rust: `cargo xtask ci`, `tidy`,
//! `graph`, `fuzz`, `simulate`, `memory`, `peers`, `nightly`.
#![expect(clippy::print_stdout, reason = "a tool of the terminal")]

mod ci;
mod fuzz;
mod graph;
mod memory;
mod nightly;
mod peers;
mod shell;
mod simulate;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

/// Checks and tools of the repository.
#[derive(Parser)]
enum Task {
    /// Everything that must pass: format, lints, tidiness, crate graph, tests, contracts.
    Ci,
    /// What lints cannot see: file lengths, leftovers, crate headers.
    Tidy,
    /// The graph of our crates against the picture in the repository.
    Graph {
        /// Writes the picture anew.
        #[arg(long)]
        bless: bool,
    },
    /// Byte strings that a fuzzer makes up, as commands and as logs.
    Fuzz(fuzz::Fuzz),
    /// Worlds out of seeds, from clients to the chain, with faults in them.
    Simulate(simulate::Simulate),
    /// The unsafe code under Miri and valgrind.
    Memory,
    /// Books that others have published, beside Berth's own.
    Peers,
    /// The long loops that CI runs short, and what it leaves out.
    Nightly,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Ci => ci::run(),
        Task::Tidy => tidy::check(),
        Task::Graph { bless } => graph::check(bless),
        Task::Fuzz(what) => fuzz::run(&what),
        Task::Simulate(simulate) => simulate::run(&simulate),
        Task::Memory => memory::run(),
        Task::Peers => peers::run(),
        Task::Nightly => nightly::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            println!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}
