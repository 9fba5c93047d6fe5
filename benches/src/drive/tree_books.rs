//! The baseline: what one writes first, with the standard library's maps.

use std::collections::BTreeMap;

use super::{Books, Event};
use crate::workload::{Command, Op, Side, Workload};

/// Books whose sides are maps from (price, age) to what rests there.
#[derive(Debug)]
pub struct TreeBooks {
    books: Vec<[Ladder; 2]>,
    /// What rests, by id.
    orders: Vec<Option<Resting>>,
    age: u64,
}

/// One side of a book: the lowest key first, so a buyer's price is mirrored.
type Ladder = BTreeMap<(u32, u64), u64>;

/// An order that rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resting {
    pub(crate) age: u64,
    pub(crate) user: u32,
    pub(crate) price: u32,
    pub(crate) quantity: u32,
    pub(crate) side: Side,
}

/// A price as a key, and back: its own for a seller, mirrored for a buyer.
const fn mirror(side: Side, price: u32) -> u32 {
    match side {
        Side::Buy => !price,
        Side::Sell => price,
    }
}

impl TreeBooks {
    /// Empty books, and room for orders up to this id.
    pub(crate) fn new(books: u32, order_max: u64) -> Self {
        Self {
            books: (0..books).map(|_| [Ladder::new(), Ladder::new()]).collect(),
            orders: vec![None; order_max as usize + 1],
            age: 0,
        }
    }

    /// The best price of a side.
    pub(crate) fn touch(&self, book: u16, side: Side) -> Option<u32> {
        let ((key, _), _) = self.books[usize::from(book)][side.index()].first_key_value()?;
        Some(mirror(side, *key))
    }

    /// Orders that rest on a side.
    pub(crate) fn count(&self, book: u16, side: Side) -> usize {
        self.books[usize::from(book)][side.index()].len()
    }

    /// An order, if it rests.
    pub(crate) fn order(&self, id: u64) -> Option<Resting> {
        self.orders.get(id as usize).copied().flatten()
    }

    /// Trades with the other side; gives what is left.
    fn cross(&mut self, command: &Command, mut left: u32, events: &mut Vec<Event>) -> u32 {
        let makers = command.side.other();
        let limit = mirror(makers, command.price);
        let ladder = &mut self.books[usize::from(command.book)][makers.index()];
        while left > 0 {
            let Some(first) = ladder.first_entry().filter(|first| first.key().0 <= limit) else { break };
            let maker = *first.get();
            let place = &mut self.orders[maker as usize];
            let resting = place.as_mut().expect("what stands in a ladder rests");
            let quantity = left.min(resting.quantity);
            left -= quantity;
            resting.quantity -= quantity;
            events.push(Event::Trade { taker: command.order, maker, price: resting.price, quantity });
            if resting.quantity == 0 {
                *place = None;
                first.remove();
            }
        }
        left
    }

    fn rest(&mut self, command: &Command, quantity: u32) {
        let Command { side, book, user, order, price, .. } = *command;
        let age = self.age;
        self.age += 1;
        if order as usize >= self.orders.len() {
            self.orders.resize(order as usize + 1, None);
        }
        self.orders[order as usize] = Some(Resting { age, user, price, quantity, side });
        self.books[usize::from(book)][side.index()].insert((mirror(side, price), age), order);
    }

    /// Takes an order out, if it rests and is the sender's.
    fn take_out(&mut self, command: &Command) -> Option<Resting> {
        let place = self.orders.get_mut(command.order as usize)?;
        let resting = place.take_if(|resting| resting.user == command.user)?;
        let Resting { age, price, side, .. } = resting;
        self.books[usize::from(command.book)][side.index()].remove(&(mirror(side, price), age));
        Some(resting)
    }

    fn apply_one(&mut self, command: &Command, events: &mut Vec<Event>) {
        let Command { op, order, price, .. } = *command;
        match op {
            Op::Rest => {
                let quantity = self.cross(command, command.quantity, events);
                if quantity > 0 {
                    self.rest(command, quantity);
                }
                events.push(Event::Accepted { order, quantity });
            }
            Op::Take => {
                let quantity = self.cross(command, command.quantity, events);
                if quantity > 0 {
                    events.push(Event::Cancelled { order, quantity });
                }
            }
            Op::Cancel => events.push(match self.take_out(command) {
                Some(Resting { quantity, .. }) => Event::Cancelled { order, quantity },
                None => Event::Refused { order },
            }),
            Op::Move => {
                let Some(resting) = self.take_out(command) else {
                    events.push(Event::Refused { order });
                    return;
                };
                let quantity = self.cross(command, resting.quantity, events);
                if quantity > 0 {
                    self.rest(command, quantity);
                }
                events.push(Event::Moved { order, price, quantity });
            }
        }
    }
}

impl Books for TreeBooks {
    const NAME: &'static str = "BTreeMap";

    fn open(workload: &Workload) -> Self {
        Self::new(workload.header.books, workload.header.order_max)
    }

    fn apply(&mut self, batch: &[Command], events: &mut Vec<Event>) {
        for command in batch {
            self.apply_one(command, events);
        }
    }

    fn resting(&self) -> (u64, u64) {
        let quantities = self.orders.iter().flatten().map(|resting| u64::from(resting.quantity));
        quantities.fold((0, 0), |(count, sum), quantity| (count + 1, sum + quantity))
    }
}
