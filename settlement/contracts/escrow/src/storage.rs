//! Where everything is kept: at most four small persistent entries per account
//! and token, one per lease, and the configuration in the instance.
//!
//! Nothing is temporary storage: a temporary entry that runs out is gone, and
//! a lease id could then be opened twice. A persistent one is archived, and a
//! transaction that needs it restores it.

use crate::{Config, Error, Lease, ProviderMandate, Request, TenantMandate};
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
    Balance(Address, Address),
    Request(Address, Address),
    Tenant(Address, Address),
    Provider(Address, Address),
    Lease(u64),
}

/// An account's money in one token.
pub(crate) struct Purse<'a> {
    pub(crate) env: &'a Env,
    pub(crate) account: &'a Address,
    pub(crate) token: &'a Address,
}

impl<'a> Purse<'a> {
    pub(crate) const fn new(env: &'a Env, account: &'a Address, token: &'a Address) -> Self {
        Self { env, account, token }
    }

    fn key(&self, kind: fn(Address, Address) -> Key) -> Key {
        kind(self.account.clone(), self.token.clone())
    }

    pub(crate) fn balance(&self) -> i128 {
        self.env.storage().persistent().get(&self.key(Key::Balance)).unwrap_or(0)
    }

    fn set_balance(&self, balance: i128) {
        self.env.storage().persistent().set(&self.key(Key::Balance), &balance);
    }

    /// Adds to the balance. All balances together are at most what the
    /// contract holds of the token, so the sum fits.
    pub(crate) fn credit(&self, amount: i128) {
        // Nothing to add makes no entry: a first-time provider of an unpaid
        // lease costs no rent.
        if amount > 0 {
            self.set_balance(self.balance() + amount);
        }
    }

    /// Takes from the balance, or refuses.
    pub(crate) fn debit(&self, amount: i128) -> Result<(), Error> {
        let before = self.balance();
        if before < amount {
            return Err(Error::BalanceTooLow);
        }
        self.set_balance(before - amount);
        Ok(())
    }

    /// Takes from the balance, then from the pending withdrawal, or refuses.
    pub(crate) fn take(&self, amount: i128) -> Result<(), Error> {
        let free = self.balance();
        if free >= amount {
            self.set_balance(free - amount);
            return Ok(());
        }
        let rest = amount - free;
        let request = self.request().ok_or(Error::BalanceTooLow)?;
        if request.amount < rest {
            return Err(Error::BalanceTooLow);
        }
        if free > 0 {
            self.set_balance(0);
        }
        if request.amount == rest {
            self.remove_request();
        } else {
            // What is left keeps its age: it is the tenant's money all the same.
            self.set_request(&Request { amount: request.amount - rest, since: request.since });
        }
        Ok(())
    }

    pub(crate) fn request(&self) -> Option<Request> {
        self.env.storage().persistent().get(&self.key(Key::Request))
    }

    pub(crate) fn set_request(&self, request: &Request) {
        self.env.storage().persistent().set(&self.key(Key::Request), request);
    }

    pub(crate) fn remove_request(&self) {
        self.env.storage().persistent().remove(&self.key(Key::Request));
    }

    pub(crate) fn tenant_mandate(&self) -> Option<TenantMandate> {
        self.env.storage().persistent().get(&self.key(Key::Tenant))
    }

    pub(crate) fn set_tenant_mandate(&self, mandate: &TenantMandate) {
        self.env.storage().persistent().set(&self.key(Key::Tenant), mandate);
    }

    pub(crate) fn provider_mandate(&self) -> Option<ProviderMandate> {
        self.env.storage().persistent().get(&self.key(Key::Provider))
    }

    pub(crate) fn set_provider_mandate(&self, mandate: &ProviderMandate) {
        self.env.storage().persistent().set(&self.key(Key::Provider), mandate);
    }

    pub(crate) fn remove_provider_mandate(&self) {
        self.env.storage().persistent().remove(&self.key(Key::Provider));
    }

    pub(crate) fn extend(&self) {
        for kind in [Key::Balance, Key::Request, Key::Tenant, Key::Provider] {
            extend(self.env, &self.key(kind));
        }
    }
}

pub(crate) fn config(env: &Env) -> Config {
    env.storage().instance().get(&Key::Config).expect("the constructor has stored it")
}

pub(crate) fn set_config(env: &Env, config: &Config) {
    env.storage().instance().set(&Key::Config, config);
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

/// The host traps on an entry that is not there, and one stale name must not
/// keep the others of a call from living on.
fn extend(env: &Env, key: &impl IntoVal<Env, Val>) {
    let storage = env.storage().persistent();
    if storage.has(key) {
        storage.extend_ttl(key, TTL_LOW, TTL_EXTENDED);
    }
}
