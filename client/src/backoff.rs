//! Waiting between attempts to connect.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// Doubling waits with full jitter, so that the clients of a node that starts
/// again do not come all at once.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure: from nothing up to 0.1 s, doubled each
    /// time, at most 5 s.
    pub(crate) fn next(&mut self) -> Duration {
        let most = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let random = getrandom::u32().unwrap_or(u32::MAX / 2);
        most.mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// Something worked: the next wait is short again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_over() {
        let mut backoff = Backoff::default();
        assert!(backoff.next() <= FIRST);
        let longest = (0..200).map(|_| backoff.next()).max().expect("200 waits");
        assert!(longest <= LONGEST && longest > Duration::from_secs(1), "{longest:?}");
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
