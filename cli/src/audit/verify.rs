//! `berth verify`: checks a log, also beside a running node.

use std::time::Instant;

use berth_journal::{DataDir, verify};
use berth_merkle::NoteKey;
use clap::Args;
use serde_json::json;

use super::replay::components;
use super::source::Source;
use super::tree::Tree;
use super::verify_node;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: Data,
    /// The log's key, `name+hash+key`, from wherever it is trusted: the signed
    /// checkpoint of a node that is asked is verified with it.
    #[arg(long)]
    key: Option<NoteKey>,
}

impl Verify {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        match self.data.source()? {
            Source::Folder(dir) => folder(&dir, format),
            Source::Node(node) => verify_node::verify(node, &Tree::open(self.data.source()?)?, self.key, format),
        }
    }
}

fn folder(dir: &DataDir, format: Format) -> Result<(), Fault> {
    let began = Instant::now();
    let checked = verify(dir, |_| ()).or_fault("opening the log")?;
    let findings: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    output::object(
        format,
        &json!({
            "fromSeq": u64::from(checked.entries > 0),
            "toSeq": checked.tip.seq.0,
            "entries": checked.entries,
            "batches": checked.batches,
            "logId": checked.log_id.map(|id| id.to_string()),
            "snapshots": checked.snapshots,
            "byTheExchange": checked.exchange,
            "operatorAttested": checked.operator_attested,
            "signed": checked.signed,
            "stateHash": checked.state.as_ref().map(|state| state.root().to_string()),
            "components": checked.state.as_ref().map(components),
            "checked": "batch hashes, hash chain, contiguity, epochs, watermark, every entry by replay, event digests, snapshots",
            "millis": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "findings": findings,
        }),
    );
    if checked.is_sound() { Ok(()) } else { Err(Fault::Refused(format!("{} findings", findings.len()))) }
}
