//! From the exchange's state to the shapes of the outside. Pure: each function
//! reads a thing of one state and gives its JSON shape.

pub(crate) mod account;
pub(crate) mod bid;
pub(crate) mod health;
pub(crate) mod lease;
pub(crate) mod market;
pub(crate) mod network;
pub(crate) mod order;
pub(crate) mod proof;
pub(crate) mod provider;

use berth_domain::{AccountId, Address, MarketId, ResourceClass};
use berth_exchange::Exchange;
use berth_wire::event::Names;

/// The key of an account that the state itself names.
fn address(x: &Exchange, account: AccountId) -> Address {
    x.account(account).map_or_else(Address::default, |account| account.address)
}

/// The class of a market that the state itself names.
fn class(x: &Exchange, market: MarketId) -> ResourceClass {
    x.market(market).map_or(ResourceClass::Cpu, |market| market.class.clone())
}

/// Names for what events refer to by number.
pub(crate) struct Named<'a>(pub(crate) &'a Exchange);

impl Names for Named<'_> {
    fn market(&self, market: MarketId) -> Option<String> {
        self.0.market(market).map(|market| market.class.to_string())
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        self.0.account(account).map(|account| account.address)
    }
}
