//! What can be wrong with a lease.

use std::fmt;

use berth_domain::{Age, BidId, LeaseId, OrderId, Rate, Seq, TrustLevel};
use berth_exchange::Bid;

/// A lease that should have been another's, or at another price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfair {
    /// The lease.
    pub lease: LeaseId,
    /// The entry that opened it.
    pub seq: Seq,
    /// What was wrong.
    pub fault: Fault,
}

/// What was wrong with a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A better bid stood there and had room.
    BidPassedOver {
        /// The bid.
        bid: BidId,
        /// Its price.
        price: Rate,
        /// Its provider's level.
        level: TrustLevel,
        /// Since when it stood.
        age: Age,
    },
    /// A better order stood there.
    OrderPassedOver {
        /// The order.
        order: OrderId,
        /// What it gave at the level.
        limit: Rate,
        /// Since when it stood.
        age: Age,
    },
    /// It does not trade at the resting side's price.
    Price {
        /// What it trades at.
        price: Rate,
        /// What the resting side asked or gave.
        resting: Rate,
    },
}

impl Fault {
    pub(super) const fn bid(bid: &Bid, level: TrustLevel) -> Self {
        Self::BidPassedOver { bid: bid.id, price: bid.price, level, age: bid.age }
    }
}

impl fmt::Display for Unfair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease {} at {}: ", self.lease, self.seq)?;
        match self.fault {
            Fault::BidPassedOver { bid, price, level, age } => {
                write!(f, "bid {bid} was passed over, at {price}, level {level}, in the book since {}", age.0)
            }
            Fault::OrderPassedOver { order, limit, age } => {
                write!(f, "order {order} was passed over, up to {limit}, in the book since {}", age.0)
            }
            Fault::Price { price, resting } => write!(f, "it trades at {price}, the resting side stood at {resting}"),
        }
    }
}
