//! What agents report of a lease, and a tenant's stop.

use berth_domain::{
    ContainerReport as Container, Digest, FinishLease, FinishOutcome, Heartbeat, JobResult, LeaseBacklog, LeaseId,
    Micros, PortBinding, Seconds, StartLease, StopLease, Text, TopUpLease,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::specification::Protocol;
use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, whole};

/// The longest detail of a report, in bytes; the log keeps the first 200.
pub const FINISH_DETAIL_BYTES_MAX: usize = 256;
const CONTAINERS_MAX: usize = 10_000;
const PORTS_MAX: usize = 16;
/// Beats of one backlog, as many as the exchange takes.
const BEATS_MAX: usize = 4_096;

/// `lease.start`: the containers run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRequest {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The provider's owner; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// The image that the tag was resolved to.
    #[serde(with = "in_text")]
    #[schema(value_type = String)]
    pub image_id: Text<128>,
    /// The containers, one for each replica.
    pub containers: Vec<ContainerReport>,
}

/// A container of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerReport {
    /// Which replica, from 0.
    #[serde(deserialize_with = "whole::<0, 9_999, _, _>")]
    #[schema(minimum = 0, maximum = 9999)]
    pub index: u32,
    /// The engine's id of it.
    #[serde(with = "in_text")]
    #[schema(value_type = String)]
    pub id: Text<64>,
    /// Its published ports.
    #[serde(default)]
    pub ports: Vec<PortReport>,
}

/// A published port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct PortReport {
    /// Inside the container.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub container_port: u16,
    /// On the host.
    #[serde(deserialize_with = "whole::<1, 65_535, _, _>")]
    #[schema(minimum = 1, maximum = 65535)]
    pub host_port: u16,
    /// Over what.
    #[serde(default)]
    pub protocol: Protocol,
}

/// `lease.heartbeat`: the containers still run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct HeartbeatRequest {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The provider's owner; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// Processor time used since the start, in milliseconds.
    #[serde(deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub cpu_millis: u64,
    /// Resident memory in bytes.
    #[serde(deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub memory_bytes: u64,
    /// Whether every probe of a published port passed.
    #[serde(default = "passed")]
    pub healthy: bool,
}

/// An agent that probes nothing has seen nothing fail.
const fn passed() -> bool {
    true
}

/// `lease.backlog`: the agent saw the containers run while it could not be
/// heard. Only with the signature of the provider's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct BacklogRequest {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The provider's owner.
    pub address: Name,
    /// When it saw them: microseconds since 1970, each later than the one
    /// before, at most 4,096.
    pub beats: Vec<u64>,
}

/// `lease.finish`: the containers have ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct FinishRequest {
    /// The lease.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: u64,
    /// The provider's owner; whoever asks when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Name>,
    /// How they ended.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::FinishOutcomeWord)]
    pub reason: FinishOutcome,
    /// The exit code, when they ended by themselves.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// SHA-256 of the result's bytes, when there is one.
    #[serde(default, with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Hex32>)]
    pub result_sha256: Option<Digest>,
    /// Bytes of the result.
    #[serde(default, deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub result_size: u64,
    /// More in words, at most 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `lease.stop` (with `leaseId`) and `POST /leases/{id}/stop` (whose body may
/// be left out).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct StopRequest {
    /// The lease; in the path over REST.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: Option<u64>,
    /// Who stops it; the tenant when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "address", alias = "renterAddress")]
    pub tenant_address: Option<Name>,
}

/// `lease.topup` (with `leaseId`) and `POST /leases/{id}/topup`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct TopUpRequest {
    /// The lease; in the path over REST.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub lease_id: Option<u64>,
    /// Who pays; the tenant when left out in open mode.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "address")]
    pub tenant_address: Option<Name>,
    /// How much more of the lease is paid for in advance.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub seconds: u64,
}

objects!(
    StartRequest,
    ContainerReport,
    PortReport,
    HeartbeatRequest,
    BacklogRequest,
    FinishRequest,
    StopRequest,
    TopUpRequest,
);

impl StartRequest {
    /// Who says it, if the request does, and what the exchange takes.
    /// Containers may come in any order; they must be replicas 0, 1, … without a
    /// gap.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<(Option<Name>, StartLease), Malformed> {
        if self.image_id.as_str().is_empty() {
            return Err(Malformed::new("imageId", "is empty"));
        }
        if self.containers.is_empty() || self.containers.len() > CONTAINERS_MAX {
            return Err(Malformed::new("containers", format!("must have 1 to {CONTAINERS_MAX} entries")));
        }
        let mut by_replica = vec![None; self.containers.len()];
        for (i, report) in self.containers.into_iter().enumerate() {
            let field = format!("containers[{i}]");
            if report.id.as_str().is_empty() {
                return Err(Malformed::new(format!("{field}.id"), "is empty"));
            }
            if report.ports.len() > PORTS_MAX {
                return Err(Malformed::new(format!("{field}.ports"), format!("has more than {PORTS_MAX} entries")));
            }
            let place = by_replica.get_mut(report.index as usize).filter(|place| place.is_none());
            let place = place.ok_or_else(|| {
                Malformed::new(format!("{field}.index"), "must count the replicas 0, 1, … without a gap")
            })?;
            let ports = report.ports.iter().map(|port| PortBinding {
                container: port.container_port,
                host: port.host_port,
                udp: port.protocol == Protocol::Udp,
            });
            *place = Some(Container { id: report.id, ports: ports.collect() });
        }
        let containers = by_replica.into_iter().flatten().collect();
        Ok((self.address, StartLease { lease: LeaseId(self.lease_id), image: self.image_id, containers }))
    }
}

impl HeartbeatRequest {
    /// Who says it, if the request does, and what the exchange takes.
    #[must_use]
    pub fn parse(self) -> (Option<Name>, Heartbeat) {
        let Self { lease_id, address, cpu_millis, memory_bytes, healthy } = self;
        (address, Heartbeat { lease: LeaseId(lease_id), cpu_millis, memory_bytes, healthy })
    }
}

impl BacklogRequest {
    /// Who says it, and what the exchange takes.
    ///
    /// # Errors
    /// When there are too many beats.
    pub fn parse(self) -> Result<(Name, LeaseBacklog), Malformed> {
        if self.beats.len() > BEATS_MAX {
            return Err(Malformed::new("beats", format!("has more than {BEATS_MAX} entries")));
        }
        let beats = self.beats.into_iter().map(Micros).collect();
        Ok((self.address, LeaseBacklog { lease: LeaseId(self.lease_id), beats }))
    }
}

impl FinishRequest {
    /// Who says it, if the request does, and what the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<(Option<Name>, FinishLease), Malformed> {
        let detail = self.detail.as_deref().unwrap_or_default();
        if detail.len() > FINISH_DETAIL_BYTES_MAX {
            return Err(Malformed::new("detail", format!("is longer than {FINISH_DETAIL_BYTES_MAX} bytes")));
        }
        if self.result_sha256.is_none() && self.result_size > 0 {
            return Err(Malformed::new("resultSha256", "is missing, and resultSize is not zero"));
        }
        let command = FinishLease {
            lease: LeaseId(self.lease_id),
            outcome: self.reason,
            exit_code: self.exit_code,
            result: self.result_sha256.map(|sha256| JobResult { sha256, size: self.result_size }),
            detail: Text::lossy(detail),
        };
        Ok((self.address, command))
    }
}

impl StopRequest {
    /// Who says it, if the request does, and what the exchange takes. `path`
    /// is the lease of a REST route.
    ///
    /// # Errors
    /// When neither names a lease, or they name two.
    pub fn parse(self, path: Option<LeaseId>) -> Result<(Option<Name>, StopLease), Malformed> {
        Ok((self.tenant_address, StopLease { lease: named(path, self.lease_id)? }))
    }
}

impl TopUpRequest {
    /// Who says it, if the request does, and what the exchange takes. `path`
    /// is the lease of a REST route.
    ///
    /// # Errors
    /// When neither names a lease, or they name two.
    pub fn parse(self, path: Option<LeaseId>) -> Result<(Option<Name>, TopUpLease), Malformed> {
        let lease = named(path, self.lease_id)?;
        Ok((self.tenant_address, TopUpLease { lease, seconds: Seconds(self.seconds) }))
    }
}

/// The lease that path or body names.
fn named(path: Option<LeaseId>, body: Option<u64>) -> Result<LeaseId, Malformed> {
    match (path, body.map(LeaseId)) {
        (Some(path), Some(body)) if path != body => Err(Malformed::new("leaseId", "is not the lease of the path")),
        (Some(lease), _) | (None, Some(lease)) => Ok(lease),
        (None, None) => Err(Malformed::new("leaseId", "is missing")),
    }
}
