//! Markets: for each trust level a ladder of resting bids and one of resting
//! orders.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use berth_domain::codec::Encode;
use berth_domain::{Age, BidId, MarketId, OrderId, Rate, ResourceClass, TrustLevel};

/// One book.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its id.
    pub id: MarketId,
    /// What it trades.
    pub class: ResourceClass,
    /// Resting bids by level: lowest price first, then the older.
    bids: [BTreeMap<(Rate, Age), BidId>; 5],
    /// Resting orders by each level that they accept: highest limit first,
    /// then the older.
    orders: [BTreeMap<(Reverse<Rate>, Age), OrderId>; 5],
}

impl Market {
    pub(crate) const fn new(id: MarketId, class: ResourceClass) -> Self {
        Self { id, class, bids: [const { BTreeMap::new() }; 5], orders: [const { BTreeMap::new() }; 5] }
    }

    pub(crate) fn rest_bid(&mut self, level: TrustLevel, price: Rate, age: Age, bid: BidId) {
        self.bids[level.index()].insert((price, age), bid);
    }

    pub(crate) fn remove_bid(&mut self, level: TrustLevel, price: Rate, age: Age) {
        self.bids[level.index()].remove(&(price, age));
    }

    pub(crate) fn rest_order(&mut self, limits: impl Iterator<Item = (TrustLevel, Rate)>, age: Age, order: OrderId) {
        for (level, limit) in limits {
            self.orders[level.index()].insert((Reverse(limit), age), order);
        }
    }

    pub(crate) fn remove_order(&mut self, limits: impl Iterator<Item = (TrustLevel, Rate)>, age: Age) {
        for (level, limit) in limits {
            self.orders[level.index()].remove(&(Reverse(limit), age));
        }
    }

    /// Resting bids of one level up to a price: lowest price first, then the
    /// older.
    pub(crate) fn bids_up_to(&self, level: TrustLevel, limit: Rate) -> impl Iterator<Item = (Rate, Age, BidId)> {
        self.bids[level.index()].range(..=(limit, Age(u64::MAX))).map(|((price, age), bid)| (*price, *age, *bid))
    }

    /// Resting orders that accept a level at `price` or more: highest limit
    /// first, then the older.
    pub(crate) fn orders_down_to(&self, level: TrustLevel, price: Rate) -> impl Iterator<Item = (Rate, Age, OrderId)> {
        self.orders[level.index()]
            .range(..=(Reverse(price), Age(u64::MAX)))
            .map(|((Reverse(limit), age), order)| (*limit, *age, *order))
    }

    /// All resting bids with their level.
    pub(crate) fn resting_bids(&self) -> impl Iterator<Item = (TrustLevel, Rate, BidId)> {
        TrustLevel::ALL
            .iter()
            .flat_map(|level| self.bids[level.index()].iter().map(|((price, _), bid)| (*level, *price, *bid)))
    }

    /// All resting orders, once for each level that they accept.
    pub(crate) fn resting_orders(&self) -> impl Iterator<Item = (TrustLevel, Rate, OrderId)> {
        TrustLevel::ALL.iter().flat_map(|level| {
            self.orders[level.index()].iter().map(|((Reverse(limit), _), order)| (*level, *limit, *order))
        })
    }
}

impl Encode for Market {
    fn encode(&self, out: &mut Vec<u8>) {
        self.id.encode(out);
        self.class.encode(out);
        for (level, price, bid) in self.resting_bids() {
            level.encode(out);
            price.encode(out);
            bid.encode(out);
        }
        for (level, limit, order) in self.resting_orders() {
            level.encode(out);
            limit.encode(out);
            order.encode(out);
        }
    }
}

/// A market's public picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Supply: lowest price first; at one price the higher level first.
    pub bids: Vec<BookRow>,
    /// Demand: highest price first; at one price the higher level first. An
    /// order stands once for each level that it accepts.
    pub orders: Vec<BookRow>,
}

/// All that rests at one level and price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookRow {
    /// Trust level.
    pub level: TrustLevel,
    /// Price of a unit.
    pub price: Rate,
    /// Units: an order's remaining replicas times its units each; what a bid
    /// has left.
    pub quantity: u64,
    /// Orders or bids.
    pub count: u32,
}

impl Book {
    /// Adds up resting things. `bids` and `orders` give level, price and units.
    pub(crate) fn of(
        bids: impl Iterator<Item = (TrustLevel, Rate, u64)>,
        orders: impl Iterator<Item = (TrustLevel, Rate, u64)>,
    ) -> Self {
        let mut book = Self { bids: rows(bids), orders: rows(orders) };
        book.bids.sort_by_key(|row| (row.price, Reverse(row.level)));
        book.orders.sort_by_key(|row| (Reverse(row.price), Reverse(row.level)));
        book
    }
}

fn rows(resting: impl Iterator<Item = (TrustLevel, Rate, u64)>) -> Vec<BookRow> {
    let mut rows: BTreeMap<(TrustLevel, Rate), (u64, u32)> = BTreeMap::new();
    for (level, price, units) in resting {
        let row = rows.entry((level, price)).or_default();
        row.0 = row.0.saturating_add(units);
        row.1 += 1;
    }
    rows.into_iter().map(|((level, price), (quantity, count))| BookRow { level, price, quantity, count }).collect()
}
