//! Bids.

use berth_domain::{AmendBid, BidTarget, MassQuote, PlaceBid};
use serde_json::{Value, json};

use crate::event::Names;

pub(super) fn place(c: &PlaceBid, names: &impl Names) -> Value {
    let mut json = json!({
        "providerId": c.provider.0,
        "bidPrice": c.price.to_string(),
        "timeInForce": c.time_in_force.as_str(),
        "expiresAt": c.expires_at.map(|at| at.0),
        "postOnly": c.post_only,
        "selfTrade": c.self_trade.as_str(),
        "session": c.session,
        "clientOrderId": c.client_id.map(|id| id.to_string()),
    });
    match c.target {
        BidTarget::Standing { market, quantity, min_duration, max_duration } => {
            json["market"] = names.market(market).into();
            json["quantity"] = quantity.into();
            json["minDuration"] = min_duration.0.into();
            json["maxDuration"] = max_duration.0.into();
        }
        BidTarget::Directed { order } => json["orderId"] = order.0.into(),
    }
    json
}

pub(super) fn amend(c: &AmendBid) -> Value {
    json!({
        "bidId": c.bid.0,
        "bidPrice": c.price.map(|price| price.to_string()),
        "quantity": c.quantity,
        "expiresAt": c.expires_at.map(|at| at.0),
    })
}

pub(super) fn mass(c: &MassQuote, names: &impl Names) -> Value {
    let quotes = c.quotes.iter().map(|quote| {
        json!({
            "providerId": quote.provider.0,
            "market": names.market(quote.market),
            "price": quote.price.to_string(),
            "quantity": quote.quantity,
            "minDuration": quote.min_duration.0,
            "maxDuration": quote.max_duration.0,
        })
    });
    json!({
        "quoteSetId": c.set,
        "postOnly": c.post_only,
        "selfTrade": c.self_trade.as_str(),
        "session": c.session,
        "quotes": quotes.collect::<Vec<_>>(),
    })
}
