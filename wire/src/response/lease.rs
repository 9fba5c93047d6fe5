//! A lease and its health.

use berth_domain::{Address, CloseReason, Digest, LeaseState, Rate, ResourceClass, Stroops, TrustLevel, TxHash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::request::PortReport;
use crate::scalar::{in_text, in_text_list, in_text_option};

/// A lease, as anyone sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Its id.
    pub id: u64,
    /// The order.
    pub order_id: u64,
    /// The bid.
    pub bid_id: u64,
    /// The host.
    pub provider_id: u64,
    /// The tenant.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub tenant_address: Address,
    /// The host's owner.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub provider_address: Address,
    /// The provider's trust level when they met.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LevelWord)]
    pub trust_level: TrustLevel,
    /// The market.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::MarketName)]
    pub market: ResourceClass,
    /// Units of one replica.
    pub units: u32,
    /// Replicas.
    pub replicas: u32,
    /// Price of a unit-hour.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub price: Rate,
    /// Price of an hour of all of it.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub rate_per_hour: Stroops,
    /// Where it is in its life.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::LeaseStateWord)]
    pub state: LeaseState,
    /// Why it closes or closed.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::CloseReasonWord>)]
    pub reason: Option<CloseReason>,
    /// More about that in words.
    pub detail: String,
    /// When it was opened.
    pub opened_at: u64,
    /// When its escrow was locked.
    pub escrowed_at: Option<u64>,
    /// When its containers ran.
    pub started_at: Option<u64>,
    /// When it ends by itself.
    pub ends_at: Option<u64>,
    /// When it closed.
    pub closed_at: Option<u64>,
    /// How long it runs from its start.
    pub duration_seconds: u64,
    /// Time that is paid for.
    pub evidenced_seconds: u64,
    /// What its escrow holds.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub escrow: Stroops,
    /// What it has cost so far.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub cost: Stroops,
    /// The part of that which is the platform's; zero until it closes.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Decimal)]
    pub fee: Stroops,
    /// Whether the contract has paid.
    pub paid: bool,
    /// Transactions on its escrow: the lock, then what paid it out.
    #[serde(with = "in_text_list")]
    #[schema(value_type = Vec<crate::schema::Hex32>)]
    pub escrow_tx: Vec<TxHash>,
    /// Until when the contract can settle it: seconds since 1970.
    pub chain_deadline: u64,
    /// The image that it runs, once it does.
    pub image_id: Option<String>,
    /// Its containers, by replica.
    pub containers: Vec<Container>,
    /// Exit and result of a job, once known: SHA-256 of the result.
    #[serde(with = "in_text_option", default)]
    #[schema(value_type = Option<crate::schema::Hex32>)]
    pub result_sha256: Option<Digest>,
    /// Head of its proof chain.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub proof_hash: Digest,
}

/// A container of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Container {
    /// Which replica, from 0.
    pub index: u32,
    /// The engine's id of it.
    pub id: String,
    /// Its published ports.
    pub ports: Vec<PortReport>,
}

/// How a lease does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LeaseStatus {
    /// Its escrow or its containers are on their way.
    Starting,
    /// Its containers run, as last heard.
    Healthy,
    /// They should run, and were not heard of lately.
    Unhealthy,
    /// It ended badly.
    Failed,
    /// It ended well, or was stopped.
    Closed,
}

/// `GET /leases/{id}/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseHealth {
    /// The lease.
    pub lease_id: u64,
    /// How it does.
    pub status: LeaseStatus,
    /// Why, in words; null when there is nothing to say.
    pub reason: Option<String>,
    /// When its agent was last heard; null when it never was.
    pub checked_at: Option<u64>,
    /// Its containers.
    pub replicas: Vec<ReplicaHealth>,
}

/// How one container of a lease does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaHealth {
    /// Which replica, from 0.
    pub index: u32,
    /// The engine's id of the container.
    pub id: String,
    /// How it does.
    pub status: LeaseStatus,
}
