use berth_wire::domain::{Digest, LeaseId, Stroops};
use serde::{Deserialize, Serialize};
use stellar_xdr::{HostFunction, ScVal};

use super::Escrow;
use crate::chain::{Address, value};
use crate::serial;

/// What a lease locks, for whom and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who pays.
    pub tenant: Address,
    /// Who earns.
    pub provider: Address,
    /// What the whole lease costs per hour.
    #[serde(with = "serial::stroops")]
    pub rate_per_hour: Stroops,
    /// What is locked.
    #[serde(with = "serial::stroops")]
    pub amount: Stroops,
    /// Last second (unix) in which it can be settled.
    pub deadline: u64,
}

/// A call of an escrow contract's `deposit`: `from` pays `amount` into the balance
/// of `to`. Needs `from`'s signature.
#[must_use]
pub fn deposit(contract: Address, from: Address, to: Address, amount: Stroops) -> HostFunction {
    let args = vec![value::address(from), value::address(to), value::amount(amount)];
    value::call(contract, "deposit", args)
}

/// A call of its `request_withdraw`: sets `amount` of `account`'s balance aside to
/// be withdrawn. Needs its signature.
#[must_use]
pub fn request_withdraw(contract: Address, account: Address, amount: Stroops) -> HostFunction {
    let args = vec![value::address(account), value::amount(amount)];
    value::call(contract, "request_withdraw", args)
}

/// Calls that change something. Each is a transaction's one operation.
impl Escrow {
    /// `from` pays `amount` into the balance of `to`. Needs `from`'s signature.
    #[must_use]
    pub fn deposit(&self, from: Address, to: Address, amount: Stroops) -> HostFunction {
        deposit(self.id, from, to, amount)
    }

    /// Sets `amount` of `account`'s balance aside to be withdrawn. Needs its
    /// signature.
    #[must_use]
    pub fn request_withdraw(&self, account: Address, amount: Stroops) -> HostFunction {
        request_withdraw(self.id, account, amount)
    }

    /// Pays `account`'s pending withdrawal: at once when `by` is the operator,
    /// who has to sign then, and after the delay when `by` is anyone else.
    #[must_use]
    pub fn pay_withdraw(&self, account: Address, by: Address) -> HostFunction {
        let args = vec![value::address(account), value::address(by)];
        value::call(self.id, "pay_withdraw", args)
    }

    /// Puts `account`'s pending withdrawal back. Needs its signature.
    #[must_use]
    pub fn cancel_withdraw(&self, account: Address) -> HostFunction {
        value::call(self.id, "cancel_withdraw", vec![value::address(account)])
    }

    /// Locks what a lease needs. Needs the operator's signature.
    #[must_use]
    pub fn open(&self, lease: LeaseId, terms: &Terms) -> HostFunction {
        let args = vec![
            ScVal::U64(lease.0),
            value::address(terms.tenant),
            value::address(terms.provider),
            value::amount(terms.rate_per_hour),
            value::amount(terms.amount),
            ScVal::U64(terms.deadline),
        ];
        value::call(self.id, "open", args)
    }

    /// Pays a lease for `seconds` of evidenced service. Needs the operator's
    /// signature.
    #[must_use]
    pub fn settle(&self, lease: LeaseId, seconds: u64, proof: Digest) -> HostFunction {
        let args = vec![ScVal::U64(lease.0), ScVal::U64(seconds), value::bytes(proof.0)];
        value::call(self.id, "settle", args)
    }

    /// Gives the tenant everything back, after the deadline. Anyone may.
    #[must_use]
    pub fn refund(&self, lease: LeaseId) -> HostFunction {
        value::call(self.id, "refund", vec![ScVal::U64(lease.0)])
    }

    /// Extends the life of these entries, and of the contract. Anyone may.
    #[must_use]
    pub fn extend(&self, leases: &[LeaseId], accounts: &[Address]) -> HostFunction {
        let leases = leases.iter().map(|lease| ScVal::U64(lease.0)).collect();
        let accounts = accounts.iter().map(|account| value::address(*account)).collect();
        value::call(self.id, "extend", vec![value::vector(leases), value::vector(accounts)])
    }
}
