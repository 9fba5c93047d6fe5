//! The public picture of a market, added up from what rests.

use std::cmp::Reverse;

use berth_domain::{MarketId, Rate, TrustLevel};

use super::Oracle;

/// Level, price, units, and how many orders or bids.
pub(crate) type Row = (TrustLevel, Rate, u64, u32);

impl Oracle {
    /// Supply, the lowest price first, and demand, the highest first; at one
    /// price the higher level first. An order stands at each level that it
    /// accepts.
    pub(crate) fn book(&self, market: MarketId) -> (Vec<Row>, Vec<Row>) {
        let (mut bids, mut orders) = (Vec::new(), Vec::new());
        for bid in self.bids.iter().filter(|bid| bid.rests() && bid.market == market) {
            add(&mut bids, self.level(bid.place.provider), bid.place.price, bid.left.into());
        }
        for order in self.orders.iter().filter(|order| order.rests() && order.place.market == market) {
            for (level, limit) in order.place.limits.iter() {
                add(&mut orders, level, limit, u64::from(order.left) * u64::from(order.place.units));
            }
        }
        bids.sort_by_key(|(level, price, ..)| (*price, Reverse(*level)));
        orders.sort_by_key(|(level, price, ..)| (Reverse(*price), Reverse(*level)));
        (bids, orders)
    }
}

fn add(rows: &mut Vec<Row>, level: TrustLevel, price: Rate, units: u64) {
    match rows.iter_mut().find(|row| (row.0, row.1) == (level, price)) {
        Some(row) => {
            row.2 += units;
            row.3 += 1;
        }
        None => rows.push((level, price, units, 1)),
    }
}
