//! `berth proof`: that an entry stands in the signed tree, that one tree is the
//! beginning of another, and the check of both from files alone.

use std::fs;
use std::path::PathBuf;

use berth_domain::{Entry, Seq};
use berth_journal::{DataDir, LogReader, TreeReader};
use berth_merkle::{Checkpoint, ConsistencyProof, InclusionProof, NoteKey, SignedNote, consistency, inclusion};
use clap::{Args, Subcommand};
use serde_json::json;

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
            Verb::Inclusion { data, seq } => {
                let prover = Prover::open(&data.dir())?;
                let entry = prover.entry(Seq(seq))?;
                output::text(&prover.inclusion(&entry)?.to_string());
                Ok(())
            }
            Verb::Consistency { data, n, m } => {
                let prover = Prover::open(&data.dir())?;
                let (old, old_note) = prover.checkpoint_from(n)?;
                let (new, new_note) = match m {
                    Some(m) => prover.checkpoint_from(m)?,
                    None => (prover.newest.clone(), prover.note.clone()),
                };
                if old.size > new.size {
                    return Err(Fault::CouldNotRun(format!("m: {} entries are fewer than {}", new.size, old.size)));
                }
                let hashes = consistency(&prover.tiles, old.size, new.size).or_fault("reading the tree")?;
                output::text(&ConsistencyProof { hashes, old: old_note, new: new_note }.to_string());
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
    log: LogReader,
    tiles: TreeReader,
    note: SignedNote,
    newest: Checkpoint,
}

impl Prover {
    pub(super) fn open(dir: &DataDir) -> Result<Self, Fault> {
        let log = LogReader::open(dir).or_fault("opening the log")?;
        let tiles = TreeReader::open(dir).or_fault("opening the tree")?;
        let note = tiles.checkpoint().or_fault("reading the checkpoint")?;
        let note = note.ok_or_else(|| Fault::CouldNotRun("no checkpoint has been signed yet".to_owned()))?;
        let (newest, note) = read(&note)?;
        Ok(Self { log, tiles, note, newest })
    }

    /// An entry of the log.
    pub(super) fn entry(&self, seq: Seq) -> Result<Entry, Fault> {
        let batch = self.log.read(seq).next().transpose().or_fault("reading the log")?;
        let entry = batch.into_iter().flat_map(|batch| batch.entries).find(|entry| entry.seq == seq);
        entry.ok_or_else(|| Fault::Refused(format!("there is no entry {seq}")))
    }

    /// That an entry stands in the newest signed tree.
    pub(super) fn inclusion(&self, entry: &Entry) -> Result<InclusionProof, Fault> {
        let (index, size) = (entry.seq.0.saturating_sub(1), self.newest.size);
        if index >= size {
            return Err(Fault::Refused(format!("the newest checkpoint has {size} entries, and not {}", entry.seq)));
        }
        let hashes = inclusion(&self.tiles, index, size).or_fault("reading the tree")?;
        Ok(InclusionProof { entry: entry.hash(), index, hashes, checkpoint: self.note.clone() })
    }

    fn checkpoint_from(&self, size: u64) -> Result<(Checkpoint, SignedNote), Fault> {
        let kept = self.tiles.checkpoint_from(size).or_fault("reading the checkpoints")?;
        match kept {
            Some(note) => read(&note),
            None if size <= self.newest.size => Ok((self.newest.clone(), self.note.clone())),
            None => Err(Fault::Refused(format!("no checkpoint has {size} entries yet"))),
        }
    }
}

fn read(note: &str) -> Result<(Checkpoint, SignedNote), Fault> {
    let note: SignedNote = note.parse().or_fault("reading the checkpoint")?;
    let checkpoint = note.unverified_text().parse().or_fault("reading the checkpoint")?;
    Ok((checkpoint, note))
}
