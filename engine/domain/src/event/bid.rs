//! Bids.

use crate::bid::BidTarget;
use crate::codec::codec_struct;
use crate::ids::{Address, BidId, MarketId, ProviderId};
use crate::money::Rate;
use crate::order::CancelReason;

/// A bid has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidAccepted {
    /// Its id.
    pub bid: BidId,
    /// The host.
    pub provider: ProviderId,
    /// The host's owner.
    pub address: Address,
    /// The market.
    pub market: MarketId,
    /// What it is for.
    pub target: BidTarget,
    /// Its price.
    pub price: Rate,
}
codec_struct!(BidAccepted { bid, provider, address, market, target, price });

macro_rules! bid_event {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name {
            /// The bid.
            pub bid: BidId,
            /// Its market.
            pub market: MarketId,
        }
        codec_struct!($name { bid, market });
    };
}
bid_event!(
    /// A bid's provider has no room, or takes no leases.
    BidChanged
);
bid_event!(
    /// A bid's provider has room again and takes leases.
    BidResumed
);
bid_event!(
    /// The order that a bid answered went to others or ended.
    BidLost
);
bid_event!(
    /// A bid's time is over.
    BidExpired
);

/// What is left of a bid ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidCancelled {
    /// The bid.
    pub bid: BidId,
    /// Its market.
    pub market: MarketId,
    /// Why.
    pub reason: CancelReason,
}
codec_struct!(BidCancelled { bid, market, reason });

/// A bid was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidAmended {
    /// The bid.
    pub bid: BidId,
    /// Its market.
    pub market: MarketId,
    /// Its price now.
    pub price: Rate,
    /// Units without a lease.
    pub remaining: u32,
}
codec_struct!(BidAmended { bid, market, price, remaining });
