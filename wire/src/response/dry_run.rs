//! What placing an order would do.

use berth_domain::{CancelReason, OrderState, Rate, ResourceClass, Stroops, TrustLevel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ProviderVerdict, Reason};
use crate::scalar::{in_text, in_text_option};

/// `POST /orders?dryRun=true` and `order.test`: what placing the order now would
/// do. An order that would be refused is refused here with the same code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDryRun {
    /// The newest entry of the log: the answer is that of the state behind it.
    pub seq: u64,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// Replicas asked for.
    pub quantity: u32,
    /// The order that an earlier command with the same client id made: this one
    /// would answer that order and do nothing else. Fills are empty then, and what
    /// is said of the order is so of that one, as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u64>,
    /// What the order would be.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::OrderStateWord)]
    pub state: OrderState,
    /// Why what is left would end at once, where it would.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::CancelReasonWord>)]
    pub reason: Option<CancelReason>,
    /// Replicas that would have no lease.
    pub remaining: u32,
    /// What is held when the order is accepted: its highest limit over
    /// `prepaySeconds`.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub hold: Stroops,
    /// What would be held afterwards, for the replicas without a lease.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub held: Stroops,
    /// What the escrows of its leases would take out of the hold.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub escrow: Stroops,
    /// What its leases would cost if each ran for its whole duration; null where
    /// that is more than an amount can say.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub cost: Option<Stroops>,
    /// The leases that would be opened, in their order.
    pub fills: Vec<DryRunFill>,
    /// The account's own bids that would end, where `selfTrade` is `expireMaker`.
    pub ended_bids: Vec<u64>,
    /// Why it would trade with nobody by itself, whatever they bid.
    pub waits: Vec<Reason>,
    /// What each provider comes to for it, before any lease is opened: a page.
    pub providers: Vec<ProviderVerdict>,
    /// What to send as `cursor` for the next page of providers; null at the end.
    pub next: Option<String>,
}

/// A lease that would be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DryRunFill {
    /// The bid.
    pub bid_id: u64,
    /// The host.
    pub provider_id: u64,
    /// Its owner's trust level.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
    pub trust_level: TrustLevel,
    /// Price of a unit-hour.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Rate,
    /// Units of one replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// What the escrow would hold.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub escrow: Stroops,
    /// What it would cost over its whole duration; null where that is more than an
    /// amount can say.
    #[serde(with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Decimal>)]
    pub cost: Option<Stroops>,
}
