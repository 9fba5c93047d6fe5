//! Addresses: a Stellar public key, or in open mode any name.

use std::fmt;
use std::marker::PhantomData;

use berth_domain::Address;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};
use stellar_strkey::ed25519::PublicKey;

use crate::scalar::{InText, TextVisitor};

/// What separates these keys from every other use of SHA-256.
const OPEN_KEY_DOMAIN: &[u8] = b"berth open mode key 1\0";

/// The address that a `G…` text names; `None` when it is none.
#[must_use]
pub fn read(text: &str) -> Option<Address> {
    PublicKey::from_string(text).ok().map(|key| Address(key.0))
}

/// An address as `G…`.
#[must_use]
pub fn write(address: Address) -> String {
    PublicKey(address.0).to_string().as_str().to_owned()
}

/// How a request names an account: 1 to 128 bytes without control characters.
/// With `--open` any such name will do; otherwise it must be a `G…` key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Checks a name.
    ///
    /// # Errors
    /// In words, when it is empty, too long or holds a control character.
    pub fn new(text: &str) -> Result<Self, String> {
        Self::read(text)
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Stellar key that it is, when it is one.
    #[must_use]
    pub fn key(&self) -> Option<Address> {
        read(&self.0)
    }
}

impl InText for Name {
    const WHAT: &'static str = "an address or a name of 1 to 128 bytes";
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > Self::BYTES_MAX || text.chars().any(char::is_control) {
            return Err(format!("is not {}", Self::WHAT));
        }
        Ok(Self(text.to_owned()))
    }
    fn write(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Address> for Name {
    fn from(address: Address) -> Self {
        Self(write(address))
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor(PhantomData))
    }
}

/// Whom a name stands for in open mode.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenIdentity {
    /// The account's key.
    pub address: Address,
    /// The Ed25519 seed of that key when it was derived from the name; `None`
    /// for a real Stellar key, whose seed only its owner has.
    pub seed: Option<[u8; 32]>,
}

impl fmt::Debug for OpenIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The seed signs for the account: it does not go into logs.
        f.debug_struct("OpenIdentity").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Whom a name stands for in open mode: a valid `G…` key is itself, every other
/// name has a key whose seed is SHA-256 over a fixed prefix and the name.
///
/// Whoever knows the name knows the seed. That is what open mode is: it trusts
/// the name that a request gives.
#[must_use]
pub fn open_address(name: &Name) -> OpenIdentity {
    if let Some(address) = name.key() {
        return OpenIdentity { address, seed: None };
    }
    let mut hasher = Sha256::new();
    hasher.update(OPEN_KEY_DOMAIN);
    hasher.update(name.as_str());
    let seed: [u8; 32] = hasher.finalize().into();
    let address = Address(SigningKey::from_bytes(&seed).verifying_key().to_bytes());
    OpenIdentity { address, seed: Some(seed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_key_and_a_key_is_itself() {
        let name = Name::new("provider_stellar_address").expect("a name");
        let open = open_address(&name);
        assert_eq!(open, open_address(&name));
        assert!(open.seed.is_some());
        let text = write(open.address);
        assert!(text.starts_with('G') && text.len() == 56, "{text}");
        let key = Name::new(&text).expect("a name");
        assert_eq!(open_address(&key), OpenIdentity { address: open.address, seed: None });
        assert_ne!(open, open_address(&Name::new("tenant_stellar_address").expect("a name")));
    }

    #[test]
    fn what_is_no_key_is_no_address() {
        let good = write(Address([7; 32]));
        assert_eq!(read(&good), Some(Address([7; 32])));
        for bad in ["", "G", &good[..55], &good.to_lowercase(), &format!("{}A", &good[..55]), &format!(" {good}")] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_bounded() {
        assert!(Name::new(&"x".repeat(128)).is_ok());
        for bad in ["", &"x".repeat(129), "a\nb", "\u{7f}"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_seed_is_not_printed() {
        let open = open_address(&Name::new("x").expect("a name"));
        assert!(!format!("{open:?}").contains("seed"));
    }
}
