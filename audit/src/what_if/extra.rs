//! Who is mixed in.

use berth_domain::{AccountId, Address, Command, Event, Micros, Seq, Stroops};
use berth_exchange::{Exchange, Outcome};

/// The extra account: what it says, and when.
pub trait Extra {
    /// Its key.
    fn address(&self) -> Address;

    /// What it begins with.
    fn funds(&self) -> Stroops;

    /// When it says something next.
    fn next(&self) -> Option<Micros>;

    /// What it says at that time, or nothing after all.
    fn say(&mut self, x: &Exchange, account: AccountId, at: Micros) -> Option<Speech>;

    /// An entry of the other log was applied; `x` is the state behind it.
    fn hear(&mut self, _x: &Exchange, _heard: &Heard<'_>) {}

    /// What it would have said after the end of the log, each in words.
    fn unsaid(&self, end: Micros) -> Vec<String>;
}

/// Something that the extra account says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// What the report calls it.
    pub label: String,
    /// The command, or why it comes to none.
    pub said: Result<Command, String>,
}

/// An entry of the other log.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// Its place there.
    pub seq: Seq,
    /// When it was.
    pub at: Micros,
    /// Who said it.
    pub account: AccountId,
    /// What it came to.
    pub outcome: Outcome,
    /// What followed from it.
    pub events: &'a [Event],
}
