//! Makes workloads: the mix of a busy exchange, in which four commands of five
//! move a resting order towards the last price.
//!
//! The same recipe gives the same bytes on every machine. Floats stand only where
//! the definition of the files has them: the spread of new prices, the step of a
//! move, and the weights of books.

use std::cmp::Ordering;

use super::{Command, Expected, Header, Op, Side, Workload};
use crate::drive::{Books as _, Event, Resting, Tally, TreeBooks};

/// What a workload is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Start of the random numbers.
    pub seed: u64,
    /// Books, at least one.
    pub books: u16,
    /// Users.
    pub users: u32,
    /// Orders that rest, over all books.
    pub active: u32,
    /// Timed commands.
    pub commands: u64,
    /// The first price, in ticks.
    pub mid: u32,
    /// How far from the last price an order is placed at most, in ticks.
    pub deviation: u32,
    /// Whether few books have most of the flow.
    pub pareto: bool,
}

/// Of a hundred orders that rest, those that are priced to trade at once.
const AGGRESSIVE_PERCENT: u64 = 20;
/// Of a hundred commands, those below this are placements, those from there on
/// below the next are cancellations, and the others are moves.
const PLACE_BELOW: u64 = 12;
const CANCEL_BELOW: u64 = 18;
/// The part of its distance to the last price by which an order moves.
const MOVE_SHARE: f64 = 0.01;
/// Fewest orders that a book aims at.
const ACTIVE_MIN: usize = 20;

impl Recipe {
    /// One book, a thousand orders.
    #[must_use]
    pub const fn a() -> Self {
        Self {
            seed: 1,
            books: 1,
            users: 1_000,
            active: 1_000,
            commands: 3_000_000,
            mid: 100_000,
            deviation: 5_000,
            pareto: false,
        }
    }

    /// A hundred books, a hundred thousand orders.
    #[must_use]
    pub const fn b() -> Self {
        Self { seed: 2, books: 100, users: 10_000, active: 100_000, pareto: true, ..Self::a() }
    }

    /// One book, a million orders.
    #[must_use]
    pub const fn c() -> Self {
        Self { seed: 3, users: 100_000, active: 1_000_000, mid: 1_000_000, deviation: 50_000, ..Self::a() }
    }

    /// Makes the workload, and says what a correct exchange makes of it.
    #[must_use]
    pub fn make(self) -> Made {
        Maker::new(self).make()
    }
}

/// A workload, and what it gives.
#[derive(Clone, Debug)]
pub struct Made {
    /// The workload.
    pub workload: Workload,
    /// What its timed commands give.
    pub expected: Expected,
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 { Side::Buy } else { Side::Sell }
    }
}

/// What the maker knows of a book beside what rests in it.
struct Market {
    /// Price of the last trade.
    last: u32,
    /// What rests, in no order that means anything.
    live: Vec<u64>,
    /// Orders that it aims at.
    active: usize,
    /// The upper end of its share of the flow.
    share_end: f64,
}

struct Maker {
    recipe: Recipe,
    prices: (u32, u32),
    random: Random,
    books: TreeBooks,
    markets: Vec<Market>,
    /// Where each resting order stands in its market's `live`, by id.
    places: Vec<usize>,
    commands: Vec<Command>,
    /// Where the commands of this part begin: those that fill the books, then
    /// those that are timed.
    part: usize,
    events: Vec<Event>,
    tally: Tally,
    orders: u64,
}

impl Maker {
    fn new(recipe: Recipe) -> Self {
        let mut random = Random(recipe.seed);
        let weights: Vec<f64> = (0..recipe.books)
            .map(|_| if recipe.pareto { 0.001 / (1.0 - random.unit()).powf(1.0 / 1.5) } else { 1.0 })
            .collect();
        let sum: f64 = weights.iter().sum();
        let mut share_end = 0.0;
        let markets = weights
            .iter()
            .map(|weight| {
                let share = weight / sum;
                share_end += share;
                let active = ((share * f64::from(recipe.active)) as usize).max(ACTIVE_MIN);
                Market { last: recipe.mid, live: Vec::new(), active, share_end }
            })
            .collect();
        Self {
            recipe,
            prices: (recipe.mid - recipe.deviation * 5, recipe.mid + recipe.deviation * 5),
            random,
            books: TreeBooks::new(recipe.books.into(), 0),
            markets,
            places: vec![0],
            commands: Vec::new(),
            part: 0,
            events: Vec::new(),
            tally: Tally::default(),
            orders: 0,
        }
    }

    fn make(mut self) -> Made {
        for book in 0..self.recipe.books {
            while self.market(book).live.len() < self.market(book).active {
                let side = self.random.side();
                self.place(book, side, 0);
            }
        }
        self.part = self.commands.len();
        self.tally = Tally::default();
        for _ in 0..self.recipe.commands {
            self.step();
        }
        let header = Header {
            books: self.recipe.books.into(),
            prefill: self.part as u64,
            timed: self.recipe.commands,
            price_min: self.prices.0,
            price_max: self.prices.1,
            order_max: self.orders,
            seed: self.recipe.seed,
            users: self.recipe.users,
        };
        let (resting, resting_quantity) = self.books.resting();
        let expected = Expected { tally: self.tally, resting, resting_quantity };
        Made { workload: Workload::new(header, self.commands), expected }
    }

    /// One timed command.
    fn step(&mut self) {
        let book = self.draw_book();
        let kind = self.random.below(100);
        let is_empty = self.market(book).live.is_empty();
        if kind >= PLACE_BELOW && !is_empty {
            let order = self.draw_order(book);
            return if kind < CANCEL_BELOW { self.cancel(book, order) } else { self.shift(book, order) };
        }
        let side = self.random.side();
        // A side below half of what its book aims at grows; otherwise an order
        // of the other side takes from it.
        if is_empty || self.books.count(book, side) < self.market(book).active / 2 {
            self.place(book, side, AGGRESSIVE_PERCENT);
        } else {
            self.take(book, side.other());
        }
    }

    fn place(&mut self, book: u16, side: Side, aggressive_percent: u64) {
        let user = self.draw_user();
        let mut price = self.draw_price(book, side);
        // The first of each part is never priced to trade, and draws no lot.
        if self.commands.len() > self.part && self.random.below(100) < aggressive_percent {
            price = self.price_through_touch(book, side).unwrap_or(price);
        }
        let quantity = 1 + self.random.below(6) * self.random.below(6) * self.random.below(6);
        self.send_new(Op::Rest, side, book, user, price, quantity);
    }

    /// An order that takes what is there, at any price.
    fn take(&mut self, book: u16, side: Side) {
        let user = self.draw_user();
        let price = if side == Side::Buy { self.prices.1 } else { self.prices.0 };
        let quantity = 1 + self.random.below(3) * self.random.below(3);
        self.send_new(Op::Take, side, book, user, price, quantity);
    }

    fn cancel(&mut self, book: u16, order: u64) {
        let Resting { side, user, price, quantity, .. } = self.resting(order);
        self.send(Command { op: Op::Cancel, side, book, user, order, price, quantity });
    }

    fn shift(&mut self, book: u16, order: u64) {
        let Resting { side, user, price: from, quantity, .. } = self.resting(order);
        let last = self.market(book).last;
        let part = (f64::from(last) - f64::from(from)) * MOVE_SHARE;
        let step = match from.cmp(&last) {
            Ordering::Greater => part.floor() as i64,
            Ordering::Less => part.ceil() as i64,
            Ordering::Equal => self.random.below(2) as i64 * 2 - 1,
        };
        let mut price = self.within(i64::from(from) + step);
        if price == from {
            price = if from > self.recipe.mid { from - 1 } else { from + 1 };
        }
        self.send(Command { op: Op::Move, side, book, user, order, price, quantity });
    }

    fn send_new(&mut self, op: Op, side: Side, book: u16, user: u32, price: u32, quantity: u64) {
        self.orders += 1;
        let quantity = u32::try_from(quantity).expect("at most 126");
        self.send(Command { op, side, book, user, order: self.orders, price, quantity });
    }

    /// Writes a command down and carries it out.
    fn send(&mut self, command: Command) {
        let Command { op, book, order, .. } = command;
        self.commands.push(command);
        let mut events = std::mem::take(&mut self.events);
        self.books.apply(&[command], &mut events);
        self.tally.add(&events);
        for event in events.drain(..) {
            if let Event::Trade { maker, price, .. } = event {
                self.markets[usize::from(book)].last = price;
                if self.books.order(maker).is_none() {
                    self.leaves(book, maker);
                }
            }
        }
        self.events = events;
        let rests = self.books.order(order).is_some();
        match op {
            Op::Rest if rests => self.enters(book, order),
            Op::Cancel | Op::Move if !rests => self.leaves(book, order),
            Op::Rest | Op::Take | Op::Cancel | Op::Move => {}
        }
    }

    fn enters(&mut self, book: u16, order: u64) {
        let live = &mut self.markets[usize::from(book)].live;
        self.places.resize(self.places.len().max(order as usize + 1), 0);
        self.places[order as usize] = live.len();
        live.push(order);
    }

    fn leaves(&mut self, book: u16, order: u64) {
        let live = &mut self.markets[usize::from(book)].live;
        let place = self.places[order as usize];
        live.swap_remove(place);
        if let Some(moved) = live.get(place) {
            self.places[*moved as usize] = place;
        }
    }

    fn draw_book(&mut self) -> u16 {
        if self.recipe.books == 1 {
            return 0;
        }
        let drawn = self.random.unit();
        let book = self.markets.partition_point(|market| market.share_end < drawn);
        book.min(self.markets.len() - 1) as u16
    }

    fn draw_user(&mut self) -> u32 {
        1 + self.random.below(self.recipe.users.into()) as u32
    }

    fn draw_order(&mut self, book: u16) -> u64 {
        let count = self.market(book).live.len() as u64;
        let drawn = self.random.below(count) as usize;
        self.market(book).live[drawn]
    }

    /// A price on the side's own side of the last one, near it more often than
    /// far.
    fn draw_price(&mut self, book: u16, side: Side) -> u32 {
        let drawn = self.random.unit();
        let spread = 1 + (drawn * drawn * f64::from(self.recipe.deviation)) as i64;
        let sum: i64 = (0..4).map(|_| self.random.below(spread as u64) as i64).sum();
        let distance = (sum / 4 * 2 - spread).abs();
        let last = i64::from(self.market(book).last);
        self.within(if side == Side::Sell { last + distance } else { last - distance })
    }

    /// The best price of the other side, or up to two ticks through it.
    fn price_through_touch(&mut self, book: u16, side: Side) -> Option<u32> {
        let touch = i64::from(self.books.touch(book, side.other())?);
        let through = self.random.below(3) as i64;
        Some(self.within(if side == Side::Buy { touch + through } else { touch - through }))
    }

    fn within(&self, price: i64) -> u32 {
        let (lowest, highest) = self.prices;
        price.clamp(lowest.into(), highest.into()) as u32
    }

    fn resting(&self, order: u64) -> Resting {
        self.books.order(order).expect("what is drawn rests")
    }

    fn market(&self, book: u16) -> &Market {
        &self.markets[usize::from(book)]
    }
}
