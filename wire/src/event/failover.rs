//! Events of standbys, and of what takes over from a lease that failed.

use berth_domain::{
    LeaseFailedOver, OrderContinued, OrderDiscontinued, StandbyMissing, StandbyReleased, StandbyReserved,
};
use serde_json::{Value, json};

pub(super) fn reserved(e: &StandbyReserved) -> Value {
    json!({
        "leaseId": e.lease.0,
        "bidId": e.bid.0,
        "providerId": e.provider.0,
        "price": e.price.to_string(),
        "replicas": e.replicas,
        "hold": e.hold.to_string(),
    })
}

pub(super) fn released(e: &StandbyReleased) -> Value {
    json!({ "leaseId": e.lease.0, "bidId": e.bid.0, "reason": e.reason.as_str() })
}

pub(super) fn missing(e: &StandbyMissing) -> Value {
    json!({ "leaseId": e.lease.0 })
}

/// `leaseId` is the lease that goes on, as in every event of it.
pub(super) fn failed_over(e: &LeaseFailedOver) -> Value {
    json!({ "leaseId": e.from.0, "toLeaseId": e.to.0 })
}

pub(super) fn continued(e: &OrderContinued) -> Value {
    json!({ "leaseId": e.lease.0, "orderId": e.order.0 })
}

pub(super) fn discontinued(e: &OrderDiscontinued) -> Value {
    json!({ "leaseId": e.lease.0, "code": e.code.as_str() })
}
