//! From the exchange's state to the shapes of the outside. Pure: each function
//! reads a thing of one state and gives its JSON shape. The gateway answers
//! with these, and so do the readers of a log.

mod account;
mod bid;
mod dry_run;
mod explain;
mod gpu;
mod health;
mod job;
mod lease;
mod market;
mod network;
mod order;
mod proof;
mod provider;

use berth_domain::{AccountId, Address, BidId, BidTarget, MarketId, Mode, ResourceClass};
use berth_exchange::{Bid, Exchange};
use berth_wire::event::Names;

pub use self::account::{account, balance, key, mandate};
pub use self::bid::bid;
pub use self::dry_run::dry_run;
pub use self::explain::{explain_bid, explain_order, provider_verdict, waits};
pub use self::gpu::gpu;
pub use self::health::lease_health;
pub use self::job::job;
pub use self::lease::{container, lease};
pub use self::market::{best, market, row};
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

/// Names for what events refer to by number, with the prices of sealed auctions
/// withheld.
#[derive(Clone, Copy)]
pub struct Named<'a>(pub &'a Exchange);

impl Names for Named<'_> {
    fn market(&self, market: MarketId) -> Option<String> {
        self.0.market(market).map(|market| market.class.to_string())
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        self.0.account(account).map(|account| account.address)
    }

    fn is_sealed(&self, bid: BidId) -> bool {
        self.0.bid(bid).is_some_and(|bid| is_sealed(self.0, bid))
    }
}

/// The same with nothing withheld: for those who have the log itself.
#[derive(Clone, Copy)]
pub struct Unsealed<'a>(pub &'a Exchange);

impl Names for Unsealed<'_> {
    fn market(&self, market: MarketId) -> Option<String> {
        Named(self.0).market(market)
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        Named(self.0).address(account)
    }
}

/// Whether a bid is directed at an auction that has not closed: its price is
/// withheld from the public until then.
fn is_sealed(x: &Exchange, bid: &Bid) -> bool {
    let BidTarget::Directed { order } = bid.target else { return false };
    x.order(order).is_some_and(|order| order.mode == Mode::Auction && order.is_live())
}
