//! The node and the exchange as a whole.

use std::collections::BTreeMap;

use berth_domain::Stroops;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::in_text;

/// `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `ready` when the node serves; `readOnly` while its disk is nearly full, so
    /// that it takes nothing new; `stopping`.
    pub status: String,
    /// Hash of the log's first entry: what tells this exchange from all others.
    pub log_id: String,
    /// The newest durable entry.
    pub seq: u64,
    /// `open` with `--open`, otherwise `closed`.
    pub mode: String,
    /// The node's version.
    #[serde(default)]
    pub version: String,
}

/// `GET /network/stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkStats {
    /// Hosts.
    pub providers: u64,
    /// Hosts with a live bid or an open lease.
    pub active_providers: u64,
    /// Orders ever placed.
    pub orders: u64,
    /// Orders that wait for bids.
    pub open_orders: u64,
    /// Bids that are open or parked.
    pub live_bids: u64,
    /// Leases by state.
    pub leases: BTreeMap<String, u64>,
    /// Closed leases by reason.
    pub closed: BTreeMap<String, u64>,
    /// Of the leases that started and closed, the part that was completed or
    /// stopped by its tenant, 0 to 1 with four decimals; null when there is
    /// none.
    pub success_rate: Option<String>,
    /// What closed leases cost.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub volume: Stroops,
    /// What the escrows of open leases hold.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub escrow_balance: Stroops,
    /// The platform's part of the volume.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub fees: Stroops,
}

/// `GET /log/head`: where the log stands, and a digest of all that follows from
/// it, to compare with a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogHead {
    /// Hash of the log's first entry.
    pub log_id: String,
    /// The newest entry that the state includes: the last of its batch.
    pub seq: u64,
    /// BLAKE3 over the components.
    pub state_hash: String,
    /// BLAKE3 over the logical content of each component.
    pub components: StateHashes,
}

/// The state hash, component by component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateHashes {
    /// Balances and escrows.
    pub ledger: String,
    /// Markets, orders and bids.
    pub books: String,
    /// Leases and timers.
    pub leases: String,
    /// Accounts and providers.
    pub providers: String,
}
