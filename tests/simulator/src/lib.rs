//! A deterministic simulator of the whole line.
//!
//! Several tenants, quoting bots, agents and a settlement follower trade through
//! a simulated network with a node: a sequencer before the real
//! [`berth_exchange::Exchange`], with a simulated disk behind it. Clocks, ways of
//! messages, ledgers of the chain, losses, repetitions, deaths and crashes come
//! out of a seed and of nothing else, so a run that fails can be run again. No
//! step is taken on another thread, by another clock, or in the order of an
//! unordered map.
//!
//! After every durable entry a referee checks the rules of the design; after
//! every crash the node that reads its log back must equal a twin that never
//! stopped. `docs/testing.md` says how to use it.

mod agenda;
mod bug;
mod cast;
mod chain;
mod coverage;
mod dice;
mod line;
mod panics;
mod people;
mod reads;
mod referee;
mod setting;
mod settler;
mod trace;
mod world;

use std::fmt;

pub use bug::{Bug, LineBug};
pub use coverage::Coverage;
pub use referee::Violation;
pub use world::Summary;

use crate::bug::Switch;
use crate::referee::rule;
use crate::trace::Trace;
use crate::world::World;

/// A run that broke a rule.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// The step at which it did.
    pub step: u64,
    /// The rule, and what was found.
    pub violation: Violation,
    /// The last entries and what came of them.
    pub last: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, step, violation: Violation { rule, detail }, last } = self;
        for line in last {
            writeln!(f, "{line}")?;
        }
        write!(f, "\nseed {seed}, step {step}: it does not hold that {rule}\n  {detail}")
    }
}

/// One run: a function of this and of nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    /// Out of which the world and all chance in it come.
    pub seed: u64,
    /// A bug that is planted in it.
    pub bug: Option<Bug>,
    /// Whether everything that happens is told on the terminal.
    pub is_traced: bool,
}

impl Run {
    /// The run of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }
}

/// Runs a world to its end.
///
/// # Errors
/// When a rule is broken, or the exchange panics.
pub fn simulate(run: &Run) -> Result<Summary, Failure> {
    let _switch = Switch::on(run.bug);
    let mut trace = Trace::new(run.is_traced);
    let outcome = panics::caught(|| World::new(run, &mut trace).run());
    let outcome = outcome.unwrap_or_else(|words| Err(rule::PANIC.broken(words)));
    outcome.map_err(|violation| Failure { seed: run.seed, step: trace.steps(), violation, last: trace.last() })
}
