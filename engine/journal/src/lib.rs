//! The log of commands: batches, durability, recovery, the sequencer.
//!
//! All nondeterminism enters the exchange through this crate: the sequencer
//! stamps each command with its place and its time, and nothing is acknowledged
//! or published before the batch that holds it is durable. The modules follow
//! the life of a log; `docs/journal.md` draws its bytes.
//!
//! - A command becomes an entry of a [`SealedBatch`]; [`Tip`] says what the next
//!   batch must link to.
//! - A [`Journal`] writes one batch as one synced record, and the watermark comes
//!   after it; any error poisons it, and the sequencer stops the node.
//! - [`recover`] reads the log back, checks every link, and gives the exchange
//!   at its end; it refuses what it cannot vouch for, with place and remedy.
//! - [`Sequencer`] runs the exchange on a thread of its own. [`Space`] looks after
//!   the disk's room, and has the sequencer turn away what is new while there is
//!   little.
//! - [`EventStore`] keeps what came out, and can be rebuilt; [`PrivateStore`]
//!   keeps what must stay out of the log.
//! - [`Follower`] follows the log and keeps the state now and then, so that a
//!   start need not read it all, and a Merkle tree over it ([`TreeStore`]), whose
//!   signed checkpoints are for those who need not trust the operator; [`exchange_at`] is the state as it was.
//! - [`archive()`] moves old batches out of the database, into files that whoever
//!   reads the log reads, too.
//! - [`replay`] and [`verify`] read a data directory beside a running node;
//!   [`copy`] makes a backup of it.

mod admission;
mod archive;
mod backup;
mod ballast;
mod chain;
mod clock;
mod database;
mod event_store;
mod follower;
mod journal;
mod keys;
mod private_store;
mod reader;
mod recovery;
mod replay;
mod replica;
mod scratch;
mod sequencer;
mod snapshot;
mod space;
mod store;
mod tail;
mod tree_builder;
mod tree_store;
mod verify;
mod watermark;

#[cfg(test)]
mod testing;

use berth_domain::batch;

pub use admission::Admission;
pub use archive::{ArchiveError, ArchivePolicy, Archived, SegmentFault, archive};
pub use backup::{Copied, CopyError, copy, copy_database};
pub use berth_domain::batch::{BATCH_VERSION, Batch, BatchBuilder, SealedBatch};
pub use chain::{ChainBreak, Tip, decode_events, encode_events, next_digest};
pub use clock::{Clock, SimulatedClock, WallClock};
pub use database::StoreError;
pub use event_store::{EventStore, SeqEvents};
pub use follower::{Follower, FollowerConfig};
pub use journal::Journal;
pub use keys::DataDir;
pub use private_store::{Kept, PrivateStore, RESULT_BYTES_MAX, RESULTS_KEPT, Sealed};
pub use reader::{LogReader, RawBatch, ReadError};
pub use recovery::{Note, Problem, Recovered, RecoveryError, recover};
pub use replay::{ReplayError, replay};
pub use replica::{Applied, FollowError, Replica};
pub use sequencer::{
    Ack, CARRIED_MAX, Committed, CommittedEntry, Fatal, Sequencer, SequencerConfig, SequencerHandle, StartError,
    Submission, SubmitError, abort_on_fatal,
};
pub use snapshot::{PastError, SNAPSHOT_VERSION, SnapshotConfig, SnapshotFault, exchange_at, exchange_behind};
pub use space::{Space, SpaceConfig};
pub use tree_builder::CheckpointConfig;
pub use tree_store::{TreeReader, TreeStore};
pub use verify::{CheckedTree, CheckpointFault, Checks, Finding, FindingKind, Verification, verify};
pub use watermark::{Mark, Watermark};
