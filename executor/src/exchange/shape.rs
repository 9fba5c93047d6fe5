//! The exchange's JSON, read and written at this edge alone.

use berth_wire::request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Change, Started, Vitals};
use crate::lease::{Lease, LeaseId, LeaseState, Outcome, PortRequest, Protocol, ProviderId, Specification};

/// The events after which an agent looks again.
pub(super) const CHANGES: [&str; 6] =
    ["lease.opened", "lease.escrowed", "lease.suspended", "lease.resumed", "lease.closing", "lease.closed"];

/// What an agent reads of a lease. It is less than a lease has, and a state is
/// read as text: an agent is not always as new as its exchange.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeaseShape {
    id: u64,
    order_id: u64,
    provider_id: u64,
    provider_address: String,
    tenant_address: String,
    replicas: u32,
    state: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) items: Vec<LeaseShape>,
    pub(super) next: Option<Value>,
}

/// `GET /health`, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HealthShape {
    pub(super) log_id: String,
    pub(super) seq: u64,
}

impl LeaseShape {
    pub(super) fn parse(self) -> Lease {
        Lease {
            id: LeaseId(self.id),
            order: self.order_id,
            provider: ProviderId(self.provider_id),
            provider_address: self.provider_address,
            tenant_address: self.tenant_address,
            replicas: self.replicas.max(1),
            state: LeaseState::parse(&self.state),
        }
    }
}

/// Read strictly, unlike a lease: what an agent does not understand of it, it
/// must not run without.
pub(super) fn specification(shape: request::Specification) -> Specification {
    let port = |port: &request::PortSpecification| PortRequest {
        container_port: port.container_port,
        host_port: port.host_port,
        protocol: match port.protocol {
            request::Protocol::Tcp => Protocol::Tcp,
            request::Protocol::Udp => Protocol::Udp,
        },
    };
    Specification {
        ports: shape.ports.iter().map(port).collect(),
        image: shape.image,
        command: shape.command,
        env: shape.env,
        cpu_millis: u64::from(shape.cpu) * 1_000,
        memory_mib: shape.memory,
        storage_gib: shape.storage,
        gpus: shape.gpu.map_or(0, |gpu| gpu.count),
    }
}

pub(super) fn start(lease: &Lease, started: &Started) -> Value {
    json!({
        "leaseId": lease.id,
        "address": lease.provider_address,
        "imageId": started.image_id,
        "containers": started.containers,
    })
}

pub(super) fn heartbeat(lease: &Lease, vitals: Vitals) -> Value {
    json!({
        "leaseId": lease.id,
        "address": lease.provider_address,
        "cpuMillis": vitals.usage.cpu_millis,
        "memoryBytes": vitals.usage.memory_bytes,
        "healthy": vitals.healthy,
    })
}

/// The failure's words are not for the log: the report has its cause alone.
pub(super) fn finish(lease: &Lease, outcome: &Outcome) -> Value {
    let mut params = json!({
        "leaseId": lease.id,
        "address": lease.provider_address,
        "reason": outcome.reason.as_str(),
        "exitCode": outcome.exit_code,
        "resultSha256": outcome.result_sha256,
        "resultSize": outcome.result_size,
    });
    if let Some(failure) = &outcome.failure {
        params["detail"] = json!(failure.cause.to_string());
    }
    params
}

/// What an event says of a lease; `None` of other events.
pub(super) fn change(event: &Value) -> Option<Change> {
    let is_change = CHANGES.contains(&event.get("type")?.as_str()?);
    let lease = LeaseId(event.get("leaseId")?.as_u64()?);
    let provider = event.get("providerId").and_then(Value::as_u64).map(ProviderId);
    is_change.then_some(Change { lease, provider })
}

#[cfg(test)]
mod tests {
    use berth_wire::json::parse_value;

    use super::*;
    use crate::docker::Usage;
    use crate::failure::{Cause, Failure};
    use crate::lease::{PublishedPort, Reason, ReplicaIndex, RunningContainer};

    fn lease() -> Lease {
        let shape = json!({
            "id": 7, "orderId": 3, "bidId": 4, "providerId": 2, "providerAddress": "provider", "tenantAddress": "tenant",
            "replicas": 1, "state": "escrowed", "somethingNew": {},
        });
        serde_json::from_value::<LeaseShape>(shape).expect("a lease").parse()
    }

    #[test]
    fn a_lease_is_read_also_when_it_says_more_than_is_known() {
        let expected = Lease {
            id: LeaseId(7),
            order: 3,
            provider: ProviderId(2),
            provider_address: "provider".to_owned(),
            tenant_address: "tenant".to_owned(),
            replicas: 1,
            state: LeaseState::Escrowed,
        };
        assert_eq!(lease(), expected);
    }

    #[test]
    fn reports_are_what_the_exchange_reads() {
        let container = RunningContainer {
            index: ReplicaIndex(0),
            id: "c0ffee".to_owned(),
            ports: vec![PublishedPort { container_port: 80, host_port: 8080, protocol: Protocol::Udp }],
        };
        let started = Started { image_id: "sha256:1".to_owned(), containers: vec![container] };
        let read: request::StartRequest = parse_value(start(&lease(), &started)).expect("a start");
        assert_eq!((read.lease_id, read.image_id.as_str()), (7, "sha256:1"));
        assert_eq!((read.containers[0].index, read.containers[0].id.as_str()), (0, "c0ffee"));
        let port = read.containers[0].ports[0];
        assert_eq!((port.container_port, port.host_port, port.protocol), (80, 8080, request::Protocol::Udp));

        for healthy in [true, false] {
            let vitals = Vitals { usage: Usage { cpu_millis: 12, memory_bytes: 34 }, healthy };
            let read: request::HeartbeatRequest = parse_value(heartbeat(&lease(), vitals)).expect("a heartbeat");
            assert_eq!((read.lease_id, read.cpu_millis, read.memory_bytes), (7, 12, 34));
            assert_eq!(read.healthy, healthy);
        }

        for reason in [Reason::Stopped, Reason::Exited, Reason::Failed] {
            let failure = Failure::new(Cause::EndedEarly(143), "nginx:latest: exec: \"--token=secret\": no such file");
            let mut outcome = Outcome::new(reason, Some(143), Some(failure));
            outcome.result_sha256 = Some("ab".repeat(32));
            outcome.result_size = 5;
            let read: request::FinishRequest = parse_value(finish(&lease(), &outcome)).expect("a finish");
            assert_eq!((read.exit_code, read.result_size), (Some(143), 5));
            let cause = "the container ended before it was ready (exit code 143)";
            assert_eq!(read.detail.as_deref(), Some(cause), "the engine's words are not for the log");
            let nothing = Outcome::new(reason, None, None);
            let read: request::FinishRequest = parse_value(finish(&lease(), &nothing)).expect("a finish");
            assert_eq!((read.exit_code, read.result_sha256, read.detail), (None, None, None));
        }
    }

    #[test]
    fn a_specification_is_read_with_its_units() {
        let shape = json!({
            "image": "nginx:latest", "cpu": 2, "memory": 1024, "storage": 10,
            "gpu": { "model": "H100", "vram": 80, "count": 4 },
            "ports": [{ "containerPort": 80, "hostPort": 8080, "protocol": "tcp" }, { "containerPort": 53, "protocol": "udp" }],
            "env": { "NGINX_HOST": "example.com" }, "command": ["a", "b"],
        });
        let read = specification(parse_value(shape).expect("a specification"));
        let port = |container_port, host_port, protocol| PortRequest { container_port, host_port, protocol };
        let expected = Specification {
            image: "nginx:latest".to_owned(),
            command: vec!["a".to_owned(), "b".to_owned()],
            env: [("NGINX_HOST".to_owned(), "example.com".to_owned())].into(),
            ports: vec![port(80, Some(8080), Protocol::Tcp), port(53, None, Protocol::Udp)],
            cpu_millis: 2_000,
            memory_mib: 1_024,
            storage_gib: 10,
            gpus: 4,
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn only_changes_of_leases_are_changes() {
        let opened = json!({ "type": "lease.opened", "leaseId": 7, "providerId": 2 });
        assert_eq!(change(&opened), Some(Change { lease: LeaseId(7), provider: Some(ProviderId(2)) }));
        for name in ["lease.closing", "lease.suspended", "lease.resumed"] {
            let turned = json!({ "type": name, "leaseId": 7 });
            assert_eq!(change(&turned), Some(Change { lease: LeaseId(7), provider: None }));
        }
        for other in
            [json!({ "type": "lease.heartbeat", "leaseId": 7 }), json!({ "type": "order.filled" }), json!(null)]
        {
            assert_eq!(change(&other), None, "{other}");
        }
    }
}
