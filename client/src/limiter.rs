//! How much the node lets this client do: kept from what its answers say, so that
//! calls wait here rather than are refused there.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use berth_wire::domain::Command;
use berth_wire::frame::RateState;

/// Which of a client's buckets a call takes from. What ends something never waits
/// behind what begins something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// It begins or changes something.
    Begins,
    /// It ends something or keeps it alive: cancels, the dead-man timer, an
    /// agent's reports.
    Ends,
    /// It reads, over REST.
    Reads,
}

impl Lane {
    /// That of a WebSocket method.
    #[must_use]
    pub fn of_method(method: &str) -> Self {
        match method {
            "order.cancel" | "bid.cancel" | "cancel.all" | "deadman.set" | "lease.start" | "lease.heartbeat"
            | "lease.finish" | "lease.stop" => Self::Ends,
            fact if fact.starts_with("fact.") => Self::Ends,
            _ => Self::Begins,
        }
    }

    /// That of a command, and how many tokens it takes.
    pub(crate) fn of_command(command: &Command) -> (Self, u32) {
        match command {
            Command::CancelOrder(_)
            | Command::CancelBid(_)
            | Command::CancelAll(_)
            | Command::SetDeadMan(_)
            | Command::StartLease(_)
            | Command::Heartbeat(_)
            | Command::LeaseBacklog(_)
            | Command::FinishLease(_)
            | Command::StopLease(_) => (Self::Ends, 1),
            Command::MassQuote(mass) => Self::of_quotes(mass.quotes.iter().map(|quote| quote.quantity)),
            _ => (Self::Begins, 1),
        }
    }

    /// That of a mass quote of these quantities, and how many tokens it takes.
    pub(crate) fn of_quotes(quantities: impl Iterator<Item = u32>) -> (Self, u32) {
        let (mut count, mut any) = (0_u32, false);
        for quantity in quantities {
            count += 1;
            any |= quantity > 0;
        }
        if any { (Self::Begins, count) } else { (Self::Ends, 1) }
    }
}

/// What is left of a client's tokens, as far as it was told.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    buckets: Mutex<[Bucket; 3]>,
}

/// A bucket of the node's, seen from here.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    told: Option<(RateState, Instant)>,
    /// Tokens of calls that are sent and not answered: they may or may not be in
    /// what was told.
    outstanding: u64,
}

impl Limiter {
    /// How long a call of `cost` tokens has to wait; nothing when it may leave.
    pub(crate) fn wait(&self, lane: Lane, cost: u32) -> Duration {
        self.with(lane, |bucket| bucket.wait(cost.into(), Instant::now()))
    }

    /// A call leaves.
    pub(crate) fn sent(&self, lane: Lane, cost: u32) {
        self.with(lane, |bucket| bucket.outstanding += u64::from(cost));
    }

    /// It is answered, or never will be; `told` is what the node said of it.
    pub(crate) fn answered(&self, lane: Lane, cost: u32, told: Option<RateState>) {
        self.with(lane, |bucket| {
            bucket.outstanding = bucket.outstanding.saturating_sub(cost.into());
            if let Some(state) = told {
                bucket.told = Some((state, Instant::now()));
            }
        });
    }

    /// What the node said last, and how long ago.
    pub(crate) fn told(&self, lane: Lane) -> Option<RateState> {
        self.with(lane, |bucket| bucket.told.map(|(state, _)| state))
    }

    fn with<T>(&self, lane: Lane, look: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut buckets[lane as usize])
    }
}

/// The shortest wait: for an answer that says more.
const MOMENT: Duration = Duration::from_millis(1);

impl Bucket {
    fn wait(&self, cost: u64, now: Instant) -> Duration {
        let Some((told, at)) = self.told else { return Duration::ZERO };
        let missing = told.limit.saturating_sub(told.remaining);
        let passed = u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX);
        // It fills evenly until it is full.
        let come = match told.reset_ms {
            0 => missing,
            reset => u64::try_from(u128::from(missing) * u128::from(passed) / u128::from(reset)).unwrap_or(missing),
        };
        let has = told.remaining + come.min(missing);
        // What costs more than it ever holds is for the node to refuse.
        let needs = cost.min(told.limit) + self.outstanding;
        let Some(lacks) = needs.checked_sub(has).filter(|lacks| *lacks > 0) else { return Duration::ZERO };
        if missing == 0 {
            return MOMENT;
        }
        let millis = (u128::from(lacks) * u128::from(told.reset_ms)).div_ceil(u128::from(missing));
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)).clamp(MOMENT, Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: RateState = RateState { limit: 100, remaining: 10, reset_ms: 900 };

    #[test]
    fn what_nothing_is_known_of_does_not_wait() {
        let limiter = Limiter::default();
        limiter.sent(Lane::Begins, 1_000_000);
        assert_eq!(limiter.wait(Lane::Begins, 1_000), Duration::ZERO);
    }

    #[test]
    fn a_call_waits_for_the_tokens_that_it_lacks() {
        let at = Instant::now();
        let bucket = Bucket { told: Some((TOLD, at)), outstanding: 4 };
        assert_eq!(bucket.wait(6, at), Duration::ZERO);
        // One token comes in 10 ms.
        assert_eq!(bucket.wait(7, at), Duration::from_millis(10));
        assert_eq!(bucket.wait(7, at + Duration::from_millis(10)), Duration::ZERO);
        assert_eq!(bucket.wait(26, at + Duration::from_millis(100)), Duration::from_millis(100));
        // It never holds more than its limit: what is outstanding is waited for.
        let full = at + Duration::from_secs(60);
        assert_eq!(bucket.wait(96, full), Duration::ZERO);
        assert!(bucket.wait(97, full) > Duration::ZERO);
        let idle = Bucket { outstanding: 0, ..bucket };
        assert_eq!(idle.wait(1_000, full), Duration::ZERO, "the node has the last word");
    }

    #[test]
    fn lanes_wait_apart() {
        let limiter = Limiter::default();
        let empty = RateState { limit: 100, remaining: 0, reset_ms: 60_000 };
        limiter.answered(Lane::Begins, 0, Some(empty));
        assert!(limiter.wait(Lane::Begins, 1) > Duration::ZERO);
        assert_eq!(limiter.wait(Lane::Ends, 1), Duration::ZERO);
        assert_eq!(limiter.told(Lane::Begins), Some(empty));
    }

    #[test]
    fn quotes_cost_what_they_are_and_taking_them_back_is_an_end() {
        assert_eq!(Lane::of_quotes([1, 0, 2].into_iter()), (Lane::Begins, 3));
        assert_eq!(Lane::of_quotes([0, 0].into_iter()), (Lane::Ends, 1));
        assert_eq!(Lane::of_quotes(std::iter::empty()), (Lane::Ends, 1));
        assert_eq!(Lane::of_method("cancel.all"), Lane::Ends);
        assert_eq!(Lane::of_method("order.place"), Lane::Begins);
    }
}
