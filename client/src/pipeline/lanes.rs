//! Calls that wait to be sent, in two lanes: what ends something does not wait
//! behind what begins something.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::waiting::Waiting;
use crate::error::ClientError;
use crate::limiter::{Lane, Limiter};

/// Calls that wait in a lane; beyond that [`crate::Session::begin`] waits.
pub(crate) const QUEUE_MAX: usize = 1_024;

/// Both lanes.
pub(crate) struct Lanes {
    ends: Queue,
    begins: Queue,
    limiter: Arc<Limiter>,
}

/// One lane.
struct Queue {
    calls: mpsc::Receiver<Waiting>,
    /// What is next, before those: what is to be sent again, and what was looked
    /// at and has to wait.
    held: VecDeque<Waiting>,
}

impl Queue {
    const fn new(calls: mpsc::Receiver<Waiting>) -> Self {
        Self { calls, held: VecDeque::new() }
    }

    /// How long its first call has to wait; none when it has none.
    fn wait(&mut self, limiter: &Limiter) -> Option<Duration> {
        if self.held.is_empty() {
            self.held.extend(self.calls.try_recv().ok());
        }
        self.held.front().map(|first| limiter.wait(first.call.lane, first.call.cost))
    }

    fn is_over(&self) -> bool {
        self.calls.is_closed() && self.calls.is_empty() && self.held.is_empty()
    }
}

impl Lanes {
    pub(crate) const fn new(
        begins: mpsc::Receiver<Waiting>,
        ends: mpsc::Receiver<Waiting>,
        limiter: Arc<Limiter>,
    ) -> Self {
        Self { ends: Queue::new(ends), begins: Queue::new(begins), limiter }
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Whether no call waits and none can come.
    pub(super) fn are_over(&self) -> bool {
        self.ends.is_over() && self.begins.is_over()
    }

    /// Sends a call again, behind those that wait for the same.
    pub(super) fn again(&mut self, waiting: Waiting) {
        let queue = if waiting.call.lane == Lane::Ends { &mut self.ends } else { &mut self.begins };
        let place = queue.held.iter().position(|held| held.number > waiting.number).unwrap_or(queue.held.len());
        queue.held.insert(place, waiting);
    }

    /// The next call that may leave; none when there will never be one. Dropping
    /// the future loses nothing.
    pub(super) async fn next(&mut self, may_begin: bool) -> Option<Waiting> {
        loop {
            let end = self.ends.wait(&self.limiter);
            if end == Some(Duration::ZERO) {
                return self.ends.held.pop_front();
            }
            let begin = if may_begin { self.begins.wait(&self.limiter) } else { None };
            if begin == Some(Duration::ZERO) {
                return self.begins.held.pop_front();
            }
            let wait = [end, begin].into_iter().flatten().min();
            tokio::select! {
                biased;
                call = self.ends.calls.recv(), if end.is_none() => self.ends.held.push_back(call?),
                call = self.begins.calls.recv(), if may_begin && begin.is_none() => self.begins.held.push_back(call?),
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    /// Ends those that wait to begin something and were called before `number`:
    /// nothing of them was done, and nothing shall be.
    pub(super) fn overtake(&mut self, number: u64) {
        while let Ok(waiting) = self.begins.calls.try_recv() {
            self.begins.held.push_back(waiting);
        }
        for waiting in std::mem::take(&mut self.begins.held) {
            match waiting {
                later if later.number > number => self.begins.held.push_back(later),
                sent if sent.was_sent => {
                    sent.answer(Err(ClientError::Unknown("the connection broke, and all was cancelled".to_owned())));
                }
                overtaken => overtaken.answer(Err(ClientError::Overtaken)),
            }
        }
    }

    /// The node does not want this client, which waiting does not change.
    pub(super) fn refuse_all(&mut self, why: &ClientError) {
        for queue in [&mut self.ends, &mut self.begins] {
            while let Some(waiting) = queue.held.pop_front().or_else(|| queue.calls.try_recv().ok()) {
                waiting.answer(Err(why.clone()));
            }
        }
    }
}
