//! What waits to enter its book again.

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
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

impl Decode for Entrant {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => BidId::decode(input).map(Self::Bid),
            1 => OrderId::decode(input).map(Self::Order),
            tag => Err(DecodeError::Tag { of: "Entrant", tag: tag.into() }),
        }
    }
}
