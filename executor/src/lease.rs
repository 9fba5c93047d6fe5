//! What the agent knows of a lease: parsed once at the exchange's edge, trusted
//! from there on.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A lease's number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseId(pub u64);

/// A provider's number, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderId(pub u64);

/// Which of a lease's containers, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplicaIndex(pub u32);

impl fmt::Display for LeaseId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl fmt::Display for ReplicaIndex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Which log a lease is from: the hash of its genesis entry, 64 lower-case hex
/// digits. Lease numbers repeat from log to log, so containers and results
/// carry both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(String);

impl LogId {
    /// `None` unless `text` is 64 hex digits; they are kept in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self(text.to_ascii_lowercase()))
    }

    /// All 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight digits: enough to tell the logs of one host apart in a
    /// name, never to decide by.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Whose leases an agent serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leases {
    /// One provider's.
    Provider(ProviderId),
    /// Those of every provider that has no agent of its own.
    House,
}

/// Where a lease stands, as far as an agent cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// Matched; its escrow is not locked yet, so nothing may run.
    Opened,
    /// The escrow is locked: the container may start.
    Escrowed,
    /// Reported as started.
    Running,
    /// What was paid in advance is used up: the containers are paused until it
    /// runs again or closes.
    Suspended,
    /// Reported as finished; the result is being checked, and is not paid yet.
    Verifying,
    /// To be stopped and reported as finished.
    Closing,
    /// Over.
    Closed,
    /// A state that this agent does not know; it leaves such a lease as it is.
    Other,
}

impl LeaseState {
    /// From the name that the exchange uses.
    #[must_use]
    pub fn parse(name: &str) -> Self {
        match name {
            "opened" => Self::Opened,
            "escrowed" => Self::Escrowed,
            "running" => Self::Running,
            "suspended" => Self::Suspended,
            "verifying" => Self::Verifying,
            "closing" => Self::Closing,
            "closed" => Self::Closed,
            _ => Self::Other,
        }
    }
}

/// A lease's public part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its number.
    pub id: LeaseId,
    /// The order that it fills.
    pub order: u64,
    /// The provider that runs it.
    pub provider: ProviderId,
    /// That provider's owner, in whose name the agent reports.
    pub provider_address: String,
    /// Who pays.
    pub tenant_address: String,
    /// How many containers, at least 1.
    pub replicas: u32,
    /// Where it stands.
    pub state: LeaseState,
}

/// What to run: the private part, readable by the tenant and by the provider
/// that holds the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specification {
    /// An image reference or id.
    pub image: String,
    /// Arguments in place of the image's own; empty keeps those.
    pub command: Vec<String>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Ports to publish on the host's loopback.
    pub ports: Vec<PortRequest>,
    /// Processor time per replica, in thousandths of a core.
    pub cpu_millis: u64,
    /// Memory per replica, in MiB.
    pub memory_mib: u64,
    /// Scratch space per replica, in GiB.
    pub storage_gib: u64,
    /// GPUs per replica.
    pub gpus: u32,
}

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// Its name in lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// From a name in lower case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "tcp" => Some(Self::Tcp),
            "udp" => Some(Self::Udp),
            _ => None,
        }
    }
}

/// A port that the tenant asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRequest {
    /// Where the container listens.
    pub container_port: u16,
    /// Where the tenant would like it on the host. A wish: a port that is
    /// taken is replaced by one that the engine chooses.
    pub host_port: Option<u16>,
    /// Over what.
    pub protocol: Protocol,
}

/// A port as it was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedPort {
    /// Where the container listens.
    pub container_port: u16,
    /// Where it answers on the host's loopback.
    pub host_port: u16,
    /// Over what.
    pub protocol: Protocol,
}

/// One running container of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningContainer {
    /// Which replica.
    pub index: ReplicaIndex,
    /// The engine's id of the container.
    pub id: String,
    /// Its ports.
    pub ports: Vec<PublishedPort>,
}

/// Why a lease's containers ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The exchange asked for it.
    Stopped,
    /// The workload ended by itself.
    Exited,
    /// It could not start, or its container is gone.
    Failed,
}

impl Reason {
    /// Its name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Exited => "exited",
            Self::Failed => "failed",
        }
    }
}

/// How a lease ended, kept on disk before anything is removed, so that the
/// report can be made again after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Why.
    pub reason: Reason,
    /// The workload's exit code, where one is known.
    pub exit_code: Option<i64>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
    /// SHA-256 of the kept log, in hex; `None` when there was no container.
    pub result_sha256: Option<String>,
    /// The kept log's bytes.
    pub result_size: u64,
}

impl Outcome {
    /// An outcome without a result.
    #[must_use]
    pub fn new(reason: Reason, exit_code: Option<i64>, failure: Option<Failure>) -> Self {
        Self { reason, exit_code, failure, result_sha256: None, result_size: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_id_is_64_hex_digits() {
        let log = LogId::parse(&"AB".repeat(32)).expect("64 hex digits");
        assert_eq!(log.as_str(), "ab".repeat(32));
        assert_eq!(log.short(), "abababab");
        assert_eq!(LogId::parse(&"a".repeat(63)), None);
        assert_eq!(LogId::parse(&"g".repeat(64)), None);
        assert_eq!(LogId::parse("../../../../etc/passwd"), None);
    }
}
