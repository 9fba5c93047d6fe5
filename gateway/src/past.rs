//! Reads of the state as it was behind an entry: from the nearest snapshot before
//! it, and the log from there.
//!
//! Such a state is as large as the live one. So one is made at a time, the last
//! two are kept, and none is made that takes too long a replay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use berth_domain::Seq;
use berth_exchange::Exchange;
use berth_journal::{PastError, ReplayError, exchange_behind};
use berth_wire::errors::EdgeCode;
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::limits::{PAST_KEPT_MAX, PAST_READS_MAX, PAST_WAIT_MAX};
use crate::log::{Log, unreadable};
use crate::problem::Refusal;

/// The entry that an answer is of.
const AT_SEQ: HeaderName = HeaderName::from_static("x-berth-at-seq");

/// The states that were asked for last.
pub(crate) struct Past {
    log: Arc<Log>,
    /// Entries that may be applied to a snapshot.
    entries_max: u64,
    kept: Mutex<VecDeque<(Seq, Arc<Exchange>)>>,
    /// Held by who makes one, and reads it.
    making: Arc<tokio::sync::Mutex<()>>,
    /// Those who read one that is kept: a read may walk over all of it.
    reads: Arc<Semaphore>,
}

/// A thing as it is, or as it was behind an entry, which a header then names.
pub(crate) struct At<T> {
    at: Option<Seq>,
    thing: T,
}

impl<T> At<T> {
    pub(crate) const fn new(at: Option<Seq>, thing: T) -> Self {
        Self { at, thing }
    }
}

impl<T: Serialize> IntoResponse for At<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.thing).into_response();
        if let Some(at) = self.at {
            response.headers_mut().insert(AT_SEQ, HeaderValue::from(at.0));
        }
        response
    }
}

impl Past {
    pub(crate) fn new(log: Arc<Log>, entries_max: u64) -> Arc<Self> {
        let reads = Arc::new(Semaphore::new(PAST_READS_MAX));
        Arc::new(Self { log, entries_max, kept: Mutex::default(), making: Arc::default(), reads })
    }

    /// Reads the state behind an entry that the log has.
    pub(crate) async fn read<R: Send + 'static>(
        self: &Arc<Self>,
        seq: Seq,
        read: impl FnOnce(&Exchange) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        let past = self.clone();
        // A turn is over when its work is done, even if nobody waits any more. And
        // the last to let go of a state frees it, which takes its time, too.
        let done = match self.known(seq) {
            Some(x) => {
                let turn = tokio::time::timeout(PAST_WAIT_MAX, self.reads.clone().acquire_owned()).await;
                let Ok(Ok(turn)) = turn else { return Err(EdgeCode::Overloaded.into()) };
                let read = move || {
                    let found = read(&x);
                    drop((x, turn));
                    Ok(found)
                };
                tokio::task::spawn_blocking(read).await
            }
            None => {
                let turn = tokio::time::timeout(PAST_WAIT_MAX, self.making.clone().lock_owned()).await;
                let turn = turn.map_err(|_| EdgeCode::Overloaded)?;
                let make = move || {
                    let found = past.known(seq).map_or_else(|| past.make(seq), Ok).map(|x| read(&x));
                    drop(turn);
                    found
                };
                tokio::task::spawn_blocking(make).await
            }
        };
        match done {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(refusal(error)),
            Err(_) => Err(EdgeCode::Unavailable.into()),
        }
    }

    fn known(&self, seq: Seq) -> Option<Arc<Exchange>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(at, _)| *at == seq).map(|(_, x)| x.clone())
    }

    fn make(&self, seq: Seq) -> Result<Arc<Exchange>, PastError> {
        // Room first: no more of them than are kept, and the one being made.
        let oldest = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == PAST_KEPT_MAX { kept.pop_front() } else { None }
        };
        drop(oldest);
        let log = self.log.now()?;
        let x = Arc::new(exchange_behind(&log, self.log.dir(), seq, self.entries_max)?);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push_back((seq, x.clone()));
        Ok(x)
    }
}

fn refusal(error: PastError) -> Refusal {
    match error {
        PastError::TooFar { nearest, most } => {
            let detail = format!(
                "the nearest snapshot before it is of entry {nearest}, and a read replays no more than {most} entries"
            );
            Refusal::new(EdgeCode::Gone, detail).at("atSeq")
        }
        PastError::Future(head) => beyond(head),
        PastError::Replay(ReplayError::Read(error)) => unreadable(&error, "atSeq"),
        PastError::Replay(error) => {
            tracing::error!(%error, "an old state cannot be read");
            EdgeCode::Unavailable.into()
        }
    }
}

/// The log has not come so far.
pub(crate) fn beyond(head: Seq) -> Refusal {
    Refusal::new(EdgeCode::NotFound, format!("the log ends at entry {head}")).at("atSeq")
}

#[cfg(test)]
mod tests {
    use berth_journal::{DataDir, Sequencer, SequencerConfig, recover};

    use super::*;
    use crate::view::tests::genesis;

    fn status(refusal: Refusal) -> u16 {
        refusal.into_response().status().as_u16()
    }

    #[tokio::test]
    async fn a_state_that_takes_too_long_a_replay_is_gone_and_few_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let dir = DataDir::new(folder.path());
        let recovered = recover(&dir).expect("a new log");
        let begun = Sequencer::start(recovered, Some(genesis()), SequencerConfig::new(|_| {})).expect("it starts");
        begun.stop();
        for _ in 0..3 {
            // Each run begins with an entry of its own.
            let recovered = recover(&dir).expect("a log");
            Sequencer::start(recovered, None, SequencerConfig::new(|_| {})).expect("it starts").stop();
        }
        let log = Arc::new(Log::new(dir));
        let near = Past::new(log.clone(), 3);
        for seq in [1, 2, 3, 1] {
            assert_eq!(near.read(Seq(seq), Exchange::head).await.ok(), Some(Seq(seq)));
        }
        assert_eq!(near.kept.lock().expect("whole").len(), PAST_KEPT_MAX);
        assert_eq!(near.read(Seq(4), Exchange::head).await.err().map(status), Some(410));
        let far = Past::new(log, 9);
        assert_eq!(far.read(Seq(4), Exchange::head).await.ok(), Some(Seq(4)));
        assert_eq!(far.read(Seq(5), Exchange::head).await.err().map(status), Some(404));
    }
}
