//! `berth bundle` and `berth verify-bundle`: one lease for a third party.

use std::ops::ControlFlow;
use std::path::PathBuf;

use berth_audit::{Bundle as File, BundleFault};
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
        let prover = Prover::open(&self.data, None)?;
        // What came since the newest checkpoint cannot be proved yet.
        let x = self.data.state_at(self.data.last()?.min(prover.last()))?;
        let (mut story, from) = self.data.story_of_lease(&x, id)?;
        // What a third party gets is all of it, so all of it is kept: what touched
        // one lease, and the genesis.
        let mut entries: Vec<Entry> = vec![prover.entry(Seq(1))?];
        self.data.walk_from(from, |moment| {
            if story.hear(moment).is_some() && moment.seq() > Seq(1) {
                entries.push(moment.entry.clone());
            }
            Ok(if moment.seq() < x.head() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let proved = entries.into_iter().map(|entry| {
            let proof = prover.inclusion(&entry)?;
            Ok((entry, proof))
        });
        let proved: Vec<_> = proved.collect::<Result<_, Fault>>()?;
        let lease = x.lease(id).ok_or_else(|| Fault::Refused(format!("there is no lease {id}")))?;
        let bundle = File::new(berth_render::lease(&x, lease), berth_render::proof(lease), &proved);
        output::text(&serde_json::to_string_pretty(&bundle).or_fault("writing the bundle")?);
        Ok(())
    }
}

impl VerifyBundle {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let text = crate::file::bytes(&self.file)?;
        let bundle = File::read(&text).map_err(|fault| match fault {
            BundleFault::NoBundle(why) => Fault::CouldNotRun(format!("file: {why}")),
            other => Fault::Refused(other.to_string()),
        })?;
        let report = bundle.verify(&self.key).map_err(|fault| Fault::Refused(fault.to_string()))?;
        output::object(format, &serde_json::to_value(report).or_fault("showing the report")?);
        Ok(())
    }
}
