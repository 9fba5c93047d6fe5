//! A market and its book.

use berth_domain::ResourceClass;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::book::BookRow;
use crate::scalar::in_text;

/// A market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Market {
    /// Its id.
    pub id: u64,
    /// Its name.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub name: ResourceClass,
    /// The settlement asset.
    pub asset: String,
    /// What one unit is: `gpu` or `vcpu`.
    pub unit: String,
    /// `open`, or `paused` while it takes no orders and bids. Nodes of before do
    /// not say this and what follows.
    #[serde(default)]
    pub state: String,
    /// The best row of supply: the lowest price.
    #[serde(default)]
    pub bid: Option<BookRow>,
    /// The best row of demand: the highest price.
    #[serde(default)]
    pub order: Option<BookRow>,
    /// The price of `bid` less that of `order`, as a decimal. Below zero where
    /// levels or filters keep apart what crosses.
    #[serde(default)]
    pub spread: Option<String>,
}

/// `GET /markets/{m}/book`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookView {
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// Place in the log that this is the state after.
    pub seq: u64,
    /// Supply, lowest price first.
    pub bids: Vec<BookRow>,
    /// Demand, highest price first.
    pub orders: Vec<BookRow>,
    /// CRC-32 over the first rows, see [`crate::book::crc`].
    pub crc: u32,
}
