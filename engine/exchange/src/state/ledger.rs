//! Money: one double-entry ledger, conserved after every command.

use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{AccountId, LeaseId, Stroops};

/// One account's money, by what it may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Free to use.
    pub available: Stroops,
    /// Held for orders.
    pub held: Stroops,
    /// In the escrow of leases that this account rents.
    pub escrowed: Stroops,
    /// On its way out.
    pub withdrawing: Stroops,
}

/// A place where money can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Outside of the contract.
    World,
    Available(AccountId),
    Held(AccountId),
    Withdrawing(AccountId),
    /// The escrow of a lease, and the tenant who filled it.
    Escrow(LeaseId, AccountId),
}

/// All money: every movement goes from one place to another, so what is inside
/// is always what came in less what went out.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    accounts: BTreeMap<AccountId, Balances>,
    escrows: BTreeMap<LeaseId, Stroops>,
    deposited: Stroops,
    withdrawn: Stroops,
}

impl Ledger {
    /// An account's money.
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Balances {
        self.accounts.get(&account).copied().unwrap_or_default()
    }

    /// What the escrow of a lease holds.
    #[must_use]
    pub fn escrow(&self, lease: LeaseId) -> Stroops {
        self.escrows.get(&lease).copied().unwrap_or_default()
    }

    /// What all escrows hold.
    #[must_use]
    pub fn escrowed(&self) -> Stroops {
        self.escrows.values().fold(Stroops::ZERO, |sum, escrow| sum + *escrow)
    }

    /// All that ever came in.
    #[must_use]
    pub const fn deposited(&self) -> Stroops {
        self.deposited
    }

    /// All that ever went out.
    #[must_use]
    pub const fn withdrawn(&self) -> Stroops {
        self.withdrawn
    }

    /// Whether everything inside is what came in less what went out, and each
    /// tenant's escrowed money is what their leases' escrows hold together.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let inside = self
            .accounts
            .values()
            .fold(Stroops::ZERO, |sum, b| sum + b.available + b.held + b.escrowed + b.withdrawing);
        let by_tenant = self.accounts.values().fold(Stroops::ZERO, |sum, b| sum + b.escrowed);
        Some(inside) == self.deposited.checked_sub(self.withdrawn) && by_tenant == self.escrowed()
    }

    /// Moves `amount`. The caller has made sure that it is there.
    pub(crate) fn post(&mut self, from: Place, to: Place, amount: Stroops) {
        if amount == Stroops::ZERO {
            return;
        }
        match from {
            Place::World => self.deposited += amount,
            Place::Escrow(lease, tenant) => {
                self.accounts.entry(tenant).or_default().escrowed -= amount;
                let left = self.escrow(lease) - amount;
                if left == Stroops::ZERO {
                    self.escrows.remove(&lease);
                } else {
                    self.escrows.insert(lease, left);
                }
            }
            account => *self.slot(account) -= amount,
        }
        match to {
            Place::World => self.withdrawn += amount,
            Place::Escrow(lease, tenant) => {
                self.accounts.entry(tenant).or_default().escrowed += amount;
                *self.escrows.entry(lease).or_default() += amount;
            }
            account => *self.slot(account) += amount,
        }
    }

    fn slot(&mut self, place: Place) -> &mut Stroops {
        match place {
            Place::Available(account) => &mut self.accounts.entry(account).or_default().available,
            Place::Held(account) => &mut self.accounts.entry(account).or_default().held,
            Place::Withdrawing(account) => &mut self.accounts.entry(account).or_default().withdrawing,
            Place::World | Place::Escrow(..) => unreachable!("post handles the places that are no single slot"),
        }
    }
}

impl Encode for Ledger {
    fn encode(&self, out: &mut Vec<u8>) {
        self.deposited.encode(out);
        self.withdrawn.encode(out);
        // An account that never had money and one whose money is gone are the
        // same account.
        for (account, balances) in self.accounts.iter().filter(|(_, b)| **b != Balances::default()) {
            account.encode(out);
            balances.available.encode(out);
            balances.held.encode(out);
            balances.escrowed.encode(out);
            balances.withdrawing.encode(out);
        }
        for (lease, escrow) in &self.escrows {
            lease.encode(out);
            escrow.encode(out);
        }
    }
}
