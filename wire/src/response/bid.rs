//! A bid.

use berth_domain::{Address, BidState, ClientId, Rate, ResourceClass};
use serde::{Deserialize, Serialize};

use crate::scalar::{in_text, in_text_option};

/// A bid, standing or directed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bid {
    /// Its id.
    pub id: u64,
    /// Where it is in its life.
    #[serde(with = "in_text")]
    pub state: BidState,
    /// The host.
    pub provider_id: u64,
    /// The host's owner.
    #[serde(with = "in_text")]
    pub provider_address: Address,
    /// The market.
    #[serde(with = "in_text")]
    pub market: ResourceClass,
    /// The order that it answers; null when it stands in the book.
    pub order_id: Option<u64>,
    /// Its price of a unit-hour.
    #[serde(with = "in_text")]
    pub bid_price: Rate,
    /// Units offered; null for a directed bid, which takes what fits.
    pub quantity: Option<u32>,
    /// Units without a lease; null for a directed bid.
    pub remaining: Option<u32>,
    /// The shortest lease that it takes; null for a directed bid.
    pub min_duration: Option<u64>,
    /// The longest lease that it takes; null for a directed bid.
    pub max_duration: Option<u64>,
    /// Its leases, in their order.
    pub leases: Vec<u64>,
    /// The owner's own id for it.
    #[serde(with = "in_text_option", default)]
    pub client_order_id: Option<ClientId>,
    /// When it was placed.
    pub placed_at: u64,
}
