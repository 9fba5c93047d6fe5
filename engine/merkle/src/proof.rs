//! Proofs out of tiles: RFC 6962, sections 2.1.1 and 2.1.2.

use berth_domain::Digest;

use crate::hash::{empty_root, node_hash, perfect_root};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// Where tiles are read from.
pub trait Tiles {
    /// Why one cannot be read.
    type Error;

    /// At least the first `tile.width` hashes of a tile. A source that has the
    /// full tile may give it whole.
    ///
    /// # Errors
    /// When it is not there, or shorter than that.
    fn read(&self, tile: Tile) -> Result<Vec<Digest>, Self::Error>;
}

/// Root of the tree of the first `size` leaves.
///
/// # Errors
/// Those of the tiles.
pub fn root_at<T: Tiles>(tiles: &T, size: u64) -> Result<Digest, T::Error> {
    if size == 0 {
        return Ok(empty_root());
    }
    Subtrees { tiles, size }.root(0, size)
}

/// The audit path of a leaf in the tree of the first `size` leaves, the lowest
/// sibling first.
///
/// # Errors
/// Those of the tiles.
///
/// # Panics
/// When the leaf is not among them.
pub fn inclusion<T: Tiles>(tiles: &T, index: u64, size: u64) -> Result<Vec<Digest>, T::Error> {
    assert!(index < size, "a leaf of the tree");
    let tree = Subtrees { tiles, size };
    let (mut begin, mut end) = (0, size);
    let mut path = Vec::new();
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            path.push(tree.root(middle, end)?);
            end = middle;
        } else {
            path.push(tree.root(begin, middle)?);
            begin = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proof that the tree of the first `old` leaves is the beginning of that of the
/// first `size`. Empty when `old` is 0 or `size`.
///
/// # Errors
/// Those of the tiles.
///
/// # Panics
/// When `old` is more than `size`.
pub fn consistency<T: Tiles>(tiles: &T, old: u64, size: u64) -> Result<Vec<Digest>, T::Error> {
    assert!(old <= size, "the older tree is not the larger one");
    let tree = Subtrees { tiles, size };
    let mut proof = Vec::new();
    if old == 0 || old == size {
        return Ok(proof);
    }
    let (mut begin, mut end) = (0, size);
    while old != end {
        let middle = begin + split(end - begin);
        if old <= middle {
            proof.push(tree.root(middle, end)?);
            end = middle;
        } else {
            proof.push(tree.root(begin, middle)?);
            begin = middle;
        }
    }
    // The older tree's own root is known to whoever checks this.
    if begin > 0 {
        proof.push(tree.root(begin, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Leaves in the left part of a tree: the largest power of two below its size.
fn split(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// Roots of parts of a tree of some size.
struct Subtrees<'a, T> {
    tiles: &'a T,
    size: u64,
}

impl<T: Tiles> Subtrees<'_, T> {
    /// Root over the leaves from `begin` up to `end`, a part that the splits of
    /// the tree give.
    fn root(&self, begin: u64, end: u64) -> Result<Digest, T::Error> {
        let size = end - begin;
        if size.is_power_of_two() {
            return self.node(size.ilog2(), begin >> size.ilog2());
        }
        let middle = begin + split(size);
        Ok(node_hash(&self.root(begin, middle)?, &self.root(middle, end)?))
    }

    /// The node at an index of a level of the tree, leaves being level 0; all
    /// that is under it is there.
    fn node(&self, level: u32, index: u64) -> Result<Digest, T::Error> {
        let within = level % TILE_HEIGHT;
        let first = index << within;
        let level = u8::try_from(level / TILE_HEIGHT).expect("a tree has at most eight levels of tiles");
        let tile = Tile::holding(level, first, self.size).expect("all that is under the node is there");
        let hashes = self.tiles.read(tile)?;
        let from = usize::try_from(first % TILE_WIDTH).expect("below 256");
        Ok(perfect_root(&hashes[from..from + (1 << within)]))
    }
}
