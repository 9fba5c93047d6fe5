//! A tree that grows leaf by leaf, and keeps only its right edge.

use berth_domain::Digest;

use crate::hash::{fold_roots, perfect_root};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// The right edge of a tree: for each level of tiles, the nodes of the tile that
/// is not full yet. At most 255 hashes a level, whatever the size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    edge: Vec<Vec<Digest>>,
}

impl Tree {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of a size whose right edge is given by its tiles: `read` is
    /// asked for each partial tile of the edge, the lowest level first, and
    /// gives its hashes.
    ///
    /// # Errors
    /// Those of `read`. A tile with another number of hashes than was asked for
    /// is taken as none at all: the caller checks the width.
    pub fn resume<E>(size: u64, mut read: impl FnMut(Tile) -> Result<Vec<Digest>, E>) -> Result<Self, E> {
        let mut edge = Vec::new();
        let mut nodes = size;
        for level in 0.. {
            if nodes == 0 {
                break;
            }
            let width = nodes % TILE_WIDTH;
            edge.push(if width == 0 {
                Vec::new()
            } else {
                let tile = Tile::holding(level, nodes - 1, size).expect("the last node of a level that has some");
                let hashes = read(tile)?;
                debug_assert_eq!(hashes.len() as u64, width, "as wide as the tile that was asked for");
                hashes
            });
            nodes >>= TILE_HEIGHT;
        }
        Ok(Self { size, edge })
    }

    /// Leaves in it.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf by its hash. `full` is given each tile that is full by now,
    /// the lowest level first: it never changes again.
    pub fn push(&mut self, leaf: Digest, mut full: impl FnMut(Tile, &[Digest])) {
        let mut node = leaf;
        self.size += 1;
        for level in 0.. {
            if self.edge.len() == level {
                self.edge.push(Vec::with_capacity(256));
            }
            let nodes = &mut self.edge[level];
            nodes.push(node);
            if (nodes.len() as u64) < TILE_WIDTH {
                return;
            }
            let level = u8::try_from(level).expect("a tree has at most eight levels of tiles");
            let index = (self.size >> (TILE_HEIGHT * (u32::from(level) + 1))) - 1;
            full(Tile { level, index, width: 256 }, nodes);
            node = perfect_root(nodes);
            nodes.clear();
        }
    }

    /// Root hash, as RFC 6962 has it.
    #[must_use]
    pub fn root(&self) -> Digest {
        // The higher a node, the further left and the larger what is under it.
        fold_roots(self.edge.iter().rev().flat_map(|nodes| perfect_roots(nodes)).collect::<Vec<_>>().into_iter())
    }

    /// The partial tiles of the right edge, the lowest level first.
    pub fn edge(&self) -> impl Iterator<Item = (Tile, &[Digest])> {
        self.edge.iter().enumerate().filter(|(_, nodes)| !nodes.is_empty()).map(|(level, nodes)| {
            let level = u8::try_from(level).expect("a tree has at most eight levels of tiles");
            let index = self.size >> (TILE_HEIGHT * (u32::from(level) + 1));
            (Tile { level, index, width: u16::try_from(nodes.len()).expect("fewer than 256") }, nodes.as_slice())
        })
    }
}

/// Roots of the perfect subtrees over neighbours, the largest first.
fn perfect_roots(nodes: &[Digest]) -> Vec<Digest> {
    let mut rest = nodes;
    let mut roots = Vec::new();
    while !rest.is_empty() {
        let (subtree, after) = rest.split_at(1 << rest.len().ilog2());
        roots.push(perfect_root(subtree));
        rest = after;
    }
    roots
}
