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
        match *self {
            Self::Bid(id) => (0_u8, id).encode(out),
            Self::Order(id) => (1_u8, id).encode(out),
        }
    }
}
