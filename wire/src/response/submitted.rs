//! What became of a signed command.

use berth_domain::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::in_text;

/// A signed command that was carried out, and the thing that it made or touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Submitted {
    /// What was said, such as `order.place`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it was carried out before, under the same client id.
    pub repeated: bool,
    /// The host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<u64>,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// The bid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bid_id: Option<u64>,
    /// The lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_id: Option<u64>,
    /// The market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// Place of the command in the log.
    pub seq: u64,
    /// BLAKE3 over the entry that holds it.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub entry_hash: Digest,
}
