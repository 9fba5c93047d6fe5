//! What recovery tells: what it mended, and why it refuses.

use std::fmt;
use std::path::PathBuf;

use berth_domain::{Digest, Seq};
use thiserror::Error;

use crate::chain::ChainBreak;
use crate::database::StoreError;
use crate::reader::ReadError;
use crate::replica::FollowError;
use crate::snapshot::SnapshotFault;

/// What recovery mended. The operator should see it.
#[derive(Debug)]
pub enum Note {
    /// The disk is full: the ballast was given up, so that there is room to start.
    BallastGivenUp,
    /// The last write had not reached the disk whole and was cut. Nobody had an
    /// acknowledgement for it.
    TornTail {
        /// The file that it stood in.
        file: PathBuf,
        /// How much of it there was.
        bytes: u64,
    },
    /// There was no watermark beside a log that is not empty: whether the log
    /// lost its end cannot be told this once.
    NoWatermark,
    /// The event store could not be opened and is made anew from the log.
    EventsLost(StoreError),
    /// The event store held other events than the log gives and is made anew.
    EventsDiffer(Seq),
    /// A snapshot was not used. One that never will be is removed.
    SnapshotUnused {
        /// The snapshot.
        file: PathBuf,
        /// Why.
        fault: SnapshotFault,
    },
}

/// Why a node does not start: where, what, and what to do.
#[derive(Debug)]
pub struct RecoveryError {
    /// The file or database.
    pub file: PathBuf,
    /// The place in the log, when there is one.
    pub seq: Option<Seq>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a data directory.
#[derive(Debug, Error)]
pub enum Problem {
    /// Another process has it open.
    #[error("another process has it open")]
    InUse,
    /// It cannot be opened or read.
    #[error(transparent)]
    Unreadable(StoreError),
    /// Files of a database are there, but not the one that names them.
    #[error("the database's CURRENT file is missing, and its other files are there")]
    Headless,
    /// A record is no batch.
    #[error(transparent)]
    Damaged(ReadError),
    /// A batch does not follow the one before it.
    #[error(transparent)]
    Follow(FollowError),
    /// The log ends before what it is known to have held.
    #[error("the log ends at entry {recovered}, but it was durable up to entry {marked}")]
    Short {
        /// Its last entry now.
        recovered: Seq,
        /// Its last entry once.
        marked: Seq,
    },
    /// The log ends before a snapshot that was made of it.
    #[error("the log ends at entry {recovered}, but the snapshot {} was made of it at entry {snapshot}", file.display())]
    BehindSnapshot {
        /// Its last entry now.
        recovered: Seq,
        /// Where it was once.
        snapshot: Seq,
        /// The snapshot.
        file: PathBuf,
    },
    /// The log ends before what was made of it.
    #[error("the log ends at entry {recovered}, but {}", listed(beyond))]
    Behind {
        /// Its last entry now.
        recovered: Seq,
        /// What is left of what it held, and up to which entry.
        beyond: Vec<(PathBuf, Seq)>,
    },
    /// The log is another than the one that the watermark was written beside.
    #[error("the watermark names batch {marked} there, and the log holds another")]
    Other {
        /// The batch that the watermark names.
        marked: Digest,
    },
    /// The watermark is damaged.
    #[error("the watermark is damaged")]
    Watermark,
}

impl Problem {
    /// What an operator can do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::InUse => "Stop the other node, or give this one a data directory of its own",
            Self::Unreadable(_) => {
                "If the disk is full or read-only, mend that and start again; otherwise restore the data directory from \
                 a backup or a standby"
            }
            Self::Damaged(ReadError::Archived { .. }) => {
                "Bring the archive's files back there, or link that folder to where they are"
            }
            Self::Headless | Self::Damaged(_) => {
                "Restore the data directory from a backup or a standby, and keep this one: what is behind the damage may \
                 still be read from it"
            }
            Self::Follow(
                FollowError::Break(ChainBreak::Events { .. }) | FollowError::Violation(_) | FollowError::Resumption(_),
            ) => "Start the build that wrote this log; if that refuses too, restore the data directory from a backup",
            Self::Follow(_) => "Restore the data directory from a backup or a standby",
            Self::Short { .. } | Self::Other { .. } => {
                "Restore the data directory from a backup or a standby; to go on without the lost entries, which were \
                 acknowledged, remove the watermark file"
            }
            Self::BehindSnapshot { .. } => {
                "Restore the data directory from a backup or a standby; to go on without the lost entries, which were \
                 acknowledged, remove the snapshot"
            }
            Self::Behind { .. } => {
                "Restore the data directory from a backup or a standby; to go on without the lost entries, which were \
                 acknowledged, move what was made of them out of the data directory, and keep it: it is all that is left \
                 of them"
            }
            Self::Watermark => {
                "If the log is known to be complete, remove the watermark file; otherwise restore the data directory"
            }
        }
    }
}

/// What was made of a log, and how far it goes.
fn listed(parts: &[(PathBuf, Seq)]) -> String {
    let parts: Vec<_> =
        parts.iter().map(|(file, seq)| format!("{} knows it up to entry {seq}", file.display())).collect();
    parts.join(" and ")
}

impl std::error::Error for RecoveryError {}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, seq, problem } = self;
        let remedy = problem.remedy();
        match (problem, seq) {
            // These name their file themselves.
            (Problem::Unreadable(_) | Problem::Damaged(ReadError::Store(_)), _) => write!(f, "{problem}. {remedy}"),
            (_, Some(seq)) => write!(f, "{} at entry {seq}: {problem}. {remedy}", file.display()),
            (_, None) => write!(f, "{}: {problem}. {remedy}", file.display()),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { file, bytes } => write!(
                f,
                "the last write in {} was torn: {bytes} bytes, which nobody had an acknowledgement for, were cut",
                file.display()
            ),
            Self::BallastGivenUp => f.write_str("the disk is full: the ballast was given up to start"),
            Self::NoWatermark => {
                f.write_str("there was no watermark beside the log: whether it lost its end cannot be told this once")
            }
            Self::EventsLost(why) => write!(f, "the event store is made anew from the log: {why}"),
            Self::SnapshotUnused { file, fault } => {
                write!(f, "the snapshot {} was not used: {fault}", file.display())
            }
            Self::EventsDiffer(seq) => {
                write!(f, "the event store is made anew from the log: it held other events at entry {seq}")
            }
        }
    }
}
