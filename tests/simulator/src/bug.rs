//! Bugs that are planted to see that they are found.

/// A bug of the line around the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineBug {
    /// The sequencer answers before the entry is on the disk.
    AnswersEarly,
    /// Recovery leaves a torn tail where it is and writes on behind it.
    TailNotCut,
    /// The sequencer appends no ticks before an entry that needs them.
    TickMissing,
    /// A run of the node begins without saying so.
    ResumptionMissing,
    /// The settler moves on in the chain's events before the exchange has
    /// answered.
    FactSkipped,
}

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Of the line.
    Line(LineBug),
}

impl Bug {
    pub(crate) const fn of_line(self) -> Option<LineBug> {
        match self {
            Self::Line(bug) => Some(bug),
        }
    }
}
