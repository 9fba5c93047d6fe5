//! Orders.

use berth_exchange::{Exchange, Order};
use berth_wire::price::MaxPrice;
use berth_wire::response;

use crate::{address, class};

/// An order with its leases.
#[must_use]
pub fn order(x: &Exchange, order: &Order) -> response::Order {
    let class = class(x, order.market);
    let requires = order.requires.iter();
    response::Order {
        id: order.id.0,
        state: order.state,
        tenant_address: address(x, order.account),
        quantity: order.replicas,
        remaining: order.remaining,
        units: order.units,
        // In the CPU market a replica's processors are its units.
        cpu: if class.is_gpu() { order.resources.cpu } else { order.units },
        memory: order.resources.memory,
        storage: order.resources.storage,
        max_price: MaxPrice::from(&order.limits),
        trust_levels: order.limits.levels().iter().collect(),
        duration_seconds: order.duration.0,
        prepay_seconds: order.prepay.0,
        mode: order.mode,
        closes_at: order.closes_at.map(|at| at.0),
        time_in_force: order.time_in_force,
        expires_at: order.expires_at.map(|at| at.0),
        post_only: order.post_only,
        self_trade: order.self_trade,
        requires: requires.map(|a| (a.key.as_str().to_owned(), a.value.as_str().to_owned())).collect(),
        min_uptime: order.min_uptime,
        failover: order.failover,
        verify: order.verify,
        specification_hash: order.spec_hash,
        hold: order.hold,
        leases: x.leases_of_order(order.id).map(|lease| lease.id.0).collect(),
        client_order_id: order.client_id,
        placed_at: order.placed_at.0,
        market: class,
    }
}
