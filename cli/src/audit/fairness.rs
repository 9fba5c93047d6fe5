//! `berth fairness`: was each lease the best that was to be had at its moment?

use std::ops::ControlFlow;

use berth_audit::Fairness as Judge;
use clap::Args;
use serde_json::json;

use super::name;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

/// Findings that are told; more are counted.
const FINDINGS_MAX: usize = 100;

#[derive(Args)]
pub(crate) struct Fairness {
    #[command(flatten)]
    data: Data,
    /// Only this market's leases: its name or its number.
    #[arg(long)]
    market: Option<String>,
}

impl Fairness {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let mut judge = if self.market.is_some() { Judge::of_one() } else { Judge::new() };
        // A market may be opened at any time; until then it has no leases.
        let mut sought = self.market.as_deref();
        let mut findings = Vec::new();
        let mut unfair = 0_u64;
        let player = self.data.walk(|moment| {
            if let Some(market) = sought.and_then(|name| name::market(moment.after, name).ok()) {
                judge.set_market(market);
                sought = None;
            }
            for found in judge.judge(moment).or_fault("playing the log")? {
                unfair += 1;
                if findings.len() < FINDINGS_MAX {
                    findings.push(found.to_string());
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(nobodys) = sought {
            name::market(player.exchange(), nobodys)?;
        }
        let counts = judge.counts();
        output::object(
            format,
            &json!({
                "toSeq": player.exchange().head().0,
                "market": self.market,
                "judged": counts.judged,
                "chosen": counts.chosen,
                "arranged": counts.arranged,
                "unfair": unfair,
                "findings": findings,
            }),
        );
        if unfair == 0 { Ok(()) } else { Err(Fault::Refused(format!("{unfair} leases should have been others'"))) }
    }
}
