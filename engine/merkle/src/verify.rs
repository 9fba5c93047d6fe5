//! Checking proofs: RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use berth_domain::Digest;
use thiserror::Error;

use crate::hash::{empty_root, node_hash};

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The leaf is not in a tree of that size, or the older tree is larger.
    #[error("no tree of that size has this leaf or this beginning")]
    Range,
    /// It has more or fewer hashes than the sizes want.
    #[error("the proof has more or fewer hashes than it needs")]
    Length,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that a leaf is in the tree of `size` leaves with this root.
///
/// # Errors
/// When the proof does not say so.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    proof: &[Digest],
    root: &Digest,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            skip_missing(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    expect(last == 0, ProofError::Length)?;
    expect(hash == *root, ProofError::Root)
}

/// Checks that the tree of `old` leaves with its root is the beginning of the
/// tree of `size` leaves with its.
///
/// # Errors
/// When the proof does not say so.
pub fn verify_consistency(
    old: u64,
    size: u64,
    proof: &[Digest],
    old_root: &Digest,
    root: &Digest,
) -> Result<(), ProofError> {
    if old > size {
        return Err(ProofError::Range);
    }
    if old == 0 || old == size {
        expect(proof.is_empty(), ProofError::Length)?;
        // Everything begins with the empty tree; equal sizes are one tree.
        let begins = if old == 0 { empty_root() } else { *root };
        return expect(*old_root == begins, ProofError::Root);
    }
    // A perfect older tree is a node of the newer one, whose hash is its root.
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() { *old_root } else { *rest.next().ok_or(ProofError::Length)? };
    let (mut node, mut last) = (old - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if node & 1 == 1 || node == last {
            older = node_hash(sibling, &older);
            newer = node_hash(sibling, &newer);
            skip_missing(&mut node, &mut last);
        } else {
            newer = node_hash(&newer, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    expect(last == 0, ProofError::Length)?;
    expect(older == *old_root && newer == *root, ProofError::Root)
}

/// Climbs over the levels on which a node at the right edge has no sibling.
const fn skip_missing(node: &mut u64, last: &mut u64) {
    while *node & 1 == 0 && *node != 0 {
        *node >>= 1;
        *last >>= 1;
    }
}

fn expect(holds: bool, otherwise: ProofError) -> Result<(), ProofError> {
    if holds { Ok(()) } else { Err(otherwise) }
}
