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
    /// Paid out by the contract while it was in the escrow of a lease that the
    /// chain had not locked, or held for a top-up. Whatever comes to be
    /// available repays it first, so who owes has nothing available.
    pub owed: Stroops,
}

/// What accounts have: what they owe lies apart, since hardly anybody does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funds {
    pub(crate) available: Stroops,
    pub(crate) held: Stroops,
    pub(crate) escrowed: Stroops,
    pub(crate) withdrawing: Stroops,
}

/// A place where money can be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Outside of the contract.
    World,
    Available(AccountId),
    Held(AccountId),
    Withdrawing(AccountId),
    /// What an account owes: money that comes from here makes it more, and money
    /// that goes here less.
    Owed(AccountId),
    /// The escrow of a lease, and the tenant who filled it.
    Escrow(LeaseId, AccountId),
}

/// All money: every movement goes from one place to another, so what is inside
/// is always what came in less what went out.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// By account id, from the exchange's own, which has none.
    accounts: Vec<Funds>,
    /// What accounts owe, by id; empty until somebody does.
    debts: Vec<Stroops>,
    /// All of it.
    owed: Stroops,
    /// What accounts have staked on the chain, apart from what they trade with:
    /// most have nothing there, and orders never look at it.
    stakes: Vec<Stroops>,
    /// By lease id, from zero, which is no lease.
    escrows: Vec<Stroops>,
    escrowed: Stroops,
    /// All that ever came in and went out. The same money may come and go so
    /// often that the sums are more than there is of the asset.
    deposited: u128,
    withdrawn: u128,
    /// All that was ever staked, and all that was withdrawn or taken of it.
    stakes_in: u128,
    stakes_out: u128,
    /// Accounts that something waits for money in.
    watched: BTreeSet<AccountId>,
    /// Those of them in which more became available.
    credited: BTreeSet<AccountId>,
}

impl Ledger {
    /// An account's money.
    #[must_use]
    pub fn balances(&self, account: AccountId) -> Balances {
        let Funds { available, held, escrowed, withdrawing } = self.funds(account);
        Balances { available, held, escrowed, withdrawing, owed: self.debt(account) }
    }

    /// What an account is free to use.
    #[inline]
    pub(crate) fn available(&self, account: AccountId) -> Stroops {
        self.funds(account).available
    }

    #[inline]
    fn funds(&self, account: AccountId) -> Funds {
        self.accounts.get(account.0 as usize).copied().unwrap_or_default()
    }

    fn debt(&self, account: AccountId) -> Stroops {
        self.debts.get(account.0 as usize).copied().unwrap_or_default()
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

    /// All stroops that ever came in.
    #[must_use]
    pub const fn deposited(&self) -> u128 {
        self.deposited
    }

    /// All stroops that ever left.
    #[must_use]
    pub const fn withdrawn(&self) -> u128 {
        self.withdrawn
    }

    /// What is inside: all that came in less all that left.
    #[must_use]
    pub fn inside(&self) -> Stroops {
        counted(self.deposited - self.withdrawn)
    }

    /// What all accounts owe.
    #[must_use]
    pub const fn owed(&self) -> Stroops {
        self.owed
    }

    /// Whether so much more can come in and be counted.
    pub(crate) fn has_room_for(&self, amount: Stroops) -> bool {
        // What accounts have together is what is inside and what they owe.
        self.inside().checked_add(self.owed).and_then(|all| all.checked_add(amount)).is_some()
    }

    /// What an account has staked.
    #[must_use]
    pub fn stake(&self, account: AccountId) -> Stroops {
        self.stakes.get(account.0 as usize).copied().unwrap_or_default()
    }

    /// What all accounts have staked.
    #[must_use]
    pub fn staked(&self) -> Stroops {
        counted(self.stakes_in - self.stakes_out)
    }

    /// Whether what accounts have less what they owe is what came in less what
    /// went out, what is staked is what was staked less what ceased to be, the
    /// tenants' escrowed money is what their leases' escrows hold together, and
    /// nobody who owes has anything available.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let funds = self.accounts.iter().map(|b| [b.available, b.held, b.escrowed, b.withdrawing]);
        let there = sum(funds.flatten());
        let owed = sum(self.debts.iter().copied());
        let by_tenant = sum(self.accounts.iter().map(|funds| funds.escrowed));
        let by_lease = sum(self.escrows.iter().copied());
        let escrowed = sum([self.escrowed]);
        let is_free = |(funds, debt): (&Funds, &Stroops)| funds.available == Stroops::ZERO || *debt == Stroops::ZERO;
        Some(there) == (self.deposited + owed).checked_sub(self.withdrawn)
            && owed == sum([self.owed])
            && Some(sum(self.stakes.iter().copied())) == self.stakes_in.checked_sub(self.stakes_out)
            && by_tenant == escrowed
            && by_lease == escrowed
            && self.accounts.iter().zip(&self.debts).all(is_free)
    }

    /// Says all that ever came in and went out, of which nothing is known yet.
    pub(crate) fn restore_totals(&mut self, deposited: u128, withdrawn: u128) {
        (self.deposited, self.withdrawn) = (deposited, withdrawn);
    }

    /// The same for stakes.
    pub(crate) fn restore_stakes(&mut self, stakes_in: u128, stakes_out: u128) {
        (self.stakes_in, self.stakes_out) = (stakes_in, stakes_out);
    }

    /// Says what an account has, of which nothing is known yet.
    pub(crate) fn restore_funds(&mut self, account: AccountId, funds: Funds) {
        *self.account(account) = funds;
    }

    /// Says what an account owes, of which nothing is known yet.
    pub(crate) fn restore_debt(&mut self, account: AccountId, debt: Stroops) {
        *self.debt_mut(account) = debt;
        self.owed += debt;
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
    // Each caller names its places, so that little of the branching is left.
    #[inline(always)]
    pub(crate) fn post(&mut self, from: Place, to: Place, amount: Stroops) {
        if amount == Stroops::ZERO {
            return;
        }
        match from {
            Place::World => self.deposited += stroops(amount),
            Place::Owed(account) => {
                *self.debt_mut(account) += amount;
                self.owed += amount;
            }
            Place::Escrow(lease, tenant) => {
                self.account(tenant).escrowed -= amount;
                *self.escrow_mut(lease) -= amount;
                self.escrowed -= amount;
            }
            account => *self.slot(account) -= amount,
        }
        match to {
            Place::World => self.withdrawn += stroops(amount),
            Place::Owed(account) => {
                *self.debt_mut(account) -= amount;
                self.owed -= amount;
            }
            Place::Escrow(lease, tenant) => {
                self.account(tenant).escrowed += amount;
                *self.escrow_mut(lease) += amount;
                self.escrowed += amount;
            }
            place => {
                *self.slot(place) += amount;
                if let Place::Available(account) = place {
                    self.repay(account);
                    self.note_credit(account);
                }
            }
        }
    }

    /// What an account owes is repaid before anything of its own is available.
    #[inline]
    fn repay(&mut self, account: AccountId) {
        if self.owed > Stroops::ZERO {
            let repaid = self.debt(account).min(self.available(account));
            self.post(Place::Available(account), Place::Owed(account), repaid);
        }
    }

    /// Says what an account has staked now. The caller has made sure that more
    /// can be counted.
    pub(crate) fn set_stake(&mut self, account: AccountId, staked: Stroops) {
        let before = std::mem::replace(self.stake_mut(account), staked);
        match staked.checked_sub(before) {
            Some(more) => self.stakes_in += stroops(more),
            None => self.stakes_out += stroops(before - staked),
        }
    }

    /// Holds `new` for an order of an account that held `old` for it. The caller
    /// has made sure that more is there when it needs more.
    #[inline]
    pub(crate) fn hold_instead(&mut self, account: AccountId, old: Stroops, new: Stroops) {
        debug_assert!(old <= new || self.debt(account) == Stroops::ZERO, "orders of who owes hold nothing");
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

    #[inline(always)]
    fn slot(&mut self, place: Place) -> &mut Stroops {
        match place {
            Place::Available(account) => &mut self.account(account).available,
            Place::Held(account) => &mut self.account(account).held,
            Place::Withdrawing(account) => &mut self.account(account).withdrawing,
            Place::World | Place::Owed(_) | Place::Escrow(..) => {
                unreachable!("post handles the places that are no single slot")
            }
        }
    }

    #[inline]
    fn account(&mut self, id: AccountId) -> &mut Funds {
        let id = id.0 as usize;
        if self.accounts.len() <= id {
            self.accounts.resize(id + 1, Funds::default());
        }
        &mut self.accounts[id]
    }

    fn debt_mut(&mut self, id: AccountId) -> &mut Stroops {
        let id = id.0 as usize;
        if self.debts.len() <= id {
            self.debts.resize(id + 1, Stroops::ZERO);
        }
        &mut self.debts[id]
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

const fn stroops(amount: Stroops) -> u128 {
    amount.get().unsigned_abs() as u128
}

fn counted(stroops: u128) -> Stroops {
    let amount = i64::try_from(stroops).ok().and_then(Stroops::new);
    amount.expect("no more comes in at a time than can be counted")
}

fn sum(amounts: impl IntoIterator<Item = Stroops>) -> u128 {
    amounts.into_iter().map(stroops).sum()
}

content!(Funds { available, held, escrowed, withdrawing });

// Sums follow from the parts. What never had money and what has none left are
// the same.
content!(Ledger {
    deposited,
    withdrawn,
    stakes_in,
    stakes_out,
    accounts with |ledger, out| filled(AccountId, &ledger.accounts, out),
    debts with |ledger, out| filled(AccountId, &ledger.debts, out),
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
