//! Time, as the sequencer sees it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use berth_domain::Micros;
use crossbeam_channel::{Receiver, Sender, after, bounded, never};

/// The wall clock may be set while an alarm waits; no alarm waits longer.
const ALARM_MAX: Duration = Duration::from_secs(1);

/// Where the sequencer takes its stamps from.
pub trait Clock: Send {
    /// Now. It may run back; the sequencer's stamps never do.
    fn now(&self) -> Micros;

    /// A channel that fires once `at` has come. It may fire earlier: who waits
    /// looks at the clock again.
    fn alarm(&self, at: Micros) -> Receiver<Instant>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Micros {
        // A machine whose clock stands before 1970 stamps zero until it is set.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    fn alarm(&self, at: Micros) -> Receiver<Instant> {
        after(Duration::from_micros(at.since(self.now())).min(ALARM_MAX))
    }
}

/// A clock that stands still until it is told to go on. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SimulatedClock {
    state: Arc<Mutex<Simulated>>,
}

#[derive(Debug, Default)]
struct Simulated {
    now: Micros,
    alarm: Option<(Micros, Sender<Instant>)>,
}

impl SimulatedClock {
    /// Stands at `now`.
    #[must_use]
    pub fn new(now: Micros) -> Self {
        Self { state: Arc::new(Mutex::new(Simulated { now, alarm: None })) }
    }

    /// Sets the clock, also back, and fires the alarm if its time has come.
    pub fn set(&self, now: Micros) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = now;
        if let Some((_, alarm)) = state.alarm.take_if(|(at, _)| *at <= now) {
            // Nobody may be waiting any more.
            let _ = alarm.try_send(Instant::now());
        }
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Micros {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).now
    }

    fn alarm(&self, at: Micros) -> Receiver<Instant> {
        if at == Micros(u64::MAX) {
            return never();
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, receiver) = bounded(1);
        if at <= state.now {
            let _ = sender.try_send(Instant::now());
        }
        state.alarm = Some((at, sender));
        receiver
    }
}
