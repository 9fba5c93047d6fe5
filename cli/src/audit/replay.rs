//! `berth replay`: replays a log from nothing, also beside a running node.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use berth_audit::{Plan, WhatIf, stamp};
use berth_domain::Micros;
use berth_exchange::StateHash;
use clap::Args;
use serde_json::{Value, json};

use super::progress::Progress;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    data: Data,
    /// Stops after the batch that holds this entry, or the last before this time:
    /// `2026-11-21` or `2026-11-21T19:00:00Z`.
    #[arg(long, value_name = "SEQ|TIME", value_parser = parse_to)]
    to: Option<To>,
    /// Prints the state hash after every batch in which a multiple of N entries is passed.
    #[arg(long, value_name = "N")]
    state_hash_every: Option<u64>,
    /// The state hash that it must end in, in hexadecimal; another is a finding.
    #[arg(long, value_name = "HASH")]
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
        let mut from = None;
        let mut passed = 0;
        let replica = self.data.replay(|batch, replica| {
            from.get_or_insert(batch.first().0);
            let seq = replica.exchange().head().0;
            if self.state_hash_every.is_some_and(|n| n > 0 && seq / n > passed / n) {
                println!("{}", json!({ "seq": seq, "stateHash": replica.exchange().state_hash().root().to_string() }));
            }
            passed = seq;
            match self.to {
                Some(To::Seq(to)) if seq >= to => ControlFlow::Break(()),
                Some(To::Time(to)) if replica.exchange().last_at() >= to => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })?;
        let exchange = replica.exchange();
        let hash = exchange.state_hash();
        let root = hash.root().to_string();
        let findings: Vec<String> = self
            .expect
            .filter(|expected| !expected.eq_ignore_ascii_case(&root))
            .map(|expected| format!("the state hash is {root}, expected was {expected}"))
            .into_iter()
            .collect();
        output::object(
            format,
            &json!({
                "fromSeq": from.unwrap_or(0),
                "toSeq": exchange.head().0,
                "entries": exchange.head().0,
                "stateHash": root,
                "components": components(&hash),
                "findings": findings,
            }),
        );
        match findings.first() {
            None => Ok(()),
            Some(finding) => Err(Fault::Refused(finding.clone())),
        }
    }
}

impl Replay {
    fn what_if(&self, file: &Path, format: Format) -> Result<(), Fault> {
        let text = fs::read_to_string(file).or_fault(&format!("reading {}", file.display()))?;
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
