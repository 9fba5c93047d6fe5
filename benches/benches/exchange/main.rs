//! Each hot command of the whole exchange by itself, in a market where a
//! thousand or a hundred thousand orders rest beside as many bids.
//!
//! `cargo bench -p berth-benches --bench exchange`. A figure is the time of one
//! command in `Exchange::apply`, its events included. What is undone for the
//! next round is not timed, and each round checks that every command came to
//! what it should. Orders, bids and leases are kept for ever, so whatever is
//! placed takes new memory: what the kernel takes for that is in the figure.

mod desk;
mod rounds;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use crate::desk::Desk;
use crate::rounds::ROUNDS;

/// Orders that rest, and bids.
const DEPTHS: [u32; 2] = [1_000, 100_000];

fn commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchange");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for depth in DEPTHS {
        let desk = Desk::new(depth);
        for round in ROUNDS {
            let mut desk = desk.clone();
            group.throughput(Throughput::Elements(round.commands));
            group.bench_function(BenchmarkId::new(round.name, depth), |b| {
                b.iter_custom(|rounds| (0..rounds).map(|_| (round.run)(&mut desk)).sum());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, commands);
criterion_main!(benches);
