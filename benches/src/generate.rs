//! Writes the well-known workload files.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::drive::Tally;
use crate::workload::{Expected, Made, Recipe, WorkloadFault};

/// What was written.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generated {
    /// The file.
    pub file: PathBuf,
    /// What it was made from.
    pub seed: u64,
    /// Books.
    pub books: u32,
    /// Commands that fill the books.
    pub prefill: u64,
    /// Commands that are timed.
    pub commands: u64,
    /// Trades of those.
    pub trades: u64,
    /// The sum of their quantities.
    pub volume: u64,
    /// The sum of their quantities times prices.
    pub notional: u128,
    /// Over the trades in their order: 16 hex digits.
    pub hash: String,
    /// Orders that rest at the end.
    pub resting: u64,
}

/// Makes a workload and writes it into a file.
///
/// # Errors
/// When the file cannot be written.
pub fn generate(recipe: Recipe, file: &Path) -> Result<Generated, WorkloadFault> {
    let Made { workload, expected } = recipe.make();
    workload.write(file)?;
    let Expected { tally: Tally { trades, volume, notional, hash, .. }, resting, .. } = expected;
    Ok(Generated {
        file: file.to_owned(),
        seed: workload.header.seed,
        books: workload.header.books,
        prefill: workload.header.prefill,
        commands: workload.header.timed,
        trades,
        volume,
        notional,
        hash: format!("{hash:016x}"),
        resting,
    })
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, books, prefill, commands, trades, volume, notional, hash, resting, .. } = self;
        writeln!(f, "{}: {books} books, {prefill} commands to fill them, {commands} to time", file.display())?;
        write!(f, "  {trades} trades, volume {volume}, notional {notional}, hash {hash}, {resting} orders rest")
    }
}
