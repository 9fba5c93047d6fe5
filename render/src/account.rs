//! Accounts.

use berth_domain::AccountId;
use berth_exchange::{Account, Exchange};
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
