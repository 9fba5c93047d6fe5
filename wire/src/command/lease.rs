//! What agents say of leases.

use berth_domain::{FinishLease, Heartbeat, LeaseBacklog, StartLease};
use serde_json::{Value, json};

pub(super) fn start(c: &StartLease) -> Value {
    let containers = c.containers.iter().map(|container| {
        let ports = container.ports.iter().map(|port| {
            let protocol = if port.udp { "udp" } else { "tcp" };
            json!({ "containerPort": port.container, "hostPort": port.host, "protocol": protocol })
        });
        json!({ "id": container.id.as_str(), "ports": ports.collect::<Vec<_>>() })
    });
    json!({ "leaseId": c.lease.0, "image": c.image.as_str(), "containers": containers.collect::<Vec<_>>() })
}

pub(super) fn heartbeat(c: &Heartbeat) -> Value {
    json!({
        "leaseId": c.lease.0,
        "cpuMillis": c.cpu_millis,
        "memoryBytes": c.memory_bytes,
        "healthy": c.healthy,
    })
}

pub(super) fn backlog(c: &LeaseBacklog) -> Value {
    json!({ "leaseId": c.lease.0, "beats": c.beats.iter().map(|at| at.0).collect::<Vec<_>>() })
}

pub(super) fn finish(c: &FinishLease) -> Value {
    json!({
        "leaseId": c.lease.0,
        "outcome": c.outcome.as_str(),
        "exitCode": c.exit_code,
        "result": c.result.map(|result| json!({ "sha256": result.sha256.to_string(), "size": result.size })),
        "detail": c.detail.as_str(),
    })
}
