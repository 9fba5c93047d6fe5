//! Bids, one or many.

use crate::bid::BidTarget;
use crate::client_id::ClientId;
use crate::codec::codec_struct;
use crate::ids::{BidId, MarketId, ProviderId};
use crate::money::Rate;
use crate::order::{SelfTrade, TimeInForce};
use crate::time::{Micros, Seconds};

/// Places a bid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceBid {
    /// The host.
    pub provider: ProviderId,
    /// A market's book, or one order.
    pub target: BidTarget,
    /// The lowest price.
    pub price: Rate,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<Micros>,
    /// Refused where it would trade at once.
    pub post_only: bool,
    /// What happens where it would trade with an order of its own account.
    pub self_trade: SelfTrade,
    /// The session that it came in, so that it can end with it.
    pub session: Option<u64>,
    /// The owner's own id for it.
    pub client_id: Option<ClientId>,
}
codec_struct!(PlaceBid {
    provider,
    target,
    price,
    time_in_force,
    expires_at,
    post_only,
    self_trade,
    session,
    client_id,
});

/// Ends what is left of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CancelBid {
    /// The bid.
    pub bid: BidId,
}
codec_struct!(CancelBid { bid });

/// Changes a standing bid or a directed one. What is `None` stays as it is.
/// Less quantity alone keeps the bid's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendBid {
    /// The bid.
    pub bid: BidId,
    /// The new lowest price.
    pub price: Option<Rate>,
    /// The new total of units, those with leases among them.
    pub quantity: Option<u32>,
    /// When it ends now.
    pub expires_at: Option<Micros>,
}
codec_struct!(AmendBid { bid, price, quantity, expires_at });

/// Ends one bid and places another, both or neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceBid {
    /// The bid that ends.
    pub bid: BidId,
    /// The one that takes its place.
    pub place: PlaceBid,
}
codec_struct!(ReplaceBid { bid, place });

/// Replaces all live bids of one of the account's quote sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MassQuote {
    /// The set: the account's own number for it.
    pub set: u32,
    /// Refused whole where a quote would trade at once.
    pub post_only: bool,
    /// What happens where a quote would trade with an order of its own account.
    pub self_trade: SelfTrade,
    /// The session that they came in, so that they can end with it.
    pub session: Option<u64>,
    /// The new quotes in the order in which they enter, at most
    /// `Bounds::quotes`.
    pub quotes: Vec<Quote>,
}
codec_struct!(MassQuote { set, post_only, self_trade, session, quotes });

/// One standing bid of a mass quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The host.
    pub provider: ProviderId,
    /// The market.
    pub market: MarketId,
    /// The lowest price.
    pub price: Rate,
    /// Units offered; a quote of 0 places nothing.
    pub quantity: u32,
    /// The shortest lease that it takes.
    pub min_duration: Seconds,
    /// The longest lease that it takes.
    pub max_duration: Seconds,
}
codec_struct!(Quote { provider, market, price, quantity, min_duration, max_duration });
