//! Bids.

use berth_domain::BidTarget;
use berth_exchange::{Bid, Exchange};
use berth_wire::response;

use crate::{address, class, is_sealed};

/// A bid; its price is withheld while it is sealed.
#[must_use]
pub fn bid(x: &Exchange, bid: &Bid) -> response::Bid {
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
        bid_price: (!is_sealed(x, bid)).then_some(bid.price),
        quantity,
        remaining: quantity.map(|_| bid.remaining),
        min_duration: min,
        max_duration: max,
        time_in_force: bid.time_in_force,
        expires_at: bid.expires_at.map(|at| at.0),
        post_only: bid.post_only,
        self_trade: bid.self_trade,
        quote_set_id: bid.set,
        leases: x.leases_of_bid(bid.id).map(|lease| lease.id.0).collect(),
        client_order_id: bid.client_id,
        placed_at: bid.placed_at.0,
    }
}
