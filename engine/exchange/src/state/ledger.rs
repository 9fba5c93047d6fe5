//! Money: one double-entry ledger, conserved after every command.

use std::collections::BTreeSet;

use berth_book::prefetch;
use berth_domain::codec::Encode;
use berth_domain::{AccountId, LeaseId, Stroops};

use super::content::content;

/// One account's money, by what it may be used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Free to use.
    pub available: Stroops,
    /// Held for orders, and for top-ups that the chain has not made yet.
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
    /// By account id, from the exchange's own, which has none.
    accounts: Vec<Balances>,
    /// What accounts have staked on the chain, apart from what they trade with:
    /// most have nothing there, and orders never look at it.
    stakes: Vec<Stroops>,
    /// By lease id, from zero, which is no lease.
    escrows: Vec<Stroops>,
    escrowed: Stroops,
    deposited: Stroops,
    withdrawn: Stroops,
    /// All that was ever staked, and all that was withdrawn or taken of it.
    stakes_in: Stroops,
    stakes_out: Stroops,
    /// Accounts that something waits for money in.
    watched: BTreeSet<AccountId>,
    /// Those of them in which more became available.
    credited: BTreeSet<AccountId>,
}

impl Ledger {
    /// An account's money.
    #[must_use]
    #[inline]
    pub fn balances(&self, account: AccountId) -> Balances {
        self.accounts.get(account.0 as usize).copied().unwrap_or_default()
    }

    /// Asks for the memory of an account's money.
    #[inline]
    pub(crate) fn ask(&self, account: AccountId) {
        if let Some(balances) = self.accounts.get(account.0 as usize) {
            prefetch(balances);
        }
    }

    /// What the escrow of a lease holds.
    #[must_use]
    pub fn escrow(&self, lease: LeaseId) -> Stroops {
        usize::try_from(lease.0).ok().and_then(|id| self.escrows.get(id)).copied().unwrap_or_default()
    }

    /// What all escrows hold.
    #[must_use]
    pub const fn escrowed(&self) -> Stroops {
        self.escrowed
    }

    /// All that ever came in.
    #[must_use]
    pub const fn deposited(&self) -> Stroops {
        self.deposited
    }

    /// All that ever left.
    #[must_use]
    pub const fn withdrawn(&self) -> Stroops {
        self.withdrawn
    }

    /// All that was ever staked, whatever became of it.
    #[must_use]
    pub const fn stakes_in(&self) -> Stroops {
        self.stakes_in
    }

    /// What an account has staked.
    #[must_use]
    pub fn stake(&self, account: AccountId) -> Stroops {
        self.stakes.get(account.0 as usize).copied().unwrap_or_default()
    }

    /// What all accounts have staked.
    #[must_use]
    pub fn staked(&self) -> Stroops {
        self.stakes_in - self.stakes_out
    }

    /// Whether what is inside is what came in less what went out, what is staked
    /// is what was staked less what ceased to be, and the tenants' escrowed
    /// money is what their leases' escrows hold together.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let inside =
            self.accounts.iter().fold(Stroops::ZERO, |sum, b| sum + b.available + b.held + b.escrowed + b.withdrawing);
        let staked = self.stakes.iter().fold(Stroops::ZERO, |sum, stake| sum + *stake);
        let by_tenant = self.accounts.iter().fold(Stroops::ZERO, |sum, b| sum + b.escrowed);
        let by_lease = self.escrows.iter().fold(Stroops::ZERO, |sum, escrow| sum + *escrow);
        Some(inside) == self.deposited.checked_sub(self.withdrawn)
            && Some(staked) == self.stakes_in.checked_sub(self.stakes_out)
            && by_tenant == self.escrowed
            && by_lease == self.escrowed
    }

    /// Says all that ever came in and went out, of which nothing is known yet.
    pub(crate) fn restore_totals(&mut self, deposited: Stroops, withdrawn: Stroops) {
        (self.deposited, self.withdrawn) = (deposited, withdrawn);
    }

    /// The same for stakes.
    pub(crate) fn restore_stakes(&mut self, stakes_in: Stroops, stakes_out: Stroops) {
        (self.stakes_in, self.stakes_out) = (stakes_in, stakes_out);
    }

    /// Says what an account has, of which nothing is known yet.
    pub(crate) fn restore_balances(&mut self, account: AccountId, balances: Balances) {
        *self.account(account) = balances;
    }

    /// Says what an account has staked, of which nothing is known yet.
    pub(crate) fn restore_stake(&mut self, account: AccountId, staked: Stroops) {
        *self.stake_mut(account) = staked;
    }

    /// Says what the escrow of a lease holds, of which nothing is known yet.
    pub(crate) fn restore_escrow(&mut self, lease: LeaseId, amount: Stroops) {
        *self.escrow_mut(lease) = amount;
        self.escrowed += amount;
    }

    /// Makes room for the balances of so many accounts and the escrows of so
    /// many leases.
    pub(crate) fn reserve(&mut self, accounts: usize, leases: usize) {
        self.accounts.reserve(accounts + 1);
        self.escrows.reserve(leases + 1);
    }

    /// Notes from now on when more becomes available in an account, or no
    /// longer.
    pub(crate) fn watch(&mut self, account: AccountId, is_waited_for: bool) {
        if is_waited_for {
            self.watched.insert(account);
        } else {
            self.watched.remove(&account);
        }
    }

    /// Whether more became available in a watched account.
    #[inline]
    pub(crate) fn has_credited(&self) -> bool {
        !self.credited.is_empty()
    }

    /// The watched accounts in which more became available since the last time
    /// that this was asked.
    pub(crate) fn take_credited(&mut self) -> Option<BTreeSet<AccountId>> {
        if self.credited.is_empty() { None } else { Some(std::mem::take(&mut self.credited)) }
    }

    /// Moves `amount`. The caller has made sure that it is there.
    #[inline]
    pub(crate) fn post(&mut self, from: Place, to: Place, amount: Stroops) {
        if amount == Stroops::ZERO {
            return;
        }
        match from {
            Place::World => self.deposited += amount,
            Place::Escrow(lease, tenant) => {
                self.account(tenant).escrowed -= amount;
                *self.escrow_mut(lease) -= amount;
                self.escrowed -= amount;
            }
            account => *self.slot(account) -= amount,
        }
        match to {
            Place::World => self.withdrawn += amount,
            Place::Escrow(lease, tenant) => {
                self.account(tenant).escrowed += amount;
                *self.escrow_mut(lease) += amount;
                self.escrowed += amount;
            }
            place => {
                *self.slot(place) += amount;
                if let Place::Available(account) = place {
                    self.note_credit(account);
                }
            }
        }
    }

    /// Says what an account has staked now. The caller has made sure that more
    /// can be counted.
    pub(crate) fn set_stake(&mut self, account: AccountId, staked: Stroops) {
        let before = std::mem::replace(self.stake_mut(account), staked);
        match staked.checked_sub(before) {
            Some(more) => self.stakes_in += more,
            None => self.stakes_out += before - staked,
        }
    }

    /// Holds `new` for an order of an account that held `old` for it. The caller
    /// has made sure that more is there when it needs more.
    #[inline]
    pub(crate) fn hold_instead(&mut self, account: AccountId, old: Stroops, new: Stroops) {
        let balances = self.account(account);
        // Both sums are what was there before.
        balances.available = balances.available + old - new;
        balances.held = balances.held + new - old;
        self.note_credit(account);
    }

    #[inline]
    fn note_credit(&mut self, account: AccountId) {
        if !self.watched.is_empty() && self.watched.contains(&account) {
            self.credited.insert(account);
        }
    }

    #[inline]
    fn slot(&mut self, place: Place) -> &mut Stroops {
        match place {
            Place::Available(account) => &mut self.account(account).available,
            Place::Held(account) => &mut self.account(account).held,
            Place::Withdrawing(account) => &mut self.account(account).withdrawing,
            Place::World | Place::Escrow(..) => unreachable!("post handles the places that are no single slot"),
        }
    }

    #[inline]
    fn account(&mut self, id: AccountId) -> &mut Balances {
        let id = id.0 as usize;
        if self.accounts.len() <= id {
            self.accounts.resize(id + 1, Balances::default());
        }
        &mut self.accounts[id]
    }

    fn stake_mut(&mut self, id: AccountId) -> &mut Stroops {
        let id = id.0 as usize;
        if self.stakes.len() <= id {
            self.stakes.resize(id + 1, Stroops::ZERO);
        }
        &mut self.stakes[id]
    }

    #[inline]
    fn escrow_mut(&mut self, lease: LeaseId) -> &mut Stroops {
        let id = usize::try_from(lease.0).expect("what has an escrow lies in memory");
        if self.escrows.len() <= id {
            self.escrows.resize(id + 1, Stroops::ZERO);
        }
        &mut self.escrows[id]
    }
}

content!(Balances { available, held, escrowed, withdrawing });

// Sums follow from the parts. What never had money and what has none left are
// the same.
content!(Ledger {
    deposited,
    withdrawn,
    stakes_in,
    stakes_out,
    accounts with |ledger, out| filled(AccountId, &ledger.accounts, out),
    stakes with |ledger, out| filled(AccountId, &ledger.stakes, out),
    escrows with |ledger, out| filled(|id| LeaseId(id.into()), &ledger.escrows, out),
});

/// Those of a table's values that are not empty, each behind its id.
fn filled<I: Encode, T: Encode + Default + PartialEq>(id: impl Fn(u32) -> I, table: &[T], out: &mut Vec<u8>) {
    let filled = || (0_u32..).zip(table).filter(|(_, value)| **value != T::default());
    (filled().count() as u64).encode(out);
    for (place, value) in filled() {
        id(place).encode(out);
        value.encode(out);
    }
}
