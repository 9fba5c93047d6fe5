//! The auctions that are open, and with them what of the log is not public yet:
//! raw entries hold the prices of their bids.

use std::collections::BTreeSet;

use berth_domain::{Event, Mode, OrderId, Seq};
use berth_exchange::Exchange;

/// The open auctions. Ids of orders are given in the order of the log, so the
/// first one is the oldest.
pub(crate) struct Auctions(BTreeSet<OrderId>);

impl Auctions {
    /// Those of a state.
    pub(crate) fn of(x: &Exchange) -> Self {
        let live = x.orders().filter(|order| order.mode == Mode::Auction && order.is_live());
        Self(live.map(|order| order.id).collect())
    }

    /// Follows an event; `x` is the state behind it, or a later one.
    pub(crate) fn follow(&mut self, event: &Event, x: &Exchange) {
        let id = match event {
            Event::OrderAccepted(e) => e.order,
            Event::OrderFilled(e) => e.order,
            Event::OrderCancelled(e) => e.order,
            Event::OrderExpired(e) => e.order,
            _ => return,
        };
        if is_open(x, id) {
            self.0.insert(id);
        } else {
            self.0.remove(&id);
        }
    }

    /// The first entry that is not public: that which placed the oldest auction
    /// that is open.
    pub(crate) fn sealed_from(&self, x: &Exchange) -> Option<Seq> {
        // Whatever ended it, an auction that is over hides nothing.
        let oldest = self.0.iter().find(|id| is_open(x, **id))?;
        x.order(*oldest).map(|order| order.placed_seq)
    }
}

fn is_open(x: &Exchange, id: OrderId) -> bool {
    x.order(id).is_some_and(|order| order.mode == Mode::Auction && order.is_live())
}
