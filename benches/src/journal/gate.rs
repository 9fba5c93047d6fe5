//! What holds a sequencer back until all is submitted: its clock stands before
//! the first stamp of a round.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use berth_domain::Micros;
use berth_journal::{Clock, WallClock};
use crossbeam_channel::Receiver;

use super::feed::Watch;

/// Lets the sequencer pass, or not. It passes where this is dropped.
#[derive(Default)]
pub(super) struct Gate(Arc<State>);

#[derive(Default)]
struct State {
    closed: Mutex<bool>,
    opened: Condvar,
    /// The next stamp is a round's first. Nobody looks at the lock for others.
    first: AtomicBool,
}

/// The machine's clock behind a gate.
pub(super) struct Gated {
    state: Arc<State>,
    watch: Watch,
}

impl Gate {
    /// The clock behind it, which begins a round of the watch when its first
    /// stamp is given.
    pub(super) fn clock(&self, watch: Watch) -> Gated {
        Gated { state: Arc::clone(&self.0), watch }
    }

    /// Holds the sequencer before the next round. It has nothing to do.
    pub(super) fn close(&self) {
        *self.0.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.first.store(true, Ordering::Release);
    }

    pub(super) fn open(&self) {
        *self.0.closed.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.opened.notify_one();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

impl Clock for Gated {
    fn now(&self) -> Micros {
        if self.state.first.load(Ordering::Acquire) {
            let mut closed = self.state.closed.lock().unwrap_or_else(PoisonError::into_inner);
            while *closed {
                closed = self.state.opened.wait(closed).unwrap_or_else(PoisonError::into_inner);
            }
            self.state.first.store(false, Ordering::Release);
            self.watch.begin();
        }
        WallClock.now()
    }

    fn alarm(&self, at: Micros) -> Receiver<Instant> {
        WallClock.alarm(at)
    }
}
