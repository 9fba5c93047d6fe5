//! Builds the Merkle tree behind the log and signs its checkpoints.

use std::time::{Duration, Instant};

use berth_domain::{Digest, Entry, Seq};
use berth_merkle::{Checkpoint, NoteSigner, TILE_WIDTH, Tile};

use crate::batch::Batch;
use crate::database::StoreError;
use crate::keys::DataDir;
use crate::reader::LogReader;
use crate::replay::ReplayError;
use crate::replica::Replica;
use crate::tree_store::{TreeReader, TreeStore};

/// Who signs checkpoints, and how often.
pub struct CheckpointConfig {
    /// The log's key; its name is the checkpoints' origin.
    pub signer: NoteSigner,
    /// Between two, while the log grows.
    pub every: Duration,
    /// Of checkpoints that tell the state hash, the first in each stretch of so
    /// many entries is kept for ever. From 1.
    pub keep_every: u64,
}

impl CheckpointConfig {
    /// A checkpoint every second, and one in ten thousand entries for ever.
    #[must_use]
    pub const fn new(signer: NoteSigner) -> Self {
        Self { signer, every: Duration::from_secs(1), keep_every: 10_000 }
    }
}

/// The state hash walks the whole state: it may take this part of the time.
const STATE_SHARE: u32 = 10;

pub(crate) struct TreeBuilder {
    store: TreeStore,
    config: CheckpointConfig,
    /// What the newest checkpoint is of, and when it was signed.
    signed: Option<(u64, Instant)>,
    /// Not before then is the state hashed again.
    state_due: Instant,
    /// The last checkpoint that is kept for ever.
    kept: u64,
}

impl TreeBuilder {
    pub(crate) fn open(dir: &DataDir, config: CheckpointConfig) -> Result<Self, StoreError> {
        let (store, lost) = TreeStore::open(dir)?;
        if let Some(lost) = lost {
            tracing::warn!("the tree over the log is built again: {lost}");
        }
        Ok(Self { store, config, signed: None, state_due: Instant::now(), kept: 0 })
    }

    pub(crate) fn reader(&self) -> TreeReader {
        self.store.reader()
    }

    /// Brings the tree up to an entry of the log, from nothing when it is another
    /// log's.
    pub(crate) fn catch_up(&mut self, log: &LogReader, to: Seq) -> Result<(), ReplayError> {
        if !self.is_of(log)? {
            tracing::warn!("the tree over the log was another log's, and is built again");
            self.store.clear()?;
        }
        if self.store.head() >= to {
            return Ok(());
        }
        for batch in log.read(self.store.head().next()) {
            let batch = batch?;
            if batch.first() > to {
                break;
            }
            self.add(&batch)?;
        }
        Ok(())
    }

    /// Whether the last leaf is the log's entry there.
    fn is_of(&self, log: &LogReader) -> Result<bool, ReplayError> {
        let head = self.store.head();
        if head == Seq(0) {
            return Ok(true);
        }
        let index = head.0 - 1;
        let tile = Tile::holding(0, index, head.0).expect("the last leaf is in a tile");
        let hashes = self.store.reader().entries(tile)?;
        let batch = log.read(head).next().transpose()?;
        let entry = batch.iter().flat_map(|batch| &batch.entries).find(|entry| entry.seq == head).map(Entry::hash);
        let at = usize::try_from(index % TILE_WIDTH).expect("below 256");
        Ok(entry.is_some() && entry == hashes.get(at).copied())
    }

    /// Adds the entries of a batch that are not there yet.
    pub(crate) fn add(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let head = self.store.head();
        let new = batch.entries.iter().filter(|entry| entry.seq > head);
        self.store.append(new.map(Entry::hash).collect::<Vec<_>>())
    }

    /// Signs the tree of everything that a replica has applied.
    pub(crate) fn sign_if_due(&mut self, replica: &Replica) -> Result<(), ReplayError> {
        let size = self.store.head().0;
        let due = match self.signed {
            Some((signed, at)) => size > signed && at.elapsed() >= self.config.every,
            None => size > 0,
        };
        if !due || replica.tip().seq.0 != size {
            return Ok(());
        }
        let state = self.state(replica);
        self.sign(size, state)
    }

    /// Signs it at the end, with its state, unless the newest checkpoint is of it.
    pub(crate) fn sign_last(&mut self, replica: &Replica) -> Result<(), ReplayError> {
        let size = self.store.head().0;
        let is_signed = self.signed.is_some_and(|(signed, _)| signed == size);
        if size == 0 || is_signed || replica.tip().seq.0 != size {
            return Ok(());
        }
        // Nobody waits behind it any more.
        self.sign(size, Some(replica.exchange().state_hash().root()))
    }

    fn sign(&mut self, size: u64, state: Option<Digest>) -> Result<(), ReplayError> {
        let for_ever = state.is_some() && size / self.config.keep_every > self.kept / self.config.keep_every;
        let (origin, root) = (self.config.signer.key().name(), self.store.tree().root());
        let checkpoint = match state {
            Some(state) => Checkpoint::with_state(origin, size, root, state),
            None => Checkpoint { origin: origin.to_owned(), size, root, extensions: Vec::new() },
        };
        let note = self.config.signer.sign(&checkpoint.to_string());
        self.store.keep_checkpoint(size, &note.to_string(), for_ever)?;
        if for_ever {
            self.kept = size;
        }
        self.signed = Some((size, Instant::now()));
        Ok(())
    }

    /// The state hash, unless hashing takes too much of the time.
    fn state(&mut self, replica: &Replica) -> Option<Digest> {
        let began = Instant::now();
        if began < self.state_due {
            return None;
        }
        let root = replica.exchange().state_hash().root();
        self.state_due = began + began.elapsed() * STATE_SHARE;
        Some(root)
    }
}
