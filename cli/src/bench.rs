//! `berth bench`: workload files, and what is measured of the book, of the whole
//! exchange, of the journal, and of settling.

mod settle;

use berth_benches::measure::MeasureFault;
use berth_benches::verbs::Verb;
use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use self::settle::SettleBench;
use crate::fault::Fault;
use crate::output::Format;

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    measured: Measured,
}

#[derive(Subcommand)]
enum Measured {
    #[command(flatten)]
    Engine(Verb),
    Settle(SettleBench),
}

impl Bench {
    pub(crate) fn run(self, format: Format, runtime: &Runtime) -> Result<(), Fault> {
        let verb = match self.measured {
            Measured::Engine(verb) => verb,
            Measured::Settle(settle) => return runtime.block_on(settle.run(format)),
        };
        verb.run(format != Format::Table).map_err(|fault| match fault {
            MeasureFault::Wrong { .. } => Fault::Refused(fault.to_string()),
            MeasureFault::Workload(_) | MeasureFault::Journal { .. } | MeasureFault::Node { .. } => {
                Fault::CouldNotRun(fault.to_string())
            }
        })
    }
}
