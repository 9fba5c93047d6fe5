//! Keys as texts, and signatures by them.

use ed25519_dalek::{Signature, VerifyingKey};

/// An Ed25519 public key's bytes.
pub type PublicKey = [u8; 32];

/// The key that a `G…` text names; `None` when it is none.
#[must_use]
pub fn read_key(text: &str) -> Option<PublicKey> {
    stellar_strkey::ed25519::PublicKey::from_string(text).ok().map(|key| key.0)
}

/// A key as `G…`.
#[must_use]
pub fn write_key(key: &PublicKey) -> String {
    stellar_strkey::ed25519::PublicKey(*key).to_string().as_str().to_owned()
}

/// Whether a signature is by this key and over these bytes. Ed25519 as RFC 8032
/// has it, and without keys and points of small order, with which one signature
/// fits many messages.
#[must_use]
pub fn is_signed(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}
