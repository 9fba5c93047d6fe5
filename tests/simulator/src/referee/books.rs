//! Books: the public picture, and that nothing in it could trade.

use std::cmp::Reverse;

use berth_domain::TrustLevel;
use berth_exchange::{Bid, Book, BookRow, Exchange, Order};

use super::{Checked, ensure, rule};
use crate::reads::{self, Demand, Offer};

pub(super) fn check(x: &Exchange) -> Checked {
    let orders: Vec<&Order> = x.orders().filter(|order| reads::order_rests(order)).collect();
    let bids: Vec<&Bid> = x.bids().filter(|bid| reads::bid_rests(bid)).collect();
    for market in x.markets() {
        let drawn = draw(x, &orders, &bids, market.id);
        ensure!(
            x.book(market.id) == Some(drawn),
            rule::BOOK,
            "the book of {} is {:?}",
            market.class,
            x.book(market.id)
        );
    }
    // What had no budget left enters again in the ticks that must follow.
    if reads::is_pending(x) {
        return Ok(());
    }
    let is_paused = |market| x.market(market).is_some_and(|market| market.paused);
    for order in orders.into_iter().filter(|order| !is_paused(order.market)) {
        let demand = Demand::from(order);
        for bid in bids.iter().filter(|bid| bid.market == order.market) {
            let offer = Offer::of(x, bid);
            let skips = order.account == bid.account
                && [order.self_trade, bid.self_trade].contains(&berth_domain::SelfTrade::Skip);
            let could =
                !skips && reads::within_limit(&demand, &offer) && reads::is_eligible(x, &demand, &offer, offer.price);
            ensure!(!could, rule::CROSSED, "order {} and bid {} could trade and do not", order.id, bid.id);
        }
    }
    Ok(())
}

fn draw(x: &Exchange, orders: &[&Order], bids: &[&Bid], market: berth_domain::MarketId) -> Book {
    let mut book = Book::default();
    for bid in bids.iter().filter(|bid| bid.market == market) {
        add(&mut book.bids, reads::level(x, bid.account), bid.price, bid.remaining.into());
    }
    for order in orders.iter().filter(|order| order.market == market) {
        for (level, limit) in order.limits.iter() {
            add(&mut book.orders, level, limit, u64::from(order.remaining) * u64::from(order.units));
        }
    }
    book.bids.sort_by_key(|row| (row.price, Reverse(row.level)));
    book.orders.sort_by_key(|row| (Reverse(row.price), Reverse(row.level)));
    book
}

fn add(rows: &mut Vec<BookRow>, level: TrustLevel, price: berth_domain::Rate, quantity: u64) {
    match rows.iter_mut().find(|row| row.level == level && row.price == price) {
        Some(row) => {
            row.quantity += quantity;
            row.count += 1;
        }
        None => rows.push(BookRow { level, price, quantity, count: 1 }),
    }
}
