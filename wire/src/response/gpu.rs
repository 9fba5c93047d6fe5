//! A GPU at a fixed price.

use std::collections::BTreeMap;

use berth_domain::{Address, Rate, ResourceClass, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_option};

/// A listing, as anyone sees it: a standing bid in the market of a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GpuOffer {
    /// Its id, which is the bid's.
    pub id: u64,
    /// Its host.
    pub provider_id: u64,
    /// Whose it is.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub owner_address: Address,
    /// Product name without vendor words.
    pub model: String,
    /// Memory in GiB.
    pub vram: u16,
    /// GPUs of this kind on its host, and how many of them no lease holds.
    pub count: u32,
    /// See `count`.
    pub free: u32,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// Its price.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price_per_hour: Rate,
    /// How it is.
    pub status: GpuStatus,
    /// Whether it can be rented now.
    pub available: bool,
    /// The owner's trust level.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
    pub trust_level: TrustLevel,
    /// The owner's reputation, 0 to 100.
    pub reputation: u8,
    /// What its host offers.
    pub attributes: BTreeMap<String, String>,
    /// The shortest rental, in seconds.
    pub min_duration: u64,
    /// The longest rental, in seconds.
    pub max_duration: u64,
    /// How often it can still be rented.
    pub rentals: u32,
    /// Who rents it now, the newest of them.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::AccountKey>)]
    pub renter_address: Option<Address>,
    /// The newest lease of it that has not closed.
    pub lease_id: Option<u64>,
    /// When it was listed.
    pub listed_at: u64,
}

/// How a listing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum GpuStatus {
    /// It can be rented.
    Available,
    /// All of its kind on its host are rented.
    Rented,
    /// Its host takes no leases now.
    Unavailable,
    /// It is listed no more.
    Ended,
}
