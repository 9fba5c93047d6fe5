//! A bid.

use berth_domain::{Address, BidState, ClientId, Rate, ResourceClass, SelfTrade, TimeInForce};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_option};

/// What a mass quote placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MassQuoted {
    /// The set.
    pub quote_set_id: u32,
    /// The new bids: one for each quote of a quantity, in their order.
    pub bids: Vec<u64>,
}

/// A bid, standing or directed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bid {
    /// Its id.
    pub id: u64,
    /// Where it is in its life.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::BidStateWord)]
    pub state: BidState,
    /// The host.
    pub provider_id: u64,
    /// The host's owner.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub provider_address: Address,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The order that it answers; null when it stands in the book.
    pub order_id: Option<u64>,
    /// Its price of a unit-hour; null while it is sealed in an auction that has
    /// not closed.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub bid_price: Option<Rate>,
    /// Units offered; null for a directed bid, which takes what fits.
    pub quantity: Option<u32>,
    /// Units without a lease; null for a directed bid.
    pub remaining: Option<u32>,
    /// The shortest lease that it takes; null for a directed bid.
    pub min_duration: Option<u64>,
    /// The longest lease that it takes; null for a directed bid.
    pub max_duration: Option<u64>,
    /// How long it stays.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::TimeInForceWord)]
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<u64>,
    /// Whether it was to be refused where it would take what rests.
    pub post_only: bool,
    /// What happens where it would trade with an order of its own account.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::SelfTradeWord)]
    pub self_trade: SelfTrade,
    /// The quote set that it belongs to.
    pub quote_set_id: Option<u32>,
    /// Its leases, in their order.
    pub leases: Vec<u64>,
    /// The owner's own id for it.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// When it was placed.
    pub placed_at: u64,
}
