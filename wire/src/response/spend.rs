//! What an account has paid for its leases.

use berth_domain::{ResourceClass, Stroops};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_option};

/// An item of `GET /accounts/{address}/spend`: of one day, one market or one host,
/// as asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Spent {
    /// The day (UTC), as `2026-11-22`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// The market.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::MarketName>)]
    pub market: Option<ResourceClass>,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<u64>,
    /// Leases that were paid then or there.
    pub leases: u64,
    /// What they cost.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub paid: Stroops,
}
