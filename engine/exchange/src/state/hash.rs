//! The state hash: BLAKE3 over the logical content, never over memory layout.

use berth_domain::Digest;

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
