//! Accounts.

use berth_domain::Address;
use berth_exchange::{Account, AccountKey, Exchange};
use berth_wire::response;

/// An account with its balances.
#[must_use]
pub fn account(x: &Exchange, account: &Account) -> response::Account {
    let money = x.balances(account.id);
    let asset = x.genesis().map(|genesis| genesis.asset.as_str().to_owned()).unwrap_or_default();
    response::Account {
        id: account.id.0.into(),
        address: account.address,
        trust_level: account.level,
        reputation: account.reputation.get(),
        balances: vec![response::Balance {
            asset,
            available: money.available,
            held: money.held,
            escrowed: money.escrowed,
            withdrawing: money.withdrawing,
            owed: money.owed,
            staked: x.ledger().stake(account.id),
        }],
        open_orders: account.open_orders,
        live_bids: account.live_bids,
        providers: account.providers,
        keys: x.keys(account.id).map(key).collect(),
    }
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
