//! The contract that holds stakes: owners bring and take them, the operator has
//! what is forfeited paid to the harmed tenant, once for a lease.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::{Address, LeaseId};

use super::contract::{Call, Refusal, What, positive, stroops};

/// What a call tells, and what is to be paid to whom.
pub(super) type Told = (What, Option<(Address, i128)>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Stakes {
    staked: BTreeMap<Address, i128>,
    slashed: BTreeSet<LeaseId>,
}

impl Stakes {
    pub(crate) fn staked(&self, account: Address) -> i128 {
        self.staked.get(&account).copied().unwrap_or(0)
    }

    /// Whether what a lease forfeited was taken.
    pub(crate) fn is_slashed(&self, lease: LeaseId) -> bool {
        self.slashed.contains(&lease)
    }

    /// Carries a call out, if it is one of these.
    pub(super) fn call(&mut self, call: &Call) -> Option<Result<Told, Refusal>> {
        match *call {
            Call::Stake { account, amount } => Some(positive(amount).map(|amount| {
                *self.staked.entry(account).or_default() += amount;
                (self.told(account, None), None)
            })),
            Call::Unstake { account, amount } => Some(positive(amount).and_then(|amount| {
                let staked = self.staked.entry(account).or_default();
                if *staked < amount {
                    return Err(Refusal::BalanceTooLow);
                }
                *staked -= amount;
                Ok((self.told(account, None), None))
            })),
            Call::Slash { lease, account, tenant, amount } => Some(positive(amount).and_then(|amount| {
                if !self.slashed.insert(lease) {
                    return Err(Refusal::AlreadySlashed);
                }
                // Its owner may have taken some of it before.
                let staked = self.staked.entry(account).or_default();
                let taken = amount.min(*staked);
                *staked -= taken;
                Ok((self.told(account, Some(lease)), (taken > 0).then_some((tenant, taken))))
            })),
            _ => None,
        }
    }

    fn told(&self, account: Address, slashed: Option<LeaseId>) -> What {
        What::Staked { account, total: stroops(self.staked(account)), slashed }
    }
}
