//! What can be wrong with a data directory, and where.

use std::path::PathBuf;

use berth_domain::{Digest, Seq};
use berth_exchange::LogViolation;
use berth_merkle::{NoteError, Tile};
use thiserror::Error;

use crate::chain::ChainBreak;
use crate::database::StoreError;
use crate::reader::ReadError;
use crate::snapshot::SnapshotFault;

/// One fault.
#[derive(Debug, Error)]
#[error("at entry {at}: {kind}")]
pub struct Finding {
    /// The first entry of the batch, or the entry that belongs there; zero when it
    /// is the log, or a file, as a whole.
    pub at: Seq,
    /// What is wrong.
    pub kind: FindingKind,
}

/// What is wrong.
#[derive(Debug, Error)]
pub enum FindingKind {
    /// A record is no batch, or cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// A batch does not link to the one before it.
    #[error(transparent)]
    Break(ChainBreak),
    /// An entry cannot stand where it stands; nothing behind it can be replayed.
    #[error("replay ends here: {0}")]
    Violation(LogViolation),
    /// A resumption stands where no run of the node begins, or none stands
    /// where one does; nothing behind it can be replayed.
    #[error("a new epoch begins with a resumption, and nothing else is one")]
    Resumption,
    /// A signature that is not of its key over this command in this log.
    #[error("the signature is not of this entry's key over its command in this log")]
    Signature,
    /// A key that is registered and did not ask for it.
    #[error("the registered key has not signed that it speaks for this entry's account in this log")]
    KeyProof,
    /// The log lacks what was durable once.
    #[error("the log was durable up to entry {0} once")]
    Short(Seq),
    /// The watermark names another batch than the log holds.
    #[error("the watermark names batch {0} here")]
    Watermark(Digest),
    /// The watermark is damaged.
    #[error("the watermark is damaged")]
    WatermarkDamaged,
    /// A part of the watermark is damaged; the other slot stands.
    #[error("the watermark is damaged from byte {0} on")]
    WatermarkBytes(u64),
    /// A snapshot is not what it should be.
    #[error("the snapshot {}: {fault}", file.display())]
    Snapshot {
        /// The snapshot.
        file: PathBuf,
        /// Why.
        fault: SnapshotFault,
    },
    /// A store that follows from the log cannot be opened or read. It can be
    /// removed: the next start makes it anew.
    #[error(transparent)]
    Store(StoreError),
    /// A write-ahead log or a manifest is damaged or ends within a write. A start
    /// reads no further.
    #[error("{} is damaged, or its last write is unfinished, from byte {from} on", file.display())]
    Unfinished {
        /// The file.
        file: PathBuf,
        /// The first byte behind what is whole.
        from: u64,
    },
    /// The file of the key that the node signs with is there and holds none: its
    /// signatures cannot be checked.
    #[error("{}: {why}", file.display())]
    Key {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// What must hold after every entry does not behind this one.
    #[error("an invariant is broken: {0}")]
    Invariant(String),
    /// The event store holds another record than replay comes to.
    #[error("the event store holds other events, or another time or digest")]
    Events,
    /// The event store has later events and not these.
    #[error("the event store lacks the events of this entry")]
    EventsMissing,
    /// The event store has events of entries that the log has not.
    #[error("the event store has events of entry {0}, and the log ends before it")]
    EventsAhead(Seq),
    /// A tile of the tree, or the entries beneath it, is another than the log's.
    #[error("{0} of the tree, or what is kept beneath it, is not that of the log")]
    Tile(Tile),
    /// The right edge of the tree is another than the log's.
    #[error("the right edge of the tree is not that of the log")]
    Edge,
    /// The tree has more leaves than the log has entries.
    #[error("the tree has {0} leaves, and the log ends before that")]
    TreeAhead(u64),
    /// The tree's database has records that no tree of this size has.
    #[error("the tree has {0} records that belong to no tree of its size")]
    TreeRecords(u64),
    /// A signed checkpoint is not what it should be.
    #[error("the signed checkpoint of {size} entries: {fault}")]
    Checkpoint {
        /// Entries that it is of, as far as it says.
        size: u64,
        /// Why.
        fault: CheckpointFault,
    },
}

/// What is wrong with a signed checkpoint.
#[derive(Debug, Error)]
pub enum CheckpointFault {
    /// It is no signed note, or no checkpoint is in it.
    #[error("it cannot be read")]
    Form,
    /// It is kept under another size than its own.
    #[error("it says that it has {0}")]
    Size(u64),
    /// The log's key did not sign it.
    #[error(transparent)]
    Signature(#[from] NoteError),
    /// It is another log's.
    #[error("it is of the log {0}")]
    Origin(String),
    /// The log's entries have another root.
    #[error("the root of the log's entries is another")]
    Root,
    /// Replay comes to another state.
    #[error("replay of the log comes to another state there")]
    State,
    /// It tells the state within a batch, where no node looks at it.
    #[error("it tells a state within a batch")]
    Within,
    /// The log ends before it.
    #[error("the log ends before it")]
    Ahead,
}
