//! A log played entry by entry on the exchange's own state machine.

use berth_domain::{Digest, Entry, Event, Seq};
use berth_exchange::{Exchange, LogViolation, Outcome};

/// An exchange that follows a log and shows each step.
#[derive(Clone, Debug, Default)]
pub struct Player {
    exchange: Exchange,
    events: Vec<Event>,
}

/// One entry as it was applied.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// What it came to.
    pub outcome: Outcome,
    /// What followed from it, in order.
    pub events: &'a [Event],
    /// The state after it.
    pub after: &'a Exchange,
}

impl Moment<'_> {
    /// Its place.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.entry.seq
    }

    /// BLAKE3 over the entry's canonical bytes.
    #[must_use]
    pub fn hash(&self) -> Digest {
        self.entry.hash()
    }
}

impl Player {
    /// Before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Behind what an exchange has applied.
    #[must_use]
    pub const fn from(exchange: Exchange) -> Self {
        Self { exchange, events: Vec::new() }
    }

    /// The state after the last entry.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Only the state.
    #[must_use]
    pub fn into_exchange(self) -> Exchange {
        self.exchange
    }

    /// Applies the next entry.
    ///
    /// # Errors
    /// When it cannot stand there in any log; nothing has then changed.
    pub fn play<'a>(&'a mut self, entry: &'a Entry) -> Result<Moment<'a>, LogViolation> {
        self.events.clear();
        let outcome = self.exchange.apply(entry, &mut self.events)?;
        Ok(Moment { entry, outcome, events: &self.events, after: &self.exchange })
    }
}
