//! `berth explain`: all that ever touched an order or a lease, from cause to
//! effect.

use std::ops::ControlFlow;

use berth_audit::{Story, Thing};
use berth_domain::{LeaseId, OrderId};
use clap::{Args, ValueEnum};

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
        let (thing, first): (Thing, _) = match self.kind {
            Kind::Order => (OrderId(self.id).into(), None),
            // A lease's story begins with its order.
            Kind::Lease => (LeaseId(self.id).into(), Some(LeaseId(self.id))),
        };
        let mut story = Story::of(thing);
        if let Some(lease) = first {
            let player = self.data.walk(|moment| {
                let there = moment.after.lease(lease).is_some();
                Ok(if there { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            let lease = player.exchange().lease(lease);
            let lease = lease.ok_or_else(|| Fault::Refused(format!("there is no lease {}", self.id)))?;
            story = story.with(lease.order).with(lease.bid);
        }
        let mut lines = Lines::new(format, &COLUMNS);
        let player = self.data.walk(|moment| {
            if let Some(mut line) = story.hear(moment) {
                if format == Format::Table {
                    line["what"] = line["command"]["type"].take();
                    let events = line["events"].as_array().into_iter().flatten();
                    let events: Vec<_> = events.filter_map(|event| event["type"].as_str()).collect();
                    line["then"] = events.join(" ").into();
                }
                lines.print(&line);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let x = player.exchange();
        match thing {
            Thing::Order(id) if x.order(id).is_none() => Err(Fault::Refused(format!("there is no {thing}"))),
            _ => Ok(()),
        }
    }
}
