//! Where two logs, or two builds over one log, part.

use berth_domain::{Digest, Entry, Seq};
use berth_exchange::{LogViolation, StateHash};

use crate::diff::{Difference, differences};
use crate::player::Player;

/// Two logs side by side, entry by entry.
#[derive(Clone, Debug, Default)]
pub struct Bisection {
    a: Player,
    b: Player,
}

/// The first place at which two logs differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The place.
    pub seq: Seq,
    /// How they differ there.
    pub kind: PartingKind,
    /// Components of the state hash that differ behind it; empty when the states
    /// are the same or one of them ends there.
    pub components: Vec<&'static str>,
    /// What differs in them, thing by thing.
    pub differences: Vec<Difference>,
}

/// How two logs differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartingKind {
    /// They say different things; the hashes of their entries.
    Entries {
        /// The first log's.
        a: Digest,
        /// The second log's.
        b: Digest,
    },
    /// They say the same, and one was written by a build to which other events
    /// followed from what was said before.
    Events,
    /// The first log ends before it.
    EndOfA,
    /// The second log ends before it.
    EndOfB,
}

/// Things whose differences are told; more are counted by nobody.
const DIFFERENCES_MAX: usize = 100;

impl Bisection {
    /// Before the first entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares the next entries, or the end of a log, and plays them. None while
    /// they are the same.
    ///
    /// # Errors
    /// When an entry cannot stand there in any log.
    pub fn step(&mut self, a: Option<&Entry>, b: Option<&Entry>) -> Result<Option<Parting>, LogViolation> {
        let seq = self.a.exchange().head().next();
        let kind = match (a, b) {
            (None, None) => return Ok(None),
            (None, Some(_)) => PartingKind::EndOfA,
            (Some(_), None) => PartingKind::EndOfB,
            (Some(a), Some(b)) => {
                self.a.play(a)?;
                self.b.play(b)?;
                if a == b {
                    return Ok(None);
                }
                PartingKind::Entries { a: a.hash(), b: b.hash() }
            }
        };
        Ok(Some(self.part(seq, kind)))
    }

    /// That the builds which wrote the logs part before an entry, by the digests
    /// of events that their batches carry.
    #[must_use]
    pub fn events_part(&self, seq: Seq) -> Parting {
        self.part(seq, PartingKind::Events)
    }

    /// The state hashes behind the last entries.
    #[must_use]
    pub fn hashes(&self) -> (StateHash, StateHash) {
        (self.a.exchange().state_hash(), self.b.exchange().state_hash())
    }

    fn part(&self, seq: Seq, kind: PartingKind) -> Parting {
        let (a, b) = self.hashes();
        let pairs = [
            ("ledger", a.ledger, b.ledger),
            ("books", a.books, b.books),
            ("leases", a.leases, b.leases),
            ("providers", a.providers, b.providers),
        ];
        let components = pairs.into_iter().filter(|(_, a, b)| a != b).map(|(name, ..)| name).collect();
        let told = differences(self.a.exchange(), self.b.exchange()).take(DIFFERENCES_MAX).collect();
        Parting { seq, kind, components, differences: told }
    }
}
