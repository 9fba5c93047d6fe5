//! Berth's own books: asks rest as bids do, in ascending order, and a workload's
//! bids as orders do, mirrored.

use berth_book::{Around, Book, Ladder, Node, Resting, prefetch};

use super::{Books, Event};
use crate::workload::{Command, Op, Workload};

/// One `berth_book::Book` for each book, and the orders by id.
#[derive(Debug)]
pub struct LadderBooks {
    books: Vec<Book>,
    orders: Vec<Order>,
    age: u64,
    /// Whether what rests is more than the caches hold.
    is_deep: bool,
}

/// Commands that are looked ahead at together.
const WINDOW: usize = 4;

/// Orders that rest, from where on looking ahead is worth its instructions.
const DEEP: u64 = 20_000;

#[derive(Clone, Copy, Debug, Default)]
struct Order {
    node: Option<Node>,
    user: u32,
}

/// Where a side rests, and how its prices become keys.
#[derive(Clone, Copy)]
struct Place {
    ladder: Ladder,
    mirror: u64,
}

/// A buyer's and a seller's: the ladders of one trust level.
const PLACES: [Place; 2] =
    [Place { ladder: Ladder::new(5), mirror: u64::MAX }, Place { ladder: Ladder::new(0), mirror: 0 }];

/// A few commands of a batch: none beyond its end.
fn window(batch: &[Command], index: usize) -> &[Command] {
    let rest = batch.get(index * WINDOW..).unwrap_or_default();
    &rest[..rest.len().min(WINDOW)]
}

impl LadderBooks {
    /// Trades with the other side; gives what is left.
    #[inline]
    fn cross(&mut self, command: &Command, quantity: u32, events: &mut Vec<Event>) -> u32 {
        let Place { ladder, mirror } = PLACES[command.side.other().index()];
        let limit = u64::from(command.price) ^ mirror;
        match self.books[usize::from(command.book)].best_key(ladder) {
            Some(key) if key <= limit => self.trade(command, quantity, events),
            _ => quantity,
        }
    }

    #[inline(never)]
    fn trade(&mut self, command: &Command, mut left: u32, events: &mut Vec<Event>) -> u32 {
        let Place { ladder, mirror } = PLACES[command.side.other().index()];
        let limit = u64::from(command.price) ^ mirror;
        let book = &mut self.books[usize::from(command.book)];
        while left > 0 {
            let Some(key) = book.best_key(ladder).filter(|key| *key <= limit) else { break };
            let Some(node) = book.best(ladder) else { break };
            let (maker, open) = (book.owner(node), book.quantity(node));
            let quantity = left.min(open);
            left -= quantity;
            if quantity == open {
                book.remove(node);
                self.orders[maker as usize].node = None;
            } else {
                book.set_quantity(node, open - quantity);
            }
            let price = (key ^ mirror) as u32;
            events.push(Event::Trade { taker: command.order, maker, price, quantity });
        }
        left
    }

    #[inline]
    fn rest(&mut self, command: &Command, events: &mut Vec<Event>) {
        let Command { side, book, user, order, price, .. } = *command;
        let quantity = self.cross(command, command.quantity, events);
        if quantity > 0 {
            let Place { ladder, mirror } = PLACES[side.index()];
            let thing = Resting { key: u64::from(price) ^ mirror, age: self.age, owner: order, quantity };
            let node = self.books[usize::from(book)].rest(ladder, thing);
            self.orders[order as usize] = Order { node: Some(node), user };
        }
        events.push(Event::Accepted { order, quantity });
    }

    #[inline]
    fn reprice(&mut self, command: &Command, node: Node, events: &mut Vec<Event>) {
        let Command { side, book, order, price, .. } = *command;
        let open = self.books[usize::from(book)].quantity(node);
        let quantity = self.cross(command, open, events);
        let book = &mut self.books[usize::from(book)];
        if quantity > 0 {
            let Place { ladder, mirror } = PLACES[side.index()];
            book.shift(node, ladder, u64::from(price) ^ mirror, self.age, quantity);
        } else {
            book.remove(node);
            self.orders[order as usize].node = None;
        }
        events.push(Event::Moved { order, price, quantity });
    }

    /// Asks early for the memory that commands will read: the next four windows
    /// are at one step each.
    fn look_ahead(&self, batch: &[Command], index: usize, around: &mut [[Around; WINDOW]; 2]) {
        for command in window(batch, index + 4) {
            prefetch(&self.orders[command.order as usize]);
        }
        for command in window(batch, index + 3) {
            if let Some(node) = self.orders[command.order as usize].node {
                self.books[usize::from(command.book)].expect(node);
            }
        }
        for (around, command) in around[index % 2].iter_mut().zip(window(batch, index + 2)) {
            let Place { ladder, mirror } = PLACES[command.side.index()];
            let book = &self.books[usize::from(command.book)];
            *around = match (command.op, self.orders[command.order as usize].node) {
                (Op::Rest, _) => book.at(ladder, u64::from(command.price) ^ mirror),
                (_, Some(node)) => book.around(node),
                (_, None) => Around::default(),
            };
        }
        for (around, command) in around[(index + 1) % 2].iter().zip(window(batch, index + 1)) {
            let Place { ladder, mirror } = PLACES[command.side.index()];
            let book = &self.books[usize::from(command.book)];
            match command.op {
                Op::Rest => book.last(*around),
                Op::Move => book.toward(*around, ladder, u64::from(command.price) ^ mirror),
                Op::Take | Op::Cancel => {}
            }
        }
    }

    #[inline]
    fn apply_one(&mut self, command: &Command, events: &mut Vec<Event>) {
        let Command { op, user, order, .. } = *command;
        self.age += 1;
        match op {
            Op::Rest => return self.rest(command, events),
            Op::Take => {
                let quantity = self.cross(command, command.quantity, events);
                if quantity > 0 {
                    events.push(Event::Cancelled { order, quantity });
                }
                return;
            }
            Op::Cancel | Op::Move => {}
        }
        let known = self.orders[order as usize];
        let Some(node) = known.node.filter(|_| known.user == user) else {
            events.push(Event::Refused { order });
            return;
        };
        if op == Op::Move {
            return self.reprice(command, node, events);
        }
        let Resting { quantity, .. } = self.books[usize::from(command.book)].remove(node);
        self.orders[order as usize].node = None;
        events.push(Event::Cancelled { order, quantity });
    }
}

impl Books for LadderBooks {
    const NAME: &'static str = "berth-book";

    fn open(workload: &Workload) -> Self {
        let header = &workload.header;
        let mut placed = vec![0; header.books as usize];
        let commands = workload.prefill().iter().chain(workload.timed());
        commands.filter(|command| command.op == Op::Rest).for_each(|command| placed[usize::from(command.book)] += 1);
        // Never more things rest than were placed, each with a row of its own
        // at most; and a branch has 64 prices below it.
        let branches = 2 * ((header.price_max - header.price_min) as usize / 60 + 8);
        Self {
            books: placed.iter().map(|placed| Book::with_capacity(placed * 2, branches)).collect(),
            orders: vec![Order::default(); header.order_max as usize + 1],
            age: 0,
            is_deep: header.prefill > DEEP,
        }
    }

    fn apply(&mut self, batch: &[Command], events: &mut Vec<Event>) {
        let mut around = [[Around::default(); WINDOW]; 2];
        for index in 0..batch.len().div_ceil(WINDOW) {
            if self.is_deep {
                self.look_ahead(batch, index, &mut around);
            }
            for command in window(batch, index) {
                self.apply_one(command, events);
            }
        }
    }

    fn resting(&self) -> (u64, u64) {
        let rows = self.books.iter().flat_map(|book| Ladder::all().flat_map(|ladder| book.rows(ladder)));
        rows.fold((0, 0), |(count, sum), row| (count + u64::from(row.count), sum + row.quantity))
    }
}
