//! What waits to enter its book again.

use berth_domain::codec::Encode;
use berth_domain::{BidId, OrderId};

/// A live thing that waits to enter its book again. At one age bids come before
/// orders, and then the lower id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entrant {
    Bid(BidId),
    Order(OrderId),
}

impl Encode for Entrant {
    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, id) = match *self {
            Self::Bid(id) => (0_u8, id.0),
            Self::Order(id) => (1, id.0),
        };
        kind.encode(out);
        id.encode(out);
    }
}
