//! Streams of random commands over leases whose results are checked.

use std::cell::RefCell;
use std::collections::BTreeSet;

use berth_domain::{
    AccountId, ChainEventId, Command, ContainerReport, Deposit, Digest, Escrowed, Event, FinishLease, FinishOutcome,
    JobResult, LeaseState, Mode, OpenAccount, Seconds, StartLease, Stroops, Text, TimeInForce, Verdict, Verify,
};
use berth_exchange::{Lease, Origin};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, tx};
use crate::desk::Desk;
use crate::failing_streams::end;
use crate::moves::{Move, command, moves, opening, rules_of};
use crate::verification::ledger;

/// Random commands in which orders are verified, results differ now and then,
/// and the chain draws more than a tenth. What must always hold is checked after
/// every entry, and every lease is over in the end.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn no_stream_of_verified_leases_breaks_what_always_holds() {
    let cases = std::env::var("BERTH_STREAMS").map_or(100, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let stream = (any::<[u8; 4]>(), proptest::collection::vec(moves(), 150..250));
    let met = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(&stream, |(rules, moves)| {
            let desk = play(rules, &moves);
            let verdicts = desk.log.iter().flat_map(|frame| &frame.events).filter_map(|event| match event {
                Event::VerificationEnded(e) => Some(e.verdict),
                _ => None,
            });
            met.borrow_mut().extend(verdicts);
            Ok(())
        })
        .expect("every stream holds");
    let met = met.into_inner();
    let missed: Vec<_> = Verdict::ALL.iter().filter(|verdict| !met.contains(verdict)).collect();
    assert!(missed.is_empty(), "no stream meets {missed:?}");
}

fn play(rules: [u8; 4], moves: &[Move]) -> Desk {
    let mut desk = Desk::open(rules_of(rules));
    for (name, _) in CAST {
        desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
    }
    for (account, command) in opening(&TENANTS) {
        desk.submit(account, command);
    }
    let event = ChainEventId { toid: 9, index: 0 };
    let amount = Stroops::new([1, 1_000_000][usize::from(rules[0] % 2)]).expect("positive");
    desk.submit(AccountId::EXCHANGE, Deposit { event, address: address("treasury"), amount });
    for next in moves {
        desk.wait(Seconds(next.pause.0 / 3));
        further(&mut desk, next);
        let (account, mut command) = command(&desk, next);
        match &mut command {
            Command::PlaceOrder(place) if place.mode == Mode::Auto && place.expires_at.is_none() => {
                match next.dice[15] % 4 {
                    0 => {
                        place.verify = Verify::Replicas(3);
                        (place.replicas, place.time_in_force) = (3, TimeInForce::Fok);
                        place.requires.clear();
                    }
                    _ => {
                        place.verify = Verify::Spot;
                        place.failover = place.time_in_force != TimeInForce::Fok && next.dice[13].is_multiple_of(2);
                    }
                }
            }
            _ => {}
        }
        desk.submit(account, command);
    }
    end(&mut desk);
    desk
}

/// Takes one lease a step further towards its result, so that many get there.
fn further(desk: &mut Desk, next: &Move) {
    let is_on_its_way = |lease: &&Lease| !matches!(lease.state, LeaseState::Closing | LeaseState::Closed);
    let live: Vec<_> = desk.exchange.leases().filter(is_on_its_way).cloned().collect();
    let Some(lease) = live.get(usize::from(next.dice[10]) % live.len().max(1)) else { return };
    let (id, agent) = (lease.id, lease.provider_account);
    let report = ContainerReport { id: Text::new("c").expect("short"), ports: vec![] };
    match lease.state {
        LeaseState::Opened => desk.submit(AccountId::EXCHANGE, Escrowed { lease: id, tx: tx(1, id), ledger: 1 }),
        LeaseState::Escrowed => {
            let containers = vec![report; lease.replicas as usize];
            desk.submit(agent, StartLease { lease: id, image: Text::new("i").expect("short"), containers })
        }
        LeaseState::Running => {
            let byte = if next.dice[9].is_multiple_of(3) { u8::try_from(next.dice[8] % 3).expect("small") } else { 9 };
            let finish = FinishLease {
                lease: id,
                outcome: FinishOutcome::Exited,
                exit_code: Some(0),
                result: Some(JobResult { sha256: Digest([byte; 32]), size: 1 }),
                detail: Text::default(),
            };
            desk.submit(agent, finish)
        }
        _ if matches!(lease.origin, Origin::Rerun(_)) || next.dice[12].is_multiple_of(8) => return,
        _ => desk.submit(AccountId::EXCHANGE, ledger(id, !next.dice[11].is_multiple_of(4))),
    };
}
