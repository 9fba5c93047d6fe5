//! Bugs that are planted to see that they are found. Those of the line are the
//! simulator's own; those of the engine are in `berth-exchange` behind its
//! feature `planted-bugs`, each at the place of the rule that it breaks.

#[cfg(feature = "planted-bugs")]
use berth_exchange::Planted;

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
    /// Of the exchange.
    #[cfg(feature = "planted-bugs")]
    Engine(Planted),
}

impl Bug {
    pub(crate) const fn of_line(self) -> Option<LineBug> {
        match self {
            Self::Line(bug) => Some(bug),
            #[cfg(feature = "planted-bugs")]
            Self::Engine(_) => None,
        }
    }
}

/// Switches an engine's bug on for as long as it lives.
pub(crate) struct Switch;

impl Switch {
    pub(crate) fn on(bug: Option<Bug>) -> Self {
        #[cfg(feature = "planted-bugs")]
        berth_exchange::planted::plant(match bug {
            Some(Bug::Engine(planted)) => Some(planted),
            _ => None,
        });
        let _ = bug;
        Self
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        #[cfg(feature = "planted-bugs")]
        berth_exchange::planted::plant(None);
    }
}
