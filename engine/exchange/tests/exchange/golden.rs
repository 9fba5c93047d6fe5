//! A log of the first format, kept for ever: its bytes must replay to the state
//! and the events that they had when they were written.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use berth_domain::codec::{Decode, Encode};
use berth_domain::{Command, Entry, Event};
use berth_exchange::{Exchange, Outcome};

use crate::desk::{Frame, bytes_of};
use crate::script::Stage;
use crate::trust::rules;

/// What was played: every command is carried out, some are refused, and at the
/// end much is under way. A line that begins with `#` says what follows.
const SCRIPT: &str = include_str!("../golden/v1.script");

/// Entries between two state hashes that are kept, so that a log which replays
/// otherwise says about where it parts.
const STRIDE: usize = 16;

const LOG: &[u8] = include_bytes!("../golden/v1.bin");
const HASHES: &str = include_str!("../golden/v1.txt");

/// The script's log.
pub(crate) fn every_command() -> Vec<Entry> {
    played().into_iter().map(|frame| frame.entry).collect()
}

fn played() -> Vec<Frame> {
    let mut stage = Stage::new(rules());
    let lines = SCRIPT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.for_each(|line| drop(stage.play(line)));
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
    let mut states = blake3::Hasher::new();
    let mut marks = String::new();
    let mut count = 0;
    for (entry, place) in entries.iter().zip(1..) {
        let mut events = Vec::new();
        exchange.apply(entry, &mut events).expect("a log that once was valid is valid");
        digest.update(&bytes_of(&events));
        count += events.len();
        let root = exchange.state_hash().root();
        states.update(&root.0);
        if place % STRIDE == 0 {
            writeln!(marks, "{:<9} {root}", format!("after {place}")).expect("a string takes all");
        }
    }
    let state = exchange.state_hash();
    let mut text = String::new();
    writeln!(text, "entries   {}", entries.len()).expect("a string takes all");
    writeln!(text, "events    {count} {}", digest.finalize()).expect("a string takes all");
    writeln!(text, "states    {}", states.finalize()).expect("a string takes all");
    text.push_str(&marks);
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
fn the_first_log_carries_out_every_command_and_tells_every_event() {
    let mut exchange = Exchange::new();
    let (mut done, mut told, mut said_again) = (BTreeSet::new(), BTreeSet::new(), false);
    for entry in read(LOG) {
        let mut events = Vec::new();
        match exchange.apply(&entry, &mut events).expect("a log that once was valid is valid") {
            Outcome::Done(_) => drop(done.insert(entry.command.name())),
            Outcome::Repeated(_) => said_again = true,
            Outcome::Refused(_) => {}
        }
        told.extend(events.iter().map(Event::name));
    }
    assert_eq!(done, Command::TAGS.iter().map(|(_, name, _)| *name).collect());
    assert_eq!(told, Event::TAGS.iter().map(|(_, name, _)| *name).collect());
    assert!(said_again, "something is a repetition");
}
