//! What the streams met: they are worth their time only if they go everywhere.

use std::collections::BTreeMap;

use berth_domain::{CancelReason, CloseReason, Code, Command, Entry, Event};

use super::{failing, keys, standing, verifying};
use crate::oracle::{Answer, Oracle, Rule, Tally};

#[derive(Clone, Debug, Default)]
pub(crate) struct Census {
    met: BTreeMap<String, u64>,
    pub(crate) rules: Tally,
}

/// Tags and numbers up to which the oracle foretells everything: accounts,
/// funds, orders, bids, leases, the operator. What trust and standbys brought
/// begins behind them.
const COMMANDS: u16 = 36;
const EVENTS: u16 = 35;
const CODES: u8 = 38;
const CANCELLATIONS: u8 = 7;
const CLOSINGS: u8 = 8;

/// What it foretells of that, too.
const MORE: [&str; 24] = [
    "lease.runway",
    "lease.suspended",
    "lease.resumed",
    "lease.topUpRequested",
    "lease.toppedUp",
    "lease.topUpFailed",
    "lease.topup done",
    "lease.toppedUp done",
    "lease.toppedUp repeated",
    "lease.topUpFailed done",
    "lease.topUpFailed repeated",
    "lease.backlog done",
    "refused TOP_UP_PENDING",
    "refused SIGNATURE_REQUIRED",
    "refused NONCE_USED",
    "refused SIGNATURE_EXPIRED",
    "refused BACKLOG_MISMATCH",
    "order.parked",
    "mandate.set",
    "mandate.set done",
    "refused MANDATE_EXCEEDED",
    "order.resumed",
    "refused ORDER_PARKED",
    "lease ends gangFailed",
];

/// Commands that may be said again without harm.
const REPEATABLE: [&str; 22] = [
    "account.open",
    "deposit.fact",
    "withdrawal.requested",
    "withdrawal.paid",
    "withdrawal.cancelled",
    "provider.register",
    "provider.update",
    "market.open",
    "market.pause",
    "market.resume",
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
    pub(crate) fn count(&mut self, entry: &Entry, oracle: &Oracle, answer: Answer, events: &[Event]) {
        let command = entry.command.name();
        let mut meet = |what: String| *self.met.entry(what).or_default() += 1;
        match answer {
            Answer::Done(_) => {
                meet(format!("{command} done"));
                keys::by(oracle, entry.account, &entry.authority).into_iter().for_each(|by| meet(by.to_owned()));
            }
            Answer::Repeated(_) => meet(format!("{command} repeated")),
            Answer::Refused(code) => meet(format!("refused {code}")),
        }
        for event in events {
            meet(event.name().to_owned());
            failing::met(event).into_iter().chain(verifying::met(event)).for_each(&mut meet);
            match event {
                Event::OrderCancelled(e) => meet(format!("order ends {}", e.reason)),
                Event::BidCancelled(e) => meet(format!("bid ends {}", e.reason)),
                Event::LeaseClosed(e) => meet(format!("lease ends {}", e.reason)),
                Event::TrustChanged(e) => {
                    meet(format!("trust by {}", e.cause.as_str()));
                    meet(format!("trust to {}", e.to));
                }
                Event::ReputationChanged(e) => meet(format!("reputation by {}", e.cause)),
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

    /// What was never met, of all that is foretold.
    pub(crate) fn missed(&self) -> Vec<String> {
        let commands = Command::TAGS.iter().filter(|(tag, ..)| *tag <= COMMANDS);
        let events = Event::TAGS.iter().filter(|(tag, ..)| *tag <= EVENTS);
        let codes = Code::ALL.iter().filter(|code| **code as u8 <= CODES);
        let closings = CloseReason::ALL.iter().filter(|reason| **reason as u8 <= CLOSINGS);
        let cancellations = CancelReason::ALL.iter().filter(|reason| **reason as u8 <= CANCELLATIONS);
        // An auction that closes loses its bids.
        let of_bids = cancellations.clone().filter(|reason| **reason != CancelReason::AuctionUnfilled);

        let mut expected: Vec<String> = MORE.map(str::to_owned).into();
        expected.extend(standing::TO_MEET.map(str::to_owned));
        expected.extend(failing::TO_MEET.map(str::to_owned));
        expected.extend(verifying::TO_MEET.map(str::to_owned));
        expected.extend(keys::TO_MEET.map(str::to_owned));
        expected.extend(REPEATABLE.iter().map(|name| format!("{name} repeated")));
        expected.extend(commands.map(|(_, name, _)| format!("{name} done")));
        expected.extend(events.map(|(_, name, _)| (*name).to_owned()));
        expected.extend(codes.map(|code| format!("refused {code}")));
        expected.extend(closings.map(|reason| format!("lease ends {reason}")));
        expected.extend(cancellations.map(|reason| format!("order ends {reason}")));
        expected.extend(of_bids.map(|reason| format!("bid ends {reason}")));
        expected.retain(|what| !self.met.contains_key(what));
        let rules = self.rules.counts().into_iter().filter(|(_, count)| *count == 0);
        expected.extend(rules.map(|(rule, _): (Rule, u64)| format!("rule {rule:?}")));
        expected
    }

    pub(crate) fn table(&self) -> String {
        let rules = self.rules.counts().into_iter().map(|(rule, count)| format!("{count:9} {rule:?}\n"));
        let met = self.met.iter().map(|(what, count)| format!("{count:9} {what}\n"));
        rules.chain(met).collect()
    }
}
