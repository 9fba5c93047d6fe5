//! Each hot operation of the book, on a shallow and on a deep ladder, and on
//! prices that are dense, far apart, and scattered over all keys.
//!
//! `cargo bench -p berth-benches --bench book`. Whole workloads are measured by
//! `berth bench book`.

use std::hint::black_box;
use std::time::Duration;

use berth_book::{Book, Ladder, Node, Resting};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const LADDER: Ladder = Ladder::new(0);

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((u128::from(z ^ (z >> 31)) * u128::from(end)) >> 64) as u64
    }
}

/// How prices lie.
#[derive(Clone, Copy)]
struct Prices {
    name: &'static str,
    step: u64,
    /// Steps between the lowest and the highest.
    span: u64,
}

const PRICES: [Prices; 3] = [
    Prices { name: "dense", step: 1, span: 1_000 },
    Prices { name: "steps of 10,000", step: 10_000, span: 1_000 },
    Prices { name: "scattered", step: 1, span: u64::MAX },
];

const DEPTHS: [u64; 2] = [1_000, 1_000_000];

/// Operations of one measured call.
const CALLS: u64 = 1_000;

/// A call that is drawn beforehand: what it is about, where that stands, and
/// another key.
#[derive(Clone, Copy)]
struct Call {
    node: Node,
    home: u64,
    key: u64,
}

/// A filled ladder, and calls on it.
#[derive(Clone)]
struct Bench {
    book: Book,
    calls: Vec<Call>,
    age: u64,
    is_away: bool,
}

impl Bench {
    fn new(prices: Prices, depth: u64) -> Self {
        let mut random = Random(depth);
        // A deep ladder has as many things a price as a shallow one.
        let span = prices.span.saturating_mul(depth / DEPTHS[0]);
        let mut key = || random.below(span) * prices.step;
        let mut book = Book::with_capacity(2 * (depth + CALLS) as usize, depth as usize);
        let nodes: Vec<Node> =
            (1..=depth).map(|age| book.rest(LADDER, Resting { key: key(), age, owner: age, quantity: 10 })).collect();
        let keys: Vec<u64> = (0..CALLS).map(|_| key()).collect();
        let calls = keys.into_iter().map(|key| {
            let node = nodes[random.below(depth) as usize];
            Call { node, home: book.key(node), key }
        });
        Self { calls: calls.collect(), book, age: depth, is_away: false }
    }

    /// The same with keys a few steps away, as a quoting bot moves its bids.
    fn near(mut self, prices: Prices) -> Self {
        for call in &mut self.calls {
            call.key = call.home.saturating_add((1 + call.key % 15) * prices.step);
        }
        self
    }

    /// Moves things away, and back the next time.
    fn shift(&mut self) {
        self.is_away = !self.is_away;
        for call in &self.calls {
            self.age += 1;
            let key = if self.is_away { call.key } else { call.home };
            self.book.shift(call.node, LADDER, key, self.age, 10);
        }
    }

    fn rest_and_remove(&mut self) {
        for call in &self.calls {
            self.age += 1;
            let thing = Resting { key: call.key, age: self.age, owner: self.age, quantity: 10 };
            let node = self.book.rest(LADDER, thing);
            self.book.remove(node);
        }
    }

    fn set_quantity(&mut self) {
        for call in &self.calls {
            self.age += 1;
            self.book.set_quantity(call.node, self.age as u32);
        }
    }

    /// Takes the best, as a trade does, and rests it elsewhere.
    fn take_best(&mut self) {
        for call in &self.calls {
            self.age += 1;
            let best = self.book.best(LADDER).expect("the ladder is full");
            let thing = self.book.remove(best);
            self.book.rest(LADDER, Resting { key: call.key, age: self.age, ..thing });
        }
    }

    fn walk(&mut self) {
        let quantities = self.book.nodes(LADDER).take(CALLS as usize).map(|node| self.book.quantity(node));
        black_box(quantities.max());
    }

    fn rows(&mut self) {
        black_box(self.book.rows(LADDER).take(CALLS as usize).map(|row| row.quantity).max());
    }
}

fn operations(c: &mut Criterion) {
    for prices in PRICES {
        let mut group = c.benchmark_group(format!("{} prices", prices.name));
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(CALLS));
        for depth in DEPTHS {
            let bench = Bench::new(prices, depth);
            let mut run = |name: &str, mut bench: Bench, call: fn(&mut Bench)| {
                group.bench_function(BenchmarkId::new(name, depth), |b| b.iter(|| call(&mut bench)));
            };
            run("move near", bench.clone().near(prices), Bench::shift);
            run("move far", bench.clone(), Bench::shift);
            run("rest and remove", bench.clone(), Bench::rest_and_remove);
            run("take the best, rest it", bench.clone(), Bench::take_best);
            run("set the quantity", bench.clone(), Bench::set_quantity);
            run("walk over things", bench.clone(), Bench::walk);
            run("walk over rows", bench, Bench::rows);
        }
        group.finish();
    }
}

criterion_group!(benches, operations);
criterion_main!(benches);
