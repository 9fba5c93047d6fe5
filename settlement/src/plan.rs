//! What the exchange's events ask of the chain. Pure: no clock, no disk, no
//! network.
//!
//! An intent's name is its natural key: the same event read twice names the
//! same intent, and the outbox keeps one.

use std::collections::BTreeMap;
use std::fmt;

use berth_wire::domain::{Digest, LeaseId, Stroops};
use serde::{Deserialize, Serialize};

use crate::chain::Address;
use crate::contract::Terms;
use crate::serial;

/// What the settler needs to know of the exchange's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeEvent {
    /// A lease was agreed.
    LeaseOpened {
        /// The lease.
        lease: LeaseId,
        /// What its escrow shall be.
        terms: Terms,
    },
    /// A lease's tenant pays for more of it in advance.
    TopUpRequested {
        /// The lease.
        lease: LeaseId,
        /// Which of its top-ups, from 1.
        number: u32,
        /// What to add.
        amount: Stroops,
    },
    /// The exchange knows that a top-up is in a lease's escrow.
    ToppedUp {
        /// The lease.
        lease: LeaseId,
    },
    /// A lease is over.
    LeaseClosed {
        /// The lease.
        lease: LeaseId,
        /// Evidenced seconds of service.
        seconds: u64,
        /// Head of its proof chain.
        proof: Digest,
        /// Whether the exchange knows that its escrow is locked.
        escrowed: bool,
    },
    /// The exchange has set funds aside for a withdrawal.
    WithdrawalRequested {
        /// Whose.
        account: Address,
        /// All that waits to be paid now.
        total: Stroops,
    },
}

/// One thing to bring about on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Intent {
    /// Lock a lease's escrow.
    Open {
        /// The lease.
        #[serde(with = "serial::lease")]
        lease: LeaseId,
        /// What to lock.
        terms: Terms,
    },
    /// Add to a lease's escrow.
    TopUp {
        /// The lease.
        #[serde(with = "serial::lease")]
        lease: LeaseId,
        /// Which of its top-ups it is to the exchange.
        number: u32,
        /// Which it is to the contract, which counts only those that worked.
        place: u32,
        /// What to add.
        #[serde(with = "serial::stroops")]
        amount: Stroops,
        /// The lease's deadline, which stays.
        deadline: u64,
    },
    /// Pay a lease by its evidence, and give back the rest.
    Settle {
        /// The lease.
        #[serde(with = "serial::lease")]
        lease: LeaseId,
        /// Evidenced seconds of service.
        seconds: u64,
        /// Head of its proof chain.
        #[serde(with = "serial::digest")]
        proof: Digest,
        /// Whether the exchange knew that its escrow was locked. If not, it
        /// may not be, and then there is nothing to settle.
        escrowed: bool,
    },
    /// Give a lease's tenant everything back: its deadline has passed, and
    /// nobody can be paid from it any more.
    Refund {
        /// The lease.
        #[serde(with = "serial::lease")]
        lease: LeaseId,
    },
    /// Pay an account's pending withdrawal.
    PayWithdraw {
        /// Whose.
        account: Address,
        /// The most to pay: what the exchange has set aside.
        #[serde(with = "serial::stroops")]
        total: Stroops,
        /// The event that asked for it.
        seq: u64,
    },
}

/// The name of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Lock this lease's escrow.
    Open(LeaseId),
    /// Add to this lease's escrow, for the so-manieth time.
    TopUp(LeaseId, u32),
    /// Pay this lease.
    Settle(LeaseId),
    /// Give this lease's escrow back.
    Refund(LeaseId),
    /// Pay the withdrawal that this event asked for.
    PayWithdraw(u64),
}

impl Intent {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Name {
        match self {
            Self::Open { lease, .. } => Name::Open(*lease),
            Self::TopUp { lease, number, .. } => Name::TopUp(*lease, *number),
            Self::Settle { lease, .. } => Name::Settle(*lease),
            Self::Refund { lease } => Name::Refund(*lease),
            Self::PayWithdraw { seq, .. } => Name::PayWithdraw(*seq),
        }
    }
}

impl Name {
    /// The lease that it is about, if it is about one.
    #[must_use]
    pub const fn lease(self) -> Option<LeaseId> {
        match self {
            Self::Open(lease) | Self::TopUp(lease, _) | Self::Settle(lease) | Self::Refund(lease) => Some(lease),
            Self::PayWithdraw(_) => None,
        }
    }

    /// What kind of thing it is, for figures.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::TopUp(..) => "topup",
            Self::Settle(_) => "settle",
            Self::Refund(_) => "refund",
            Self::PayWithdraw(_) => "withdraw",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(lease) => write!(f, "open of lease {lease}"),
            Self::TopUp(lease, number) => write!(f, "top-up {number} of lease {lease}"),
            Self::Settle(lease) => write!(f, "settlement of lease {lease}"),
            Self::Refund(lease) => write!(f, "refund of lease {lease}"),
            Self::PayWithdraw(seq) => write!(f, "withdrawal of event {seq}"),
        }
    }
}

/// A lease that is agreed and not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// The lease.
    pub lease: LeaseId,
    /// Last second (unix) in which it runs on the chain.
    pub deadline: u64,
    /// How many top-ups are in its escrow, as far as the log was read.
    pub topped_up: u32,
}

/// What follows from the events so far: the leases that are agreed and not over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    live: BTreeMap<LeaseId, Live>,
}

impl Plan {
    /// The plan after some events, by the leases that were live then.
    #[must_use]
    pub fn resume(live: impl IntoIterator<Item = Live>) -> Self {
        Self { live: live.into_iter().map(|live| (live.lease, live)).collect() }
    }

    /// Takes the next event, number `seq` of the log, and answers what to do.
    pub fn apply(&mut self, seq: u64, event: &ExchangeEvent) -> Option<Intent> {
        match event {
            ExchangeEvent::LeaseOpened { lease, terms } => {
                self.live.insert(*lease, Live { lease: *lease, deadline: terms.deadline, topped_up: 0 });
                Some(Intent::Open { lease: *lease, terms: *terms })
            }
            // There is one at a time: whatever was asked for before is answered.
            ExchangeEvent::TopUpRequested { lease, number, amount } => {
                let live = self.live.get(lease)?;
                let (place, deadline) = (live.topped_up + 1, live.deadline);
                Some(Intent::TopUp { lease: *lease, number: *number, place, amount: *amount, deadline })
            }
            ExchangeEvent::ToppedUp { lease } => {
                self.live.get_mut(lease)?.topped_up += 1;
                None
            }
            // A lease that this log never opened has no escrow that this log
            // agreed to; one that is over was settled when it ended.
            ExchangeEvent::LeaseClosed { lease, seconds, proof, escrowed } => {
                self.live.remove(lease)?;
                // What the exchange did not know to be locked, it did not let
                // run: if the lock comes about all the same, all of it goes back.
                let seconds = if *escrowed { *seconds } else { 0 };
                Some(Intent::Settle { lease: *lease, seconds, proof: *proof, escrowed: *escrowed })
            }
            ExchangeEvent::WithdrawalRequested { account, total } => {
                Some(Intent::PayWithdraw { account: *account, total: *total, seq })
            }
        }
    }

    /// The leases that are agreed and not over.
    pub fn live(&self) -> impl Iterator<Item = Live> {
        self.live.values().copied()
    }

    /// How many top-ups are in a lease's escrow, while it is not over.
    #[must_use]
    pub fn topped_up(&self, lease: LeaseId) -> Option<u32> {
        self.live.get(&lease).map(|live| live.topped_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroops(n: i64) -> Stroops {
        Stroops::new(n).unwrap()
    }

    fn terms() -> Terms {
        Terms {
            tenant: Address::Account([1; 32]),
            provider: Address::Account([2; 32]),
            token: Address::Contract([3; 32]),
            rate_per_hour: stroops(36_000_000),
            amount: stroops(100_000_000),
            deadline: 2_000_000_000,
        }
    }

    fn opened(lease: u64) -> ExchangeEvent {
        ExchangeEvent::LeaseOpened { lease: LeaseId(lease), terms: terms() }
    }

    fn closed(lease: u64, seconds: u64, escrowed: bool) -> ExchangeEvent {
        ExchangeEvent::LeaseClosed { lease: LeaseId(lease), seconds, proof: Digest([9; 32]), escrowed }
    }

    fn plan(events: &[ExchangeEvent]) -> Vec<String> {
        let mut plan = Plan::default();
        events
            .iter()
            .zip(1..)
            .filter_map(|(event, seq)| plan.apply(seq, event))
            .map(|intent| match &intent {
                Intent::Settle { seconds, .. } => format!("{}: {seconds} s", intent.name()),
                _ => intent.name().to_string(),
            })
            .collect()
    }

    #[test]
    fn a_lease_is_opened_and_settled_once() {
        assert_eq!(
            plan(&[opened(1), closed(1, 600, true), closed(1, 600, true)]),
            ["open of lease 1", "settlement of lease 1: 600 s"]
        );
    }

    #[test]
    fn a_lease_that_closed_before_its_lock_was_known_gets_everything_back() {
        assert_eq!(plan(&[opened(1), closed(1, 600, false)]), ["open of lease 1", "settlement of lease 1: 0 s"]);
    }

    #[test]
    fn a_lease_of_another_log_is_not_settled() {
        assert_eq!(plan(&[closed(7, 600, true)]), Vec::<String>::new());
    }

    #[test]
    fn each_withdrawal_is_named_by_its_event() {
        let event = ExchangeEvent::WithdrawalRequested { account: Address::Account([1; 32]), total: stroops(5) };
        assert_eq!(plan(&[event.clone(), event]), ["withdrawal of event 1", "withdrawal of event 2"]);
    }

    #[test]
    fn the_contract_counts_the_top_ups_that_worked() {
        let ask = |number| ExchangeEvent::TopUpRequested { lease: LeaseId(1), number, amount: stroops(5) };
        let done = ExchangeEvent::ToppedUp { lease: LeaseId(1) };
        let mut plan = Plan::default();
        let mut places = Vec::new();
        // The second is refused.
        for (event, seq) in [opened(1), ask(1), done, ask(2), ask(3)].iter().zip(1..) {
            if let Some(Intent::TopUp { number, place, deadline, .. }) = plan.apply(seq, event) {
                places.push((number, place, deadline));
            }
        }
        assert_eq!(places, [(1, 1, 2_000_000_000), (2, 2, 2_000_000_000), (3, 2, 2_000_000_000)]);
        assert_eq!(plan.topped_up(LeaseId(1)), Some(1));
    }

    #[test]
    fn a_plan_resumes_from_its_live_leases() {
        let mut plan = Plan::default();
        plan.apply(1, &opened(1));
        plan.apply(2, &opened(2));
        plan.apply(3, &closed(1, 5, true));
        let mut resumed = Plan::resume(plan.live());
        assert_eq!(resumed, plan);
        assert_eq!(resumed.apply(4, &closed(1, 5, true)), None);
        assert!(resumed.apply(5, &closed(2, 5, true)).is_some());
    }
}
