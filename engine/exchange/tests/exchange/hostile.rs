//! Bytes and logs that nobody at Berth wrote.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{
    AccountId, Address, Authority, Bounds, Code, Command, Entry, Event, Genesis, Micros, OpenAccount, RULES_VERSION,
    Resumed, Seconds, Seq, Tick, Timing,
};
use berth_exchange::{Exchange, LogViolation, Outcome};
use proptest::prelude::*;

use crate::cast::{address, genesis};
use crate::golden::every_command;
use crate::script::Stage;

/// Reading bytes never panics, and what is read has no other spelling.
fn read(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(entry) = Entry::from_bytes(bytes) {
        prop_assert_eq!(entry.to_bytes(), bytes);
    }
    if let Ok(event) = Event::from_bytes(bytes) {
        prop_assert_eq!(event.to_bytes(), bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read(&bytes)?;
    }

    /// A sound head, so that bytes get past it into every command.
    #[test]
    fn arbitrary_bytes_behind_a_sound_head_never_panic(
        tag in 0..30_u16,
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut entry = Vec::new();
        RULES_VERSION.encode(&mut entry);
        Seq(1).encode(&mut entry);
        Micros(1).encode(&mut entry);
        AccountId(1).encode(&mut entry);
        Authority::OperatorAttested.encode(&mut entry);
        tag.encode(&mut entry);
        entry.extend_from_slice(&bytes);
        read(&entry)?;
        read(&[&tag.to_le_bytes()[..], &bytes].concat())?;
    }

    #[test]
    fn damaged_entries_are_refused_or_are_other_entries(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        damage in 0..4_u8,
    ) {
        thread_local! {
            static ENTRIES: Vec<Vec<u8>> = every_command().iter().map(Encode::to_bytes).collect();
        }
        let mut bytes = ENTRIES.with(|entries| which.get(entries).clone());
        let place = place.index(bytes.len());
        match damage {
            0 => bytes[place] ^= byte,
            1 => bytes.truncate(place),
            2 => bytes.insert(place, byte),
            _ => { bytes.remove(place); }
        }
        read(&bytes)?;
    }
}

#[test]
fn every_prefix_of_an_entry_is_truncated_and_every_tail_is_left_over() {
    for entry in every_command() {
        let mut bytes = entry.to_bytes();
        for len in 0..bytes.len() {
            assert!(Entry::from_bytes(&bytes[..len]).is_err(), "{len} bytes of {entry:?}");
        }
        bytes.push(0);
        assert!(Entry::from_bytes(&bytes).is_err(), "a byte behind {entry:?}");
    }
}

fn entry(seq: u64, at: Micros, command: impl Into<Command>) -> Entry {
    Entry {
        rules: RULES_VERSION,
        seq: Seq(seq),
        at,
        account: AccountId::EXCHANGE,
        authority: Authority::Exchange,
        command: command.into(),
    }
}

#[test]
fn an_entry_that_cannot_stand_at_its_place_changes_nothing() {
    let mut x = Exchange::new();
    let open = OpenAccount { address: address("ned") };
    let mut events = Vec::new();
    assert_eq!(x.apply(&entry(1, Micros(5), open), &mut events), Err(LogViolation::NoGenesis));
    assert_eq!(
        x.apply(&entry(2, Micros(5), genesis()), &mut events),
        Err(LogViolation::Sequence { expected: Seq(1), found: Seq(2) })
    );
    let other = Entry { rules: RULES_VERSION + 1, ..entry(1, Micros(5), genesis()) };
    assert_eq!(x.apply(&other, &mut events), Err(LogViolation::Rules { seq: Seq(1), rules: RULES_VERSION + 1 }));
    assert_eq!(x.state_hash(), Exchange::new().state_hash());

    let mut stage = Stage::new(genesis());
    stage.play("tom order H100-80 1x1 @ 1 until=+10");
    let (at, head) = (stage.desk.now, stage.desk.exchange.head());
    let mut x = stage.desk.exchange.clone();
    let before = x.state_hash();
    let next = head.next().0;
    let due = at.plus(Seconds(10));
    for (wrong, why) in [
        (entry(next + 1, at, open), LogViolation::Sequence { expected: head.next(), found: Seq(next + 1) }),
        (entry(head.0, at, open), LogViolation::Sequence { expected: head.next(), found: head }),
        (entry(next, Micros(at.0 - 1), open), LogViolation::TimeRunsBack(Seq(next))),
        (entry(next, due, open), LogViolation::TickMissing { seq: Seq(next), deadline: due }),
    ] {
        assert_eq!(x.apply(&wrong, &mut events), Err(why));
        assert_eq!((x.head(), x.last_at(), x.state_hash()), (head, at, before));
    }
    assert_eq!(events, []);
    assert!(x.apply(&entry(next, Micros(due.0 - 1), open), &mut events).is_ok());
    assert!(x.apply(&entry(next + 1, due, Tick), &mut events).is_ok());
    assert!(x.apply(&entry(next + 2, due, open), &mut events).is_ok());
}

#[test]
fn rules_that_could_not_be_kept_open_no_exchange() {
    let (timing, bounds) = (genesis().timing, genesis().bounds);
    let with = |timing, bounds| Genesis { timing, bounds, ..genesis() };
    let long = Seconds(u64::MAX);
    for wrong in [
        with(timing, Bounds { tick: 0, ..bounds }),
        with(timing, Bounds { scan: 0, ..bounds }),
        with(timing, Bounds { replicas: 65_536, ..bounds }),
        with(timing, Bounds { duration: long, ..bounds }),
        with(Timing { escrow_timeout: long, ..timing }, bounds),
        with(Timing { start_timeout: long, ..timing }, bounds),
        with(Timing { heartbeat_interval: long, ..timing }, bounds),
        with(Timing { heartbeat_grace: long, ..timing }, bounds),
        with(Timing { dark_after: long, ..timing }, bounds),
        with(Timing { closing_timeout: long, ..timing }, bounds),
        with(Timing { settle_grace: long, ..timing }, bounds),
        with(Timing { reconfigure_delay: long, ..timing }, bounds),
        with(Timing { runway_warning: long, ..timing }, bounds),
        with(Timing { suspend_timeout: long, ..timing }, bounds),
        with(Timing { missed_checks: 0, ..timing }, bounds),
        with(Timing { backlog_window: long, ..timing }, bounds),
    ] {
        let mut x = Exchange::new();
        let outcome = x.apply(&entry(1, Micros(5), wrong), &mut Vec::new());
        assert_eq!(outcome, Ok(Outcome::Refused(Code::OutOfBounds)));
        assert!(x.genesis().is_none());
    }
}

#[test]
fn a_log_at_the_end_of_time_applies() {
    let end = Micros(u64::MAX);
    let mut x = Exchange::new();
    for said in every_command() {
        while x.next_deadline().is_some_and(|deadline| deadline <= end) {
            let tick = entry(x.head().next().0, end, Tick);
            x.apply(&tick, &mut Vec::new()).expect("a tick can always stand");
        }
        let mut said = Entry { seq: x.head().next(), at: end, ..said };
        if let Command::Resumed(resumed) = &mut said.command {
            *resumed = Resumed { down_from: x.last_at(), up_at: end };
        }
        x.apply(&said, &mut Vec::new()).expect("nothing is overdue");
    }
    assert!(x.leases().next().is_some_and(|lease| lease.chain_deadline > end.unix_seconds()));
    assert!(x.ledger().is_conserved());
}

#[test]
fn who_speaks_and_with_what_authority_must_agree() {
    let mut x = Exchange::new();
    let mut opening = every_command().into_iter();
    let genesis = opening.next().expect("a log begins with its genesis");
    let attested = Entry { authority: Authority::OperatorAttested, ..genesis.clone() };
    assert_eq!(x.apply(&attested, &mut Vec::new()), Err(LogViolation::Authority(Seq(1))));
    x.apply(&genesis, &mut Vec::new()).expect("the genesis itself stands");
    let other = Entry { account: AccountId(1), ..entry(2, genesis.at, OpenAccount { address: Address([1; 32]) }) };
    assert_eq!(x.apply(&other, &mut Vec::new()), Err(LogViolation::Authority(Seq(2))));
    let long_ago = entry(2, genesis.at, Resumed { down_from: Micros(0), up_at: genesis.at });
    assert_eq!(x.apply(&long_ago, &mut Vec::new()), Err(LogViolation::Resumed(Seq(2))));
}
