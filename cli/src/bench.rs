//! `berth bench`: workload files, and what is measured of the book, of the whole
//! exchange and of the journal.

use berth_benches::measure::MeasureFault;
use berth_benches::verbs::Verb;
use clap::Args;

use crate::fault::Fault;
use crate::output::Format;

#[derive(Args)]
pub(crate) struct Bench {
    #[command(subcommand)]
    verb: Verb,
}

impl Bench {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        self.verb.run(format != Format::Table).map_err(|fault| match fault {
            MeasureFault::Wrong { .. } => Fault::Refused(fault.to_string()),
            MeasureFault::Workload(_) | MeasureFault::Journal { .. } | MeasureFault::Node { .. } => {
                Fault::CouldNotRun(fault.to_string())
            }
        })
    }
}
