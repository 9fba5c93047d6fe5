//! `berth explain`: all that ever touched an order or a lease, from cause to
//! effect.

use std::ops::ControlFlow;

use berth_audit::Story;
use berth_domain::{LeaseId, Micros, OrderId, Seq};
use berth_exchange::Exchange;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::walk::Data;
use crate::fault::Fault;
use crate::output::{Format, Lines};

const COLUMNS: [(&str, usize); 5] = [("seq", 8), ("at", 16), ("accountId", 9), ("what", 24), ("then", 0)];

#[derive(Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    data: Data,
    /// What it is about.
    #[arg(value_enum)]
    kind: Kind,
    /// Its number.
    id: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// An order, with the leases that it had.
    Order,
    /// A lease, with what took over from it or checks it.
    Lease,
}

impl Explain {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        let (story, from, end) = match self.kind {
            // All of its log comes anyway: once is enough.
            Kind::Order if self.data.is_elsewhere()? => (Story::of(OrderId(self.id).into()), Seq(1), self.data.last()?),
            Kind::Order => {
                let x = self.data.end()?;
                let order = x.order(OrderId(self.id)).ok_or_else(|| self.unknown())?;
                (Story::of(order.id.into()), order.placed_seq, x.head())
            }
            Kind::Lease => {
                let x = self.data.end()?;
                let (story, from) = self.data.story_of_lease(&x, LeaseId(self.id))?;
                (story, from, x.head())
            }
        };
        // Reasons rest on the state before an entry: it begins one earlier.
        let (mut story, from) = (story.with_reasons(), Seq(from.0.saturating_sub(1).max(1)));
        let mut lines = Lines::new(format, &COLUMNS);
        let player = self.data.walk_from(from, |moment| {
            if let Some(mut line) = story.hear(moment) {
                if format == Format::Table {
                    let verdicts = verdicts(&line);
                    line["what"] = line["command"]["type"].take();
                    let events = line["events"].as_array().into_iter().flatten();
                    let events: Vec<_> = events.filter_map(|event| event["type"].as_str()).collect();
                    line["then"] = events.join(" ").into();
                    lines.print(&line);
                    verdicts.iter().for_each(|verdict| lines.print(verdict));
                } else {
                    lines.print(&line);
                }
            }
            Ok(if moment.seq() < end { lines.is_read() } else { ControlFlow::Break(()) })
        })?;
        match self.kind {
            Kind::Order if player.exchange().order(OrderId(self.id)).is_none() => Err(self.unknown()),
            _ => Ok(()),
        }
    }

    fn unknown(&self) -> Fault {
        Fault::Refused(format!("there is no order {}", self.id))
    }
}

/// Why each provider was chosen or not, a row each.
fn verdicts(line: &Value) -> Vec<Value> {
    let explained = line["explained"].as_array().into_iter().flatten();
    let rows = explained.flat_map(|explained| {
        let waits = explained["waits"].as_array().into_iter().flatten().map(|wait| ("", &wait["detail"], None));
        let hosts = explained["providers"].as_array().into_iter().flatten();
        waits.chain(hosts.map(|host| ("provider", &host["why"], Some(&host["providerId"]))))
    });
    let row = |(name, why, id): (&str, &Value, Option<&Value>)| {
        let what = id.map_or_else(String::new, |id| format!("  {name} {id}"));
        json!({ "seq": "", "at": "", "accountId": "", "what": what, "then": why })
    };
    rows.map(row).collect()
}

impl Data {
    /// A lease's story, which begins with its order and its bid, and where that
    /// begins.
    pub(super) fn story_of_lease(&self, x: &Exchange, id: LeaseId) -> Result<(Story, Seq), Fault> {
        let lease = x.lease(id).ok_or_else(|| Fault::Refused(format!("there is no lease {id}")))?;
        let story = Story::of(id.into()).with(lease.order).with(lease.bid);
        let ordered = x.order(lease.order).map_or(Seq(1), |order| order.placed_seq);
        let bid_at = x.bid(lease.bid).map_or(Micros(0), |bid| bid.placed_at);
        Ok((story, ordered.min(self.first_at(bid_at, ordered)?)))
    }
}
