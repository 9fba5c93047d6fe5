//! Orders.

use berth_domain::{AmendOrder, PlaceOrder};
use serde_json::{Value, json};

use super::attributes;
use crate::event::Names;
use crate::price::MaxPrice;

pub(super) fn place(c: &PlaceOrder, names: &impl Names) -> Value {
    json!({
        "market": names.market(c.market),
        "units": c.units,
        "cpu": c.resources.cpu,
        "memory": c.resources.memory,
        "storage": c.resources.storage,
        "quantity": c.replicas,
        "maxPrice": MaxPrice::from(&c.limits),
        "durationSeconds": c.duration.0,
        "prepaySeconds": c.prepay.0,
        "mode": c.mode.as_str(),
        "closesAt": c.closes_at.map(|at| at.0),
        "timeInForce": c.time_in_force.as_str(),
        "expiresAt": c.expires_at.map(|at| at.0),
        "postOnly": c.post_only,
        "selfTrade": c.self_trade.as_str(),
        "requires": attributes(&c.requires),
        "minUptime": c.min_uptime.map(|uptime| uptime.to_string()),
        "aim": c.aim.map(|bid| bid.0),
        "failover": c.failover,
        "verify": crate::verify::write(&c.verify),
        "specHash": c.spec_hash.to_string(),
        "session": c.session,
        "clientOrderId": c.client_id.map(|id| id.to_string()),
    })
}

pub(super) fn amend(c: &AmendOrder) -> Value {
    json!({
        "orderId": c.order.0,
        "quantity": c.replicas,
        "maxPrice": c.limits.as_ref().map(MaxPrice::from),
        "expiresAt": c.expires_at.map(|at| at.0),
    })
}
