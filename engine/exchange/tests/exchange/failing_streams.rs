//! Streams of random commands over gangs and leases with standbys.

use std::cell::RefCell;
use std::collections::BTreeSet;

use berth_domain::{
    AccountId, Command, EscrowFailed, Event, LeaseState, Mode, OpenAccount, Seconds, SettlementPaid, Text, TimeInForce,
};
use berth_exchange::Lease;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cast::{CAST, TENANTS, address, tx};
use crate::desk::Desk;
use crate::moves::{Move, command, moves, opening, rules_of};

/// Random commands in which every order that may have standbys wants them, and
/// others are gangs. What must always hold is checked after every entry; in the
/// end nothing stands by for what is over.
#[test]
#[expect(clippy::disallowed_methods, reason = "the environment only says how long to try")]
fn no_stream_of_failing_leases_breaks_what_always_holds() {
    let cases = std::env::var("BERTH_STREAMS").map_or(100, |n| n.parse().expect("BERTH_STREAMS is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let stream = (any::<[u8; 6]>(), proptest::collection::vec(moves(), 150..250));
    let met = RefCell::new(BTreeSet::new());
    TestRunner::new(config)
        .run(&stream, |(rules, moves)| {
            let desk = play(rules, &moves);
            met.borrow_mut().extend(desk.log.iter().flat_map(|frame| &frame.events).map(Event::name));
            Ok(())
        })
        .expect("every stream holds");
    let met = met.into_inner();
    for name in [
        "standby.reserved",
        "standby.released",
        "standby.missing",
        "lease.failedOver",
        "order.continued",
        "order.discontinued",
    ] {
        assert!(met.contains(name), "no stream meets {name}");
    }
}

fn play([scan, fills, rest @ ..]: [u8; 6], moves: &[Move]) -> Desk {
    let mut rules = rules_of(rest);
    rules.bounds.scan = [10_000, 10_000, 10, 40][usize::from(scan % 4)];
    rules.bounds.fills = [1_000, 1_000, 2, 3][usize::from(fills % 4)];
    let mut desk = Desk::open(rules);
    for (name, _) in CAST {
        desk.submit(AccountId::EXCHANGE, OpenAccount { address: address(name) });
    }
    for (account, command) in opening(&TENANTS) {
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
        let (account, mut command) = command(&desk, next);
        if let Command::PlaceOrder(place) = &mut command {
            match next.dice[15] % 4 {
                0 if place.mode == Mode::Auto && place.expires_at.is_none() => {
                    place.time_in_force = TimeInForce::Fok;
                }
                _ => place.failover = place.mode == Mode::Auto && place.time_in_force != TimeInForce::Fok,
            }
        }
        desk.submit(account, command);
    }
    end(&mut desk);
    desk
}

/// Lets time pass and the chain answer until every lease is over.
pub(crate) fn end(desk: &mut Desk) {
    loop {
        let Some(lease) = desk.exchange.leases().find(|lease| !is_over(lease)).cloned() else { break };
        let (id, state, is_escrowed) = (lease.id, lease.state, lease.is_escrowed());
        let (pay, fee, refund) = (lease.pay, lease.fee, lease.escrow - lease.pay);
        match (state, is_escrowed) {
            (LeaseState::Closing, false) => {
                let reason = Text::new("too late").expect("short");
                desk.submit(AccountId::EXCHANGE, EscrowFailed { lease: id, reason });
            }
            (LeaseState::Closed, _) => {
                desk.submit(
                    AccountId::EXCHANGE,
                    SettlementPaid { lease: id, tx: tx(5, id), ledger: 1, pay, fee, refund },
                );
            }
            _ => desk.wait(Seconds(1_000)),
        }
    }
    assert_eq!(desk.exchange.standbys().count(), 0, "nothing stands by for what is over");
}

fn is_over(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (!lease.is_escrowed() || lease.paid_at.is_some())
}
