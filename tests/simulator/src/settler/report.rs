//! Reporting: each event of the chain becomes a fact, told until the exchange
//! has it; only then comes the next, for movements count in the chain's order.

use berth_domain::{
    Command, Deposit, EscrowFailed, Escrowed, LeaseId, LedgerSeen, Micros, SettlementPaid, SettlementRefunded,
    StakeFact, TopUpFailed, ToppedUp, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
use berth_exchange::Outcome;

use super::outbox::Failed;
use super::{KEPT_EVERY, Settler};
use crate::bug::LineBug;
use crate::cast;
use crate::chain::{Chain, ChainEvent, Ledger, What};
use crate::referee::{Checked, rule};

/// What a report was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The next event of the chain.
    Fact,
    /// An opening or a top-up that failed.
    Failure(Failed),
    /// The ledger that draws a lease.
    Ledger(LeaseId),
}

impl Settler {
    /// What is to be told next, if nothing of its kind is under way. The caller
    /// says with which request it goes out.
    pub(crate) fn next_report(&mut self, chain: &Chain, request: u64, bug: Option<LineBug>) -> Option<(Told, Command)> {
        if !self.is_alive {
            return None;
        }
        if self.asking.is_none()
            && let Some(event) = chain.events().get(self.at.facts)
        {
            if bug == Some(LineBug::FactSkipped) {
                self.at.facts += 1;
                self.kept.facts = self.at.facts;
            } else {
                self.asking = Some(request);
            }
            return Some((Told::Fact, fact_of(event)));
        }
        if self.reporting.is_some() {
            return None;
        }
        let failure = self.outbox.unreported.first_key_value().map(|(failed, why)| {
            let reason = cast::text(why);
            let fact: Command = match *failed {
                Failed::Opening(lease) => EscrowFailed { lease, reason }.into(),
                Failed::TopUp(lease, number) => TopUpFailed { lease, number, reason }.into(),
            };
            (Told::Failure(*failed), fact)
        });
        let seen = || {
            let seen = |(lease, at): (&LeaseId, &Micros)| Some((*lease, chain.ledger_after(*at)?));
            let (lease, Ledger { number: ledger, hash, .. }) = self.outbox.undrawn.iter().find_map(seen)?;
            Some((Told::Ledger(lease), LedgerSeen { lease, ledger, hash }.into()))
        };
        let report = failure.or_else(seen)?;
        self.reporting = Some((request, report.0));
        Some(report)
    }

    /// The exchange answered a report.
    pub(crate) fn answered(&mut self, request: u64, told: Told, command: &Command, outcome: Outcome) -> Checked {
        if let Outcome::Refused(code) = outcome {
            return Err(rule::CHAIN.broken(format!("the exchange refuses a fact of the chain, {code}: {command:?}")));
        }
        match told {
            Told::Fact if self.asking == Some(request) => {
                self.asking = None;
                self.at.facts += 1;
                if self.at.facts >= self.kept.facts + KEPT_EVERY {
                    self.kept.facts = self.at.facts;
                }
            }
            Told::Failure(failed) if self.reporting == Some((request, told)) => {
                self.reporting = None;
                self.outbox.unreported.remove(&failed);
            }
            Told::Ledger(lease) if self.reporting == Some((request, told)) => {
                self.reporting = None;
                self.outbox.undrawn.remove(&lease);
            }
            // An answer to a life before this one.
            Told::Fact | Told::Failure(_) | Told::Ledger(_) => {}
        }
        Ok(())
    }
}

/// What an event says to the exchange.
fn fact_of(event: &ChainEvent) -> Command {
    let ChainEvent { id, ledger, tx, what } = *event;
    match what {
        What::Deposited { to, amount } => Deposit { event: id, address: to, amount }.into(),
        What::Requested { account, total } => WithdrawalFact { event: id, address: account, amount: total }.into(),
        What::Cancelled { account, amount } => WithdrawalCancelled { event: id, address: account, amount }.into(),
        What::Withdrawn { account, amount } => Withdrawn { event: id, address: account, amount }.into(),
        What::Opened { lease } => Escrowed { lease, tx, ledger }.into(),
        What::ToppedUp { lease, amount } => ToppedUp { lease, tx, ledger, amount }.into(),
        What::Staked { account, total, slashed } => {
            StakeFact { event: id, address: account, staked: total, slashed }.into()
        }
        What::Settled { lease, pay, fee, refund } => SettlementPaid { lease, tx, ledger, pay, fee, refund }.into(),
        What::Refunded { lease, amount } => SettlementRefunded { lease, tx, ledger, amount }.into(),
    }
}
