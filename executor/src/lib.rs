//! The provider agent: plans containers from leases and runs them on Docker.
//!
//! ```text
//! leases of the exchange ─┐
//!                         ├─▶ plan ─▶ steps ─▶ Docker engine
//! containers by label ────┘              └───▶ reports to the exchange
//! ```
//!
//! An agent keeps nothing in memory that it needs: leases are asked for,
//! containers carry labels, outcomes are on disk before a container goes. It
//! may be killed at any moment and started again; so may the exchange and the
//! engine. A container's name follows from its lease, so that there is never a
//! second one, and none starts before the lease's escrow is locked.
//!
//! What a container knows of its lease is in its environment:
//! `BERTH_LEASE_ID`, `BERTH_ORDER_ID`, `BERTH_PROVIDER_ID`,
//! `BERTH_PROVIDER_ADDRESS`, `BERTH_TENANT_ADDRESS`, `BERTH_IMAGE`,
//! `BERTH_REPLICA` (from 0) and, where it publishes ports, `BERTH_PORT`, the
//! first of them inside the container. A tenant's own variables cannot begin
//! with `BERTH_`.

pub mod agent;
pub mod docker;
pub mod exchange;
pub mod failure;
pub mod inventory;
pub mod lease;
pub mod plan;
pub mod results;

pub use agent::{Agent, AgentConfig, AgentError};
pub use docker::image;
pub use lease::{LeaseId, Leases, ProviderId};
