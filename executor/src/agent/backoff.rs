//! Pauses between tries that grow, and that agents do not take in step.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LAST: Duration = Duration::from_secs(30);

/// Doubling pauses from half a second to half a minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The pause before the next try.
    pub(super) fn next(&mut self) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.tries.min(16)).min(LAST);
        self.tries = self.tries.saturating_add(1);
        pause
    }

    /// Whether nothing failed yet.
    pub(super) fn is_fresh(self) -> bool {
        self.tries == 0
    }
}

/// Between half and all of `pause`, so that agents that lost the exchange
/// together do not come back together. The standard library's only source of
/// chance is its hash maps' keys.
pub(super) fn jittered(pause: Duration) -> Duration {
    let chance = RandomState::new().hash_one(()) % 1_000;
    let thousandths = 500 + u32::try_from(chance).unwrap_or(0) / 2;
    pause * thousandths / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute() {
        let mut backoff = Backoff::default();
        assert!(backoff.is_fresh());
        let pauses: Vec<_> = (0..8).map(|_| backoff.next().as_millis()).collect();
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert!(!backoff.is_fresh());
    }

    #[test]
    fn a_jittered_pause_is_at_least_half_and_never_more() {
        let pause = Duration::from_secs(10);
        let taken: Vec<_> = (0..100).map(|_| jittered(pause)).collect();
        assert!(taken.iter().all(|taken| (pause / 2..=pause).contains(taken)));
        assert!(taken.iter().any(|other| other != &taken[0]));
    }
}
