//! Accounts.

use berth_domain::{AccountId, Address, Mandate};
use berth_exchange::{Account, AccountKey, Exchange};
use berth_wire::response;

/// An account with its balances.
#[must_use]
pub fn account(x: &Exchange, account: &Account) -> response::Account {
    response::Account {
        id: account.id.0.into(),
        address: account.address,
        trust_level: account.level,
        reputation: account.reputation.get(),
        balances: vec![balance(x, account.id)],
        open_orders: account.open_orders,
        live_bids: account.live_bids,
        providers: account.providers,
        keys: x.keys(account.id).map(key).collect(),
        mandate: account.mandate.as_ref().map(mandate),
    }
}

/// What an account has limited.
#[must_use]
pub fn mandate(mandate: &Mandate) -> response::Mandate {
    let Mandate { per_lease, per_day, floor, until } = *mandate;
    response::Mandate { per_lease, per_day, floor, until: until.map(|at| at.0) }
}

/// A registered key.
#[must_use]
pub fn key(key: &AccountKey) -> response::AccountKey {
    response::AccountKey {
        key: Address(key.key),
        scopes: key.scopes.iter().collect(),
        expires_at: key.expires_at.map(|at| at.0),
    }
}

/// An account's money.
#[must_use]
pub fn balance(x: &Exchange, account: AccountId) -> response::Balance {
    let money = x.balances(account);
    response::Balance {
        asset: x.genesis().map(|genesis| genesis.asset.as_str().to_owned()).unwrap_or_default(),
        available: money.available,
        held: money.held,
        escrowed: money.escrowed,
        withdrawing: money.withdrawing,
        owed: money.owed,
        staked: x.ledger().stake(account),
    }
}
