//! Where everything is kept: one persistent entry per account and kind, one
//! per lease, and the configuration in the instance.
//!
//! Nothing is temporary storage: a temporary entry that runs out is gone, and
//! a lease id could then be opened twice. A persistent one is archived, and a
//! transaction that needs it restores it.

use crate::{Config, Error, Lease, Request};
use soroban_sdk::{Address, Env, IntoVal, Val, contracttype};

/// A day at one ledger every five seconds.
const LEDGERS_PER_DAY: u32 = 17_280;
/// `extend` leaves alone what lives longer than this.
const TTL_LOW: u32 = 60 * LEDGERS_PER_DAY;
/// How far `extend` reaches.
const TTL_EXTENDED: u32 = 120 * LEDGERS_PER_DAY;

#[contracttype]
pub(crate) enum Key {
    Config,
    Balance(Address),
    Request(Address),
    Lease(u64),
}

pub(crate) fn config(env: &Env) -> Config {
    env.storage().instance().get(&Key::Config).expect("the constructor has stored it")
}

pub(crate) fn set_config(env: &Env, config: &Config) {
    env.storage().instance().set(&Key::Config, config);
}

pub(crate) fn balance(env: &Env, account: &Address) -> i128 {
    env.storage().persistent().get(&Key::Balance(account.clone())).unwrap_or(0)
}

fn set_balance(env: &Env, account: &Address, balance: i128) {
    env.storage().persistent().set(&Key::Balance(account.clone()), &balance);
}

/// Adds to a balance. All balances together are at most what the contract
/// holds of the token, so the sum fits.
pub(crate) fn credit(env: &Env, account: &Address, amount: i128) {
    // Nothing to add makes no entry: a first-time provider of an unpaid lease
    // costs no rent.
    if amount > 0 {
        set_balance(env, account, balance(env, account) + amount);
    }
}

/// Takes from a balance, or refuses.
pub(crate) fn debit(env: &Env, account: &Address, amount: i128) -> Result<(), Error> {
    let before = balance(env, account);
    if before < amount {
        return Err(Error::BalanceTooLow);
    }
    set_balance(env, account, before - amount);
    Ok(())
}

/// Takes from the balance, then from the pending withdrawal, or refuses.
pub(crate) fn take(env: &Env, account: &Address, amount: i128) -> Result<(), Error> {
    let free = balance(env, account);
    if free >= amount {
        set_balance(env, account, free - amount);
        return Ok(());
    }
    let rest = amount - free;
    let request = request(env, account).ok_or(Error::BalanceTooLow)?;
    if request.amount < rest {
        return Err(Error::BalanceTooLow);
    }
    if free > 0 {
        set_balance(env, account, 0);
    }
    if request.amount == rest {
        remove_request(env, account);
    } else {
        // What is left keeps its age: it is the tenant's money all the same.
        let left = Request { amount: request.amount - rest, since: request.since };
        set_request(env, account, &left);
    }
    Ok(())
}

pub(crate) fn request(env: &Env, account: &Address) -> Option<Request> {
    env.storage().persistent().get(&Key::Request(account.clone()))
}

pub(crate) fn set_request(env: &Env, account: &Address, request: &Request) {
    env.storage().persistent().set(&Key::Request(account.clone()), request);
}

pub(crate) fn remove_request(env: &Env, account: &Address) {
    env.storage().persistent().remove(&Key::Request(account.clone()));
}

pub(crate) fn lease(env: &Env, id: u64) -> Option<Lease> {
    env.storage().persistent().get(&Key::Lease(id))
}

pub(crate) fn set_lease(env: &Env, id: u64, lease: &Lease) {
    env.storage().persistent().set(&Key::Lease(id), lease);
}

pub(crate) fn extend_instance(env: &Env) {
    env.storage().instance().extend_ttl(TTL_LOW, TTL_EXTENDED);
}

pub(crate) fn extend_lease(env: &Env, id: u64) {
    extend(env, &Key::Lease(id));
}

pub(crate) fn extend_account(env: &Env, account: &Address) {
    extend(env, &Key::Balance(account.clone()));
    extend(env, &Key::Request(account.clone()));
}

/// The host traps on an entry that is not there, and one stale name must not
/// keep the others of a call from living on.
fn extend(env: &Env, key: &impl IntoVal<Env, Val>) {
    let storage = env.storage().persistent();
    if storage.has(key) {
        storage.extend_ttl(key, TTL_LOW, TTL_EXTENDED);
    }
}
