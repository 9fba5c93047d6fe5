//! `gateway` and `sockets`: what needs a node of its own.

use std::path::PathBuf;
use std::time::Duration;

use super::print;
use crate::gateway::{self, Mix, measure_gateway, measure_sockets};
use crate::measure::MeasureFault;

/// What a node is asked, and by how many.
#[derive(clap::Args)]
pub struct Gateway {
    /// Connections, each with an account and a host of its own.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    connections: u16,
    /// Requests of each connection that may wait for their answers at once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=56))]
    in_flight: u16,
    /// Quotes of a request.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=200))]
    batch: u16,
    /// Requests of all connections in a second; latencies then count from when each
    /// was to be sent (default: as many as are answered).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
    /// Of how many requests how many are sets of quotes, and how many orders, each
    /// cancelled by the next request.
    #[arg(long, value_name = "QUOTES:ORDERS", default_value = "1:0")]
    mix: Mix,
    /// Seconds that the load may take.
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Folder on the disk to measure (default: that of temporary files).
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// How many sockets.
#[derive(clap::Args)]
pub struct Sockets {
    /// Sockets, each subscribed to the heartbeat.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=16_000))]
    sockets: u32,
    /// Seconds for which another client is measured, before the stalled one and
    /// beside it; there 8 at least.
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Folder for the node's data (default: that of temporary files).
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Gateway {
    pub(super) fn run(self, json: bool) -> Result<(), MeasureFault> {
        let report = measure_gateway(&gateway::Load {
            program: program()?,
            connections: self.connections.into(),
            in_flight: self.in_flight.into(),
            batch: self.batch.into(),
            rate: self.rate,
            mix: self.mix,
            spend: Duration::from_secs(self.seconds),
            dir: self.dir.unwrap_or_else(std::env::temp_dir),
        })?;
        print(json, &report);
        Ok(())
    }
}

impl Sockets {
    pub(super) fn run(self, json: bool) -> Result<(), MeasureFault> {
        let report = measure_sockets(&gateway::Sockets {
            program: program()?,
            sockets: self.sockets as usize,
            spend: Duration::from_secs(self.seconds),
            dir: self.dir.unwrap_or_else(std::env::temp_dir),
        })?;
        print(json, &report);
        Ok(())
    }
}

/// The node is this very program.
fn program() -> Result<PathBuf, MeasureFault> {
    std::env::current_exe()
        .map_err(|e| MeasureFault::Node { doing: "looking for the program that serves", cause: e.to_string() })
}
