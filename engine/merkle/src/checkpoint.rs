//! C2SP `tlog-checkpoint`: what the log's key signs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth_domain::Digest;
use thiserror::Error;

use crate::tile::decimal;

/// A tree head. Its text has a line each for the origin, the size and the root
/// in base 64, and perhaps more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log, for ever; also the name of the key that signs it.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// Root hash.
    pub root: Digest,
    /// More lines, none of them empty. Berth writes `state <hash>`: the root of
    /// the state hash after the last leaf's entry, in hexadecimal.
    pub extensions: Vec<String>,
}

/// Not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a checkpoint has a line for its origin, its size and its root, and ends with a newline")]
pub struct CheckpointError;

/// How the line begins that tells the state hash.
const STATE: &str = "state ";

impl Checkpoint {
    /// A checkpoint that tells the state hash, too.
    #[must_use]
    pub fn with_state(origin: &str, size: u64, root: Digest, state: Digest) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: vec![format!("{STATE}{state}")] }
    }

    /// The state hash after its last entry, if it tells one.
    #[must_use]
    pub fn state(&self) -> Option<Digest> {
        let line = self.extensions.iter().find_map(|line| line.strip_prefix(STATE))?;
        let mut hash = [0; 32];
        hex::decode_to_slice(line, &mut hash).ok()?;
        Some(Digest(hash))
    }
}

impl std::fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl std::str::FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError)?.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError);
        let (origin, size, root) = (line()?, line()?, line()?);
        let size = decimal(size).ok_or(CheckpointError)?;
        let root = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or(CheckpointError)?;
        let extensions: Vec<_> = lines.map(str::to_owned).collect();
        if origin.is_empty() || extensions.iter().any(String::is_empty) {
            return Err(CheckpointError);
        }
        Ok(Self { origin: origin.to_owned(), size, root: Digest(root), extensions })
    }
}
