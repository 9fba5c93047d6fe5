//! The hashes of RFC 6962, section 2.1.

use berth_domain::Digest;
use sha2::{Digest as _, Sha256};

/// Root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest(Sha256::digest([]).into())
}

/// Hash of a leaf: SHA-256(0x00 ‖ data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest(Sha256::new_with_prefix([0]).chain_update(data).finalize().into())
}

/// Hash of a node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of a perfect subtree: a power of two of neighbours on one level.
pub(crate) fn perfect_root(nodes: &[Digest]) -> Digest {
    debug_assert!(nodes.len().is_power_of_two(), "a perfect subtree is full");
    match nodes {
        [one] => *one,
        _ => {
            let (left, right) = nodes.split_at(nodes.len() / 2);
            node_hash(&perfect_root(left), &perfect_root(right))
        }
    }
}

/// Root over perfect subtrees, the largest and leftmost first: how RFC 6962
/// splits a tree whose size is no power of two.
pub(crate) fn fold_roots(subtrees: impl DoubleEndedIterator<Item = Digest>) -> Digest {
    subtrees.rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
}
