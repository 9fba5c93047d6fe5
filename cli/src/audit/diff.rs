//! `berth diff`: what two states of one log differ in.

use std::ops::ControlFlow;

use berth_audit::differences;
use berth_domain::Seq;
use clap::Args;
use serde_json::json;

use super::walk::Data;
use crate::fault::Fault;
use crate::output::{Format, Lines};

const COLUMNS: [(&str, usize); 4] = [("thing", 14), ("field", 26), ("before", 24), ("after", 0)];

#[derive(Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    data: Data,
    /// One state: behind this entry.
    #[arg(long, value_name = "SEQ")]
    a: u64,
    /// The other state: behind this entry.
    #[arg(long, value_name = "SEQ")]
    b: u64,
}

impl Diff {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let (a, b) = (Seq(self.a), Seq(self.b));
        let first = a.min(b);
        let mut kept = None;
        let player = self.data.walk(|moment| {
            if moment.seq() == first {
                kept = Some(moment.after.clone());
            }
            Ok(if moment.seq() < a.max(b) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        let head = player.exchange().head();
        let kept = kept.filter(|_| head == a.max(b));
        let kept = kept.ok_or_else(|| Fault::CouldNotRun(format!("the log has entries 1 to {head}")))?;
        let (from, to) = if a <= b { (&kept, player.exchange()) } else { (player.exchange(), &kept) };
        let mut lines = Lines::new(format, &COLUMNS);
        for found in differences(from, to) {
            lines.print(&json!({
                "thing": found.thing.to_string(),
                "field": found.field,
                "before": found.before,
                "after": found.after,
            }));
        }
        Ok(())
    }
}
