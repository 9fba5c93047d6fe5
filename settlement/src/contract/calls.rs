use berth_wire::domain::{Digest, LeaseId, Stroops};
use stellar_xdr::{HostFunction, ScVal};

use super::{Escrow, Settle, Terms};
use crate::chain::{Address, value};

/// A call of an escrow contract's `deposit`: `from` pays `amount` of `token` into the
/// balance of `to`. Needs `from`'s signature.
#[must_use]
pub fn deposit(contract: Address, from: Address, to: Address, token: Address, amount: Stroops) -> HostFunction {
    let args = vec![value::address(from), value::address(to), value::address(token), value::amount(amount)];
    value::call(contract, "deposit", args)
}

/// A call of its `request_withdraw`: sets `amount` of `account`'s balance in `token`
/// aside to be withdrawn. Needs its signature.
#[must_use]
pub fn request_withdraw(contract: Address, account: Address, token: Address, amount: Stroops) -> HostFunction {
    let args = vec![value::address(account), value::address(token), value::amount(amount)];
    value::call(contract, "request_withdraw", args)
}

/// A call of its `set_tenant_mandate`: what the operator may lock of `account`'s
/// money, until the unix second `until`. 0 there ends it. Needs its signature.
#[must_use]
pub fn set_tenant_mandate(
    contract: Address,
    account: Address,
    token: Address,
    per_lease: Stroops,
    per_day: Stroops,
    until: u64,
) -> HostFunction {
    let limits = [value::amount(per_lease), value::amount(per_day), ScVal::U64(until)];
    let args = [value::address(account), value::address(token)].into_iter().chain(limits).collect();
    value::call(contract, "set_tenant_mandate", args)
}

/// A call of its `set_provider_mandate`: the least that a lease on `account`'s hosts
/// must pay per hour, until the unix second `until`. 0 there ends it. Needs its
/// signature.
#[must_use]
pub fn set_provider_mandate(
    contract: Address,
    account: Address,
    token: Address,
    floor_per_hour: Stroops,
    until: u64,
) -> HostFunction {
    let args = vec![value::address(account), value::address(token), value::amount(floor_per_hour), ScVal::U64(until)];
    value::call(contract, "set_provider_mandate", args)
}

/// Calls that change something. Each is a transaction's one operation.
impl Escrow {
    /// `from` pays `amount` into the balance of `to`. Needs `from`'s signature.
    #[must_use]
    pub fn deposit(&self, from: Address, to: Address, token: Address, amount: Stroops) -> HostFunction {
        deposit(self.id, from, to, token, amount)
    }

    /// Sets `amount` of `account`'s balance aside to be withdrawn. Needs its
    /// signature.
    #[must_use]
    pub fn request_withdraw(&self, account: Address, token: Address, amount: Stroops) -> HostFunction {
        request_withdraw(self.id, account, token, amount)
    }

    /// Pays `account`'s pending withdrawal: at once when `by` is the operator,
    /// who has to sign then, and after the delay when `by` is anyone else.
    #[must_use]
    pub fn pay_withdraw(&self, account: Address, token: Address, by: Address) -> HostFunction {
        let args = vec![value::address(account), value::address(token), value::address(by)];
        value::call(self.id, "pay_withdraw", args)
    }

    /// Puts `account`'s pending withdrawal back. Needs its signature.
    #[must_use]
    pub fn cancel_withdraw(&self, account: Address, token: Address) -> HostFunction {
        value::call(self.id, "cancel_withdraw", vec![value::address(account), value::address(token)])
    }

    /// What the operator may lock of `account`'s money; `until` 0 ends it. Needs
    /// its signature.
    #[must_use]
    pub fn set_tenant_mandate(
        &self,
        account: Address,
        token: Address,
        per_lease: Stroops,
        per_day: Stroops,
        until: u64,
    ) -> HostFunction {
        set_tenant_mandate(self.id, account, token, per_lease, per_day, until)
    }

    /// The least that a lease on `account`'s hosts must pay per hour; `until` 0
    /// ends it. Needs its signature.
    #[must_use]
    pub fn set_provider_mandate(
        &self,
        account: Address,
        token: Address,
        floor_per_hour: Stroops,
        until: u64,
    ) -> HostFunction {
        set_provider_mandate(self.id, account, token, floor_per_hour, until)
    }

    /// Locks what a lease needs. Needs the operator's signature, and the
    /// tenant's mandate.
    #[must_use]
    pub fn open(&self, lease: LeaseId, terms: &Terms) -> HostFunction {
        value::call(self.id, "open", vec![ScVal::U64(lease.0), terms.write()])
    }

    /// Locks `amount` more for a lease and moves its deadline. `number` counts
    /// its top-ups from 1. Needs the operator's signature, and the tenant's
    /// mandate.
    #[must_use]
    pub fn top_up(&self, lease: LeaseId, number: u32, amount: Stroops, deadline: u64) -> HostFunction {
        let args = vec![ScVal::U64(lease.0), ScVal::U32(number), value::amount(amount), ScVal::U64(deadline)];
        value::call(self.id, "top_up", args)
    }

    /// Pays a lease for `seconds` of evidenced service, or for what is receipted
    /// if that is more. Needs the operator's signature.
    #[must_use]
    pub fn settle(&self, lease: LeaseId, seconds: u64, proof: Digest) -> HostFunction {
        let args = vec![ScVal::U64(lease.0), ScVal::U64(seconds), value::bytes(proof.0)];
        value::call(self.id, "settle", args)
    }

    /// Settles leases one after the other; answers for each 0 or the number of
    /// a [`super::Refusal`]. Needs the operator's signature.
    #[must_use]
    pub fn settle_many(&self, leases: &[Settle]) -> HostFunction {
        let leases = leases.iter().map(Settle::write).collect();
        value::call(self.id, "settle_many", vec![value::vector(leases)])
    }

    /// Gives the contract what the node's key has signed for a lease. Anyone may.
    #[must_use]
    pub fn submit_receipt(&self, lease: LeaseId, seconds: u64, seq: u64, signature: [u8; 64]) -> HostFunction {
        let numbers = [lease.0, seconds, seq].map(ScVal::U64);
        let args = numbers.into_iter().chain([value::signature(signature)]).collect();
        value::call(self.id, "submit_receipt", args)
    }

    /// Ends a lease early. Needs its tenant's signature.
    #[must_use]
    pub fn cancel(&self, lease: LeaseId) -> HostFunction {
        value::call(self.id, "cancel", vec![ScVal::U64(lease.0)])
    }

    /// Pays a lease by its receipt and gives the tenant the rest, after the
    /// window. Anyone may.
    #[must_use]
    pub fn refund(&self, lease: LeaseId) -> HostFunction {
        value::call(self.id, "refund", vec![ScVal::U64(lease.0)])
    }

    /// Extends the life of these leases, of what these accounts have in a token,
    /// and of the contract. Anyone may.
    #[must_use]
    pub fn extend(&self, leases: &[LeaseId], accounts: &[(Address, Address)]) -> HostFunction {
        let leases = leases.iter().map(|lease| ScVal::U64(lease.0)).collect();
        let pair = |(account, token): &(Address, Address)| {
            value::vector(vec![value::address(*account), value::address(*token)])
        };
        let accounts = accounts.iter().map(pair).collect();
        value::call(self.id, "extend", vec![value::vector(leases), value::vector(accounts)])
    }
}
