//! What tenants and agents say of a lease.

use crate::codec::{codec_names, codec_struct};
use crate::ids::{BidId, Digest, LeaseId};
use crate::text::Text;
use crate::time::{Micros, Seconds};

/// Accepts a directed bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptBid {
    /// The bid.
    pub bid: BidId,
}
codec_struct!(AcceptBid { bid });

/// A published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortBinding {
    /// Inside the container.
    pub container: u16,
    /// On the host.
    pub host: u16,
    /// UDP rather than TCP.
    pub udp: bool,
}
codec_struct!(PortBinding { container, host, udp });

/// A started container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerReport {
    /// The engine's id of it.
    pub id: Text<64>,
    /// Its published ports.
    pub ports: Vec<PortBinding>,
}
codec_struct!(ContainerReport { id, ports });

/// The agent started a lease's containers, one a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartLease {
    /// The lease.
    pub lease: LeaseId,
    /// The image that the tag was resolved to.
    pub image: Text<128>,
    /// The containers, by replica.
    pub containers: Vec<ContainerReport>,
}
codec_struct!(StartLease { lease, image, containers });

/// The agent saw the containers run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The lease.
    pub lease: LeaseId,
    /// Processor time used since the start, in milliseconds.
    pub cpu_millis: u64,
    /// Resident memory in bytes.
    pub memory_bytes: u64,
    /// Whether every probe of a published port passed: time before a check that
    /// failed is not paid.
    pub healthy: bool,
}
codec_struct!(Heartbeat { lease, cpu_millis, memory_bytes, healthy });

/// The agent saw the containers run while it could not be heard: what it
/// recorded between two heartbeats that the exchange stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseBacklog {
    /// The lease.
    pub lease: LeaseId,
    /// When it saw them, each later than the one before.
    pub beats: Vec<Micros>,
}
codec_struct!(LeaseBacklog { lease, beats });

codec_names! {
    /// How a lease's containers ended.
    pub enum FinishOutcome {
        /// They were removed, as asked.
        Stopped = 0 "stopped",
        /// They ended by themselves.
        Exited = 1 "exited",
        /// They could not be started, or are gone and nobody saw how.
        Failed = 2 "failed",
    }
}

/// What a lease left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobResult {
    /// SHA-256 of the result's bytes.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
}
codec_struct!(JobResult { sha256, size });

/// The agent saw the containers end, or removed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishLease {
    /// The lease.
    pub lease: LeaseId,
    /// How they ended.
    pub outcome: FinishOutcome,
    /// The exit code, when they ended by themselves.
    pub exit_code: Option<i32>,
    /// What they left behind.
    pub result: Option<JobResult>,
    /// More in words, for the tenant.
    pub detail: Text<200>,
}
codec_struct!(FinishLease { lease, outcome, exit_code, result, detail });

/// The tenant stops a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLease {
    /// The lease.
    pub lease: LeaseId,
}
codec_struct!(StopLease { lease });

/// The tenant pays for more of a lease in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpLease {
    /// The lease.
    pub lease: LeaseId,
    /// How much more of it, from 1 second to the rest of its duration.
    pub seconds: Seconds,
}
codec_struct!(TopUpLease { lease, seconds });
