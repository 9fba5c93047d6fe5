//! Markets.

use berth_exchange::{self as exchange, Exchange, Market};
use berth_wire::book::BookRow;
use berth_wire::channel::spread;
use berth_wire::response;

/// A market with the best rows of its book.
#[must_use]
pub fn market(x: &Exchange, market: &Market) -> response::Market {
    let (bid, order) = best(market);
    response::Market {
        id: market.id.0.into(),
        name: market.class.clone(),
        asset: x.genesis().map(|genesis| genesis.asset.as_str().to_owned()).unwrap_or_default(),
        unit: if market.class.is_gpu() { "gpu" } else { "vcpu" }.to_owned(),
        state: if market.paused { "paused" } else { "open" }.to_owned(),
        bid,
        order,
        spread: spread(bid, order),
    }
}

/// The best row of each side of a market's book: of the bids and the orders.
#[must_use]
pub fn best(market: &Market) -> (Option<BookRow>, Option<BookRow>) {
    let (bid, order) = market.best();
    (bid.map(row), order.map(row))
}

/// A row of a book in the shape of the outside.
#[must_use]
pub const fn row(row: exchange::BookRow) -> BookRow {
    let exchange::BookRow { level, price, quantity, count } = row;
    BookRow { level, price, quantity, count }
}
