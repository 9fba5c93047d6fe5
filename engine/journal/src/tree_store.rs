//! The Merkle tree over the log: its tiles and its right edge. It follows from
//! the log, so it is never synced: what a power loss takes is built again.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use berth_domain::codec::{Decode, DecodeError, Encode, Reader};
use berth_domain::{Digest, Seq};
use berth_merkle::{TILE_WIDTH, Tile, Tiles, Tree, leaf_hash};
use rocksdb::{DB, WriteBatch};

use crate::database::{SMALL_MEMTABLE_BYTES, StoreError, is_full, rebuildable_options, spare_room};
use crate::keys::DataDir;
use crate::scratch::Scratch;

/// Key of the right edge; a tile's key is `t`, its level and its index, and that
/// of the entries' hashes beneath a tile of level 0 is `h` and its index.
pub(crate) const EDGE: &[u8] = b"e";

/// Key of the newest signed checkpoint; those that are kept for ever have `c`
/// and their size.
pub(crate) const CHECKPOINT: &[u8] = b"c";

/// The tree over the hashes of all entries of a log, the leaf of entry `seq` at
/// index `seq - 1`. Written by one thread.
pub struct TreeStore {
    tiles: TreeReader,
    edge: Edge,
}

/// The right edge: the tree's, and the hashes of the entries that its partial
/// tile of level 0 is over.
#[derive(Clone, Default)]
pub(crate) struct Edge {
    pub(crate) tree: Tree,
    pub(crate) entries: Vec<Digest>,
}

/// Reads tiles and checkpoints, from any thread while the tree grows.
#[derive(Clone)]
pub struct TreeReader {
    pub(crate) db: Arc<DB>,
    pub(crate) path: PathBuf,
    /// A secondary keeps its own notes somewhere; removed at the end.
    _scratch: Option<Arc<Scratch>>,
}

impl TreeStore {
    /// Opens it or makes it. What cannot be opened or read is thrown away, to be
    /// built again from the log: the second value then says why.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(dir: &DataDir) -> Result<(Self, Option<StoreError>), StoreError> {
        let path = dir.tree();
        let mut options = rebuildable_options();
        options.create_if_missing(true);
        options.set_write_buffer_size(SMALL_MEMTABLE_BYTES);
        spare_room(&mut options, dir.root());
        let opened = DB::open(&options, &path).map_err(StoreError::database(&path)).and_then(|db| {
            let tiles = TreeReader { db: Arc::new(db), path: path.clone(), _scratch: None };
            let edge = tiles.edge()?;
            Ok(Self { tiles, edge })
        });
        match opened {
            Ok(store) => Ok((store, None)),
            // Nothing is wrong with it, and one made anew would take more.
            Err(StoreError::Database { path, source }) if is_full(&source) => {
                Err(StoreError::Database { path, source })
            }
            Err(lost) => {
                DB::destroy(&options, &path).map_err(StoreError::database(&path))?;
                let db = DB::open(&options, &path).map_err(StoreError::database(&path))?;
                let tiles = TreeReader { db: Arc::new(db), path, _scratch: None };
                Ok((Self { tiles, edge: Edge::default() }, Some(lost)))
            }
        }
    }

    /// The last entry in it; zero when it is empty.
    #[must_use]
    pub const fn head(&self) -> Seq {
        Seq(self.edge.tree.size())
    }

    /// The tree as it is now.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.edge.tree
    }

    /// For readers.
    #[must_use]
    pub fn reader(&self) -> TreeReader {
        self.tiles.clone()
    }

    /// Adds the hashes of the entries behind [`Self::head`], in one write.
    ///
    /// # Errors
    /// When the database fails; the tree is then of no further use.
    pub fn append(&mut self, entries: impl IntoIterator<Item = Digest>) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        let Edge { tree, entries: hashes } = &mut self.edge;
        for hash in entries {
            hashes.push(hash);
            tree.push(leaf_hash(&hash.0), |tile, nodes| {
                batch.put(tile_key(tile), bytes_of(nodes));
                if tile.level == 0 {
                    batch.put(entries_key(tile.index), bytes_of(&std::mem::take(hashes)));
                }
            });
        }
        batch.put(EDGE, self.edge.to_bytes());
        self.tiles.db.write(batch).map_err(StoreError::database(&self.tiles.path))
    }

    /// Keeps a signed checkpoint of the tree of `size` leaves as the newest one,
    /// and for ever when it says so.
    ///
    /// # Errors
    /// When the database fails.
    pub fn keep_checkpoint(&self, size: u64, note: &str, for_ever: bool) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        if for_ever {
            batch.put(checkpoint_key(size), note);
        }
        batch.put(CHECKPOINT, note);
        self.tiles.db.write(batch).map_err(StoreError::database(&self.tiles.path))
    }

    /// Throws all of it away: it is the tree of another log.
    ///
    /// # Errors
    /// When the database fails.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        batch.delete_range(&[0_u8][..], &[u8::MAX][..]);
        self.tiles.db.write(batch).map_err(StoreError::database(&self.tiles.path))?;
        self.edge = Edge::default();
        Ok(())
    }
}

impl TreeReader {
    /// Opens the tree of a data directory as it is now; the node may run.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(dir: &DataDir) -> Result<Self, StoreError> {
        let path = dir.tree();
        // Opening what is not there would make its folder.
        if !path.join("CURRENT").exists() {
            return Err(StoreError::file(&path)(io::ErrorKind::NotFound.into()));
        }
        let scratch = Scratch::new().map_err(StoreError::file(&std::env::temp_dir()))?;
        let mut options = rebuildable_options();
        // A secondary must hold every table open: the primary may delete one.
        options.set_max_open_files(-1);
        let db =
            DB::open_as_secondary(&options, &path, &scratch.path().to_owned()).map_err(StoreError::database(&path))?;
        Ok(Self { db: Arc::new(db), path, _scratch: Some(Arc::new(scratch)) })
    }

    /// Opens the tree of a data directory that no node uses, without a folder of
    /// its own; none when there is no tree.
    pub(crate) fn open_beside(dir: &DataDir) -> Result<Option<Self>, StoreError> {
        let path = dir.tree();
        if !path.join("CURRENT").exists() {
            return Ok(None);
        }
        let db = DB::open_for_read_only(&rebuildable_options(), &path, false).map_err(StoreError::database(&path))?;
        Ok(Some(Self { db: Arc::new(db), path, _scratch: None }))
    }

    /// Leaves that are there now.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub fn size(&self) -> Result<u64, StoreError> {
        Ok(self.edge()?.tree.size())
    }

    /// The newest signed checkpoint, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn checkpoint(&self) -> Result<Option<String>, StoreError> {
        self.text(CHECKPOINT)
    }

    /// The signed checkpoint of the smallest kept tree with at least `size`
    /// leaves, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn checkpoint_from(&self, size: u64) -> Result<Option<String>, StoreError> {
        let key = checkpoint_key(size);
        let mut found = self.db.iterator(rocksdb::IteratorMode::From(&key, rocksdb::Direction::Forward));
        match found.next() {
            Some(Ok((key, note))) if key.starts_with(CHECKPOINT) => self.as_text(&note).map(Some),
            None | Some(Ok(_)) => Ok(None),
            Some(Err(e)) => Err(StoreError::database(&self.path)(e)),
        }
    }

    /// The right edge, as it is now.
    pub(crate) fn edge(&self) -> Result<Edge, StoreError> {
        match self.get(EDGE)? {
            Some(bytes) => Edge::from_bytes(&bytes).map_err(|source| self.damaged(Seq(0), source)),
            None => Ok(Edge::default()),
        }
    }

    /// The hashes of the entries beneath a tile of level 0, as many as it is wide.
    ///
    /// # Errors
    /// When they are not there, or the database fails.
    pub fn entries(&self, tile: Tile) -> Result<Vec<Digest>, StoreError> {
        let key = entries_key(tile.index);
        if let Some(bytes) = self.get(&key)? {
            return self.hashes(tile, &bytes);
        }
        let edge = self.edge()?;
        if edge.tree.size() / TILE_WIDTH == tile.index
            && let Some(hashes) = edge.entries.get(..tile.width.into())
        {
            return Ok(hashes.to_vec());
        }
        // It may have filled up between the two reads.
        let bytes = self.get(&key)?.unwrap_or_default();
        self.hashes(tile, &bytes)
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.db.get(key).map_err(StoreError::database(&self.path))
    }

    fn text(&self, key: &[u8]) -> Result<Option<String>, StoreError> {
        self.get(key)?.map(|note| self.as_text(&note)).transpose()
    }

    fn as_text(&self, note: &[u8]) -> Result<String, StoreError> {
        let text = std::str::from_utf8(note).map_err(|_| self.damaged(Seq(0), DecodeError::Range("text")));
        text.map(str::to_owned)
    }

    fn damaged(&self, seq: Seq, source: DecodeError) -> StoreError {
        StoreError::Record { path: self.path.clone(), seq, source }
    }

    fn hashes(&self, tile: Tile, bytes: &[u8]) -> Result<Vec<Digest>, StoreError> {
        let first = Seq(tile.index.saturating_mul(TILE_WIDTH << (8 * u32::from(tile.level))).saturating_add(1));
        let all: Result<Vec<_>, _> = bytes.chunks(32).map(Digest::from_bytes).collect();
        let mut hashes = all.map_err(|source| self.damaged(first, source))?;
        if hashes.len() < usize::from(tile.width) {
            return Err(StoreError::Missing { path: self.path.clone(), seq: first });
        }
        hashes.truncate(tile.width.into());
        Ok(hashes)
    }
}

impl Tiles for TreeReader {
    type Error = StoreError;

    fn read(&self, tile: Tile) -> Result<Vec<Digest>, StoreError> {
        if let Some(bytes) = self.get(&tile_key(tile))? {
            return self.hashes(tile, &bytes);
        }
        let edge = self.edge()?;
        if let Some((_, hashes)) = edge.tree.edge().find(|(own, _)| (own.level, own.index) == (tile.level, tile.index))
            && let Some(hashes) = hashes.get(..tile.width.into())
        {
            return Ok(hashes.to_vec());
        }
        // It may have filled up between the two reads.
        let bytes = self.get(&tile_key(tile))?.unwrap_or_default();
        self.hashes(tile, &bytes)
    }
}

pub(crate) fn tile_key(tile: Tile) -> [u8; 10] {
    let mut key = [b't'; 10];
    key[1] = tile.level;
    key[2..].copy_from_slice(&tile.index.to_be_bytes());
    key
}

pub(crate) fn entries_key(index: u64) -> [u8; 9] {
    let mut key = [b'h'; 9];
    key[1..].copy_from_slice(&index.to_be_bytes());
    key
}

fn checkpoint_key(size: u64) -> [u8; 9] {
    let mut key = [b'c'; 9];
    key[1..].copy_from_slice(&size.to_be_bytes());
    key
}

pub(crate) fn bytes_of(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

impl Edge {
    /// The size, then the hashes of each partial tile, the lowest level first,
    /// then those of the entries beneath the lowest.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.tree.size().encode(&mut bytes);
        self.tree.edge().for_each(|(_, hashes)| bytes.extend(bytes_of(hashes)));
        bytes.extend(bytes_of(&self.entries));
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let size = u64::decode(&mut input)?;
        let read = |input: &mut Reader<'_>, count: u64| (0..count).map(|_| Digest::decode(input)).collect();
        let tree = Tree::resume(size, |tile| read(&mut input, tile.width.into()))?;
        let entries = read(&mut input, size % TILE_WIDTH)?;
        input.finish()?;
        Ok(Self { tree, entries })
    }
}

#[cfg(test)]
mod tests {
    use berth_merkle::{consistency, inclusion, root_at, verify_consistency, verify_inclusion};

    use super::*;

    fn hash(seq: u64) -> Digest {
        Digest(*blake3::hash(&seq.to_le_bytes()).as_bytes())
    }

    /// A store with the first `size` entries, appended in groups of a length.
    fn filled(dir: &DataDir, size: u64, group: usize) -> TreeStore {
        let (mut store, lost) = TreeStore::open(dir).unwrap();
        assert!(lost.is_none(), "a new one is made in silence");
        let hashes: Vec<_> = (1..=size).map(hash).collect();
        hashes.chunks(group).for_each(|group| store.append(group.iter().copied()).unwrap());
        store
    }

    #[test]
    fn a_tree_outlives_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::new(folder.path());
        let root = filled(&dir, 70_000, 1_000).tree().root();
        let (mut store, lost) = TreeStore::open(&dir).unwrap();
        assert!(lost.is_none());
        assert_eq!((store.head(), store.tree().root()), (Seq(70_000), root));
        let reader = store.reader();
        assert_eq!(root_at(&reader, 70_000).unwrap(), root);
        store.append((70_001..=70_100).map(hash)).unwrap();

        // The leaves' data are there, whole tiles and the last.
        for (index, width) in [(0, 256), (0, 1), (272, 256), (273, 212)] {
            let first = index * 256 + 1;
            let expected: Vec<_> = (first..first + u64::from(width)).map(hash).collect();
            assert_eq!(reader.entries(Tile { level: 0, index, width }).unwrap(), expected);
        }
        assert!(matches!(reader.entries(Tile { level: 0, index: 273, width: 213 }), Err(StoreError::Missing { .. })));

        // Proofs for the older size are out of the grown tree.
        for seq in [1, 256, 257, 65_536, 65_537, 70_000] {
            let path = inclusion(&reader, seq - 1, 70_000).unwrap();
            verify_inclusion(&leaf_hash(&hash(seq).0), seq - 1, 70_000, &path, &root).unwrap();
        }
        let steps = consistency(&reader, 70_000, 70_100).unwrap();
        verify_consistency(70_000, 70_100, &steps, &root, &store.tree().root()).unwrap();
    }

    #[test]
    fn groups_do_not_matter() {
        let (one, all) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = filled(&DataDir::new(one.path()), 1_030, 1);
        let all = filled(&DataDir::new(all.path()), 1_030, 1_030);
        assert_eq!(one.edge.to_bytes(), all.edge.to_bytes());
    }

    #[test]
    fn what_is_damaged_or_of_another_log_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::new(folder.path());
        let store = filled(&dir, 300, 300);
        store.tiles.db.put(EDGE, b"short").unwrap();
        drop(store);
        let (mut store, lost) = TreeStore::open(&dir).unwrap();
        assert!(matches!(lost, Some(StoreError::Record { .. })), "{lost:?}");
        assert_eq!(store.head(), Seq(0));
        store.append((1..=300).map(hash)).unwrap();
        store.clear().unwrap();
        let reader = store.reader();
        assert_eq!((store.head(), reader.size().unwrap()), (Seq(0), 0));
        let tile = Tile { level: 0, index: 0, width: 256 };
        assert!(matches!(reader.read(tile), Err(StoreError::Missing { .. })));
    }

    #[test]
    fn a_tree_is_read_beside_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::new(folder.path());
        assert!(TreeReader::open(&dir).is_err(), "there is none yet");
        let mut store = filled(&dir, 300, 300);
        let reader = TreeReader::open(&dir).unwrap();
        assert_eq!(root_at(&reader, 300).unwrap(), store.tree().root());
        store.append([hash(301)]).unwrap();
        assert_eq!(reader.size().unwrap(), 300, "what is written later is not seen");
    }

    #[test]
    fn checkpoints_are_found_by_their_size() {
        let folder = tempfile::tempdir().unwrap();
        let store = filled(&DataDir::new(folder.path()), 10, 10);
        let reader = store.reader();
        assert_eq!(reader.checkpoint().unwrap(), None);
        for (size, for_ever) in [(3, true), (7, false), (300, true)] {
            store.keep_checkpoint(size, &format!("of {size}"), for_ever).unwrap();
        }
        let of = |size| Some(format!("of {size}"));
        assert_eq!(reader.checkpoint().unwrap(), of(300));
        assert_eq!(reader.checkpoint_from(1).unwrap(), of(3));
        assert_eq!(reader.checkpoint_from(3).unwrap(), of(3));
        assert_eq!(reader.checkpoint_from(4).unwrap(), of(300));
        assert_eq!(reader.checkpoint_from(301).unwrap(), None);
    }
}
