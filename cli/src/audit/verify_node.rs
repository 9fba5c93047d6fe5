//! `berth verify --url`: checks the log that a node serves, from its first entry
//! on, against what it has signed. Nothing is taken from the node's word.

use std::time::Instant;

use berth_domain::{Authority, Digest, Seq};
use berth_exchange::Invariants;
use berth_journal::{Applied, Batch, Checks, Replica};
use berth_merkle::{Checkpoint, NoteKey, consistency, leaf_hash, verify_consistency};
use serde_json::json;

use super::node_log::NodeLog;
use super::progress::Progress;
use super::proof::read;
use super::replay::components;
use super::tree::Tree;
use crate::fault::Fault;
use crate::output::{self, Format};

/// What a node cannot show, or what is no part of its log.
const NOT_CHECKED: [&str; 3] = ["the watermark", "snapshots", "the event store, but for its digests in the batches"];

/// A check under way.
struct Check {
    replica: Replica,
    /// Over the entries that have been read.
    tree: berth_merkle::Tree,
    signed: Option<Checkpoint>,
    batches: u64,
    by_the_exchange: u64,
    operator_attested: u64,
    with_signature: u64,
    checked: Vec<String>,
    findings: Vec<String>,
}

/// Checks a node's log; `key` is the log's, from wherever it is trusted.
///
/// # Errors
/// When the node cannot be reached; refused, when something is wrong.
pub(crate) fn verify(node: &NodeLog, tree: &Tree, key: Option<NoteKey>, format: Format) -> Result<(), Fault> {
    let began = Instant::now();
    let mut check = Check::new();
    // Before the log: what is signed by now must be in it.
    check.open(tree, key)?;
    let mut progress = Progress::new();
    for batch in node.batches(Seq(1)) {
        match batch {
            Ok(batch) => {
                if let Err(finding) = check.follow(&batch) {
                    check.findings.push(format!("at entry {}: {finding}", batch.first()));
                    break;
                }
                progress.at(batch.last());
            }
            Err(Fault::Refused(finding)) => {
                check.findings.push(finding);
                break;
            }
            Err(fault) => return Err(fault),
        }
    }
    drop(progress);
    if check.findings.is_empty() {
        check.close(tree)?;
        check.owns_up(node.sealed_from());
        check.look();
    }
    check.report(format, began, node.sealed_from())
}

impl Check {
    fn new() -> Self {
        Self {
            replica: Replica::new(),
            tree: berth_merkle::Tree::new(),
            signed: None,
            batches: 0,
            by_the_exchange: 0,
            operator_attested: 0,
            with_signature: 0,
            checked: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Reads the newest signed checkpoint and checks its signature.
    fn open(&mut self, tree: &Tree, key: Option<NoteKey>) -> Result<(), Fault> {
        let Some(note) = tree.checkpoint()? else { return Ok(()) };
        let (by, key) = match key {
            Some(key) => ("the key that was given", Some(key)),
            None => ("the node's own key, for none was given", tree.own_key()?),
        };
        let (checkpoint, note) = read(&note).map_err(|fault| Fault::Refused(fault.to_string()))?;
        let Some(key) = key else { return Ok(()) };
        match note.verify(&key) {
            Ok(_) if checkpoint.origin == key.name() => {
                self.checked.push(format!("the signature of the checkpoint of {} entries, by {by}", checkpoint.size));
                self.signed = Some(checkpoint);
            }
            Ok(_) => {
                self.findings.push(format!("the checkpoint is of {}, the key of {}", checkpoint.origin, key.name()))
            }
            Err(why) => self.findings.push(format!("the checkpoint: {why}")),
        }
        Ok(())
    }

    /// Checks a batch's links, replays its entries and adds them to the tree.
    fn follow(&mut self, batch: &Batch) -> Result<(), String> {
        let mut registered = Vec::new();
        let keep = |applied: Applied<'_>| registered.extend(applied.registers_key().then_some(applied.entry.seq));
        self.replica.follow(batch, keep).map_err(|why| why.to_string())?;
        self.batches += 1;
        for entry in &batch.entries {
            match entry.authority {
                Authority::Exchange => self.by_the_exchange += 1,
                Authority::OperatorAttested | Authority::KeyAttested { .. } => self.operator_attested += 1,
                Authority::Signed { .. } | Authority::SignedMessage { .. } => {
                    self.with_signature += 1;
                    let log = self.replica.log_id().unwrap_or_default();
                    if entry.is_signed_well(log) != Some(true) {
                        return Err(format!("the signature of entry {} does not hold", entry.seq));
                    }
                }
            }
            if registered.contains(&entry.seq) && !self.replica.is_proven(entry) {
                return Err(format!("the key that entry {} registers has not signed for its account", entry.seq));
            }
            self.tree.push(leaf_hash(&entry.hash().0), |_, _| {});
            if let Some(signed) = &self.signed
                && signed.size == self.tree.size()
                && signed.root != self.tree.root()
            {
                return Err("the signed tree of the entries up to here has another root".to_owned());
            }
        }
        if let Some(signed) = &self.signed
            && signed.size == self.tree.size()
        {
            self.checked.push(format!("entries 1 to {} against the root of the signed tree", signed.size));
            if let Some(state) = signed.state() {
                let root = self.replica.exchange().state_hash().root();
                if state != root {
                    return Err(format!("the state is {root} behind the batch, and was signed as {state}"));
                }
                self.checked.push(format!("the state behind entry {} against the signed one", signed.size));
            }
        }
        Ok(())
    }

    /// What is signed must be the same log: its id, and where it goes on behind
    /// what could be read.
    fn close(&mut self, tree: &Tree) -> Result<(), Fault> {
        let Some(signed) = self.signed.clone() else { return Ok(()) };
        let log = self.replica.log_id().unwrap_or_default();
        if signed.origin != format!("berth/{log}") {
            self.findings.push(format!("this is the log {log}, and the checkpoint is of {}", signed.origin));
        }
        let size = self.tree.size();
        if size >= signed.size {
            return Ok(());
        }
        let root = self.tree.root();
        let proved = consistency(tree, size, signed.size).map(|steps| {
            verify_consistency(size, signed.size, &steps, &root, &signed.root).map_err(|why| why.to_string())
        });
        match proved {
            Ok(Ok(())) => {
                self.checked
                    .push(format!("entries 1 to {size} as the beginning of the signed tree of {}", signed.size));
            }
            Ok(Err(why)) => self.findings.push(format!("the signed tree has another beginning: {why}")),
            Err(Fault::Refused(why)) => self.findings.push(why),
            Err(fault) => return Err(fault),
        }
        Ok(())
    }

    /// What a node has signed it must show, or say that it withholds it, and from
    /// where: a beginning that holds together could else pass for all of the log.
    fn owns_up(&mut self, sealed_from: Option<Seq>) {
        let served = self.tree.size();
        let signed = self.signed.as_ref().map_or(0, |signed| signed.size);
        match sealed_from {
            None if signed > served => self.findings.push(format!(
                "the node has signed {signed} entries and serves {served}, and says of none that it withholds them"
            )),
            Some(from) if from.0 <= served.max(1) => {
                self.findings.push(format!("the node says that it withholds entry {from}, and serves {served}"));
            }
            _ => {}
        }
    }

    /// Looks at the invariants behind the last entry.
    fn look(&mut self) {
        let looked = Invariants::of(self.replica.exchange(), Checks::default().pairs_max);
        let more = if looked.is_cut { ", and there were more" } else { "" };
        self.checked
            .push(format!("the invariants behind the last entry; {} pairs with crossing prices{more}", looked.pairs));
        self.findings.extend(looked.broken);
    }

    fn report(mut self, format: Format, began: Instant, sealed_from: Option<Seq>) -> Result<(), Fault> {
        let x = self.replica.exchange();
        let sound = self.findings.is_empty();
        let state = sound.then(|| x.state_hash());
        if sound {
            let replayed = "own hashes, chain, contiguity, epochs, every entry by replay, the digest of all events";
            self.checked.insert(0, format!("{} batches: {replayed}", self.batches));
            self.checked.push(format!("{} signatures of entries", self.with_signature));
        }
        let mut not_checked: Vec<String> = NOT_CHECKED.iter().map(|what| (*what).to_owned()).collect();
        if self.signed.is_none() {
            not_checked.push("the signed tree: there is no checkpoint that could be used".to_owned());
        }
        if let Some(signed) = self.signed.as_ref().filter(|signed| signed.size < x.head().0) {
            let beyond = x.head().0 - signed.size;
            not_checked
                .push(format!("{beyond} entries against the signed tree: they lie beyond the newest checkpoint"));
        }
        not_checked.extend(sealed_from.map(|from| format!("entries from {from} on, which the node withholds")));
        output::object(
            format,
            &json!({
                "fromSeq": u64::from(x.head() > Seq(0)),
                "toSeq": x.head().0,
                "entries": x.head().0,
                "batches": self.batches,
                "logId": self.replica.log_id().as_ref().map(Digest::to_string),
                "checkpoint": self.signed.as_ref().map(|signed| signed.size),
                "sealedFrom": sealed_from.map(|from| from.0),
                "byTheExchange": self.by_the_exchange,
                "operatorAttested": self.operator_attested,
                "signed": self.with_signature,
                "stateHash": state.as_ref().map(|state| state.root().to_string()),
                "components": state.as_ref().map(components),
                "checked": self.checked,
                "notChecked": not_checked,
                "millis": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                "findings": self.findings,
            }),
        );
        if sound { Ok(()) } else { Err(Fault::Refused(format!("{} findings", self.findings.len()))) }
    }
}
