//! `berth archive`: moves old batches of a node's log into files beside it.

use std::path::PathBuf;

use berth_domain::Seq;
use berth_journal::{ArchiveError, ArchivePolicy, DataDir, archive};
use clap::Args;
use serde_json::json;

use crate::fault::Fault;
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Archive {
    /// Moves what ends before this entry.
    #[arg(long, value_name = "SEQ", required_unless_present = "keep", conflicts_with = "keep")]
    before: Option<u64>,
    /// Moves all but so many of the newest entries.
    #[arg(long, value_name = "ENTRIES")]
    keep: Option<u64>,
    /// The data directory of a node that does not run. The files go to
    /// DATA/archive, which may be a link to another disk.
    #[arg(long, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
}

impl Archive {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let policy = match (self.before, self.keep) {
            (Some(before), _) => ArchivePolicy::Before(Seq(before)),
            (None, keep) => ArchivePolicy::Keep(keep.unwrap_or(u64::MAX)),
        };
        let dir = DataDir::new(&self.data);
        let moved = match archive(&dir, policy) {
            Ok(moved) => Some(moved).filter(|moved| moved.segments > 0),
            // A young node has none, and nothing is wrong with it.
            Err(ArchiveError::NoSnapshot) => None,
            Err(e) => return Err(Fault::while_doing("archiving", e)),
        };
        output::object(
            format,
            &json!({
                "folder": dir.archive(),
                "segments": moved.map_or(0, |moved| moved.segments),
                "fromSeq": moved.map(|moved| moved.first.0),
                "toSeq": moved.map(|moved| moved.last.0),
            }),
        );
        Ok(())
    }
}
