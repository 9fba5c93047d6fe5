//! Answers for which the whole state is walked.
//!
//! The walk holds the view's read lock, and the next batch waits for it. So one
//! walks at a time, and on a large exchange what was found is answered again
//! for a while: however many ask, walks take a bounded share of the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_exchange::Exchange;
use berth_wire::errors::EdgeCode;
use tokio::sync::Mutex;

use crate::problem::Refusal;
use crate::view::View;

/// Things up to which every change is shown at once.
const SHOWN_AT_ONCE: usize = 10_000;
/// How old an answer over more things may be, at least.
const AGE_MAX: Duration = Duration::from_secs(1);
/// How many times as long as its walk an answer over more things is kept:
/// walks take at most a twentieth of the time.
const AGE_PER_WALK: u32 = 20;

/// The last answer of one kind.
pub(crate) struct Kept<T>(Mutex<Option<Found<T>>>);

struct Found<T> {
    answer: T,
    at: Instant,
    /// How long the walk held the lock.
    walk: Duration,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone + Send + 'static> Kept<T> {
    /// The kept answer if it is the newest there can be or may still be shown,
    /// else what `walk` finds.
    pub(crate) async fn answer(
        &self,
        view: &Arc<View>,
        is_newest: impl Fn(&T) -> bool,
        walk: fn(&Exchange) -> T,
    ) -> Result<T, Refusal> {
        let mut kept = self.0.lock().await;
        if let Some(found) = kept.as_ref()
            && (is_newest(&found.answer) || found.is_shown(view))
        {
            return Ok(found.answer.clone());
        }
        let view = view.clone();
        let walked = tokio::task::spawn_blocking(move || {
            view.read(|x| {
                let begun = Instant::now();
                let answer = walk(x);
                Found { answer, at: Instant::now(), walk: begun.elapsed() }
            })
        });
        let found = walked.await.map_err(|_| EdgeCode::Unavailable)?;
        let answer = found.answer.clone();
        *kept = Some(found);
        Ok(answer)
    }
}

impl<T> Found<T> {
    fn is_shown(&self, view: &View) -> bool {
        let things = view.read(|x| x.orders().count() + x.bids().count() + x.leases().count());
        things > SHOWN_AT_ONCE && self.at.elapsed() < keep(self.walk)
    }
}

/// How long an answer is kept whose walk took so long.
fn keep(walk: Duration) -> Duration {
    AGE_MAX.max(walk.saturating_mul(AGE_PER_WALK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dear_answer_is_kept_longer_so_that_walks_leave_the_view_its_time() {
        assert_eq!(keep(Duration::from_millis(1)), Duration::from_secs(1));
        assert_eq!(keep(Duration::from_millis(300)), Duration::from_secs(6));
    }
}
