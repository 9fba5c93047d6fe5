//! What happened, in words: the last entries for who must find a fault, all of
//! it for who asked.

use std::collections::VecDeque;
use std::fmt::Write as _;

use berth_domain::{Address, Authority, Entry, Event, Micros};
use berth_exchange::Outcome;

use crate::cast::{AUDITOR, OWNERS, TENANTS, TREASURY, address};
use crate::setting::OPENING;

/// Lines that are kept.
const KEPT: usize = 40;
/// Letters of a command that are shown.
const SHOWN: usize = 600;

#[derive(Debug)]
enum Line {
    Entry(Box<Told>),
    Note(String),
}

#[derive(Debug)]
struct Told {
    entry: Entry,
    came: Option<(Outcome, Vec<Event>)>,
}

/// What is told of a run while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: VecDeque<(u64, Micros, Line)>,
    /// Whether each line is told at once.
    is_loud: bool,
    step: u64,
    now: Micros,
}

impl Trace {
    pub(crate) fn new(is_loud: bool) -> Self {
        Self { is_loud, ..Self::default() }
    }

    pub(crate) const fn step(&mut self, now: Micros) {
        self.step += 1;
        self.now = now;
    }

    pub(crate) const fn steps(&self) -> u64 {
        self.step
    }

    /// An entry that is about to be applied: should the exchange panic, it is
    /// the last that is seen.
    pub(crate) fn entry(&mut self, entry: &Entry) {
        self.push(Line::Entry(Box::new(Told { entry: entry.clone(), came: None })));
    }

    /// What came of the last entry.
    pub(crate) fn came(&mut self, outcome: Outcome, events: &[Event]) {
        if let Some((_, _, Line::Entry(told))) = self.lines.back_mut() {
            told.came = Some((outcome, events.to_vec()));
        }
        if self.is_loud
            && let Some(line) = self.lines.back()
        {
            tell(&show(line));
        }
    }

    /// Something that is no entry.
    pub(crate) fn note(&mut self, note: impl FnOnce() -> String) {
        self.push(Line::Note(note()));
        if self.is_loud
            && let Some(line) = self.lines.back()
        {
            tell(&show(line));
        }
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back((self.step, self.now, line));
    }

    /// The last lines.
    pub(crate) fn last(&self) -> Vec<String> {
        self.lines.iter().map(show).collect()
    }
}

fn show((step, now, line): &(u64, Micros, Line)) -> String {
    let at = |time: Micros| {
        let micros = time.since(OPENING);
        let seconds = micros / 1_000_000;
        format!("{:02}:{:02}:{:02}.{:06}", seconds / 3_600, seconds / 60 % 60, seconds % 60, micros % 1_000_000)
    };
    let shown = match line {
        Line::Note(note) => format!("{step:>6} {} -- {note}", at(*now)),
        Line::Entry(told) => {
            let Told { entry, came } = told.as_ref();
            let mut shown = format!(
                "{step:>6} {} #{} at {} account {} {}: {}",
                at(*now),
                entry.seq,
                at(entry.at),
                entry.account,
                by(&entry.authority),
                cut(format!("{:?}", entry.command))
            );
            match came {
                None => shown.push_str("\n         … the exchange did not come back from it"),
                Some((outcome, events)) => {
                    let _ = write!(shown, "\n         {outcome:?}");
                    for event in events.iter().filter(|event| !matches!(event, Event::ProofStepped(_))) {
                        let _ = write!(shown, "\n           {}", cut(format!("{event:?}")));
                    }
                }
            }
            shown
        }
    };
    named(shown)
}

/// By whom it is said.
fn by(authority: &Authority) -> String {
    match authority {
        Authority::Exchange | Authority::OperatorAttested => "itself".to_owned(),
        Authority::KeyAttested { key } => format!("by key {}", Address(*key)),
        Authority::Signed { key, nonce, .. } | Authority::SignedMessage { key, nonce, .. } => {
            format!("signed by {} at {nonce}", Address(*key))
        }
    }
}

/// The same with names where there are addresses.
fn named(mut line: String) -> String {
    let names = OWNERS.iter().map(|(name, _)| *name).chain(TENANTS).chain([TREASURY, AUDITOR]);
    for name in names {
        let address = address(name).to_string();
        if line.contains(&address) {
            line = line.replace(&address, name);
        }
    }
    line
}

fn cut(text: String) -> String {
    if text.len() <= SHOWN { text } else { text.chars().take(SHOWN).chain("…".chars()).collect() }
}

#[expect(clippy::print_stdout, reason = "who asked for the trace reads it on the terminal")]
fn tell(line: &str) {
    println!("{line}");
}
