//! `berth verify`: checks a log, also beside a running node, or that of a node
//! that is asked.

use std::io;
use std::time::{Duration, Instant};

use berth_domain::Seq;
use berth_journal::{CheckedTree, Checks, DataDir, Finding, FindingKind, LogReader, Verification};
use berth_merkle::{NoteKey, NoteSigner};
use berth_settlement::chain::{Key, KeyError};
use clap::Args;
use serde_json::{Value, json};

use super::progress::Progress;
use super::replay::components;
use super::source::Source;
use super::tree::Tree;
use super::verify_node;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    data: Data,
    /// The log's key, `name+hash+key`, from wherever it is trusted: signed
    /// checkpoints are verified with it. Without it, with that of `keys/log.key`,
    /// or with the one that the node says.
    #[arg(long)]
    key: Option<NoteKey>,
    /// Looks at the invariants whenever so many entries have passed, and at the
    /// end.
    #[arg(long, value_name = "N", default_value_t = Checks::default().invariants_every, value_parser = clap::value_parser!(u64).range(1..))]
    invariants_every: u64,
}

impl Verify {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        match self.data.source()? {
            Source::Folder(dir) => {
                let (own, damage) = match own_key(&dir) {
                    Ok(own) => (own, None),
                    Err(damage) => (None, Some(damage)),
                };
                let key = self.key.or(own);
                let checks = Checks { key, invariants_every: self.invariants_every, ..Checks::default() };
                folder(&dir, &checks, damage, format)
            }
            Source::Node(node) => verify_node::verify(&node, &Tree::open(self.data.source()?)?, self.key, format),
        }
    }
}

fn folder(dir: &DataDir, checks: &Checks, damage: Option<Finding>, format: Format) -> Result<(), Fault> {
    let began = Instant::now();
    let mut progress = Progress::new();
    let mut done = checks.verify(dir, |seq| progress.at(seq)).or_fault("opening the log")?;
    drop(progress);
    done.findings.extend(damage);
    let took = began.elapsed();
    match format {
        Format::Table => output::text(&words(&done, checks, took)),
        _ => output::object(format, &report(&done, checks, took)),
    }
    if done.is_sound() { Ok(()) } else { Err(Fault::Refused(format!("{} findings", done.findings.len()))) }
}

/// The key that the node signs with, where its file is there: what its checkpoints
/// are named after is the first entry's hash.
fn own_key(dir: &DataDir) -> Result<Option<NoteKey>, Finding> {
    let file = dir.root().join("keys").join("log.key");
    let key = match Key::read(&file) {
        Ok(key) => key.signing_key(),
        // Not there, or not for the eyes of whoever checks.
        Err(KeyError::File { cause, .. })
            if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) =>
        {
            return Ok(None);
        }
        Err(why) => return Err(Finding { at: Seq(0), kind: FindingKind::Key { file, why: why.to_string() } }),
    };
    // Where the first entry cannot be read, the log has a finding.
    let name = || {
        let first = LogReader::open(dir).ok()?.read(Seq(1)).next()?.ok()?;
        Some(format!("berth/{}", first.entries.first()?.hash()))
    };
    Ok(name().and_then(|name| Some(NoteSigner::new(&name, key).ok()?.key().clone())))
}

fn report(done: &Verification, checks: &Checks, took: Duration) -> Value {
    let findings: Vec<String> = done.findings.iter().map(ToString::to_string).collect();
    json!({
        "fromSeq": u64::from(done.entries > 0),
        "toSeq": done.tip.seq.0,
        "entries": done.entries,
        "batches": done.batches,
        "logId": done.log_id.map(|id| id.to_string()),
        "snapshots": done.snapshots,
        "eventsToSeq": done.events.map(|seq| seq.0),
        "tree": done.tree.map(|tree| json!({
            "leaves": tree.leaves,
            "tiles": tree.tiles,
            "checkpoints": tree.checkpoints,
            "signed": tree.signed,
            "states": tree.states,
            "newest": tree.newest,
            "beyondNewest": done.tip.seq.0.saturating_sub(tree.newest.unwrap_or(0)),
        })),
        "key": checks.key.as_ref().map(ToString::to_string),
        "byTheExchange": done.exchange,
        "operatorAttested": done.operator_attested,
        "signed": done.signed,
        "stateHash": done.state.as_ref().map(|state| state.root().to_string()),
        "components": done.state.as_ref().map(components),
        "checked": checked(done, checks),
        "millis": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "entriesPerSecond": per_second(done.entries, took),
        "findings": findings,
    })
}

fn per_second(entries: u64, took: Duration) -> u64 {
    let rate = u128::from(entries) * 1_000_000 / took.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// What was looked at, and how much of it; what was not, too.
fn checked(done: &Verification, checks: &Checks) -> Vec<String> {
    let mut checked = vec![format!("{} batches: own hash, chain, contiguity, epochs", done.batches)];
    checked.push("write-ahead logs and manifests of log, events and tree".to_owned());
    checked.push(match done.watermark {
        Some(seq) => format!("the watermark, at entry {seq}"),
        None => "no watermark".to_owned(),
    });
    let Some(_) = done.state else {
        checked
            .push("replay did not reach the end: what follows from it is checked up to the first finding".to_owned());
        checked.extend(done.tree.map(|tree| of_tree(&tree, done.tip.seq, checks)));
        return checked;
    };
    checked.push(format!("{} entries by replay, with the digest of all events in each batch", done.entries));
    checked.push(match done.events {
        Some(seq) => format!("the event store, up to entry {seq}"),
        None => "no event store".to_owned(),
    });
    checked.push(format!("{} snapshots, against the replayed state", done.snapshots));
    checked.push(done.tree.map_or("no Merkle tree".to_owned(), |tree| of_tree(&tree, done.tip.seq, checks)));
    let pairs = if done.pairs_cut > 0 { ", and there were more" } else { "" };
    checked.push(format!(
        "the invariants, {} times: money, holds, room, books, indexes, deadlines; {} pairs with crossing prices{pairs}",
        done.invariants, done.pairs,
    ));
    checked
}

fn of_tree(tree: &CheckedTree, end: Seq, checks: &Checks) -> String {
    let CheckedTree { leaves, tiles, checkpoints, signed, states, newest } = tree;
    let by = match &checks.key {
        Some(_) => format!("{signed} by the log's key"),
        None => "whose signatures nobody could check without a key".to_owned(),
    };
    format!(
        "the Merkle tree: {leaves} leaves, {tiles} full tiles, the edge; {checkpoints} signed checkpoints, {by}, \
         {states} with the replayed state; {}",
        beyond(*newest, end)
    )
}

/// What cannot be proved yet.
pub(super) fn beyond(newest: Option<u64>, end: Seq) -> String {
    match newest {
        Some(newest) => {
            format!("{} entries lie beyond the newest, which is of {newest}", end.0.saturating_sub(newest))
        }
        None => format!("all {end} entries lie beyond any newest that holds"),
    }
}

/// The same for people.
fn words(done: &Verification, checks: &Checks, took: Duration) -> String {
    let rate = per_second(done.entries, took);
    let none = || "none: replay did not reach the end".to_owned();
    let mut lines = vec![
        ("log", done.log_id.map_or_else(none, |id| id.to_string())),
        ("entries", format!("{} to {}, in {took:.1?}, {rate} a second", u64::from(done.entries > 0), done.tip.seq)),
        ("state", done.state.as_ref().map_or_else(none, |state| state.root().to_string())),
    ];
    lines.extend(checked(done, checks).into_iter().map(|what| ("checked", what)));
    lines.push(("trust", format!("{} entries rest on the operator's word alone", done.operator_attested)));
    lines.push(("trust", format!("{} entries carry a signature of whoever gave them", done.signed)));
    lines.push(("trust", format!("{} entries are the exchange's own: time, and facts of the chain", done.exchange)));
    match &done.findings[..] {
        [] => lines.push(("findings", "none".to_owned())),
        found => lines.extend(found.iter().map(|finding| ("findings", finding.to_string()))),
    }
    let mut last = "";
    let lines = lines.into_iter().map(|(name, text)| {
        let shown = if name == last { "" } else { name };
        last = name;
        format!("{shown:<8}  {text}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_that_holds_no_key_is_a_finding_and_one_that_is_not_there_is_none() {
        let root = tempfile::tempdir().unwrap();
        let dir = DataDir::new(root.path());
        assert!(own_key(&dir).unwrap().is_none());
        let file = root.path().join("keys/log.key");
        fs::create_dir(root.path().join("keys")).unwrap();
        Key::read_or_create(&file).unwrap();
        assert!(own_key(&dir).unwrap().is_none(), "no log names it");
        let whole = fs::read(&file).unwrap();
        for (at, bit) in (0..56).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            // In its place, with its mode.
            fs::write(&file, bytes).unwrap();
            let finding = own_key(&dir).unwrap_err().to_string();
            assert!(finding.contains("keys/log.key"), "byte {at}, bit {bit}: {finding}");
        }
    }
}
