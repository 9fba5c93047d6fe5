//! Why a call came to nothing.

use berth_wire::errors::{Problem, Retry};
use berth_wire::frame::FrameError;
use thiserror::Error;

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClientError {
    /// The URL is none of a node.
    #[error("{0}")]
    Url(String),
    /// The node was not reached, or not in time: nothing was done.
    #[error("the node cannot be reached: {0}")]
    Transport(String),
    /// The connection broke, or the time ran out, after the request was sent: it
    /// may have been carried out. Look, or repeat it with the same client id.
    #[error("whether it was carried out is unknown: {0}")]
    Unknown(String),
    /// It waited to be sent when all was cancelled: nothing was done.
    #[error("it was not sent any more, since all was cancelled after it")]
    Overtaken,
    /// The node refused: nothing was done.
    #[error("refused as {code}: {detail}")]
    Refused {
        /// Stable code, such as `INSUFFICIENT_FUNDS`.
        code: String,
        /// In words.
        detail: String,
        /// What trying again is worth.
        retry: Retry,
        /// For bad input: where, as a JSON path.
        field: Option<String>,
        /// HTTP status, when it came over REST or from an upgrade.
        status: Option<u16>,
    },
    /// The node's answer is not what the protocol says.
    #[error("the node's answer makes no sense: {0}")]
    Protocol(String),
    /// The entry to go on from is no longer kept. The stream has ended.
    #[error("the log is kept only from entry {oldest_seq} on")]
    CursorExpired {
        /// The oldest entry that can be had.
        oldest_seq: u64,
    },
    /// The entry to go on from lies beyond the log's end: this is another log
    /// than before, or a shorter one. The stream has ended.
    #[error("the log ends at entry {seq}")]
    FutureCursor {
        /// The newest entry.
        seq: u64,
    },
    /// This is another log than before. The stream has ended.
    #[error("the node has another log now, {epoch}")]
    EpochChanged {
        /// Which.
        epoch: String,
    },
}

impl ClientError {
    /// The stable code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the same call may do better later.
    #[must_use]
    pub const fn may_retry(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Unknown(_) => true,
            Self::Refused { retry, .. } => !matches!(retry, Retry::Never),
            _ => false,
        }
    }

    /// The node has ended a subscription, since who follows may do so no more.
    pub(crate) fn ended(code: String) -> Self {
        let detail = "the node has ended the subscription".to_owned();
        Self::Refused { code, detail, retry: Retry::Never, field: None, status: None }
    }

    pub(crate) fn problem(problem: Problem) -> Self {
        let Problem { status, code, detail, retry, field, .. } = problem;
        Self::Refused { code, detail, retry, field, status: Some(status) }
    }

    pub(crate) fn frame(error: FrameError) -> Self {
        let FrameError { code, detail, retry, field } = error;
        Self::Refused { code, detail, retry, field, status: None }
    }
}
