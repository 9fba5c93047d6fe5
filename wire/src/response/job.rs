//! A batch job.

use berth_domain::{Address, ClientId, CloseReason, Digest, ResourceClass, Stroops, Verify};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scalar::{in_text, in_text_option};
use crate::verify;

/// A job, as anyone sees it: an order and its newest lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Its id, which is the order's.
    pub id: u64,
    /// Where it is.
    pub status: JobStatus,
    /// Who pays.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub tenant_address: Address,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// The most that one run may cost.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub reward: Stroops,
    /// How long it may run.
    pub duration_seconds: u64,
    /// How its result is checked before it is paid.
    #[serde(with = "verify", default)]
    #[schema(value_type = crate::schema::VerifySpec)]
    pub verify: Verify,
    /// Its newest lease.
    pub lease_id: Option<u64>,
    /// The host that runs it.
    pub provider_id: Option<u64>,
    /// What its lease has cost so far.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub cost: Stroops,
    /// Why its lease closed.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::CloseReasonWord>)]
    pub reason: Option<CloseReason>,
    /// More about that in words.
    pub detail: String,
    /// SHA-256 of its result, once known.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Hex32>)]
    pub result_sha256: Option<Digest>,
    /// The tenant's own id for its order.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::ClientIdText>)]
    pub client_order_id: Option<ClientId>,
    /// When it was submitted.
    pub submitted_at: u64,
    /// When it began to run.
    pub started_at: Option<u64>,
    /// When its lease closed.
    pub closed_at: Option<u64>,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum JobStatus {
    /// It waits for a bid.
    Pending,
    /// It has a host, which has not started it yet.
    Assigned,
    /// It runs.
    Running,
    /// It has ended, and other runs of it are compared with it.
    Verifying,
    /// It ended well.
    Completed,
    /// It ended badly, or never ran.
    Failed,
    /// Its tenant ended it.
    Cancelled,
}

impl JobStatus {
    /// From its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "pending" => Self::Pending,
            "assigned" => Self::Assigned,
            "running" => Self::Running,
            "verifying" => Self::Verifying,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "cancelled" => Self::Cancelled,
            _ => return None,
        })
    }
}

/// A job that needs nothing but numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobTemplate {
    /// Its name.
    pub name: String,
    /// What it does.
    pub summary: String,
}
