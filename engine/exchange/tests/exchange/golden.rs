//! A log of the first format, kept for ever: its bytes must replay to the state
//! and the events that they had when they were written.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use berth_domain::Entry;
use berth_domain::codec::{Decode, Encode};
use berth_exchange::{Exchange, Outcome};

use crate::cast::genesis;
use crate::desk::{Frame, bytes_of};
use crate::script::Stage;

/// A script in which every command is carried out, and some are refused.
const SCRIPT: &str = "
    ada host gpus=1xA100-40,2xRTX4090-24 cpu=16 memory=4096 storage=500 offers=nvlink:4,region:eu id=host
    ada host gpus=1xA100-40,2xRTX4090-24 cpu=16 memory=4096 storage=500 offers=nvlink:4,region:eu id=host
    cem bid p3 H100-80 4 @ 1.8 id=bid
    ada bid p1 H100-80 4 @ 1.8 min=60 max=7200
    ada bid p1 CPU 8 @ 0.25
    tom order H100-80 5x1 @ One:1.8 Three:2.5 memory=2048 storage=10 cpu=4 for=600 id=order
    tia order CPU 2x3 @ 0.3 ioc
    tia order RTX4090-24 1x2 @ 1 manual needs=region:eu
    ada bid p6 on o3 @ 0.9
    tia accept b4
    tim order H100-80 1x1 @ 0.5 until=+30
    tim order H100-80 1x1 @ 0.4
    tim cancel o5
    eve bid p5 H100-80 1 @ 9.9999999
    eve cancel b5
    tom order H100-80 1x1 @ 5000
    chain escrowed l1
    chain escrowed l2
    chain refuses l3
    cem start l1
    ada start l2
    wait 45
    down 10
    resume
    cem beat l1
    ada beat l2
    wait 10
    tom stop l2
    ada finish l2 stopped
    cem finish l1 exited=0
    chain pays l1
    chain refunds l2
    chain asks tom 100
    chain asks tom 150
    chain keeps tom 150
    chain asks tia 200
    chain withdrew tia 200
    wait 4000
    chain escrowed l4
    chain pays l4
";

const LOG: &[u8] = include_bytes!("../golden/v1.bin");
const HASHES: &str = include_str!("../golden/v1.txt");

/// The script's log.
pub(crate) fn every_command() -> Vec<Entry> {
    played().into_iter().map(|frame| frame.entry).collect()
}

fn played() -> Vec<Frame> {
    let mut stage = Stage::new(genesis());
    SCRIPT.lines().map(str::trim).filter(|line| !line.is_empty()).for_each(|line| drop(stage.play(line)));
    stage.desk.log
}

/// The entries of a file: a `u32` length before each.
fn read(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).expect("32 bits fit");
        let (entry, rest) = rest.split_at(length);
        entries.push(Entry::from_bytes(entry).expect("an entry of the first format"));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "bytes are left over behind the last entry");
    entries
}

/// What a log replays to, in words.
fn replay(entries: &[Entry]) -> String {
    let mut exchange = Exchange::new();
    let mut digest = blake3::Hasher::new();
    let mut count = 0;
    for entry in entries {
        let mut events = Vec::new();
        exchange.apply(entry, &mut events).expect("a log that once was valid is valid");
        digest.update(&bytes_of(&events));
        count += events.len();
    }
    let state = exchange.state_hash();
    let mut text = String::new();
    writeln!(text, "entries   {}", entries.len()).expect("a string takes all");
    writeln!(text, "events    {count} {}", digest.finalize()).expect("a string takes all");
    for (name, hash) in [
        ("ledger", state.ledger),
        ("books", state.books),
        ("leases", state.leases),
        ("providers", state.providers),
        ("root", state.root()),
    ] {
        writeln!(text, "{name:<9} {hash}").expect("a string takes all");
    }
    text
}

#[test]
fn the_first_log_replays_to_the_same_state_and_events() {
    assert_eq!(replay(&read(LOG)), HASHES);
}

/// A fixture is written once, when its format begins.
#[test]
#[ignore = "overwrites the fixture"]
fn write_the_first_log() {
    let entries = every_command();
    let framed = entries.iter().map(Encode::to_bytes).flat_map(|bytes| {
        let length = u32::try_from(bytes.len()).expect("an entry is small").to_le_bytes();
        [length.to_vec(), bytes].concat()
    });
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    std::fs::write(format!("{folder}/v1.bin"), framed.collect::<Vec<u8>>()).expect("the log can be written");
    std::fs::write(format!("{folder}/v1.txt"), replay(&entries)).expect("the hashes can be written");
}

#[test]
fn the_script_carries_out_every_command() {
    let played = played();
    let done = played.iter().filter(|frame| matches!(frame.outcome, Outcome::Done(_)));
    let met: BTreeSet<_> = done.map(|frame| frame.entry.command.name()).collect();
    let all = [
        "account.open",
        "bid.cancel",
        "bid.place",
        "deposit.fact",
        "genesis",
        "lease.accept",
        "lease.escrowFailed",
        "lease.escrowed",
        "lease.finish",
        "lease.heartbeat",
        "lease.paid",
        "lease.refunded",
        "lease.start",
        "lease.stop",
        "order.cancel",
        "order.place",
        "provider.register",
        "resumed",
        "tick",
        "withdrawal.cancelled",
        "withdrawal.paid",
        "withdrawal.requested",
    ];
    assert_eq!(met, BTreeSet::from(all));
}
