//! `journal` and `start`: what needs a log on a disk.

use std::path::PathBuf;
use std::time::Duration;

use super::print;
use crate::journal::{self, measure_start, measure_writing};
use crate::measure::MeasureFault;

/// What a node writes, and how much of it.
#[derive(clap::Args)]
pub struct Journal {
    /// Entries of a batch.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Commands that are timed at most (default 4,096 batches, from 32,768 to
    /// 1,048,576).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    commands: Option<u64>,
    /// Seconds that writing may take, both sides together.
    #[arg(long, value_name = "S", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Folder on the disk to measure (default: that of temporary files).
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// How long a log.
#[derive(clap::Args)]
pub struct Start {
    /// Commands of the log.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
    commands: u64,
    /// Entries behind the snapshot, at most half of the commands (default as many
    /// as a node leaves there at most, 500,000, or half of the commands).
    #[arg(long, value_name = "N")]
    tail: Option<u64>,
    /// Folder on the disk to measure (default: that of temporary files).
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Journal {
    pub(super) fn run(self, json: bool) -> Result<(), MeasureFault> {
        let commands = self.commands.unwrap_or_else(|| (u64::from(self.batch) * 4_096).clamp(1 << 15, 1 << 20));
        let report = measure_writing(&journal::Write {
            batch: self.batch as usize,
            commands,
            spend: Duration::from_secs(self.seconds),
            dir: self.dir.unwrap_or_else(std::env::temp_dir),
        })?;
        print(json, &report);
        Ok(())
    }
}

impl Start {
    pub(super) fn run(self, json: bool) -> Result<(), MeasureFault> {
        let tail = self.tail.unwrap_or_else(|| journal::TAIL_MAX.min(self.commands / 2));
        let dir = self.dir.unwrap_or_else(std::env::temp_dir);
        print(json, &measure_start(&journal::Start { commands: self.commands, tail, dir })?);
        Ok(())
    }
}
