//! A strategy over a recorded log: `berth replay --what-if`, with a strategy for
//! the file.

use berth_audit::{WhatIf, WhatIfError, WhatIfReport};
use berth_domain::{Entry, Micros};

use crate::Strategy;
use crate::seat::{Seat, SeatConfig};

/// Plays a log with a strategy's account mixed in, from behind the log's first entry
/// on; gives what would have come of it, and the seat with all that it saw.
///
/// The others say what they said then, whatever the strategy does: they do not react
/// to it. Leases that only the strategy's log has are served well.
///
/// # Errors
/// When the log does not follow, or an entry cannot be read.
pub fn from_log<S: Strategy, E>(
    entries: impl IntoIterator<Item = Result<Entry, E>>,
    strategy: S,
    config: SeatConfig,
) -> Result<(WhatIfReport, Seat<S>), ReplayError<E>> {
    let mut what_if = WhatIf::new(Seat::new(strategy, config, Micros(0)));
    for entry in entries {
        what_if.play(&entry.map_err(ReplayError::Read)?)?;
    }
    Ok(what_if.end()?)
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// An entry cannot be read.
    #[error("reading the log: {0}")]
    Read(E),
    /// The log cannot be played.
    #[error(transparent)]
    Play(#[from] WhatIfError),
}
