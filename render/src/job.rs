//! Batch jobs: orders whose client id says so, with their newest lease.

use berth_domain::{CloseReason, LeaseState, OrderState, Stroops, owed};
use berth_exchange::{Exchange, Lease, Order};
use berth_wire::request::JOB_PREFIX;
use berth_wire::response::{Job, JobStatus};

use crate::{address, class};

/// An order as a job; `None` when it is none.
#[must_use]
pub fn job(x: &Exchange, order: &Order) -> Option<Job> {
    order.client_id.as_ref().filter(|id| id.as_str().starts_with(JOB_PREFIX))?;
    let lease = x.leases_of_order(order.id).last();
    let rate = order.limits.highest().of(order.units, 1);
    Some(Job {
        id: order.id.0,
        status: status(order, lease),
        tenant_address: address(x, order.account),
        market: class(x, order.market),
        reward: rate.and_then(|rate| owed(rate, order.duration)).unwrap_or(Stroops::ZERO),
        duration_seconds: order.duration.0,
        verify: order.verify,
        lease_id: lease.map(|lease| lease.id.0),
        provider_id: lease.map(|lease| lease.provider.0.into()),
        cost: lease.map_or(Stroops::ZERO, Lease::cost),
        reason: lease.and_then(|lease| lease.reason),
        detail: lease.map(|lease| lease.detail.as_str().to_owned()).unwrap_or_default(),
        result_sha256: lease
            .filter(|lease| lease.state == LeaseState::Closed)
            .and_then(|lease| lease.result)
            .map(|result| result.sha256),
        client_order_id: order.client_id,
        submitted_at: order.placed_at.0,
        started_at: lease.and_then(|lease| lease.started_at).map(|at| at.0),
        closed_at: lease.and_then(|lease| lease.closed_at).map(|at| at.0),
    })
}

fn status(order: &Order, lease: Option<&Lease>) -> JobStatus {
    let Some(lease) = lease else {
        return match order.state {
            OrderState::Open | OrderState::Parked | OrderState::Filled => JobStatus::Pending,
            OrderState::Cancelled | OrderState::Expired => JobStatus::Cancelled,
        };
    };
    match lease.state {
        LeaseState::Opened | LeaseState::Escrowed => JobStatus::Assigned,
        LeaseState::Running | LeaseState::Suspended | LeaseState::Closing => JobStatus::Running,
        LeaseState::Verifying => JobStatus::Verifying,
        LeaseState::Closed => match lease.reason {
            Some(CloseReason::Completed) | None => JobStatus::Completed,
            Some(CloseReason::Stopped) => JobStatus::Cancelled,
            // A lease that ended badly may have left its order waiting for another.
            Some(_) if order.is_live() => JobStatus::Pending,
            Some(_) => JobStatus::Failed,
        },
    }
}
