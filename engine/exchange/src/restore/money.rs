//! The ledger: what it holds for things is what the things say.

use berth_domain::{AccountId, LeaseId, Stroops};

use super::places::ascend;
use super::source::Source;
use super::{ContentError, agree};
use crate::content::Component;
use crate::exchange::Exchange;
use crate::state::{Funds, Parts, Recall, Unread};

/// What a ledger is made of.
pub(super) struct Money {
    totals: Totals,
    funds: Vec<(AccountId, Funds)>,
    debts: Vec<(AccountId, Stroops)>,
    stakes: Vec<(AccountId, Stroops)>,
    escrows: Vec<(LeaseId, Stroops)>,
}

/// All that ever came in and went out.
struct Totals {
    deposited: u128,
    withdrawn: u128,
    stakes_in: u128,
    stakes_out: u128,
}

impl Recall for Totals {
    fn recall(parts: &mut Parts<'_, '_>) -> Result<Self, Unread> {
        Ok(Self {
            deposited: parts.get("deposited")?,
            withdrawn: parts.get("withdrawn")?,
            stakes_in: parts.get("stakes_in")?,
            stakes_out: parts.get("stakes_out")?,
        })
    }
}

impl Money {
    pub(super) fn read(source: &mut Source<'_>) -> Result<Self, ContentError> {
        Ok(Self {
            totals: source.one("ledger")?,
            funds: source.values("funds")?,
            debts: source.values("debt")?,
            stakes: source.values("stake")?,
            escrows: source.values("escrow")?,
        })
    }

    /// Whether nothing appears or is lost, and what is there at a time can be
    /// counted: all sums without overflow.
    fn is_conserved(&self) -> bool {
        let sum = |amounts: &mut dyn Iterator<Item = Stroops>| -> i128 { amounts.map(|a| i128::from(a.get())).sum() };
        let signed = |total: u128| i128::try_from(total).ok();
        let difference = |a: u128, b: u128| signed(a)?.checked_sub(signed(b)?).filter(|left| *left >= 0);
        let all = |f: &Funds| [f.available, f.held, f.escrowed, f.withdrawing];
        let Totals { deposited, withdrawn, stakes_in, stakes_out } = self.totals;
        let there = sum(&mut self.funds.iter().flat_map(|(_, funds)| all(funds)));
        let owed = sum(&mut self.debts.iter().map(|(_, debt)| *debt));
        let by_tenant = sum(&mut self.funds.iter().map(|(_, funds)| funds.escrowed));
        let by_lease = sum(&mut self.escrows.iter().map(|(_, escrow)| *escrow));
        let staked = sum(&mut self.stakes.iter().map(|(_, stake)| *stake));
        let counted = |sum: i128| i64::try_from(sum).is_ok();
        Some(there - owed) == difference(deposited, withdrawn)
            && Some(staked) == difference(stakes_in, stakes_out)
            && by_tenant == by_lease
            && counted(there)
            && counted(owed)
            && counted(staked)
    }
}

fn check(is_so: bool, thing: &'static str, place: u64, field: &'static str) -> Result<(), ContentError> {
    agree(is_so, Component::Ledger, thing, place, field)
}

impl Exchange {
    pub(super) fn restore_money(&mut self, money: Money) -> Result<(), ContentError> {
        check(money.is_conserved(), "ledger", 0, "sums")?;
        check(ascend(money.funds.iter().map(|(account, _)| account)), "funds", 0, "account")?;
        check(ascend(money.debts.iter().map(|(account, _)| account)), "debt", 0, "account")?;
        check(ascend(money.stakes.iter().map(|(account, _)| account)), "stake", 0, "account")?;
        check(ascend(money.escrows.iter().map(|(lease, _)| lease)), "escrow", 0, "lease")?;
        let Money { totals, funds, debts, stakes, escrows } = money;
        let Totals { deposited, withdrawn, stakes_in, stakes_out } = totals;
        self.ledger.restore_totals(deposited, withdrawn);
        self.ledger.restore_stakes(stakes_in, stakes_out);
        for (account, funds) in funds {
            let has_some = funds != Funds::default();
            check(has_some && self.has_account(account), "funds", account.0.into(), "account")?;
            self.ledger.restore_funds(account, funds);
        }
        for (account, debt) in debts {
            let has_some = debt > Stroops::ZERO;
            check(has_some && self.has_account(account), "debt", account.0.into(), "account")?;
            check(self.ledger.available(account) == Stroops::ZERO, "debt", account.0.into(), "available")?;
            self.ledger.restore_debt(account, debt);
        }
        for (account, stake) in stakes {
            let has_some = stake > Stroops::ZERO;
            check(has_some && self.has_account(account), "stake", account.0.into(), "account")?;
            self.ledger.restore_stake(account, stake);
        }
        for (lease, escrow) in escrows {
            let expected = self.lease(lease).map(|lease| lease.escrow);
            check(expected == Some(escrow) && escrow > Stroops::ZERO, "escrow", lease.0, "amount")?;
            self.ledger.restore_escrow(lease, escrow);
        }
        self.check_holds()
    }

    /// What accounts hold is what their orders, top-ups and standbys hold, and
    /// what they have in escrows is what their leases have there.
    fn check_holds(&mut self) -> Result<(), ContentError> {
        // The first place is the exchange's own, which has no account.
        let mut held = vec![0_i128; self.accounts.len() + 1];
        let mut escrowed = held.clone();
        for order in &self.orders {
            held[order.account.0 as usize] += i128::from(order.hold.get());
        }
        for standby in self.standbys.iter() {
            let tenant = self.lease(standby.lease).map_or(AccountId::EXCHANGE, |lease| lease.tenant);
            held[tenant.0 as usize] += i128::from(standby.hold.get());
        }
        for lease in 0..self.leases.len() {
            let lease = &self.leases[lease];
            let (id, tenant) = (lease.id, lease.tenant);
            escrowed[tenant.0 as usize] += i128::from(self.ledger.escrow(id).get());
            if let Some(top_up) = lease.funding.top_up {
                held[tenant.0 as usize] += i128::from(top_up.amount.get());
                let owner = self.account_mut(tenant);
                let topping_up = owner.topping_up.checked_add(top_up.amount);
                agree(topping_up.is_some(), Component::Leases, "lease", id.0, "funding")?;
                owner.topping_up = topping_up.unwrap_or_default();
            }
        }
        for account in self.accounts.iter() {
            let (id, balances) = (account.id.0 as usize, self.ledger.balances(account.id));
            check(i128::from(balances.held.get()) == held[id], "funds", account.id.0.into(), "held")?;
            check(i128::from(balances.escrowed.get()) == escrowed[id], "funds", account.id.0.into(), "escrowed")?;
        }
        // The sums of what is at stake in an account can be counted.
        for account in self.accounts.iter() {
            let forfeits = account.standing.iter().flat_map(|standing| &standing.forfeits);
            let sum = forfeits.map(|(_, amount)| *amount).try_fold(Stroops::ZERO, Stroops::checked_add);
            agree(sum.is_some(), Component::Providers, "account", account.id.0.into(), "standing.forfeits")?;
        }
        Ok(())
    }
}
