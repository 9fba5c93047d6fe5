//! Keys that speak for an account beside its own.

use berth_domain::{Micros, Scopes, Seconds};

use super::content::content;

/// How far a signature's time may be from the entry's: what came late, or was
/// held back, stands no more.
pub const SIGNATURE_LIFE: Seconds = Seconds(60);

/// A registered key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountKey {
    /// The key, Ed25519.
    pub key: [u8; 32],
    /// What it may say.
    pub scopes: Scopes,
    /// From when on it may say nothing; when it was revoked, if that came first.
    pub expires_at: Option<Micros>,
    /// That of the last command which it signed and which was carried out; zero
    /// before.
    pub nonce: u64,
}

impl AccountKey {
    /// Whether it may speak at a point in time.
    #[must_use]
    pub fn is_live(&self, at: Micros) -> bool {
        self.expires_at.is_none_or(|end| at < end)
    }

    /// Whether it is over, and whatever it has signed is, too: only then can it
    /// be forgotten, or what it said could be said again by whoever heard it, once
    /// it is registered anew.
    pub(crate) fn is_past(&self, at: Micros) -> bool {
        !self.is_live(at) && self.nonce.saturating_add(SIGNATURE_LIFE.micros()) < at.0
    }
}

content!(AccountKey { key, scopes, expires_at, nonce });
