//! Commands as JSON, over the golden log, which says every command: each field
//! is in it, under a name of its own.

use std::collections::{BTreeMap, BTreeSet};

use berth_domain::codec::{Decode, Encode};
use berth_domain::{AccountId, Address, Command, Entry, MarketId};
use berth_wire::command::{command_json, entry_json};
use berth_wire::event::Names;

const LOG: &[u8] = include_bytes!("../../engine/exchange/tests/golden/v1.bin");

/// Every market and account has a name, and no two the same.
struct All;

impl Names for All {
    fn market(&self, market: MarketId) -> Option<String> {
        Some(format!("M{}", market.0))
    }

    fn address(&self, account: AccountId) -> Option<Address> {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&account.0.to_le_bytes());
        Some(Address(bytes))
    }
}

fn golden() -> Vec<Entry> {
    let (mut entries, mut bytes) = (Vec::new(), LOG);
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (entry, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        entries.push(Entry::from_bytes(entry).expect("an entry of the golden log"));
        bytes = rest;
    }
    entries
}

#[test]
fn every_command_has_its_type_and_nothing_else_says_a_type() {
    let mut seen = BTreeSet::new();
    for entry in golden() {
        let name = entry.command.name();
        seen.insert(name);
        let json = command_json(&entry.command, &All);
        assert_eq!(json["type"], name, "{json}");
        let tag = Command::TAGS.iter().find(|(_, named, _)| *named == name).expect("it has a tag");
        // What has fields shows some, what has none shows none.
        let shown = json.as_object().expect("an object").len() - 1;
        assert_eq!(tag.2.is_empty(), shown == 0, "{json}");
    }
    assert_eq!(seen, Command::TAGS.iter().map(|(_, name, _)| *name).collect(), "the log says every command");
}

/// Two commands that differ have different JSON: of a field that is left out, or
/// whose name another field has too, one of them would not know.
#[test]
fn another_command_is_other_json() {
    let mut changes: BTreeMap<&str, u32> = BTreeMap::new();
    for entry in golden() {
        let (name, bytes) = (entry.command.name(), entry.command.to_bytes());
        let json = command_json(&entry.command, &All);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let Ok(other) = Command::from_bytes(&changed) else { continue };
                assert_ne!(command_json(&other, &All), json, "{:?}\nand {other:?}", entry.command);
                *changes.entry(name).or_default() += 1;
            }
        }
    }
    // A command without fields changes only into another.
    for (_, name, fields) in Command::TAGS {
        let least = fields.len() as u32;
        assert!(changes.get(name).copied().unwrap_or_default() >= least, "{name}: {changes:?}");
    }
}

#[test]
fn an_entry_says_who_said_it_and_why_that_is_believed() {
    let mut authorities = BTreeSet::new();
    for entry in golden() {
        let hash = entry.hash();
        let json = entry_json(&entry, hash, &All);
        assert_eq!((&json["seq"], &json["at"]), (&entry.seq.0.into(), &entry.at.0.into()));
        assert_eq!(json["command"], command_json(&entry.command, &All));
        assert_eq!(json["entryHash"], hash.to_string());
        let (signed, keyed) = (entry.authority.is_signed(), entry.authority.key().is_some());
        assert_eq!((json.get("signature").is_some(), json.get("key").is_some()), (signed, keyed), "{json}");
        let authority = json["authority"].as_str().map(str::to_owned);
        authorities.insert(authority.expect("it says why"));
        let other = Entry { account: AccountId(entry.account.0 + 1), ..entry };
        assert_ne!(entry_json(&other, hash, &All), json);
    }
    let all = ["exchange", "keyAttested", "operatorAttested", "signed", "signedMessage"];
    assert!(authorities.iter().eq(&all), "{authorities:?}");
}
