//! Books that others have published, on the same workload and in the same run as
//! Berth's own and the plain maps. Whoever takes part must give the oracle's hash.
//!
//! `cargo run --release --locked --manifest-path benches/peers/Cargo.toml [FILE]`;
//! without a file on the first 300,000 commands of workload a.
//!
//! Tried and left out, since they do not trade as the oracle does:
//!
//! - `matchcore` 0.4.0: a sell order that takes all of one price goes on below its
//!   own limit (order 388 of workload a sells at 99,999 with a limit of 100,000).
//! - `rust-order-book` 0.0.2: its reports name no trades, so there is nothing to
//!   compare; a move changes the order's id.
//! - `nanobook` 0.19.3: had not ended 300,000 commands of workload a after 100
//!   seconds, and refused live orders on workload c.
//! - `rust_ob` 2.5.3: has no move.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of the terminal")]

mod orderbook_rs;

use std::path::Path;
use std::process::ExitCode;

use berth_benches::allocations::CountingAllocator;
use berth_benches::drive::{BooksAlone, Driver, LadderBooks, TreeBooks};
use berth_benches::measure::{MeasureFault, measure};
use berth_benches::workload::{Recipe, Workload};

use crate::orderbook_rs::OrderbookRs;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Runs of each.
const RUNS: usize = 5;

fn main() -> ExitCode {
    let file = std::env::args_os().nth(1);
    match run(file.as_deref().map(Path::new)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("peers: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: Option<&Path>) -> Result<(), MeasureFault> {
    let workload = match file {
        Some(file) => Workload::read(file)?,
        None => Recipe { commands: 300_000, ..Recipe::a() }.make().workload,
    };
    report::<BooksAlone<LadderBooks>>(&workload)?;
    report::<BooksAlone<OrderbookRs>>(&workload)
}

fn report<D: Driver>(workload: &Workload) -> Result<(), MeasureFault> {
    println!("{}", measure::<D, BooksAlone<TreeBooks>>(workload, RUNS)?);
    Ok(())
}
