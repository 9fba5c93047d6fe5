//! Leases that are opened, as trades.

use berth_domain::{Event, LeaseOpened};
use berth_exchange::{Exchange, Origin};
use berth_wire::channel::{TakerSide, Trade, TradeOrigin};

/// A lease of an entry as a trade; `events` are all of the entry's. `None` when
/// the state does not know the market.
pub(crate) fn trade(opened: &LeaseOpened, events: &[Event], x: &Exchange) -> Option<Trade> {
    let origin = match x.lease(opened.lease)?.origin {
        Origin::Match => TradeOrigin::Match,
        Origin::Failover(_) => TradeOrigin::Failover,
        Origin::Rerun(_) => TradeOrigin::Rerun,
    };
    Some(Trade {
        market: x.market(opened.market)?.class.clone(),
        lease_id: opened.lease.0,
        price: opened.price,
        quantity: u64::from(opened.units) * u64::from(opened.replicas),
        trust_level: opened.level,
        taker_side: match origin {
            TradeOrigin::Match => taker_side(opened, events),
            TradeOrigin::Failover | TradeOrigin::Rerun => None,
        },
        origin,
    })
}

/// The side that entered in this entry, when it is one.
fn taker_side(opened: &LeaseOpened, events: &[Event]) -> Option<TakerSide> {
    let order_entered = events.iter().any(|event| match event {
        Event::OrderAccepted(e) => e.order == opened.order,
        Event::OrderAmended(e) => e.order == opened.order,
        Event::OrderResumed(e) => e.order == opened.order,
        _ => false,
    });
    let bid_entered = events.iter().any(|event| match event {
        Event::BidAccepted(e) => e.bid == opened.bid,
        Event::BidAmended(e) => e.bid == opened.bid,
        Event::BidResumed(e) => e.bid == opened.bid,
        _ => false,
    });
    match (order_entered, bid_entered) {
        (true, false) => Some(TakerSide::Order),
        (false, true) => Some(TakerSide::Bid),
        _ => None,
    }
}
