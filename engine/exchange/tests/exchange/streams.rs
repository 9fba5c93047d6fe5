//! Streams of random commands, sound and unsound: the exchange and the oracle
//! read the same log and must agree on every answer, every event and the whole
//! state after each entry; and what always holds must hold.

mod census;
mod dice;
mod ends;
mod failing;
mod funding;
mod keys;
mod leasing;
mod mandates;
mod mirror;
mod moves;
mod operating;
mod standing;
mod tape;
mod trading;
mod trusted;
mod verifying;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use berth_domain::{Entry, Event};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

use crate::oracle::{Answer, Oracle};
use census::Census;
pub(crate) use ends::ends;
use mirror::Mirror;
use moves::{Stream, streams};
use tape::{Tape, Witness};

/// Streams in CI, 200 commands each and the same ones each time, so that a
/// change is what a failure comes from. `BERTH_STREAMS` asks for others, and
/// more.
const STREAMS: u32 = 2_000;

/// Streams do not wait for each other.
const THREADS: u8 = 2;

/// Who looks on: the exchange, and who counts what is met.
#[derive(Default)]
struct Watch {
    mirror: Mirror,
    census: Census,
}

impl Witness for Watch {
    fn see(&mut self, entry: &Entry, oracle: &Oracle, answer: Answer, events: &[Event]) {
        self.mirror.see(entry, oracle, answer, events);
        self.census.count(entry, oracle, answer, events);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn the_exchange_does_what_the_oracle_foretells() {
    let asked = std::env::var("BERTH_STREAMS").ok().map(|n| n.parse().expect("BERTH_STREAMS is a number"));
    let streams = asked.unwrap_or(STREAMS);
    let mut census = Census::default();
    std::thread::scope(|scope| {
        let share = streams.div_ceil(THREADS.into());
        let seed = |thread| asked.is_none().then_some([thread; 32]);
        let runs: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || try_out(share, seed(thread)))).collect();
        for run in runs {
            match run.join().expect("a failure is told, not thrown") {
                Ok(met) => census.add(&met),
                Err(told) => panic!("{told}"),
            }
        }
    });
    let missed = census.missed();
    let is_long_enough = streams >= STREAMS;
    assert!(missed.is_empty() || !is_long_enough, "no stream meets {missed:?}; they meet\n{}", census.table());
}

/// Plays so many streams; what they met, or the shortest that fails.
fn try_out(cases: u32, seed: Option<[u8; 32]>) -> Result<Census, String> {
    let census = RefCell::new(Census::default());
    let config =
        ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() };
    let mut runner = match seed {
        Some(seed) => TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed)),
        None => TestRunner::new(config),
    };
    let run = runner.run(&streams(), |stream| {
        census.borrow_mut().add(&quietly(|| play(&stream)).map_err(TestCaseError::fail)?);
        Ok(())
    });
    match run {
        Ok(()) => Ok(census.into_inner()),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
        Err(TestError::Fail(reason, stream)) => Err(format!("{}\n{reason}", transcript(&stream))),
    }
}

/// A failing stream fails a thousand times before it is as short as it can be:
/// this thread keeps quiet meanwhile and answers why the last one failed.
fn quietly<T>(play: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    thread_local! {
        static IS_QUIET: Cell<bool> = const { Cell::new(false) };
        static REASON: RefCell<String> = const { RefCell::new(String::new()) };
    }
    HOOK.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if IS_QUIET.get() {
                REASON.set(panic.to_string());
            } else {
                loud(panic);
            }
        }));
    });
    IS_QUIET.set(true);
    let played = catch_unwind(AssertUnwindSafe(play));
    IS_QUIET.set(false);
    played.map_err(|_| REASON.take())
}

fn play(stream: &Stream) -> Census {
    let tape = Tape::play(stream, Watch::default());
    tape.witness.mirror.end();
    let mut census = tape.witness.census;
    census.rules = tape.oracle.tally;
    census
}

/// A failing stream in words: what was said, up to where it fails.
fn transcript(stream: &Stream) -> String {
    struct Scribe<'a> {
        mirror: Mirror,
        lines: &'a RefCell<Vec<String>>,
    }
    impl Witness for Scribe<'_> {
        fn see(&mut self, entry: &Entry, oracle: &Oracle, answer: Answer, events: &[Event]) {
            let Entry { seq, at, account, command, .. } = entry;
            self.lines.borrow_mut().push(format!("{seq} at {}: {account} {command:?}\n    {answer:?}", at.0));
            self.mirror.see(entry, oracle, answer, events);
        }
    }
    let lines = RefCell::new(Vec::new());
    let scribe = Scribe { mirror: Mirror::default(), lines: &lines };
    // It fails again at the same place; what was written until then is told.
    drop(quietly(|| Tape::play(stream, scribe).now));
    lines.into_inner().join("\n")
}
