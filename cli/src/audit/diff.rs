//! `berth diff`: what two states of one log differ in.

use std::ops::ControlFlow;

use berth_audit::{Player, differences};
use berth_domain::Seq;
use clap::Args;
use serde_json::json;

use super::walk::Data;
use crate::fault::Fault;
use crate::output::{Format, Lines};

const COLUMNS: [(&str, usize); 4] = [("thing", 14), ("field", 26), ("before", 24), ("after", 0)];

/// Beyond so many entries the later state has a snapshot nearer than the earlier
/// state.
const FAR: u64 = 1_000_000;

#[derive(Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    data: Data,
    /// One state: behind this entry.
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    a: u64,
    /// The other state: behind this entry.
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    b: u64,
}

impl Diff {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let (a, b) = (Seq(self.a), Seq(self.b));
        let (first, last) = (a.min(b), a.max(b));
        let kept = self.data.state_at(first)?;
        let other = if last.0 - first.0 > FAR {
            self.data.state_at(last)?
        } else if first < last {
            let player = self.data.walk_on(Player::from(kept.clone()), |moment| {
                Ok(if moment.seq() < last { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })?;
            player.into_exchange()
        } else {
            kept.clone()
        };
        if other.head() != last {
            return Err(Fault::CouldNotRun(format!("the log has entries 1 to {}", other.head())));
        }
        let (from, to) = if a <= b { (&kept, &other) } else { (&other, &kept) };
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
