//! `berth bundle` and `berth verify-bundle`: one lease for a third party.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use berth_audit::{Bundle as File, Player, Story};
use berth_domain::{Entry, LeaseId, Seq};
use berth_merkle::NoteKey;
use clap::Args;

use super::proof::Prover;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Bundle {
    #[command(flatten)]
    data: Data,
    /// The lease.
    lease: u64,
}

#[derive(Args)]
pub(crate) struct VerifyBundle {
    /// The bundle.
    file: PathBuf,
    /// The log's key, `name+hash+key`, from wherever it is trusted.
    #[arg(long)]
    key: NoteKey,
}

impl Bundle {
    pub(crate) fn run(self) -> Result<(), Fault> {
        let id = LeaseId(self.lease);
        let opened = self.data.walk(|moment| {
            let there = moment.after.lease(id).is_some();
            Ok(if there { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let lease = opened.exchange().lease(id);
        let lease = lease.ok_or_else(|| Fault::Refused(format!("there is no lease {id}")))?;
        let mut story = Story::of(id.into()).with(lease.order).with(lease.bid);
        let prover = Prover::open(&self.data, None)?;
        let mut entries: Vec<Entry> = Vec::new();
        let player: Player = self.data.walk(|moment| {
            if story.hear(moment).is_some() || moment.seq() == Seq(1) {
                entries.push(moment.entry.clone());
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let proved = entries.into_iter().map(|entry| {
            let proof = prover.inclusion(&entry)?;
            Ok((entry, proof))
        });
        let proved: Vec<_> = proved.collect::<Result<_, Fault>>()?;
        let x = player.exchange();
        let lease = x.lease(id).ok_or_else(|| Fault::Refused(format!("there is no lease {id}")))?;
        let bundle = File::new(berth_render::lease(x, lease), berth_render::proof(lease), &proved);
        output::text(&serde_json::to_string_pretty(&bundle).or_fault("writing the bundle")?);
        Ok(())
    }
}

impl VerifyBundle {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let text = fs::read(&self.file).or_fault(&format!("reading {}", self.file.display()))?;
        let bundle: File = serde_json::from_slice(&text).or_fault("file")?;
        let report = bundle.verify(&self.key).map_err(|fault| Fault::Refused(fault.to_string()))?;
        output::object(format, &serde_json::to_value(report).or_fault("showing the report")?);
        Ok(())
    }
}
