//! From the exchange's state to the shapes of the outside. Pure: each function
//! reads a thing of one state and gives its JSON shape. The gateway answers
//! with these, and so do the readers of a log.

mod account;
mod bid;
mod explain;
mod health;
mod lease;
mod market;
mod network;
mod order;
mod proof;
mod provider;

use berth_domain::{AccountId, Address, MarketId, ResourceClass};
use berth_exchange::Exchange;
use berth_wire::event::Names;

pub use self::account::account;
pub use self::bid::bid;
pub use self::explain::{explain_bid, explain_order};
pub use self::health::lease_health;
pub use self::lease::lease;
pub use self::market::market;
pub use self::network::network;
pub use self::order::order;
pub use self::proof::proof;
pub use self::provider::provider;

/// The key of an account that the state itself names.
fn address(x: &Exchange, account: AccountId) -> Address {
    x.account(account).map_or_else(Address::default, |account| account.address)
}

/// The class of a market that the state itself names.
fn class(x: &Exchange, market: MarketId) -> ResourceClass {
    x.market(market).map_or(ResourceClass::Cpu, |market| market.class.clone())
}

/// Names for what events refer to by number.
#[derive(Clone, Copy)]
pub struct Named<'a>(pub &'a Exchange);

impl Names for Named<'_> {
    fn market(&self, market: MarketId) -> Option<String> {
        self.0.market(market).map(|market| market.class.to_string())
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        self.0.account(account).map(|account| account.address)
    }
}
