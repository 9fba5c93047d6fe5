//! A call whose caller waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;

use crate::call::{Call, Reply};
use crate::error::ClientError;

/// Whether a call has left, decided once between its caller, whose time runs
/// out, and the driver, who is about to send it.
#[derive(Debug, Default)]
pub(crate) struct Stage(AtomicU8);

impl Stage {
    const QUEUED: u8 = 0;
    const SENT: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// The caller gives up: true when the call has not left and will not.
    pub(crate) fn give_up(&self) -> bool {
        self.0.compare_exchange(Self::QUEUED, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The driver is about to send: false when the caller has given up.
    pub(super) fn leave(&self) -> bool {
        let was = self.0.compare_exchange(Self::QUEUED, Self::SENT, Ordering::AcqRel, Ordering::Acquire);
        was != Err(Self::GIVEN_UP)
    }
}

/// A call whose caller waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) call: Call,
    /// Its place among all calls of the session.
    pub(crate) number: u64,
    /// How often it was signed and refused for its time.
    pub(crate) tries: u8,
    /// Whether it may have been carried out.
    pub(crate) was_sent: bool,
    pub(crate) stage: Arc<Stage>,
    pub(crate) answer: oneshot::Sender<Result<Reply, ClientError>>,
}

impl Waiting {
    pub(super) fn answer(self, answer: Result<Reply, ClientError>) {
        // Whoever no longer waits has been told another way.
        let _ = self.answer.send(answer);
    }
}
