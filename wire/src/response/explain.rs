//! Why not: what rules out each side that an order or a bid could meet.

use berth_domain::Rate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::in_text;

/// Why an order has not traded, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderExplanation {
    /// The order.
    pub order_id: u64,
    /// Why it trades with nobody by itself, whatever they bid; empty for an
    /// order that looks for bids.
    pub waits: Vec<Reason>,
    /// The providers, in the order of their ids; of a node a page of them.
    pub providers: Vec<ProviderVerdict>,
    /// What to send as `cursor` for the next page; null at the end. Nodes of before
    /// do not say it.
    #[serde(default)]
    pub next: Option<String>,
}

/// Why a bid has not been matched, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BidExplanation {
    /// The bid.
    pub bid_id: u64,
    /// Why it trades with nobody by itself, whatever they ask for; empty for a
    /// bid that looks for orders.
    pub waits: Vec<Reason>,
    /// Every live order that it could meet.
    pub orders: Vec<OrderVerdict>,
}

/// What one provider comes to for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderVerdict {
    /// The host.
    pub provider_id: u64,
    /// Whether the two would trade if the order came in now. A bid whose price is
    /// sealed does not count.
    pub would_trade: bool,
    /// What rules it out, whatever it bids.
    pub obstacles: Vec<Reason>,
    /// Its live bids that the order could meet, from the oldest.
    pub bids: Vec<BidVerdict>,
}

/// What one bid of a provider comes to for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BidVerdict {
    /// The bid.
    pub bid_id: u64,
    /// Its price a unit-hour.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Rate,
    /// What rules it out.
    pub obstacles: Vec<Reason>,
}

/// What one order comes to for a bid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderVerdict {
    /// The order.
    pub order_id: u64,
    /// What rules it out; they would trade when nothing does.
    pub obstacles: Vec<Reason>,
}

/// A filter, a limit or a state, for programs and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Which one, such as `priceAboveLimit`.
    pub code: String,
    /// The same in words, with its numbers.
    pub detail: String,
}
