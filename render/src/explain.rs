//! Why not, in words.

use berth_exchange::{BidExplanation, BidVerdict, Exchange, Explanation, Obstacle, ProviderVerdict, Resource, Wait};
use berth_wire::response;
use berth_wire::response::Reason;

use crate::is_sealed;

/// Why an order has not traded, over all providers.
#[must_use]
pub fn explain_order(x: &Exchange, explanation: &Explanation) -> response::OrderExplanation {
    response::OrderExplanation {
        order_id: explanation.order.0,
        waits: waits(&explanation.waits),
        providers: explanation.providers.iter().map(|verdict| provider_verdict(x, verdict)).collect(),
        next: None,
    }
}

/// What one provider comes to for an order. The bids of an auction that has not
/// closed are withheld with their prices, and with what follows from those.
#[must_use]
pub fn provider_verdict(x: &Exchange, verdict: &ProviderVerdict) -> response::ProviderVerdict {
    let is_public = |verdict: &&BidVerdict| x.bid(verdict.bid).is_none_or(|bid| !is_sealed(x, bid));
    let public = || verdict.bids.iter().filter(is_public);
    response::ProviderVerdict {
        provider_id: verdict.provider.0.into(),
        // A tenant who lowers the limit step by step must not learn from this
        // where a sealed price lies.
        would_trade: verdict.obstacles.is_empty() && public().any(|bid| bid.obstacles.is_empty()),
        obstacles: obstacles(&verdict.obstacles),
        bids: public().map(bid).collect(),
    }
}

/// Why an order trades with nobody by itself.
#[must_use]
pub fn waits(waits: &[Wait]) -> Vec<Reason> {
    waits.iter().map(wait).collect()
}

/// Why a bid has not been matched.
#[must_use]
pub fn explain_bid(explanation: &BidExplanation) -> response::BidExplanation {
    let orders = explanation
        .orders
        .iter()
        .map(|verdict| response::OrderVerdict { order_id: verdict.order.0, obstacles: obstacles(&verdict.obstacles) });
    response::BidExplanation { bid_id: explanation.bid.0, waits: waits(&explanation.waits), orders: orders.collect() }
}

fn bid(verdict: &BidVerdict) -> response::BidVerdict {
    response::BidVerdict { bid_id: verdict.bid.0, price: verdict.price, obstacles: obstacles(&verdict.obstacles) }
}

fn obstacles(obstacles: &[Obstacle]) -> Vec<Reason> {
    obstacles.iter().map(obstacle).collect()
}

fn reason(code: &str, detail: impl Into<String>) -> Reason {
    Reason { code: code.to_owned(), detail: detail.into() }
}

fn wait(wait: &Wait) -> Reason {
    match wait {
        Wait::OrderOver(state) => reason("orderOver", format!("the order is {state}")),
        Wait::BidOver(state) => reason("bidOver", format!("the bid is {state}")),
        Wait::OrderParked => reason("orderParked", "its funds or its mandate do not allow the order now"),
        Wait::MarketPaused => reason("marketPaused", "the operator has stopped trade in the market"),
        Wait::Acceptance => reason("acceptance", "the order takes directed bids, and its tenant accepts one"),
        Wait::AuctionClose(at) => reason("auctionClose", format!("the auction closes at {}", at.0)),
        Wait::Drained => reason("drained", "the bid's provider takes no leases"),
        Wait::NoFreeUnit => reason("noFreeUnit", "the bid's provider has no unit of the market free"),
        Wait::BelowFloor => reason("belowFloor", "the bid asks less than its owner's mandate lets it"),
        Wait::StandsBy => reason("standsBy", "all units that the bid has left stand by for leases of others"),
        Wait::Reentry => reason("reentry", "it became eligible and enters the book again in the next tick"),
    }
}

fn obstacle(obstacle: &Obstacle) -> Reason {
    match obstacle {
        Obstacle::NoBid => reason("noBid", "the provider has no live bid that the order could meet"),
        Obstacle::SameAccount => reason("sameAccount", "both sides are one account"),
        Obstacle::LevelNotAccepted(level) => {
            reason("levelNotAccepted", format!("the order does not accept trust level {level}"))
        }
        Obstacle::PriceAboveLimit { price, limit } => {
            reason("priceAboveLimit", format!("the bid asks {price}, the order gives {limit} at that level"))
        }
        Obstacle::Duration { min, max } => {
            reason("duration", format!("the bid takes leases of {} to {} seconds", min.0, max.0))
        }
        Obstacle::AttributeMissing(wanted) => {
            reason("attributeMissing", format!("the provider does not offer {} = {}", wanted.key, wanted.value))
        }
        Obstacle::Uptime { uptime, least } => {
            reason("uptime", format!("the provider was up {uptime} of the time, the order wants {least}"))
        }
        Obstacle::NoRoom { resource, needed, free } => {
            let (code, unit) = match resource {
                Resource::Units => ("noUnits", "units of the market"),
                Resource::Cpu => ("noCpu", "virtual CPUs"),
                Resource::Memory => ("noMemory", "MiB of memory"),
                Resource::Storage => ("noStorage", "GiB of disk"),
            };
            reason(code, format!("a replica needs {needed} {unit}, {free} are free"))
        }
        Obstacle::QuantityTooSmall { remaining, units } => {
            reason("quantityTooSmall", format!("a replica takes {units} units, the bid has {remaining} left"))
        }
        Obstacle::BelowFloor => reason("belowFloor", "the bid asks less than its owner's mandate lets it"),
        Obstacle::NothingToEscrow => reason("nothingToEscrow", "one replica's escrow would be less than a stroop"),
        Obstacle::Drained => reason("drained", "the provider takes no leases"),
        Obstacle::MarketPaused => reason("marketPaused", "the operator has stopped trade in the market"),
        Obstacle::DirectedOnly => reason("directedOnly", "the order takes directed bids only"),
        Obstacle::AimedElsewhere(bid) => reason("aimedElsewhere", format!("the order looks at bid {bid} only")),
        Obstacle::OrderState(state) => reason("orderState", format!("the order is {state}")),
        Obstacle::AwaitsReentry => reason("awaitsReentry", "the bid enters the book again in the next tick"),
    }
}
