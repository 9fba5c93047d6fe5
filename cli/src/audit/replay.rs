//! `berth replay`: replays a log from nothing, also beside a running node.

use std::path::{Path, PathBuf};

use berth_audit::{Plan, Player, WhatIf, stamp};
use berth_domain::{Command, Micros, Seq};
use berth_exchange::{Exchange, StateHash};
use berth_journal::{FollowError, Tip, encode_events, next_digest};
use clap::Args;
use serde_json::{Value, json};

use super::expected::Expected;
use super::progress::Progress;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    data: Data,
    /// Stops behind this entry, or behind the last one before this time:
    /// `2026-11-21` or `2026-11-21T19:00:00Z`.
    #[arg(long, value_name = "SEQ|TIME", value_parser = parse_to)]
    to: Option<To>,
    /// Prints the state hash behind every entry whose number is a multiple of N.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    state_hash_every: Option<u64>,
    /// State hashes that it must come to; others are findings. A file with what
    /// `replay` printed in any format or `verify` as JSON, with or without
    /// `--state-hash-every`; or the hash that it must end in, in hexadecimal.
    #[arg(long, value_name = "FILE|HASH")]
    expect: Option<String>,
    /// Says what would have been traded if one more account had said what is in
    /// this file: a line `{"address", "funds"}`, then one for each command,
    /// `{"at", "method", "params"}`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["state_hash_every", "expect"])]
    what_if: Option<PathBuf>,
}

/// Where a replay ends.
#[derive(Clone, Copy)]
enum To {
    Seq(u64),
    Time(Micros),
}

fn parse_to(text: &str) -> Result<To, String> {
    match (text.parse(), stamp(text)) {
        (Ok(0), _) => Err("the first entry is 1".to_owned()),
        (Ok(seq), _) => Ok(To::Seq(seq)),
        (_, Some(at)) => Ok(To::Time(at)),
        _ => Err("is no sequence number, and no time such as 2026-11-21T19:00:00Z".to_owned()),
    }
}

impl Replay {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        if let Some(file) = &self.what_if {
            return self.what_if(file, format);
        }
        let mut expected = self.expect.as_deref().map(Expected::read).transpose()?.unwrap_or_default();
        let mut marks = Marks { format, every: self.state_hash_every, printed: Vec::new(), findings: Vec::new() };
        let mut progress = Progress::new();
        let log = self.data.open()?;
        let (mut player, mut tip) = (Player::new(), Tip::default());
        'log: for batch in log.batches(Seq(0)) {
            let batch = batch?;
            tip.check(&batch).or_fault(&format!("replaying the log, the batch at {}", batch.first()))?;
            let mut begins = batch.epoch > tip.epoch && tip.seq > Seq(0);
            for entry in &batch.entries {
                if matches!(entry.command, Command::Resumed(_)) != std::mem::take(&mut begins) {
                    return Err(Fault::while_doing("replaying the log", FollowError::Resumption(entry.seq)));
                }
                let is_behind = match self.to {
                    Some(To::Seq(to)) => entry.seq.0 > to,
                    Some(To::Time(to)) => entry.at >= to,
                    None => false,
                };
                if is_behind {
                    break 'log;
                }
                let moment = player.play(entry).or_fault("replaying the log")?;
                tip.events = next_digest(&tip.events, entry.seq, &encode_events(moment.events));
                marks.at(moment.after, &mut expected);
                progress.at(entry.seq);
            }
            tip = Tip { seq: batch.last(), hash: batch.hash, epoch: batch.epoch, events: tip.events };
        }
        drop(progress);
        let x = player.exchange();
        if let Some(To::Seq(to)) = self.to.filter(|to| matches!(to, To::Seq(to) if *to > x.head().0)) {
            return Err(Fault::CouldNotRun(format!(
                "--to: entry {to} is asked for, and the log ends at entry {}",
                x.head()
            )));
        }
        if self.to.is_some() && x.head() == Seq(0) {
            return Err(Fault::CouldNotRun("--to: no entry of the log is that early".to_owned()));
        }
        marks.end(x, &expected)
    }
}

/// What is printed on the way, and what was found.
struct Marks {
    format: Format,
    every: Option<u64>,
    printed: Vec<Value>,
    findings: Vec<String>,
}

impl Marks {
    fn at(&mut self, x: &Exchange, expected: &mut Expected) {
        let seq = x.head().0;
        let is_printed = self.every.is_some_and(|every| seq.is_multiple_of(every));
        let told = expected.behind.remove(&seq);
        if !is_printed && told.is_none() {
            return;
        }
        let hash = x.state_hash();
        for told in told.into_iter().flatten() {
            self.findings.extend(told.finding(seq, &hash));
        }
        if is_printed {
            let mark = json!({ "seq": seq, "stateHash": hash.root().to_string(), "components": components(&hash) });
            match self.format {
                Format::Json => self.printed.push(mark),
                Format::Jsonl => output::object(self.format, &mark),
                Format::Table => output::text(&format!("{seq:<12}  {}", hash.root())),
            }
        }
    }

    fn end(mut self, x: &Exchange, expected: &Expected) -> Result<(), Fault> {
        let (seq, hash) = (x.head().0, x.state_hash());
        self.findings.extend(expected.end.iter().filter_map(|told| told.finding(seq, &hash)));
        let beyond = expected.behind.keys().map(|at| format!("entry {at} is expected, and the replay ends at {seq}"));
        self.findings.extend(beyond);
        let mut report = json!({
            "fromSeq": u64::from(seq > 0),
            "toSeq": seq,
            "entries": seq,
            "stateHash": hash.root().to_string(),
            "components": components(&hash),
            "findings": self.findings,
        });
        if self.every.is_some() && self.format == Format::Json {
            report["stateHashes"] = self.printed.into();
        }
        output::object(self.format, &report);
        match self.findings.first() {
            None => Ok(()),
            Some(finding) => Err(Fault::Refused(finding.clone())),
        }
    }
}

impl Replay {
    fn what_if(&self, file: &Path, format: Format) -> Result<(), Fault> {
        let text = crate::file::text(file)?;
        let mut what_if = WhatIf::new(Plan::read(&text).or_fault(&file.display().to_string())?);
        let log = self.data.open()?;
        let mut progress = Progress::new();
        'log: for batch in log.linked() {
            for entry in &batch?.entries {
                match self.to {
                    Some(To::Seq(to)) if entry.seq.0 > to => break 'log,
                    Some(To::Time(to)) if entry.at >= to => break 'log,
                    _ => what_if.play(entry).or_fault("the backtest")?,
                }
                progress.at(entry.seq);
            }
        }
        drop(progress);
        let report = what_if.finish().or_fault("the backtest")?;
        output::object(format, &serde_json::to_value(report).or_fault("showing the report")?);
        Ok(())
    }
}

/// A state hash, component by component.
pub(crate) fn components(hash: &StateHash) -> Value {
    json!({
        "ledger": hash.ledger.to_string(),
        "books": hash.books.to_string(),
        "leases": hash.leases.to_string(),
        "providers": hash.providers.to_string(),
    })
}
