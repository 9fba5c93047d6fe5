//! `berth log`: what the log says, entry by entry.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use berth_audit::{Moment, Selection, is_type, line};
use berth_domain::Seq;
use berth_exchange::Exchange;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::name;
use super::walk::Data;
use crate::fault::{Fault, While};
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
        /// Goes on with new entries as the node commits them, until Ctrl-C or until
        /// nobody reads any more.
        #[arg(short, long, conflicts_with = "to")]
        follow: bool,
    },
}

#[derive(Args)]
struct Which {
    /// The first entry.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// The last entry.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    to: Option<u64>,
    /// Commands or events by name, `order.*` for all of a kind. May be repeated.
    #[arg(long = "type", value_name = "NAME", value_parser = parse_type)]
    types: Vec<String>,
    /// Whose: an address or a number.
    #[arg(long)]
    account: Option<String>,
    /// Of which market: its name or its number.
    #[arg(long)]
    market: Option<String>,
}

/// A name that nothing has is a mistake, and not an empty answer.
fn parse_type(text: &str) -> Result<String, String> {
    if is_type(text) { Ok(text.to_owned()) } else { Err("no command and no event has this name".to_owned()) }
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
                which.is_in_order()?;
                let from = which.from.map_or(Seq(1), Seq);
                let mut wanted = Wanted::new(which);
                self.data.walk_from(from, |moment| {
                    Ok(wanted.next(moment, |moment| {
                        lines.print(&shown(format, moment));
                        lines.is_read()
                    }))
                })?;
                wanted.named_all(&self.data)
            }
            Verb::Tail { which, lines, follow } => tail(&self.data, format, which, lines, follow),
        }
    }
}

fn tail(data: &Data, format: Format, which: Which, count: usize, follow: bool) -> Result<(), Fault> {
    let interrupted = if follow { Some(interruption()?) } else { None };
    let mut last = VecDeque::new();
    which.is_in_order()?;
    let from = which.tail_from(data, count)?;
    let mut wanted = Wanted::new(which);
    let player = data.walk_from(from, |moment| {
        Ok(wanted.next(moment, |moment| {
            last.push_back(shown(format, moment));
            if last.len() > count {
                last.pop_front();
            }
            ControlFlow::Continue(())
        }))
    })?;
    let mut lines = Lines::new(format, &COLUMNS);
    last.iter().for_each(|line| lines.print(line));
    let Some(interrupted) = interrupted else { return wanted.named_all(data) };
    if lines.is_read().is_break() {
        return Ok(());
    }
    data.follow(
        player,
        || interrupted.load(Ordering::Acquire),
        |moment| {
            Ok(wanted.next(moment, |moment| {
                lines.print(&shown(format, moment));
                lines.is_read()
            }))
        },
    )
}

/// Set when the user has seen enough: then what was begun is ended, instead of
/// being cut off.
fn interruption() -> Result<Arc<AtomicBool>, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.or_fault("starting the runtime")?;
    let flag = Arc::new(AtomicBool::new(false));
    let listen = {
        let _guard = runtime.enter();
        signal(SignalKind::interrupt()).or_fault("listening for Ctrl-C")?
    };
    std::thread::spawn({
        let (flag, mut listen) = (Arc::clone(&flag), listen);
        move || {
            runtime.block_on(listen.recv());
            flag.store(true, Ordering::Release);
        }
    });
    Ok(flag)
}

impl Which {
    fn is_in_order(&self) -> Result<(), Fault> {
        match (self.from, self.to) {
            (Some(from), Some(to)) if from > to => {
                Err(Fault::CouldNotRun(format!("--from: entry {from} is behind entry {to} of --to")))
            }
            _ => Ok(()),
        }
    }

    /// Where to begin for the last lines: a choice by name or type may be anywhere.
    fn tail_from(&self, data: &Data, count: usize) -> Result<Seq, Fault> {
        let from = self.from.map_or(Seq(1), Seq);
        if !self.types.is_empty() || self.account.is_some() || self.market.is_some() {
            return Ok(from);
        }
        let last = data.open()?.last()?.map_or(Seq(0), |batch| batch.last());
        let last = self.to.map_or(last, |to| last.min(Seq(to)));
        // One more: with no lines to show there is still one to begin at.
        Ok(from.max(Seq(last.0.saturating_sub(count as u64) + 1)).min(last))
    }
}

/// The lines that were asked for, while the log goes by.
struct Wanted {
    which: Which,
    selection: Selection,
}

impl Wanted {
    fn new(which: Which) -> Self {
        let (from, to) = (which.from.map(Seq), which.to.map(Seq));
        let selection = Selection { from, to, types: which.types.clone(), ..Selection::default() };
        Self { which, selection }
    }

    /// Shows a line if it was asked for, and breaks behind the last.
    fn next(&mut self, moment: &Moment<'_>, show: impl FnOnce(&Moment<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.which.to.is_some_and(|to| moment.seq() > Seq(to)) {
            return ControlFlow::Break(());
        }
        self.name(moment.after);
        if self.knows_all() && self.selection.has(moment) { show(moment) } else { ControlFlow::Continue(()) }
    }

    /// Who is asked for may not be there yet.
    fn name(&mut self, x: &Exchange) {
        let Self { which, selection } = self;
        if let (Some(wanted), None) = (&which.account, selection.account) {
            selection.account = name::account(x, wanted).ok();
        }
        if let (Some(wanted), None) = (&which.market, selection.market) {
            selection.market = name::market(x, wanted).ok();
        }
    }

    fn knows_all(&self) -> bool {
        let Self { which, selection } = self;
        selection.account.is_some() == which.account.is_some() && selection.market.is_some() == which.market.is_some()
    }

    /// A name that nobody has is a mistake, not an empty answer.
    ///
    /// # Errors
    /// When there is nobody of that name at the end of what was asked for.
    fn named_all(&self, data: &Data) -> Result<(), Fault> {
        if self.knows_all() {
            return Ok(());
        }
        let x = data.end()?;
        if let (Some(wanted), None) = (&self.which.account, self.selection.account) {
            name::account(&x, wanted)?;
        }
        if let (Some(wanted), None) = (&self.which.market, self.selection.market) {
            name::market(&x, wanted)?;
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
