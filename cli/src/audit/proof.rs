//! `berth proof`: that an entry stands in the signed tree, that one tree is the
//! beginning of another, and the check of both from files alone.

use std::fs;
use std::path::PathBuf;

use berth_domain::{Entry, Seq};
use berth_merkle::{
    Checkpoint, ConsistencyProof, InclusionProof, NoteKey, ProofFileError, SignedNote, consistency, inclusion,
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::source::Log;
use super::tree::Tree;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Proof {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Proves that an entry stands at its place: a `tlog-proof` file on standard
    /// output.
    Inclusion {
        #[command(flatten)]
        data: Data,
        /// The entry.
        seq: u64,
        /// The log's key, `name+hash+key`: what is proved is checked with it, which
        /// is always done with the key of a node that is asked.
        #[arg(long)]
        key: Option<NoteKey>,
    },
    /// Proves that the log of N entries is the beginning of that of M: signed
    /// checkpoints of both must be kept.
    Consistency {
        #[command(flatten)]
        data: Data,
        /// Entries of the older log: the smallest kept checkpoint with as many or
        /// more is taken.
        n: u64,
        /// Entries of the newer one, likewise; the newest checkpoint when it is not
        /// said.
        m: Option<u64>,
        /// See `proof inclusion`.
        #[arg(long)]
        key: Option<NoteKey>,
    },
    /// Checks a proof of either kind, offline.
    Verify {
        /// The proof.
        file: PathBuf,
        /// The log's key, `name+hash+key`, from wherever it is trusted.
        #[arg(long)]
        key: NoteKey,
    },
}

impl Proof {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Inclusion { data, seq, key } => {
                let prover = Prover::open(&data, key)?;
                let entry = prover.entry(Seq(seq))?;
                output::text(&prover.inclusion(&entry)?.to_string());
                Ok(())
            }
            Verb::Consistency { data, n, m, key } => {
                let prover = Prover::open(&data, key)?;
                let (old, old_note) = prover.checkpoint_from(n)?;
                let (new, new_note) = match m {
                    Some(m) => prover.checkpoint_from(m)?,
                    None => (prover.newest.clone(), prover.note.clone()),
                };
                if old.size > new.size {
                    return Err(Fault::CouldNotRun(format!("m: {} entries are fewer than {}", new.size, old.size)));
                }
                let hashes = consistency(&prover.tree, old.size, new.size)?;
                let proof = ConsistencyProof { hashes, old: old_note, new: new_note };
                prover.check(|key| proof.verify(key).map(drop))?;
                output::text(&proof.to_string());
                Ok(())
            }
            Verb::Verify { file, key } => verify(format, &file, &key),
        }
    }
}

fn verify(format: Format, file: &std::path::Path, key: &NoteKey) -> Result<(), Fault> {
    let text = fs::read_to_string(file).or_fault(&format!("reading {}", file.display()))?;
    let shown = if text.starts_with("berth/") {
        let proof: ConsistencyProof = text.parse().or_fault("file")?;
        let (old, new) = proof.verify(key).map_err(|fault| Fault::Refused(fault.to_string()))?;
        json!({ "proves": "consistency", "origin": new.origin, "from": old.size, "to": new.size })
    } else {
        let proof: InclusionProof = text.parse().or_fault("file")?;
        let checkpoint = proof.verify(key).map_err(|fault| Fault::Refused(fault.to_string()))?;
        json!({
            "proves": "inclusion",
            "origin": checkpoint.origin,
            "seq": proof.index + 1,
            "entryHash": proof.entry.to_string(),
            "size": checkpoint.size,
            "stateHash": checkpoint.state().map(|state| state.to_string()),
        })
    };
    output::object(format, &shown);
    Ok(())
}

/// A log, its tree and the newest signed checkpoint.
pub(super) struct Prover {
    log: Log,
    tree: Tree,
    note: SignedNote,
    newest: Checkpoint,
    /// What is proved is checked with it first.
    key: Option<NoteKey>,
}

impl Prover {
    pub(super) fn open(data: &Data, key: Option<NoteKey>) -> Result<Self, Fault> {
        let (log, tree) = (data.open()?, Tree::open(data.source()?)?);
        let note = tree.checkpoint()?;
        let note = note.ok_or_else(|| Fault::CouldNotRun("no checkpoint has been signed yet".to_owned()))?;
        let (newest, note) = read(&note)?;
        let key = match key {
            Some(key) => Some(key),
            None => tree.own_key()?,
        };
        Ok(Self { log, tree, note, newest, key })
    }

    /// Whoever is given a proof checks it with a key that they trust. A node that
    /// gave tiles of another tree is found out before that.
    fn check(&self, check: impl FnOnce(&NoteKey) -> Result<(), ProofFileError>) -> Result<(), Fault> {
        let Some(key) = &self.key else { return Ok(()) };
        check(key).map_err(|fault| Fault::Refused(format!("what was read proves nothing: {fault}")))
    }

    /// An entry of the log.
    pub(super) fn entry(&self, seq: Seq) -> Result<Entry, Fault> {
        let batch = self.log.holding(seq)?;
        let entry = batch.into_iter().flat_map(|batch| batch.entries).find(|entry| entry.seq == seq);
        entry.ok_or_else(|| Fault::Refused(format!("there is no entry {seq}")))
    }

    /// That an entry stands in the newest signed tree.
    pub(super) fn inclusion(&self, entry: &Entry) -> Result<InclusionProof, Fault> {
        let (index, size) = (entry.seq.0.saturating_sub(1), self.newest.size);
        if index >= size {
            return Err(Fault::Refused(format!("the newest checkpoint has {size} entries, and not {}", entry.seq)));
        }
        let hashes = inclusion(&self.tree, index, size)?;
        let proof = InclusionProof { entry: entry.hash(), index, hashes, checkpoint: self.note.clone() };
        self.check(|key| proof.verify(key).map(drop))?;
        Ok(proof)
    }

    fn checkpoint_from(&self, size: u64) -> Result<(Checkpoint, SignedNote), Fault> {
        let kept = self.tree.checkpoint_from(size)?;
        match kept {
            Some(note) => read(&note),
            None if size <= self.newest.size => Ok((self.newest.clone(), self.note.clone())),
            None => Err(Fault::Refused(format!("no checkpoint has {size} entries yet"))),
        }
    }
}

pub(super) fn read(note: &str) -> Result<(Checkpoint, SignedNote), Fault> {
    let note: SignedNote = note.parse().or_fault("reading the checkpoint")?;
    let checkpoint = note.unverified_text().parse().or_fault("reading the checkpoint")?;
    Ok((checkpoint, note))
}
