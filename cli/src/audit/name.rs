//! Things by the names that people have for them.

use berth_domain::{AccountId, MarketId};
use berth_exchange::Exchange;
use berth_wire::address;

use crate::fault::Fault;

/// An account by its address or its number.
pub(crate) fn account(x: &Exchange, name: &str) -> Result<AccountId, Fault> {
    let id = match name.parse() {
        Ok(number) => x.account(AccountId(number)).map(|account| account.id),
        Err(_) => address::read(name).and_then(|address| x.account_by_address(address)),
    };
    id.ok_or_else(|| Fault::CouldNotRun(format!("account: there is no {name} here")))
}

/// A market by its name or its number.
pub(crate) fn market(x: &Exchange, name: &str) -> Result<MarketId, Fault> {
    let found = match name.parse() {
        Ok(number) => x.market(MarketId(number)),
        Err(_) => x.markets().find(|market| market.class.to_string() == name),
    };
    found.map(|market| market.id).ok_or_else(|| {
        let known: Vec<_> = x.markets().map(|market| market.class.to_string()).collect();
        Fault::CouldNotRun(format!("market: there is no {name} here, but {}", known.join(", ")))
    })
}
