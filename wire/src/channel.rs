//! Frames of the channels beside `book` and `events`: what a market did and is
//! at, what the node is at, and what is an account's own.

use berth_domain::{Rate, ResourceClass, Stroops, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::book::BookRow;
use crate::event::EventFrame;
use crate::frame::LogBody;
use crate::response::{Balance, Bid, Lease, Order};
use crate::scalar::{in_text, in_text_option};

/// Whether a frame gives the whole of something or what it has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateFrameType {
    /// The first, or what a reader is given who was too slow.
    Snapshot,
    /// It has changed.
    Update,
}

/// The best row of each side of a market's book: a frame of `bbo`. Each frame
/// says all of it; what lies between two of them may have been left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BboFrame {
    /// The subscription.
    pub sub: u64,
    /// The market.
    pub market: String,
    /// First or later.
    #[serde(rename = "type")]
    pub kind: StateFrameType,
    /// Place in the log that this is the state after.
    pub seq: u64,
    /// `seq` of the frame before; null in the first.
    pub prev_seq: Option<u64>,
    /// The cheapest supply; at one price the higher level.
    pub bid: Option<BookRow>,
    /// The dearest demand; at one price the higher level.
    pub order: Option<BookRow>,
}

/// Which side of a trade came when the other was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TakerSide {
    /// Demand met supply that rested.
    Order,
    /// Supply met demand that rested.
    Bid,
}

/// What a lease was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TradeOrigin {
    /// An order and a bid met.
    Match,
    /// A standby took over from a lease that failed.
    Failover,
    /// A result is computed again, for the platform.
    Rerun,
}

/// A lease that was opened, as a trade. `seq` and `at` stand beside its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The lease.
    pub lease_id: u64,
    /// Price of a unit-hour.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Rate,
    /// Units: those of a replica, times replicas.
    pub quantity: u64,
    /// Trust level of the provider.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
    pub trust_level: TrustLevel,
    /// Who came last; null when nobody did, as in an auction, when a bid is
    /// accepted, and when both entered again in one entry.
    pub taker_side: Option<TakerSide>,
    /// What it was opened for. Only a match makes a price.
    pub origin: TradeOrigin,
}

/// The trades of one entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TradeFrame {
    /// The entry.
    pub seq: u64,
    /// When it was stamped.
    pub at: u64,
    /// Its trades, in their order.
    pub trades: Vec<Trade>,
}

/// A frame of `trades`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TradesFrame {
    /// The subscription.
    pub sub: u64,
    /// What it brings.
    #[serde(flatten)]
    pub body: LogBody<TradeFrame>,
}

/// The last trade of a market that was a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LastTrade {
    /// The lease.
    pub lease_id: u64,
    /// Price of a unit-hour.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Rate,
    /// Units.
    pub quantity: u64,
    /// When it was: microseconds since 1970.
    pub at: u64,
}

/// A market at a glance. A day is 24 hours, in whole minutes, back from the
/// newest entry of the log; only matches count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticker {
    /// The cheapest supply.
    pub bid: Option<BookRow>,
    /// The dearest demand.
    pub order: Option<BookRow>,
    /// The last trade.
    pub last: Option<LastTrade>,
    /// Price of the day's first trade; null without one, as the next three.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub open24h: Option<Rate>,
    /// The day's highest price.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub high24h: Option<Rate>,
    /// The day's lowest price.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub low24h: Option<Rate>,
    /// Units traded in the day.
    pub volume24h: u64,
    /// Trades of the day.
    pub trades24h: u64,
}

/// A frame of `ticker`: at most one in a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TickerFrame {
    /// The subscription.
    pub sub: u64,
    /// The market.
    pub market: String,
    /// First or later.
    #[serde(rename = "type")]
    pub kind: StateFrameType,
    /// Place in the log that this is the state after.
    pub seq: u64,
    /// `seq` of the frame before; null in the first.
    pub prev_seq: Option<u64>,
    /// What the market is at.
    #[serde(flatten)]
    pub ticker: Ticker,
}

/// What can be traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Instrument {
    /// The market's id.
    pub id: u64,
    /// Its name.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The settlement asset.
    pub asset: String,
    /// What one unit is: `gpu` or `vcpu`.
    pub unit: String,
    /// `open`, or `paused` while it takes no orders and bids.
    pub state: String,
}

/// A frame of `instruments`: all markets, then those that have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstrumentsFrame {
    /// The subscription.
    pub sub: u64,
    /// All or some.
    #[serde(rename = "type")]
    pub kind: StateFrameType,
    /// Place in the log that this is the state after.
    pub seq: u64,
    /// `seq` of the frame before; null in a snapshot.
    pub prev_seq: Option<u64>,
    /// The markets.
    pub instruments: Vec<Instrument>,
}

/// A frame of `heartbeat`, one in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeartbeatFrame {
    /// The subscription.
    pub sub: u64,
    /// The newest entry that can be read.
    pub seq: u64,
    /// The node's clock: microseconds since 1970.
    pub ts: u64,
}

/// What an account has, as a snapshot of one of its channels says it: the field
/// that is named like the channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnState {
    /// Orders that are open or parked, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<Vec<Order>>,
    /// Bids that are open or parked, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bids: Option<Vec<Bid>>,
    /// Leases that are not closed, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leases: Option<Vec<Lease>>,
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balances: Option<Vec<Balance>>,
}

/// A frame of `orders`, `bids`, `leases` or `balances`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnFrame {
    /// The subscription.
    pub sub: u64,
    /// What it brings.
    #[serde(flatten)]
    pub body: OwnBody,
}

/// What a frame of an own channel brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OwnBody {
    /// What there is, when no `fromSeq` was given. Updates go on from here.
    Snapshot {
        /// Place in the log that this is the state after.
        seq: u64,
        /// Null.
        prev_seq: Option<u64>,
        /// The state.
        #[serde(flatten)]
        state: OwnState,
    },
    /// The account's events of an entry from before the subscription.
    Replay {
        /// `seq` of the last frame with events on this subscription; null in
        /// the first.
        prev_seq: Option<u64>,
        /// The events.
        #[serde(flatten)]
        frame: EventFrame,
    },
    /// The account's events of an entry that was just made durable.
    Update {
        /// `seq` of the last frame of this subscription; null in the first.
        prev_seq: Option<u64>,
        /// The events.
        #[serde(flatten)]
        frame: EventFrame,
        /// On `balances`: the money after the entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balances: Option<Vec<Balance>>,
    },
    /// All up to this entry has been sent; from here on it is live.
    CaughtUp {
        /// The newest durable entry.
        seq: u64,
        /// On `balances`: the money after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balances: Option<Vec<Balance>>,
    },
    /// What was asked for is no longer kept. The subscription has ended.
    CursorExpired {
        /// The oldest entry that can be had.
        oldest_seq: u64,
    },
    /// What was asked for lies beyond the log's end. The subscription has
    /// ended.
    FutureCursor {
        /// The newest durable entry.
        seq: u64,
    },
    /// The log is not the one that the client knew. The subscription has ended.
    EpochChanged {
        /// The log's epoch.
        epoch: String,
    },
    /// Who follows may do so no more, such as a key that was revoked. The
    /// subscription has ended.
    Ended {
        /// Why, such as `KEY_NOT_ALLOWED`.
        code: String,
    },
    /// The client reads too slowly; it is read to from the log, and cut off
    /// with 4008 when that does not help.
    FellBehind {
        /// The entry to go on from.
        resume_seq: u64,
    },
}

/// The prices and the volume of one interval: a row of
/// `GET /markets/{m}/candles`. Intervals without a match are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Candle {
    /// Where the interval begins: microseconds since 1970.
    pub opened_at: u64,
    /// Price of its first trade.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub open: Rate,
    /// Its highest price.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub high: Rate,
    /// Its lowest price.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub low: Rate,
    /// Price of its last trade.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub close: Rate,
    /// Units traded.
    pub volume: u64,
    /// Trades.
    pub trades: u64,
}

/// How far demand is from supply: the price of `bid` less that of `order`, as a
/// decimal. It may be below zero: levels and filters keep apart what crosses.
#[must_use]
pub fn spread(bid: Option<BookRow>, order: Option<BookRow>) -> Option<String> {
    let apart = bid?.price.get() - order?.price.get();
    let amount = Stroops::new(apart.abs())?;
    Some(if apart < 0 { format!("-{amount}") } else { amount.to_string() })
}
