//! Proofs as files that need nothing beside them but the log's key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth_domain::Digest;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::hash::leaf_hash;
use crate::note::{NoteError, NoteKey, SignedNote};
use crate::tile::decimal;
use crate::verify::{ProofError, verify_consistency, verify_inclusion};

/// First line of C2SP's `tlog-proof`.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";

/// First line of a proof of consistency, for which C2SP has no file.
const CONSISTENCY: &str = "berth/consistency-proof@v1";

/// Hashes that a proof can have: one a level, and one more.
const HASHES_MAX: usize = 65;

/// Why a file proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofFileError {
    /// Not such a file.
    #[error("line {0} is not what a proof has there")]
    Form(usize),
    /// The signature.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signed text.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Signed by the key, but about another log.
    #[error("the checkpoint is of another log than the key's")]
    Origin,
    /// The proof itself.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A proof that an entry's hash stands at its place, with the signed checkpoint
/// that it leads to: C2SP's `tlog-proof`. The entry's hash itself is in the
/// `extra` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's data: the entry's hash.
    pub entry: Digest,
    /// The leaf's index: the entry's sequence number less one.
    pub index: u64,
    /// The audit path, the lowest sibling first.
    pub hashes: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: SignedNote,
}

impl InclusionProof {
    /// Checks signature and path, and gives the checkpoint.
    ///
    /// # Errors
    /// When one of them does not hold.
    pub fn verify(&self, key: &NoteKey) -> Result<Checkpoint, ProofFileError> {
        let checkpoint = open(&self.checkpoint, key)?;
        let leaf = leaf_hash(&self.entry.0);
        verify_inclusion(&leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

/// A proof that the log of one signed checkpoint is the beginning of another's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The proof, in the order of RFC 6962.
    pub hashes: Vec<Digest>,
    /// The older checkpoint.
    pub old: SignedNote,
    /// The newer one.
    pub new: SignedNote,
}

impl ConsistencyProof {
    /// Checks signatures and proof, and gives the checkpoints, the older first.
    ///
    /// # Errors
    /// When one of them does not hold.
    pub fn verify(&self, key: &NoteKey) -> Result<(Checkpoint, Checkpoint), ProofFileError> {
        let (old, new) = (open(&self.old, key)?, open(&self.new, key)?);
        verify_consistency(old.size, new.size, &self.hashes, &old.root, &new.root)?;
        Ok((old, new))
    }
}

fn open(note: &SignedNote, key: &NoteKey) -> Result<Checkpoint, ProofFileError> {
    let checkpoint: Checkpoint = note.verify(key)?.parse()?;
    if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(ProofFileError::Origin) }
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{INCLUSION}\nextra {}\nindex {}", STANDARD.encode(self.entry.0), self.index)?;
        write_hashes(f, &self.hashes)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONSISTENCY}")?;
        write_hashes(f, &self.hashes)?;
        write!(f, "\n{}\n{}", self.old, self.new)
    }
}

fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Digest]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))
}

impl FromStr for InclusionProof {
    type Err = ProofFileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofFileError::Form(1))?;
        let mut lines = head.split('\n');
        let mut line = |number| lines.next().ok_or(ProofFileError::Form(number));
        if line(1)? != INCLUSION {
            return Err(ProofFileError::Form(1));
        }
        let entry = line(2)?.strip_prefix("extra ").and_then(hash).ok_or(ProofFileError::Form(2))?;
        let index = line(3)?.strip_prefix("index ").and_then(decimal).ok_or(ProofFileError::Form(3))?;
        let hashes = read_hashes(lines, 4)?;
        Ok(Self { entry, index, hashes, checkpoint: checkpoint.parse()? })
    }
}

impl FromStr for ConsistencyProof {
    type Err = ProofFileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, notes) = text.split_once("\n\n").ok_or(ProofFileError::Form(1))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(CONSISTENCY) {
            return Err(ProofFileError::Form(1));
        }
        let hashes = read_hashes(lines, 2)?;
        // A note ends with its signatures; an empty line stands between text
        // and signatures, and between the notes.
        let behind = 3 + hashes.len();
        let mut breaks = notes.match_indices("\n\n").map(|(at, _)| at).skip(1);
        let between = breaks.next().ok_or(ProofFileError::Form(behind))?;
        let (old, new) = (&notes[..=between], &notes[between + 2..]);
        Ok(Self { hashes, old: old.parse()?, new: new.parse()? })
    }
}

fn read_hashes<'a>(lines: impl Iterator<Item = &'a str>, first: usize) -> Result<Vec<Digest>, ProofFileError> {
    let read = |(at, line): (usize, &str)| {
        (at < HASHES_MAX).then(|| hash(line)).flatten().ok_or(ProofFileError::Form(first + at))
    };
    lines.enumerate().map(read).collect()
}

fn hash(text: &str) -> Option<Digest> {
    STANDARD.decode(text).ok()?.try_into().ok().map(Digest)
}
