//! What runs met: they are worth their time only if they go everywhere.

use std::collections::BTreeMap;
use std::fmt;

use berth_domain::{Entry, Event};
use berth_exchange::Outcome;

/// How often something of a kind was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<(&'static str, &'static str), u64>);

impl Coverage {
    /// Meets something once more.
    pub(crate) fn meet(&mut self, kind: &'static str, name: &'static str) {
        *self.0.entry((kind, name)).or_default() += 1;
    }

    pub(crate) fn count(&mut self, entry: &Entry, outcome: Outcome, events: &[Event]) {
        let command = entry.command.name();
        match outcome {
            Outcome::Done(_) => self.meet("done", command),
            Outcome::Repeated(_) => self.meet("repeated", command),
            Outcome::Refused(code) => self.meet("refused", code.as_str()),
        }
        for event in events {
            self.meet("event", event.name());
            match event {
                Event::OrderCancelled(ended) => self.meet("cancelled", ended.reason.as_str()),
                Event::BidCancelled(ended) => self.meet("cancelled", ended.reason.as_str()),
                Event::StandbyReleased(released) => self.meet("released", released.reason.as_str()),
                Event::VerificationEnded(ended) => self.meet("verdict", ended.verdict.as_str()),
                Event::LeaseClosed(closed) => self.meet("closed", closed.reason.as_str()),
                _ => {}
            }
        }
    }

    /// Adds what another run met.
    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(*what).or_default() += times;
        }
    }

    /// How often something was met.
    #[must_use]
    pub fn of(&self, kind: &str, name: &str) -> u64 {
        self.0.iter().find(|((k, n), _)| (*k, *n) == (kind, name)).map_or(0, |(_, times)| *times)
    }

    /// How often anything of a kind was met.
    #[must_use]
    pub fn all(&self, kind: &str) -> u64 {
        self.0.iter().filter(|((k, _), _)| *k == kind).map(|(_, times)| times).sum()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|((kind, name), times)| writeln!(f, "{times:>10}  {kind} {name}"))
    }
}
