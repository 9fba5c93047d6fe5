//! `berth replay`: replays a log from nothing, also beside a running node.

use std::ops::ControlFlow;
use std::path::PathBuf;

use berth_exchange::StateHash;
use berth_journal::{DataDir, replay};
use clap::Args;
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Replay {
    /// The node's data directory.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
    /// Stops after the batch that holds this entry.
    #[arg(long)]
    to: Option<u64>,
    /// Prints the state hash after every batch in which a multiple of N entries is passed.
    #[arg(long, value_name = "N")]
    state_hash_every: Option<u64>,
    /// The state hash that it must end in, in hexadecimal; another is a finding.
    #[arg(long, value_name = "HASH")]
    expect: Option<String>,
}

impl Replay {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let mut from = None;
        let mut passed = 0;
        let replica = replay(&DataDir::new(self.data), |batch, replica| {
            from.get_or_insert(batch.first().0);
            let seq = replica.exchange().head().0;
            if self.state_hash_every.is_some_and(|n| n > 0 && seq / n > passed / n) {
                println!("{}", json!({ "seq": seq, "stateHash": replica.exchange().state_hash().root().to_string() }));
            }
            passed = seq;
            match self.to {
                Some(to) if seq >= to => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        })
        .or_fault("replaying the log")?;
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

/// A state hash, component by component.
pub(crate) fn components(hash: &StateHash) -> Value {
    json!({
        "ledger": hash.ledger.to_string(),
        "books": hash.books.to_string(),
        "leases": hash.leases.to_string(),
        "providers": hash.providers.to_string(),
    })
}
