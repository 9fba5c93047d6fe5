//! The state hash: BLAKE3 over the logical content, never over memory layout.

use berth_domain::Digest;
use berth_domain::codec::Encode;

/// A digest of everything that the exchange knows, one per component, so that
/// two builds which disagree can be told where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash {
    /// Balances, escrows, and how far the chain has been read.
    pub ledger: Digest,
    /// Markets, orders and bids.
    pub books: Digest,
    /// Leases and timers.
    pub leases: Digest,
    /// Accounts and providers.
    pub providers: Digest,
}

impl StateHash {
    /// One digest over the four.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut hasher = blake3::Hasher::new();
        for part in [self.ledger, self.books, self.leases, self.providers] {
            hasher.update(&part.0);
        }
        Digest(hasher.finalize().into())
    }
}

/// Hashes a sequence of values without holding all their bytes at once.
pub(crate) struct ComponentHasher {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
}

impl ComponentHasher {
    pub(crate) fn new(component: &'static str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(component.as_bytes());
        Self { hasher, buffer: Vec::new() }
    }

    pub(crate) fn all<'a, T: Encode + 'a>(mut self, values: impl Iterator<Item = &'a T>) -> Self {
        for value in values {
            self.buffer.clear();
            value.encode(&mut self.buffer);
            self.hasher.update(&self.buffer);
        }
        self
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.hasher.finalize().into())
    }
}
