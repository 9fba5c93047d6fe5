//! What was accepted and must not be accepted again.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::key::PublicKey;

/// Why something is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OnceError {
    /// It was accepted before.
    #[error("it was accepted before")]
    Seen,
    /// As much is remembered as may be: it may be tried again later.
    #[error("more was accepted in a short time than can be remembered")]
    Full,
}

/// Remembers messages until they are too old to be accepted anyway. Nothing is
/// forgotten before: who is at the bound is told to wait, and one key alone
/// cannot fill the room of all.
///
/// The messages, not their signatures: of one message a key can make many.
#[derive(Debug)]
pub struct Once {
    of_key_max: usize,
    all_max: usize,
    count: usize,
    /// By key, with the time after which each is of no use any more.
    by_key: BTreeMap<PublicKey, BTreeSet<(u64, [u8; 16])>>,
}

impl Once {
    /// Remembers at most `all_max` messages, and of one key `of_key_max`.
    #[must_use]
    pub const fn new(of_key_max: usize, all_max: usize) -> Self {
        Self { of_key_max, all_max, count: 0, by_key: BTreeMap::new() }
    }

    /// Accepts a message of a key, once. It must be of no use after `expires`;
    /// `now` and `expires` are times in one unit.
    ///
    /// # Errors
    /// When it was accepted before, or cannot be remembered.
    pub fn accept(&mut self, now: u64, key: &PublicKey, message: &[u8], expires: u64) -> Result<(), OnceError> {
        let hash: [u8; 32] = Sha256::digest(message).into();
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        if self.by_key.get(key).is_some_and(|seen| seen.contains(&(expires, short))) {
            return Err(OnceError::Seen);
        }
        if self.by_key.get(key).is_some_and(|seen| seen.len() >= self.of_key_max) {
            self.forget(now, key);
        }
        if self.count >= self.all_max {
            let keys: Vec<_> = self.by_key.keys().copied().collect();
            keys.iter().for_each(|key| self.forget(now, key));
        }
        let full = self.by_key.get(key).is_some_and(|seen| seen.len() >= self.of_key_max);
        if full || self.count >= self.all_max {
            return Err(OnceError::Full);
        }
        self.by_key.entry(*key).or_default().insert((expires, short));
        self.count += 1;
        // Two go for each that comes, so what is remembered shrinks by itself.
        for _ in 0..2 {
            let Some(seen) = self.by_key.get_mut(key) else { break };
            if seen.first().is_none_or(|(expires, _)| *expires >= now) {
                break;
            }
            seen.pop_first();
            self.count -= 1;
        }
        Ok(())
    }

    /// Forgets what of a key is of no use any more.
    fn forget(&mut self, now: u64, key: &PublicKey) {
        let Some(seen) = self.by_key.get_mut(key) else { return };
        let kept = seen.split_off(&(now, [0; 16]));
        self.count -= seen.len();
        *seen = kept;
        if seen.is_empty() {
            self.by_key.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PublicKey = [1; 32];
    const B: PublicKey = [2; 32];

    #[test]
    fn a_message_is_accepted_once_from_each_key() {
        let mut once = Once::new(8, 8);
        assert_eq!(once.accept(0, &A, b"one", 10), Ok(()));
        assert_eq!(once.accept(5, &A, b"one", 10), Err(OnceError::Seen));
        assert_eq!(once.accept(10, &A, b"one", 10), Err(OnceError::Seen));
        assert_eq!(once.accept(5, &A, b"two", 10), Ok(()));
        assert_eq!(once.accept(5, &B, b"one", 10), Ok(()));
    }

    #[test]
    fn what_is_of_use_is_never_forgotten_and_the_rest_makes_room() {
        let mut once = Once::new(2, 3);
        assert_eq!(once.accept(0, &A, b"one", 10), Ok(()));
        assert_eq!(once.accept(0, &A, b"two", 20), Ok(()));
        assert_eq!(once.accept(0, &A, b"three", 20), Err(OnceError::Full), "a key's own bound");
        assert_eq!(once.accept(0, &B, b"one", 10), Ok(()));
        assert_eq!(once.accept(0, &B, b"two", 10), Err(OnceError::Full), "the bound of all");
        assert_eq!(once.accept(10, &A, b"one", 10), Err(OnceError::Seen), "the last moment of its use");
        assert_eq!(once.accept(11, &A, b"three", 20), Ok(()));
        assert_eq!(once.accept(11, &A, b"two", 20), Err(OnceError::Seen));
        assert_eq!(once.accept(11, &B, b"two", 20), Ok(()));
        assert_eq!(once.count, 3);
    }

    #[test]
    fn a_busy_key_keeps_what_is_of_use_alone() {
        let mut once = Once::new(1_000, 1_000);
        for now in 0..10_000_u64 {
            assert_eq!(once.accept(now, &A, &now.to_le_bytes(), now + 5), Ok(()));
            assert!(once.count <= 8, "{}", once.count);
        }
    }
}
