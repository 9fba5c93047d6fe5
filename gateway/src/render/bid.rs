//! Bids.

use berth_domain::BidTarget;
use berth_exchange::{Bid, Exchange};
use berth_wire::response;

use super::{address, class};

pub(crate) fn bid(x: &Exchange, bid: &Bid) -> response::Bid {
    let (order, quantity, min, max) = match bid.target {
        BidTarget::Standing { quantity, min_duration, max_duration, .. } => {
            (None, Some(quantity), Some(min_duration.0), Some(max_duration.0))
        }
        BidTarget::Directed { order } => (Some(order.0), None, None, None),
    };
    response::Bid {
        id: bid.id.0,
        state: bid.state,
        provider_id: bid.provider.0.into(),
        provider_address: address(x, bid.account),
        market: class(x, bid.market),
        order_id: order,
        bid_price: bid.price,
        quantity,
        remaining: quantity.map(|_| bid.remaining),
        min_duration: min,
        max_duration: max,
        leases: bid.leases.iter().map(|lease| lease.0).collect(),
        client_order_id: bid.client_id.clone(),
        placed_at: bid.placed_at.0,
    }
}
