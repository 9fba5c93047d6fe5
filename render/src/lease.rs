//! Leases.

use berth_domain::{ContainerReport, LeaseState, Stroops};
use berth_exchange::{Exchange, Lease};
use berth_wire::request::{PortReport, Protocol};
use berth_wire::response;

use crate::{address, class};

/// A lease.
#[must_use]
pub fn lease(x: &Exchange, lease: &Lease) -> response::Lease {
    response::Lease {
        id: lease.id.0,
        order_id: lease.order.0,
        bid_id: lease.bid.0,
        provider_id: lease.provider.0.into(),
        tenant_address: address(x, lease.tenant),
        provider_address: address(x, lease.provider_account),
        trust_level: lease.level,
        market: class(x, lease.market),
        units: lease.units,
        replicas: lease.replicas,
        price: lease.price,
        rate_per_hour: Stroops::new(lease.rate.get()).unwrap_or_default(),
        state: lease.state,
        reason: lease.reason,
        detail: lease.detail.as_str().to_owned(),
        opened_at: lease.opened_at.0,
        escrowed_at: lease.escrowed_at.map(|at| at.0),
        started_at: lease.started_at.map(|at| at.0),
        ends_at: lease.ends_at.map(|at| at.0),
        closed_at: lease.closed_at.map(|at| at.0),
        duration_seconds: lease.duration.0,
        evidenced_seconds: lease.evidence.seconds().0,
        escrow: lease.escrow,
        cost: lease.cost(),
        fee: lease.fee,
        paid: lease.paid_at.is_some(),
        escrow_tx: lease.escrow_tx.into_iter().chain(lease.paid_tx).collect(),
        chain_deadline: lease.chain_deadline,
        image_id: Some(lease.image.as_str()).filter(|image| !image.is_empty()).map(str::to_owned),
        containers: lease.containers.iter().zip(0..).map(container).collect(),
        // Nobody may copy it before it has been checked.
        result_sha256: lease.result.filter(|_| lease.state != LeaseState::Verifying).map(|result| result.sha256),
        proof_hash: lease.proof_head(),
    }
}

/// A container as an agent reported it, and which replica it is.
#[must_use]
pub fn container((container, index): (&ContainerReport, u32)) -> response::Container {
    let ports = container.ports.iter().map(|port| PortReport {
        container_port: port.container,
        host_port: port.host,
        protocol: if port.udp { Protocol::Udp } else { Protocol::Tcp },
    });
    response::Container { index, id: container.id.as_str().to_owned(), ports: ports.collect() }
}
