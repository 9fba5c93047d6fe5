//! `orderbook-rs`: lock-free maps, made for many threads. Only one uses it here.

use std::sync::{Arc, Mutex};

use berth_benches::drive::{Books, Event};
use berth_benches::workload::{Command, Op, Side, Workload};
use orderbook_rs::{Id, OrderBook, TimeInForce, TradeResult};
use pricelevel::{OrderUpdate, Price};

/// One book of theirs for each book.
pub(crate) struct OrderbookRs {
    books: Vec<OrderBook<()>>,
    /// What the last command traded: an order that takes and is dropped in part
    /// tells it to the listener only.
    trades: Arc<Mutex<Vec<Trade>>>,
}

struct Trade {
    maker: u64,
    price: u32,
    quantity: u32,
}

fn number(id: Id) -> u64 {
    match id {
        Id::Sequential(number) => number,
        Id::Uuid(_) | Id::Ulid(_) => unreachable!("all ids are numbers"),
    }
}

impl OrderbookRs {
    fn apply_one(&self, command: &Command, events: &mut Vec<Event>) {
        let Command { op, side, book, order, price, quantity, .. } = *command;
        let book = &self.books[usize::from(book)];
        let (id, side) =
            (Id::sequential(order), if side == Side::Buy { pricelevel::Side::Buy } else { pricelevel::Side::Sell });
        let place = |time_in_force| book.add_limit_order(id, price.into(), quantity.into(), side, time_in_force, None);
        let is_done = match op {
            Op::Rest => place(TimeInForce::Gtc).is_ok(),
            // What is dropped in part is an error to them.
            Op::Take => {
                let _ = place(TimeInForce::Ioc);
                true
            }
            Op::Cancel => matches!(book.cancel_order(id), Ok(Some(_))),
            Op::Move => {
                let update = OrderUpdate::UpdatePrice { order_id: id, new_price: Price::new(price.into()) };
                matches!(book.update_order(update), Ok(Some(_)))
            }
        };
        let mut left = quantity;
        for Trade { maker, price, quantity } in self.trades.lock().expect("one thread").drain(..) {
            left -= quantity;
            events.push(Event::Trade { taker: order, maker, price, quantity });
        }
        events.push(match op {
            _ if !is_done => Event::Refused { order },
            Op::Rest => Event::Accepted { order, quantity: left },
            Op::Take | Op::Cancel => Event::Cancelled { order, quantity: left },
            Op::Move => Event::Moved { order, price, quantity: left },
        });
    }
}

impl Books for OrderbookRs {
    const NAME: &'static str = "orderbook-rs";

    fn open(workload: &Workload) -> Self {
        let trades = Arc::new(Mutex::new(Vec::with_capacity(1_024)));
        let books = (0..workload.header.books).map(|_| {
            let trades = Arc::clone(&trades);
            let listener = move |result: &TradeResult| {
                let traded = result.match_result.trades().as_vec().iter().map(|trade| Trade {
                    maker: number(trade.maker_order_id()),
                    price: trade.price().as_u128() as u32,
                    quantity: trade.quantity().as_u64() as u32,
                });
                trades.lock().expect("one thread").extend(traded);
            };
            OrderBook::with_trade_listener("book", Arc::new(listener))
        });
        Self { books: books.collect(), trades }
    }

    fn apply(&mut self, batch: &[Command], events: &mut Vec<Event>) {
        batch.iter().for_each(|command| self.apply_one(command, events));
    }

    fn resting(&self) -> (u64, u64) {
        let orders = self.books.iter().flat_map(OrderBook::get_all_orders);
        orders.fold((0, 0), |(count, sum), order| (count + 1, sum + order.visible_quantity().as_u64()))
    }
}
