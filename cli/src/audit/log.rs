//! `berth log`: what the log says, entry by entry.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use berth_audit::{Moment, Selection, line};
use berth_domain::Seq;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::name;
use super::walk::Data;
use crate::fault::Fault;
use crate::output::{self, Format, Lines};

/// What a table shows of a line, and how wide.
const COLUMNS: [(&str, usize); 6] =
    [("seq", 8), ("at", 16), ("accountId", 9), ("command", 22), ("outcome", 24), ("events", 0)];

#[derive(Args)]
pub(crate) struct Log {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Where the log ends.
    Head,
    /// Prints entries, each with what came of it.
    Cat {
        #[command(flatten)]
        which: Which,
    },
    /// Prints the last entries.
    Tail {
        #[command(flatten)]
        which: Which,
        /// How many.
        #[arg(short = 'n', long, default_value_t = 10)]
        lines: usize,
    },
}

#[derive(Args)]
struct Which {
    /// The first entry.
    #[arg(long)]
    from: Option<u64>,
    /// The last entry.
    #[arg(long)]
    to: Option<u64>,
    /// Commands or events by name, `order.*` for all of a kind. May be repeated.
    #[arg(long = "type", value_name = "NAME")]
    types: Vec<String>,
    /// Whose: an address or a number.
    #[arg(long)]
    account: Option<String>,
    /// Of which market: its name or its number.
    #[arg(long)]
    market: Option<String>,
}

impl Log {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Head => {
                let batch = self.data.open()?.last()?;
                let entry = batch.as_ref().and_then(|batch| batch.entries.last());
                let entry = entry.ok_or_else(|| Fault::CouldNotRun("the log is empty".into()))?;
                let (seq, at) = (entry.seq.0, entry.at.0);
                output::object(format, &json!({ "seq": seq, "at": at, "entryHash": entry.hash().to_string() }));
                Ok(())
            }
            Verb::Cat { which } => {
                let mut lines = Lines::new(format, &COLUMNS);
                which.each(&self.data, |moment| lines.print(&shown(format, moment)))
            }
            Verb::Tail { which, lines } => {
                let mut last = VecDeque::new();
                which.each(&self.data, |moment| {
                    last.push_back(shown(format, moment));
                    if last.len() > lines {
                        last.pop_front();
                    }
                })?;
                let mut lines = Lines::new(format, &COLUMNS);
                last.iter().for_each(|line| lines.print(line));
                Ok(())
            }
        }
    }
}

impl Which {
    /// Shows each line that was asked for.
    fn each(&self, data: &Data, mut show: impl FnMut(&Moment<'_>)) -> Result<(), Fault> {
        let (from, to) = (self.from.map(Seq), self.to.map(Seq));
        let mut selection = Selection { from, to, types: self.types.clone(), ..Selection::default() };
        let player = data.walk(|moment| {
            if to.is_some_and(|to| moment.seq() > to) {
                return Ok(ControlFlow::Break(()));
            }
            // Who is asked for may not be there yet.
            let x = moment.after;
            if let (Some(wanted), None) = (&self.account, selection.account) {
                selection.account = name::account(x, wanted).ok();
            }
            if let (Some(wanted), None) = (&self.market, selection.market) {
                selection.market = name::market(x, wanted).ok();
            }
            let known = selection.account.is_some() == self.account.is_some()
                && selection.market.is_some() == self.market.is_some();
            if known && selection.has(moment) {
                show(moment);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        // A name that nobody has is a mistake, not an empty answer.
        if let (Some(wanted), None) = (&self.account, selection.account) {
            name::account(player.exchange(), wanted)?;
        }
        if let (Some(wanted), None) = (&self.market, selection.market) {
            name::market(player.exchange(), wanted)?;
        }
        Ok(())
    }
}

/// A line whole for programs, in short for people.
fn shown(format: Format, moment: &Moment<'_>) -> Value {
    let mut line = line(moment);
    if format != Format::Table {
        return line;
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let outcome = line["outcome"].as_object().into_iter().flatten();
    let outcome = outcome.map(|(name, value)| match name.as_str() {
        "is" | "code" => text(value),
        made => format!("{} {}", made.trim_end_matches("Id"), text(value)),
    });
    let outcome = outcome.collect::<Vec<_>>().join(" ");
    let events = line["events"].as_array().into_iter().flatten().map(|event| text(&event["type"]));
    let events = events.collect::<Vec<_>>().join(" ");
    line["command"] = line["command"]["type"].take();
    line["outcome"] = outcome.into();
    line["events"] = events.into();
    line
}
