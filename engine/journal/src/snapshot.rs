//! Snapshots: the state after an entry, in a file of its own, so that a start
//! and a look at the past need not read the log from its beginning.
//!
//! A snapshot is never believed for itself: it names its log and the batch that
//! it was made behind, and counts only where that batch stands in the log. What
//! is in doubt is not used, and the log has everything. `docs/journal.md` draws
//! the file; the content is that of `docs/state.md`.

mod file;
mod folder;
mod maker;
mod past;
mod source;

pub use file::{SNAPSHOT_VERSION, SnapshotFault};
pub use maker::SnapshotConfig;
pub(crate) use maker::SnapshotMaker;
pub use past::{PastError, exchange_at, exchange_behind};

pub(crate) use file::{Header, read};
pub(crate) use folder::{discard, found_in};
pub(crate) use source::{Batched, check_place};
