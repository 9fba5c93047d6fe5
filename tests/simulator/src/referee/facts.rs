//! Facts of the chain: each counts once, and none is swallowed.

use std::collections::BTreeSet;

use berth_domain::{ChainEventId, Command, Entry, LeaseId, Stroops, TxHash};
use berth_exchange::{Exchange, Outcome};

use super::{Checked, ensure, rule};

/// What a fact is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Movement(ChainEventId),
    Locked(LeaseId),
    NotLocked(LeaseId),
    ToppedUp(TxHash),
    NotToppedUp(LeaseId, u32),
    Staked(ChainEventId),
    /// Paid or refunded: only one of the two can be.
    Settled(LeaseId),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    counted: BTreeSet<Name>,
    deposited: i128,
    withdrawn: i128,
}

impl Facts {
    pub(super) fn after(&mut self, x: &Exchange, entry: &Entry, outcome: Outcome) -> Checked {
        let amount = |amount: Stroops| i128::from(amount.get());
        let (name, came, went) = match &entry.command {
            Command::Deposit(fact) => (Name::Movement(fact.event), amount(fact.amount), 0),
            Command::WithdrawalRequested(fact) => (Name::Movement(fact.event), 0, 0),
            Command::Withdrawn(fact) => (Name::Movement(fact.event), 0, amount(fact.amount)),
            Command::WithdrawalCancelled(fact) => (Name::Movement(fact.event), 0, 0),
            Command::Escrowed(fact) => (Name::Locked(fact.lease), 0, 0),
            Command::EscrowFailed(fact) => (Name::NotLocked(fact.lease), 0, 0),
            Command::SettlementPaid(fact) => (Name::Settled(fact.lease), 0, 0),
            Command::SettlementRefunded(fact) => (Name::Settled(fact.lease), 0, 0),
            Command::ToppedUp(fact) => (Name::ToppedUp(fact.tx), 0, 0),
            Command::TopUpFailed(fact) => (Name::NotToppedUp(fact.lease, fact.number), 0, 0),
            Command::StakeFact(fact) => (Name::Staked(fact.event), 0, 0),
            _ => return Ok(()),
        };
        let seq = entry.seq;
        match outcome {
            Outcome::Done(_) => {
                ensure!(self.counted.insert(name), rule::FACTS, "entry {seq} counts {name:?} once more");
                self.deposited += came;
                self.withdrawn += went;
            }
            Outcome::Repeated(_) => {
                ensure!(
                    self.counted.contains(&name),
                    rule::FACTS,
                    "entry {seq} swallows {name:?}, which never counted"
                );
            }
            Outcome::Refused(_) => {}
        }
        let ledger = x.ledger();
        let there = [ledger.deposited(), ledger.withdrawn()].map(|sum| i128::try_from(sum).unwrap_or(i128::MAX));
        let there = (there[0], there[1]);
        ensure!(
            there == (self.deposited, self.withdrawn),
            rule::FACTS,
            "after entry {seq} the ledger has {there:?} deposited and withdrawn, the facts say {:?}",
            (self.deposited, self.withdrawn)
        );
        Ok(())
    }
}
