//! Markets: for each trust level a ladder of resting bids and one of resting
//! orders.

use std::cmp::Reverse;

use berth_book::{Ladder, Node, Resting, Row};
use berth_domain::codec::Encode;
use berth_domain::{Age, BidId, MarketId, OrderId, Rate, ResourceClass, TrustLevel};

use super::content::{content, sequence};

/// One book.
#[derive(Clone, Debug)]
pub struct Market {
    /// Its id.
    pub id: MarketId,
    /// What it trades.
    pub class: ResourceClass,
    /// Whether the operator has stopped trade in it.
    pub paused: bool,
    /// Auctions that were to close while it was paused.
    pub(crate) postponed: Vec<OrderId>,
    /// Orders and bids that rest in it, each once.
    pub(crate) resting: u32,
    ladders: berth_book::Book,
}

/// The ladder of resting bids of a level: the lowest price is its best.
pub(crate) const fn bids_of(level: TrustLevel) -> Ladder {
    Ladder::new(level.index())
}

/// The ladder of resting orders of a level: the highest limit is its best.
pub(crate) const fn orders_of(level: TrustLevel) -> Ladder {
    Ladder::new(level.index() + 5)
}

/// A bid's key in its ladder.
#[inline]
pub(crate) const fn bid_key(price: Rate) -> u64 {
    price.get().unsigned_abs()
}

/// An order's key in a ladder: mirrored, so that on both sides the best has the
/// lowest key and one path serves both.
#[inline]
pub(crate) const fn order_key(limit: Rate) -> u64 {
    (Rate::MAX.get() - limit.get()).unsigned_abs()
}

fn bid_price(key: u64) -> Rate {
    i64::try_from(key).ok().and_then(Rate::new).expect("a bid's key is its price")
}

fn order_limit(key: u64) -> Rate {
    let key = i64::try_from(key).expect("an order's key is below the dearest rate");
    Rate::new(Rate::MAX.get() - key).expect("an order's key is its limit, mirrored")
}

impl Market {
    /// A market with an empty book that has room for so many resting things.
    pub(crate) fn new(id: MarketId, class: ResourceClass, resting: usize) -> Self {
        // As many rows at most, and a branch for every few of them.
        Self {
            id,
            class,
            paused: false,
            postponed: Vec::new(),
            resting: 0,
            ladders: berth_book::Book::with_capacity(2 * resting, resting / 4),
        }
    }

    /// Everything that rests, an order once for each level.
    #[inline]
    pub(crate) const fn ladders(&self) -> &berth_book::Book {
        &self.ladders
    }

    #[inline]
    pub(crate) const fn ladders_mut(&mut self) -> &mut berth_book::Book {
        &mut self.ladders
    }

    /// The best resting order of a level that a bid of this price crosses.
    #[inline]
    pub(crate) fn crossed_order(&self, level: TrustLevel, price: Rate) -> Option<Node> {
        if self.crosses_an_order(level, price) { self.ladders.best(orders_of(level)) } else { None }
    }

    /// Whether a bid of this level at this price could meet any order.
    #[inline]
    pub(crate) fn crosses_an_order(&self, level: TrustLevel, price: Rate) -> bool {
        self.ladders.best_key(orders_of(level)).is_some_and(|best| best <= order_key(price))
    }

    /// The best resting bid of a level that an order with this limit crosses.
    #[inline]
    pub(crate) fn crossed_bid(&self, level: TrustLevel, limit: Rate) -> Option<Node> {
        if self.crosses_a_bid(level, limit) { self.ladders.best(bids_of(level)) } else { None }
    }

    /// Whether an order with this limit for a level could meet any bid of it.
    #[inline]
    pub(crate) fn crosses_a_bid(&self, level: TrustLevel, limit: Rate) -> bool {
        self.ladders.best_key(bids_of(level)).is_some_and(|best| best <= bid_key(limit))
    }

    pub(crate) fn rest_bid(&mut self, level: TrustLevel, price: Rate, age: Age, bid: BidId, units: u32) -> Node {
        let thing = Resting { key: bid_key(price), age: age.0, owner: bid.0, quantity: units };
        self.ladders.rest(bids_of(level), thing)
    }

    pub(crate) fn rest_order(&mut self, level: TrustLevel, limit: Rate, age: Age, order: OrderId, units: u32) -> Node {
        let thing = Resting { key: order_key(limit), age: age.0, owner: order.0, quantity: units };
        self.ladders.rest(orders_of(level), thing)
    }

    /// The bids that rest at a level, each with its price, the best first.
    pub fn resting_bids(&self, level: TrustLevel) -> impl Iterator<Item = (Rate, BidId)> + '_ {
        let ladders = &self.ladders;
        ladders.nodes(bids_of(level)).map(|node| (bid_price(ladders.key(node)), BidId(ladders.owner(node))))
    }

    /// The orders that rest at a level, each with its limit there, the best
    /// first.
    pub fn resting_orders(&self, level: TrustLevel) -> impl Iterator<Item = (Rate, OrderId)> + '_ {
        let ladders = &self.ladders;
        ladders.nodes(orders_of(level)).map(|node| (order_limit(ladders.key(node)), OrderId(ladders.owner(node))))
    }

    /// The first row of each side of the public picture: the bids' and the
    /// orders'. Looks at one row of each ladder.
    #[must_use]
    pub fn best(&self) -> (Option<BookRow>, Option<BookRow>) {
        let first = |ladder: fn(TrustLevel) -> Ladder, price: fn(u64) -> Rate| {
            let rows = TrustLevel::ALL.iter().filter_map(move |level| {
                let Row { key, quantity, count } = self.ladders.rows(ladder(*level)).next()?;
                Some((key, BookRow { level: *level, price: price(key), quantity, count }))
            });
            // Keys of both sides ascend from the best.
            rows.min_by_key(|(key, row)| (*key, Reverse(row.level))).map(|(_, row)| row)
        };
        (first(bids_of, bid_price), first(orders_of, order_limit))
    }

    /// The public picture: what rests, added up by level and price.
    pub(crate) fn picture(&self) -> Book {
        let rows = |ladder: fn(TrustLevel) -> Ladder, price: fn(u64) -> Rate| {
            let mut rows = Vec::new();
            for &level in TrustLevel::ALL {
                for Row { key, quantity, count } in self.ladders.rows(ladder(level)) {
                    rows.push(BookRow { level, price: price(key), quantity, count });
                }
            }
            rows
        };
        let mut book = Book { bids: rows(bids_of, bid_price), orders: rows(orders_of, order_limit) };
        book.bids.sort_by_key(|row| (row.price, Reverse(row.level)));
        book.orders.sort_by_key(|row| (Reverse(row.price), Reverse(row.level)));
        book
    }
}

// The ladders' keys and quantities are those of what rests in them.
content!(Market {
    id,
    class,
    paused,
    postponed with |market, out| sequence(&market.postponed, out),
    ladders with encode_ladders,
});

/// For each level the bids that rest, and then the orders, each ladder from its
/// best to its last.
fn encode_ladders(market: &Market, out: &mut Vec<u8>) {
    for ladder in TrustLevel::ALL.iter().flat_map(|level| [bids_of(*level), orders_of(*level)]) {
        (market.ladders.resting(ladder) as u64).encode(out);
        market.ladders.nodes(ladder).for_each(|node| market.ladders.owner(node).encode(out));
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
