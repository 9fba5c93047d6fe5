//! What the streams met: they are worth their time only if they go everywhere.

use std::collections::BTreeMap;

use berth_domain::{CancelReason, CloseReason, Code, Command, Entry, Event};

use crate::oracle::{Answer, Rule, Tally};

#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    met: BTreeMap<String, u64>,
    pub(crate) rules: Tally,
}

/// What no command leads to yet.
const UNREACHABLE: [&str; 2] = ["refused MARKET_PAUSED", "refused PROVIDER_UNAVAILABLE"];

/// Commands that may be said again without harm.
const REPEATABLE: [&str; 18] = [
    "account.open",
    "deposit.fact",
    "withdrawal.requested",
    "withdrawal.paid",
    "withdrawal.cancelled",
    "provider.register",
    "bid.place",
    "bid.replace",
    "order.place",
    "order.replace",
    "lease.accept",
    "lease.escrowed",
    "lease.escrowFailed",
    "lease.start",
    "lease.finish",
    "lease.stop",
    "lease.paid",
    "lease.refunded",
];

impl Census {
    pub(crate) fn count(&mut self, entry: &Entry, answer: Answer, events: &[Event]) {
        let command = entry.command.name();
        let mut meet = |what: String| *self.met.entry(what).or_default() += 1;
        match answer {
            Answer::Done(_) => meet(format!("{command} done")),
            Answer::Repeated(_) => meet(format!("{command} repeated")),
            Answer::Refused(code) => meet(format!("refused {code}")),
        }
        for event in events {
            meet(event.name().to_owned());
            match event {
                Event::OrderCancelled(e) => meet(format!("order ends {}", e.reason)),
                Event::BidCancelled(e) => meet(format!("bid ends {}", e.reason)),
                Event::LeaseClosed(e) => meet(format!("lease ends {}", e.reason)),
                _ => {}
            }
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.met {
            *self.met.entry(what.clone()).or_default() += count;
        }
        self.rules.add(&other.rules);
    }

    /// What was never met, of all that there is.
    pub(crate) fn missed(&self) -> Vec<String> {
        let done = Command::TAGS.iter().map(|(_, name, _)| format!("{name} done"));
        let repeats = REPEATABLE.iter().map(|name| format!("{name} repeated"));
        let events = Event::TAGS.iter().map(|(_, name, _)| (*name).to_owned()).filter(|name| name != "proof.step");
        let refusals = Code::ALL.iter().map(|code| format!("refused {code}"));
        let closings = CloseReason::ALL.iter().map(|reason| format!("lease ends {reason}"));
        let orders = CancelReason::ALL.iter().map(|reason| format!("order ends {reason}"));
        // An auction that closes loses its bids.
        let is_a_bids = |reason: &&CancelReason| **reason != CancelReason::AuctionUnfilled;
        let bids = CancelReason::ALL.iter().filter(is_a_bids).map(|reason| format!("bid ends {reason}"));
        let all = done.chain(repeats).chain(events).chain(refusals).chain(closings).chain(orders).chain(bids);
        let missed = all.filter(|what| !self.met.contains_key(what) && !UNREACHABLE.contains(&what.as_str()));
        let rules = self.rules.counts().into_iter().filter(|(_, count)| *count == 0);
        missed.chain(rules.map(|(rule, _): (Rule, u64)| format!("rule {rule:?}"))).collect()
    }

    pub(crate) fn table(&self) -> String {
        let rules = self.rules.counts().into_iter().map(|(rule, count)| format!("{count:9} {rule:?}\n"));
        let met = self.met.iter().map(|(what, count)| format!("{count:9} {what}\n"));
        rules.chain(met).collect()
    }
}
