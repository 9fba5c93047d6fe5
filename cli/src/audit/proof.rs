//! `berth proof`: that an entry stands in the signed tree, that one tree is the
//! beginning of another, and the check of both from files alone.

use std::path::{Path, PathBuf};

use berth_domain::{Entry, Seq};
use berth_merkle::{
    Checkpoint, ConsistencyProof, InclusionProof, NoteKey, ProofFileError, SignedNote, consistency, inclusion,
    verify_consistency,
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::chain;
use super::source::Log;
use super::tree::Tree;
use super::walk::Data;
use crate::fault::{Fault, While};
use crate::output::{self, Format};

#[derive(Args)]
pub(crate) struct Proof {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Proves that an entry stands at its place: a `tlog-proof` file on standard
    /// output.
    Inclusion {
        /// The entry.
        seq: u64,
        /// The log's key, `name+hash+key`: what is proved is checked with it, which
        /// is always done with the key of a node that is asked.
        #[arg(long)]
        key: Option<NoteKey>,
    },
    /// Proves that the log of N entries is the beginning of that of M. The proof
    /// has a signed checkpoint of each: one that the node keeps, or for N one that
    /// the caller kept.
    Consistency {
        /// Entries of the older log; left out, those of `--from-checkpoint`.
        #[arg(value_parser = clap::value_parser!(u64).range(1..), required_unless_present = "from_checkpoint")]
        n: Option<u64>,
        /// Entries of the newer one; the newest checkpoint when it is not said.
        #[arg(value_parser = clap::value_parser!(u64).range(1..))]
        m: Option<u64>,
        /// A checkpoint that was kept since an earlier visit, of N entries: that the
        /// log still begins with it is proved.
        #[arg(long, value_name = "FILE")]
        from_checkpoint: Option<PathBuf>,
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
    /// Checks a lease's proof chain, offline: its order, and every hash of it.
    Check {
        /// What `GET /api/v1/leases/ID/proof` answered; `-` is standard input.
        file: PathBuf,
    },
}

impl Proof {
    pub(crate) fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Inclusion { seq, key } => {
                let prover = Prover::open(&self.data, key)?;
                let entry = prover.entry(Seq(seq))?;
                output::text(&prover.inclusion(&entry)?.to_string());
                Ok(())
            }
            Verb::Consistency { n, m, from_checkpoint, key } => {
                let prover = Prover::open(&self.data, key)?;
                let (old, old_note) = match (from_checkpoint, n) {
                    (Some(file), n) => kept(&file, n)?,
                    (None, Some(n)) => prover.checkpoint_of("n", n)?,
                    (None, None) => return Err(Fault::CouldNotRun("n: how many entries is not said".to_owned())),
                };
                if let Some(m) = m.filter(|m| *m < old.size) {
                    return Err(Fault::CouldNotRun(format!("m: {m} entries are fewer than {}", old.size)));
                }
                prover.has("n", old.size)?;
                let (new, new_note) = match m {
                    Some(m) => prover.checkpoint_of("m", m)?,
                    None => (prover.newest.clone(), prover.note.clone()),
                };
                let hashes = consistency(&prover.tree, old.size, new.size)?;
                if let Err(why) = verify_consistency(old.size, new.size, &hashes, &old.root, &new.root) {
                    return Err(Fault::Refused(format!(
                        "the log of {} entries is not the beginning of that of {}: {why}",
                        old.size, new.size
                    )));
                }
                let proof = ConsistencyProof { hashes, old: old_note, new: new_note };
                prover.check(|key| proof.verify(key).map(drop))?;
                output::text(&proof.to_string());
                Ok(())
            }
            Verb::Verify { .. } | Verb::Check { .. } if self.data.is_named() => {
                Err(Fault::CouldNotRun("--data, --url: this is checked from a file, and no log is asked".to_owned()))
            }
            Verb::Verify { file, key } => verify(format, &file, &key),
            Verb::Check { file } => chain::check(format, &file),
        }
    }
}

fn verify(format: Format, file: &Path, key: &NoteKey) -> Result<(), Fault> {
    let text = crate::file::text(file)?;
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

    /// The last entry that is in the newest signed tree.
    pub(super) const fn last(&self) -> Seq {
        Seq(self.newest.size)
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

    /// No tree is proved that is larger than what is signed.
    fn has(&self, argument: &str, size: u64) -> Result<(), Fault> {
        let newest = self.newest.size;
        if size <= newest {
            return Ok(());
        }
        let detail = format!("{argument}: the newest signed checkpoint has {newest} entries, and not {size}");
        Err(Fault::CouldNotRun(detail))
    }

    /// The signed checkpoint of exactly so many entries.
    fn checkpoint_of(&self, argument: &str, size: u64) -> Result<(Checkpoint, SignedNote), Fault> {
        self.has(argument, size)?;
        let (found, note) = match self.tree.checkpoint_from(size)? {
            Some(note) if size < self.newest.size => read(&note)?,
            _ => (self.newest.clone(), self.note.clone()),
        };
        if found.size == size {
            return Ok((found, note));
        }
        Err(Fault::CouldNotRun(format!(
            "{argument}: no signed checkpoint of {size} entries is kept, and without one nothing is proved of them; the \
             next that is has {} entries, and a checkpoint that you kept is taken with --from-checkpoint",
            found.size
        )))
    }
}

/// A checkpoint that the caller kept.
fn kept(file: &Path, n: Option<u64>) -> Result<(Checkpoint, SignedNote), Fault> {
    let text = crate::file::text(file)?;
    let (checkpoint, note) = read(&text)?;
    match n {
        Some(n) if n != checkpoint.size => Err(Fault::CouldNotRun(format!(
            "n: the checkpoint of {} is of {} entries, and not of {n}",
            file.display(),
            checkpoint.size
        ))),
        _ if checkpoint.size == 0 => Err(Fault::CouldNotRun("n: every log begins with no entries".to_owned())),
        _ => Ok((checkpoint, note)),
    }
}

pub(super) fn read(note: &str) -> Result<(Checkpoint, SignedNote), Fault> {
    let note: SignedNote = note.parse().or_fault("reading the checkpoint")?;
    let checkpoint = note.unverified_text().parse().or_fault("reading the checkpoint")?;
    Ok((checkpoint, note))
}
