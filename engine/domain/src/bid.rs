//! Words of a bid.

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_names};
use crate::ids::{MarketId, OrderId};
use crate::time::Seconds;

/// What a bid is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BidTarget {
    /// It rests in a market's book.
    Standing {
        /// The market.
        market: MarketId,
        /// Units offered, from 1.
        quantity: u32,
        /// The shortest lease that it takes.
        min_duration: Seconds,
        /// The longest lease that it takes.
        max_duration: Seconds,
    },
    /// It answers one order, with as many replicas as fit.
    Directed {
        /// The order.
        order: OrderId,
    },
}

impl Encode for BidTarget {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Standing { market, quantity, min_duration, max_duration } => {
                out.push(0);
                market.encode(out);
                quantity.encode(out);
                min_duration.encode(out);
                max_duration.encode(out);
            }
            Self::Directed { order } => {
                out.push(1);
                order.encode(out);
            }
        }
    }
}

impl Decode for BidTarget {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Standing {
                market: Decode::decode(input)?,
                quantity: Decode::decode(input)?,
                min_duration: Decode::decode(input)?,
                max_duration: Decode::decode(input)?,
            }),
            1 => Ok(Self::Directed { order: Decode::decode(input)? }),
            tag => Err(DecodeError::Tag { of: "BidTarget", tag: tag.into() }),
        }
    }
}

codec_names! {
    /// Where a bid is in its life.
    pub enum BidState {
        /// It can be matched.
        Open = 0 "open",
        /// Its provider has no room for one unit, or takes no leases.
        Parked = 1 "parked",
        /// All of its quantity has leases.
        Matched = 2 "matched",
        /// The order that it answered went to others or ended.
        Lost = 3 "lost",
        /// Ended by its provider or by a rule.
        Cancelled = 4 "cancelled",
        /// Ended by its time.
        Expired = 5 "expired",
    }
}
