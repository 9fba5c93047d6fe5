//! Money: conserved, held for what is alive, locked for what is not settled.

use std::collections::BTreeMap;

use berth_domain::{AccountId, LeaseState, Rate, Stroops};

use super::Invariants;
use crate::exchange::Exchange;
use crate::state::Lease;

/// `floor(rate × units × replicas × seconds / 3600)`.
pub(super) fn owed(rate: Rate, units: u32, replicas: u32, seconds: u64) -> i128 {
    i128::from(rate.get()) * i128::from(units) * i128::from(replicas) * i128::from(seconds) / 3_600
}

pub(super) fn check(x: &Exchange, found: &mut Invariants) {
    found.holds(x.ledger().is_conserved(), || "the ledger is not conserved".to_owned());
    held(x, found);
    escrowed(x, found);
}

/// What an account holds is for its orders, top-ups and standbys.
fn held(x: &Exchange, found: &mut Invariants) {
    let mut held: BTreeMap<AccountId, i128> = BTreeMap::new();
    for order in x.orders() {
        *held.entry(order.account).or_default() += i128::from(order.hold.get());
    }
    for lease in x.leases() {
        let top_up = lease.funding.top_up.map_or(Stroops::ZERO, |top_up| top_up.amount);
        *held.entry(lease.tenant).or_default() += i128::from(top_up.get());
    }
    for standby in x.standbys() {
        let lease = x.lease(standby.lease);
        found.holds(lease.is_some(), || format!("the standby of lease {} is of no lease", standby.lease));
        let Some(lease) = lease else { continue };
        *held.entry(lease.tenant).or_default() += i128::from(standby.hold.get());
    }
    for account in x.accounts() {
        let must = held.get(&account.id).copied().unwrap_or_default();
        let is = i128::from(x.balances(account.id).held.get());
        found.same(is, must, || format!("held by account {}", account.id));
    }
}

/// What a tenant has in escrows is there until the contract has paid.
fn escrowed(x: &Exchange, found: &mut Invariants) {
    let mut escrowed: BTreeMap<AccountId, i128> = BTreeMap::new();
    for lease in x.leases() {
        let there = if holds_escrow(lease) { lease.escrow } else { Stroops::ZERO };
        found.same(x.ledger().escrow(lease.id), there, || format!("escrow of lease {}", lease.id));
        *escrowed.entry(lease.tenant).or_default() += i128::from(there.get());
    }
    for account in x.accounts() {
        let must = escrowed.get(&account.id).copied().unwrap_or_default();
        let is = i128::from(x.balances(account.id).escrowed.get());
        found.same(is, must, || format!("escrowed by account {}", account.id));
    }
}

fn holds_escrow(lease: &Lease) -> bool {
    let never_locked = lease.state == LeaseState::Closed && lease.escrow_tx.is_none();
    lease.paid_tx.is_none() && !never_locked
}
