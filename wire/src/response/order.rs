//! An order.

use std::collections::BTreeMap;

use berth_domain::{
    Address, ClientId, Digest, Mode, OrderState, ResourceClass, SelfTrade, Stroops, TimeInForce, TrustLevel, Uptime,
    Verify,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::price::MaxPrice;
use crate::scalar::{in_text, in_text_list, in_text_option};
use crate::uptime;
use crate::verify;

/// An order, as anyone sees it: what it runs is not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: u64,
    /// Where it is in its life.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::OrderStateWord)]
    pub state: OrderState,
    /// The tenant.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub tenant_address: Address,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// Replicas asked for.
    pub quantity: u32,
    /// Replicas without a lease.
    pub remaining: u32,
    /// Units of one replica.
    pub units: u32,
    /// Virtual CPUs of one replica.
    pub cpu: u32,
    /// Memory of one replica in MiB.
    pub memory: u64,
    /// Disk of one replica in GiB.
    pub storage: u64,
    /// The highest price of a unit-hour.
    pub max_price: MaxPrice,
    /// Accepted levels, lowest first.
    #[serde(with = "in_text_list")]
    #[schema(value_type = Vec<crate::schema::LevelWord>)]
    pub trust_levels: Vec<TrustLevel>,
    /// How long a lease runs.
    pub duration_seconds: u64,
    /// What hold and escrow cover.
    pub prepay_seconds: u64,
    /// How it meets bids.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::ModeWord)]
    pub mode: Mode,
    /// When its auction clears.
    pub closes_at: Option<u64>,
    /// How long it stays.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::TimeInForceWord)]
    pub time_in_force: TimeInForce,
    /// When `gtd` ends.
    pub expires_at: Option<u64>,
    /// Whether it was to be refused where it would take what rests.
    pub post_only: bool,
    /// What happens where it would trade with a bid of its own account.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::SelfTradeWord)]
    pub self_trade: SelfTrade,
    /// What a provider must offer.
    pub requires: BTreeMap<String, String>,
    /// The least share of time that a provider must have been up, 0 to 1.
    #[serde(with = "uptime::option", default)]
    #[schema(value_type = Option<crate::schema::Share>)]
    pub min_uptime: Option<Uptime>,
    /// Whether a standby is reserved for each lease.
    pub failover: bool,
    /// How the results of its leases are checked before they are paid.
    #[serde(with = "verify", default)]
    #[schema(value_type = crate::schema::VerifySpec)]
    pub verify: Verify,
    /// Salted SHA-256 of what it runs.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub specification_hash: Digest,
    /// What is held for the replicas without a lease.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub hold: Stroops,
    /// Its leases, in their order.
    pub leases: Vec<u64>,
    /// The tenant's own id for it.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// When it was placed.
    pub placed_at: u64,
}
