//! Streams of random commands, sound and unsound, against the invariants, a
//! replica and the oracle.

use std::collections::BTreeMap;

use berth_domain::{AccountId, Bounds, CancelReason, CloseReason, Code, Event, Genesis, OpenAccount, Seconds, Timing};
use berth_exchange::Outcome;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, genesis};
use crate::desk::{Desk, Frame};
use crate::moves::{Move, command};
use crate::oracle::{Oracle, deeds_of};

/// Streams in CI; `BERTH_STREAMS` asks for more.
const STREAMS: u32 = 500;
const MOVES: std::ops::Range<usize> = 150..250;

/// The streams are worth their time only if they go everywhere.
#[test]
fn the_streams_meet_every_event_reason_and_refusal() {
    let mut met = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..150 {
        let stream = (any::<[u8; 4]>(), proptest::collection::vec(moves(), MOVES)).new_tree(&mut runner);
        let (rules, moves) = stream.expect("a stream").current();
        play(rules, &moves).log.iter().for_each(|frame| count(&mut met, frame));
    }
    let closings = CloseReason::ALL.iter().map(|reason| format!("lease ends {reason}"));
    let cancellations = CancelReason::ALL.iter().map(|reason| format!("something ends {reason}"));
    let refusals = Code::ALL.iter().map(|code| format!("refused {code}"));
    let events = EVENTS.iter().map(|name| (*name).to_owned());
    let repeats = REPEATABLE.iter().map(|name| format!("{name} repeated"));
    let expected = closings.chain(cancellations).chain(refusals).chain(events).chain(repeats);
    let missed: Vec<_> = expected.filter(|what| !met.contains_key(what)).collect();
    assert!(missed.is_empty(), "no stream meets {missed:?}; they meet {met:#?}");
}

const EVENTS: [&str; 25] = [
    "exchange.opened",
    "market.opened",
    "account.opened",
    "deposit.credited",
    "withdrawal.requested",
    "withdrawal.paid",
    "withdrawal.cancelled",
    "provider.registered",
    "order.accepted",
    "order.filled",
    "order.cancelled",
    "order.expired",
    "bid.accepted",
    "bid.parked",
    "bid.resumed",
    "bid.lost",
    "bid.cancelled",
    "lease.opened",
    "lease.escrowed",
    "lease.started",
    "lease.heartbeat",
    "lease.closing",
    "lease.closed",
    "lease.paid",
    "proof.step",
];

const REPEATABLE: [&str; 15] = [
    "account.open",
    "deposit.fact",
    "withdrawal.requested",
    "withdrawal.paid",
    "withdrawal.cancelled",
    "bid.place",
    "order.place",
    "lease.accept",
    "lease.escrowed",
    "lease.escrowFailed",
    "lease.start",
    "lease.finish",
    "lease.stop",
    "lease.paid",
    "lease.refunded",
];

fn count(met: &mut BTreeMap<String, u32>, frame: &Frame) {
    let mut meet = |what: String| *met.entry(what).or_default() += 1;
    match frame.outcome {
        Outcome::Done(_) => {}
        Outcome::Repeated(_) => meet(format!("{} repeated", frame.entry.command.name())),
        Outcome::Refused(code) => meet(format!("refused {code}")),
    }
    for event in &frame.events {
        meet(event.name().to_owned());
        match event {
            Event::OrderCancelled(e) => meet(format!("something ends {}", e.reason)),
            Event::BidCancelled(e) => meet(format!("something ends {}", e.reason)),
            Event::LeaseClosed(e) => meet(format!("lease ends {}", e.reason)),
            _ => {}
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn no_stream_of_commands_breaks_what_always_holds() {
    let cases = std::env::var("BERTH_STREAMS").map_or(STREAMS, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let stream = (any::<[u8; 4]>(), proptest::collection::vec(moves(), MOVES));
    TestRunner::new(config)
        .run(&stream, |(rules, moves)| {
            play(rules, &moves);
            Ok(())
        })
        .expect("every stream holds");
}

pub(crate) fn moves() -> impl Strategy<Value = Move> {
    let pause = prop_oneof![12 => Just(0), 12 => 0..6_u64, 2 => 10..70_u64, 1 => 70..1_000_u64];
    let node = prop_oneof![30 => Just((true, true)), 1 => Just((false, true)), 1 => Just((false, false))];
    (0..100_u8, any::<[u16; 16]>(), pause, node).prop_map(|(kind, dice, pause, (is_up, resumes))| Move {
        kind,
        dice,
        pause: Seconds(pause),
        is_up,
        resumes,
    })
}

fn play(rules: [u8; 4], moves: &[Move]) -> Desk {
    let mut desk = Desk::open(rules_of(rules));
    let mut oracle = Oracle::default();
    for (name, _) in CAST {
        desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
    }
    let mut heard = 0;
    let opening = crate::moves::opening(&TENANTS);
    for (account, command) in opening {
        desk.submit(account, command);
    }
    for next in moves {
        if next.is_up {
            desk.wait(next.pause);
        } else {
            desk.go_down(next.pause);
            if next.resumes {
                desk.resume();
            }
        }
        let (account, command) = command(&desk, next);
        desk.submit(account, command);
        for frame in &desk.log[heard..] {
            compare(&mut oracle, frame);
        }
        heard = desk.log.len();
    }
    desk
}

fn compare(oracle: &mut Oracle, frame: &Frame) {
    let foretold = oracle.foretell(frame);
    let done = deeds_of(&frame.events);
    assert_eq!(done, foretold, "the exchange (left) and the oracle (right) part at {:?}", frame.entry);
}

/// Tight rules, so that bounds are met.
pub(crate) fn rules_of([scan, tick, ids, timing]: [u8; 4]) -> Genesis {
    let pick = |choice: u8, from: [u32; 4]| from[usize::from(choice % 4)];
    let timing = [(30, 60, 20, 40, 20), (300, 600, 60, 180, 120), (10, 10, 8, 12, 8), (60, 30, 0, 1_000, 0)]
        [usize::from(timing % 4)];
    Genesis {
        timing: Timing {
            escrow_timeout: Seconds(timing.0),
            start_timeout: Seconds(timing.1),
            heartbeat_interval: Seconds(10),
            heartbeat_grace: Seconds(timing.2),
            dark_after: Seconds(timing.3),
            closing_timeout: Seconds(timing.4),
            settle_grace: Seconds(3_600),
            reconfigure_delay: Seconds(1_000),
            runway_warning: Seconds(20),
            suspend_timeout: Seconds(timing.1),
            missed_checks: 2,
            backlog_window: Seconds(100),
        },
        bounds: Bounds {
            scan: pick(scan, [10_000; 4]),
            tick: pick(tick, [1, 2, 1_000, 1_000]),
            orders: 10,
            bids: 8,
            providers: 2,
            replicas: 6,
            duration: Seconds(10_000),
            client_ids: pick(ids, [0, 2, 4, 4_096]),
            fills: 1_000,
            depth: 1_000,
            quotes: 20,
        },
        ..genesis()
    }
}
