//! The Merkle tree over a log: of a folder, or of a node that serves it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use berth_client::ClientError;
use berth_domain::Digest;
use berth_journal::TreeReader;
use berth_merkle::{NoteKey, Tile, Tiles};

use super::node_log::{NodeLog, nonsense};
use super::source::Source;
use crate::fault::{Fault, While};

/// Tiles of a node that are kept: a proof goes over the same few again and again.
const TILES_KEPT: usize = 64;

/// Where tiles and checkpoints come from.
pub(crate) enum Tree {
    /// On this machine.
    Folder(TreeReader),
    /// At a node.
    Node(Box<NodeTree>),
}

/// The tree that a node serves.
pub(crate) struct NodeTree {
    node: Box<NodeLog>,
    kept: RefCell<BTreeMap<Tile, Vec<Digest>>>,
}

impl Tree {
    pub(crate) fn open(source: Source) -> Result<Self, Fault> {
        Ok(match source {
            Source::Folder(dir) => Self::Folder(TreeReader::open(&dir).or_fault("opening the tree")?),
            Source::Node(node) => Self::Node(Box::new(NodeTree { node, kept: RefCell::default() })),
        })
    }

    /// The newest signed checkpoint, if there is one.
    pub(crate) fn checkpoint(&self) -> Result<Option<String>, Fault> {
        match self {
            Self::Folder(tree) => tree.checkpoint().or_fault("reading the checkpoint"),
            Self::Node(tree) => tree.checkpoint(None),
        }
    }

    /// That of the smallest kept tree with at least `size` leaves, if there is one.
    pub(crate) fn checkpoint_from(&self, size: u64) -> Result<Option<String>, Fault> {
        match self {
            Self::Folder(tree) => tree.checkpoint_from(size).or_fault("reading the checkpoints"),
            Self::Node(tree) => tree.checkpoint(Some(size)),
        }
    }

    /// The key that a node says it signs with; none of a folder, which says
    /// nothing.
    pub(crate) fn own_key(&self) -> Result<Option<NoteKey>, Fault> {
        let Self::Node(tree) = self else { return Ok(None) };
        let node = &tree.node;
        let key = node.ask(async |client| client.log_key().await);
        let key = key.map_err(|error| nonsense(node.url(), error))?;
        key.parse().map(Some).map_err(|why| Fault::Refused(format!("{}: its key: {why}", node.url())))
    }
}

impl NodeTree {
    fn checkpoint(&self, size: Option<u64>) -> Result<Option<String>, Fault> {
        match self.node.ask(async |client| client.checkpoint(size).await) {
            Ok(note) => Ok(Some(note)),
            Err(ClientError::Refused { code, .. }) if code == "NOT_FOUND" => Ok(None),
            Err(error) => Err(nonsense(self.node.url(), error)),
        }
    }

    fn tile(&self, tile: Tile) -> Result<Vec<Digest>, Fault> {
        if let Some(hashes) = self.kept.borrow().get(&tile) {
            return Ok(hashes.clone());
        }
        let bytes = self.node.ask(async |client| client.tile(&tile.to_string()).await);
        let bytes = bytes.map_err(|error| nonsense(self.node.url(), error))?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() != usize::from(tile.width) {
            let (url, found) = (self.node.url(), bytes.len());
            return Err(Fault::Refused(format!("{url}: {tile} has {found} bytes, and not 32 for each hash")));
        }
        let hashes: Vec<_> = hashes.iter().map(|hash| Digest(*hash)).collect();
        let mut kept = self.kept.borrow_mut();
        if kept.len() == TILES_KEPT {
            kept.clear();
        }
        kept.insert(tile, hashes.clone());
        Ok(hashes)
    }
}

impl Tiles for Tree {
    type Error = Fault;

    fn read(&self, tile: Tile) -> Result<Vec<Digest>, Fault> {
        match self {
            Self::Folder(tree) => tree.read(tile).or_fault("reading the tree"),
            Self::Node(tree) => tree.tile(tile),
        }
    }
}
