//! A Merkle tree over the log, for those who need not trust its operator.
//!
//! The leaf of entry `seq` is at index `seq - 1`; its data are the 32 bytes of
//! the entry's hash, which every acknowledgement returns. So whoever was given
//! an acknowledgement can have it proved that the entry stands in the log at
//! its place ([`inclusion`]), and that the log of today is the log of then with
//! more behind it ([`consistency`]).
//!
//! - Hashes are those of RFC 6962, section 2.1.
//! - Nodes are kept and served in tiles of 256 ([`Tile`]), as C2SP's
//!   `tlog-tiles` lays them out: full tiles never change.
//! - A [`Checkpoint`] is C2SP's `tlog-checkpoint`, signed as a C2SP
//!   [`SignedNote`] by an Ed25519 key.
//! - An [`InclusionProof`] as a file is C2SP's `tlog-proof`.
//!
//! This crate knows neither disks nor networks: a [`Tree`] hands out the tiles
//! that are full, and proofs read them through [`Tiles`].

mod checkpoint;
mod file;
mod hash;
mod note;
mod proof;
mod tile;
mod tree;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use file::{ConsistencyProof, InclusionProof, ProofFileError};
pub use hash::{empty_root, leaf_hash, node_hash};
pub use note::{NoteError, NoteKey, NoteSigner, SignedNote};
pub use proof::{Tiles, consistency, inclusion, root_at};
pub use tile::{TILE_WIDTH, Tile, TilePathError};
pub use tree::Tree;
pub use verify::{ProofError, verify_consistency, verify_inclusion};
