//! The book against sorted maps: after every call both hold the same things in
//! the same order, and the book's insides agree with each other.
//!
//! `BERTH_BOOK_RUNS` sets how many random runs each test does (default 256).
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use std::collections::BTreeMap;

use berth_book::{Book, LADDERS, Ladder, Node, Resting, Row};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A call on the book. `pick` chooses among what rests.
#[derive(Clone, Debug)]
enum Call {
    Rest { ladder: usize, key: u64, age: u64, quantity: u32 },
    Remove { pick: usize },
    Shift { pick: usize, ladder: usize, key: u64, age: u64, quantity: u32 },
    SetQuantity { pick: usize, quantity: u32 },
}

/// Quantity and node by (key, age, owner).
type Ranked = BTreeMap<(u64, u64, u64), (u32, Node)>;

/// The order in which things stand, by brute force.
#[derive(Default)]
struct Model {
    ladders: [Ranked; LADDERS],
    /// What rests, by owner.
    resting: BTreeMap<u64, (usize, u64, u64)>,
    owners: u64,
}

impl Model {
    /// The owner of the thing that `pick` means.
    fn pick(&self, pick: usize) -> Option<u64> {
        self.resting.keys().nth(pick.checked_rem(self.resting.len())?).copied()
    }

    fn put(&mut self, owner: u64, ladder: usize, key: u64, age: u64, quantity: u32, node: Node) {
        self.ladders[ladder].insert((key, age, owner), (quantity, node));
        self.resting.insert(owner, (ladder, key, age));
    }

    fn take(&mut self, owner: u64) -> (Resting, Node) {
        let (ladder, key, age) = self.resting.remove(&owner).unwrap();
        let (quantity, node) = self.ladders[ladder].remove(&(key, age, owner)).unwrap();
        (Resting { key, age, owner, quantity }, node)
    }

    fn rows(&self, ladder: usize) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for ((key, ..), (quantity, _)) in &self.ladders[ladder] {
            match rows.last_mut().filter(|row| row.key == *key) {
                Some(row) => {
                    row.quantity += u64::from(*quantity);
                    row.count += 1;
                }
                None => rows.push(Row { key: *key, quantity: u64::from(*quantity), count: 1 }),
            }
        }
        rows
    }
}

fn call(book: &mut Book, model: &mut Model, call: &Call) {
    match *call {
        Call::Rest { ladder, key, age, quantity } => {
            // Owners come in no order: later ones may stand before earlier ones.
            let owner = model.owners.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            model.owners += 1;
            let node = book.rest(Ladder::new(ladder), Resting { key, age, owner, quantity });
            model.put(owner, ladder, key, age, quantity, node);
        }
        Call::Remove { pick } => {
            let Some(owner) = model.pick(pick) else { return };
            let (thing, node) = model.take(owner);
            assert_eq!(book.get(node), thing);
            assert_eq!(book.remove(node), thing);
        }
        Call::Shift { pick, ladder, key, age, quantity } => {
            let Some(owner) = model.pick(pick) else { return };
            let (_, node) = model.take(owner);
            book.shift(node, Ladder::new(ladder), key, age, quantity);
            model.put(owner, ladder, key, age, quantity, node);
        }
        Call::SetQuantity { pick, quantity } => {
            let Some(owner) = model.pick(pick) else { return };
            let (Resting { key, age, .. }, node) = { model.take(owner) };
            let ladder = Ladder::all().find(|l| book.nodes(*l).any(|n| n == node)).unwrap();
            book.set_quantity(node, quantity);
            model.put(owner, ladder.index(), key, age, quantity, node);
        }
    }
}

fn compare(book: &Book, model: &Model) {
    book.check().unwrap();
    assert_eq!(book.len(), model.resting.len());
    assert_eq!(book.is_empty(), model.resting.is_empty());
    for ladder in Ladder::all() {
        let expected = &model.ladders[ladder.index()];
        let stands: Vec<_> = book.nodes(ladder).map(|node| (book.get(node), node)).collect();
        let should: Vec<_> = expected
            .iter()
            .map(|((key, age, owner), (quantity, node))| {
                (Resting { key: *key, age: *age, owner: *owner, quantity: *quantity }, *node)
            })
            .collect();
        assert_eq!(stands, should);
        assert_eq!(book.best(ladder), should.first().map(|(_, node)| *node));
        assert_eq!(book.best_key(ladder), should.first().map(|(thing, _)| thing.key));
        let rows = model.rows(ladder.index());
        assert_eq!(book.rows(ladder).collect::<Vec<_>>(), rows);
        assert_eq!(book.resting(ladder), should.len());
        for row in rows {
            assert_eq!(book.row(ladder, row.key), Some(row));
            for beside in [row.key.wrapping_add(1), row.key ^ 1 << 40] {
                let there = expected.range((beside, 0, 0)..).next().is_some_and(|((key, ..), _)| *key == beside);
                assert_eq!(book.row(ladder, beside).is_some(), there);
            }
        }
        for (thing, node) in should {
            let parts = (book.key(node), book.age(node), book.owner(node), book.quantity(node));
            assert_eq!(parts, (thing.key, thing.age, thing.owner, thing.quantity));
        }
    }
}

/// Random calls over one shape of keys, ages and ladders.
fn check(keys: impl Strategy<Value = u64> + Clone, ages: std::ops::Range<u64>, ladders: usize, calls: usize) {
    // Miri takes a second for what takes a millisecond.
    let calls = if cfg!(miri) { 16 } else { calls };
    let rest = (0..ladders, keys.clone(), ages.clone(), 0..100_u32)
        .prop_map(|(ladder, key, age, quantity)| Call::Rest { ladder, key, age, quantity });
    let shift = (any::<usize>(), 0..ladders, keys, ages, any::<u32>())
        .prop_map(|(pick, ladder, key, age, quantity)| Call::Shift { pick, ladder, key, age, quantity });
    let any_call = prop_oneof![
        3 => rest,
        2 => any::<usize>().prop_map(|pick| Call::Remove { pick }),
        4 => shift,
        1 => (any::<usize>(), any::<u32>()).prop_map(|(pick, quantity)| Call::SetQuantity { pick, quantity }),
    ];
    #[expect(clippy::disallowed_methods, reason = "a test's length is no state")]
    let runs = std::env::var("BERTH_BOOK_RUNS").map_or(256, |runs| runs.parse().unwrap());
    let config = Config { cases: runs, failure_persistence: None, ..Config::default() };
    let run = |calls: Vec<Call>| {
        let (mut book, mut model) = (Book::default(), Model::default());
        for c in &calls {
            call(&mut book, &mut model, c);
            compare(&book, &model);
        }
        // Emptied, it is as it was; a copy is a book of its own.
        let copy = book.clone();
        while let Some(owner) = model.pick(0) {
            let (thing, node) = model.take(owner);
            assert_eq!(book.remove(node), thing);
            book.check().unwrap();
        }
        assert!(book.is_empty());
        copy.check().unwrap();
        Ok(())
    };
    TestRunner::new(config).run(&prop::collection::vec(any_call, 0..calls), run).unwrap();
}

#[test]
fn a_book_stands_like_sorted_maps_on_dense_keys() {
    check(100_000..100_200_u64, 0..1_000, 2, 200);
}

#[test]
fn a_book_stands_like_sorted_maps_on_a_few_keys_with_equal_ages() {
    check(0..4_u64, 0..3, 1, 200);
}

#[test]
fn a_book_stands_like_sorted_maps_on_prices_with_steps() {
    check((2_000..3_000_u64).prop_map(|step| u64::MAX - step * 10_000), 0..1_000, LADDERS, 200);
}

#[test]
fn a_book_stands_like_sorted_maps_on_scattered_keys() {
    check(any::<u64>(), 0..1_000, 3, 200);
}

#[test]
fn a_book_stands_like_sorted_maps_on_the_ends_of_every_digit() {
    let ends = (0..64_u32, 0..5_u64, any::<bool>()).prop_map(|(bit, off, up)| {
        let end = 1_u64 << bit;
        if up { end.wrapping_add(off) } else { end.wrapping_sub(off) }
    });
    check(prop_oneof![4 => ends, 1 => Just(0), 1 => Just(u64::MAX)], 0..1_000, 2, 200);
}

#[test]
fn what_is_equal_stands_in_the_order_of_arrival() {
    let mut book = Book::default();
    let ladder = Ladder::new(3);
    let thing = Resting { key: 5, age: 7, owner: 9, quantity: 1 };
    let nodes: Vec<Node> = (0..3).map(|_| book.rest(ladder, thing)).collect();
    assert_eq!(book.nodes(ladder).collect::<Vec<_>>(), nodes);
}

#[test]
fn nodes_and_cells_are_used_again() {
    let mut book = Book::with_capacity(4, 0);
    let ladder = Ladder::new(0);
    let thing = |key| Resting { key, age: 1, owner: 1, quantity: u32::MAX };
    let first = book.rest(ladder, thing(1));
    let index = first.index();
    book.remove(first);
    let indices: Vec<usize> = (0..1_000)
        .map(|key| {
            let node = book.rest(ladder, thing(key));
            book.remove(node);
            node.index()
        })
        .collect();
    assert!(indices.iter().all(|i| *i == index), "one thing takes one cell: {index} {indices:?}");
    book.check().unwrap();
}

#[test]
fn looking_ahead_is_harmless_whatever_has_changed_since() {
    let ladder = Ladder::new(0);
    let filled = |keys: &[u64]| {
        let mut book = Book::default();
        let nodes: Vec<Node> =
            keys.iter().map(|key| book.rest(ladder, Resting { key: *key, age: 1, owner: *key, quantity: 1 })).collect();
        (book, nodes)
    };
    let (other, _) = filled(&[1, 2, 3, 1 << 20, 1 << 40, u64::MAX]);
    other.last(other.at(ladder, 2));
    let empty = Book::default();
    for keys in [&[5][..], &[5, 6], &[5, 6, 1 << 30], &[0, 64, 4_096, u64::MAX]] {
        let (mut book, nodes) = filled(keys);
        let look = |book: &Book, around: &[_]| {
            for (node, around) in nodes.iter().zip(around) {
                book.expect(*node);
                let _ = book.around(*node);
                book.last(*around);
                for key in [0, 5, 6, 7, 1 << 30, u64::MAX] {
                    Ladder::all().for_each(|ladder| book.toward(*around, ladder, key));
                    book.last(book.at(ladder, key));
                }
            }
        };
        let around: Vec<_> = nodes.iter().map(|node| book.around(*node)).collect();
        look(&book, &around);
        look(&other, &around);
        look(&empty, &around);
        for node in &nodes {
            book.remove(*node);
            look(&book, &around);
        }
        let again = book.rest(Ladder::new(9), Resting { key: 7, age: 1, owner: 1, quantity: 1 });
        look(&book, &around);
        book.remove(again);
        book.check().unwrap();
    }
}

#[test]
#[should_panic(expected = "a book has ten ladders")]
fn there_is_no_eleventh_ladder() {
    let _ = Ladder::new(LADDERS);
}
