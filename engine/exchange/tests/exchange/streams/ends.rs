//! What streams end in, for tests of whole states.

use berth_domain::{Entry, Event};
use berth_exchange::Exchange;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::moves::streams;
use super::tape::{Tape, Witness};
use crate::oracle::{Answer, Oracle};

/// Only the exchange.
#[derive(Default)]
struct Follower(Exchange);

impl Witness for Follower {
    fn see(&mut self, entry: &Entry, _: &Oracle, _: Answer, _: &[Event]) {
        self.0.apply(entry, &mut Vec::new()).expect("the tape is a valid log");
    }
}

/// The exchanges at the ends of so many streams, the same ones each time.
pub(crate) fn ends(count: usize) -> Vec<Exchange> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let strategy = streams();
    let mut end = || {
        let stream = strategy.new_tree(&mut runner).expect("nothing is rejected").current();
        Tape::play(&stream, Follower::default()).witness.0
    };
    (0..count).map(|_| end()).collect()
}
