//! What a log is about.

use std::fmt;

use berth_domain::{AccountId, BidId, LeaseId, MarketId, OrderId, ProviderId};
use berth_exchange::Exchange;

/// Something with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// An account.
    Account(AccountId),
    /// A host.
    Provider(ProviderId),
    /// A market.
    Market(MarketId),
    /// An order.
    Order(OrderId),
    /// A bid.
    Bid(BidId),
    /// A lease.
    Lease(LeaseId),
}

impl Thing {
    /// The market that it is, or that it was placed or opened in.
    pub(crate) fn market(self, x: &Exchange) -> Option<MarketId> {
        match self {
            Self::Market(id) => Some(id),
            Self::Order(id) => x.order(id).map(|order| order.market),
            Self::Bid(id) => x.bid(id).map(|bid| bid.market),
            Self::Lease(id) => x.lease(id).map(|lease| lease.market),
            Self::Account(_) | Self::Provider(_) => None,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account {id}"),
            Self::Provider(id) => write!(f, "provider {id}"),
            Self::Market(id) => write!(f, "market {id}"),
            Self::Order(id) => write!(f, "order {id}"),
            Self::Bid(id) => write!(f, "bid {id}"),
            Self::Lease(id) => write!(f, "lease {id}"),
        }
    }
}

macro_rules! from_id {
    ($($kind:ident($id:ident)),*) => {
        $(impl From<$id> for Thing {
            fn from(id: $id) -> Self {
                Self::$kind(id)
            }
        })*
    };
}
from_id!(Account(AccountId), Provider(ProviderId), Market(MarketId), Order(OrderId), Bid(BidId), Lease(LeaseId));
