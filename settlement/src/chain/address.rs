use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stellar_xdr::{AccountId, ContractId, Hash, PublicKey, ScAddress, Uint256};
use thiserror::Error;

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is neither an account (G…) nor a contract (C…)")]
pub struct AddressError(String);

/// Who holds money on the chain: an account or a contract.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// An Ed25519 public key, written `G…`.
    Account([u8; 32]),
    /// A contract's id, written `C…`.
    Contract([u8; 32]),
}

impl Address {
    /// The account id, if this is an account.
    #[must_use]
    pub fn account_id(self) -> Option<AccountId> {
        match self {
            Self::Account(key) => Some(AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))),
            Self::Contract(_) => None,
        }
    }

    /// The address as the contract sees it.
    #[must_use]
    pub fn to_xdr(self) -> ScAddress {
        match self {
            Self::Account(key) => ScAddress::Account(AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))),
            Self::Contract(id) => ScAddress::Contract(ContractId(Hash(id))),
        }
    }

    /// Reads what a contract calls an address; other kinds than these two (a
    /// pool, a claimable balance) hold no money in the escrow.
    #[must_use]
    pub fn from_xdr(address: &ScAddress) -> Option<Self> {
        match address {
            ScAddress::Account(AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key)))) => Some(Self::Account(*key)),
            ScAddress::Contract(ContractId(Hash(id))) => Some(Self::Contract(*id)),
            _ => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(key) => f.pad(&stellar_strkey::ed25519::PublicKey(*key).to_string()),
            Self::Contract(id) => f.pad(&stellar_strkey::Contract(*id).to_string()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(key) = stellar_strkey::ed25519::PublicKey::from_string(text) {
            return Ok(Self::Account(key.0));
        }
        stellar_strkey::Contract::from_string(text)
            .map(|id| Self::Contract(id.0))
            .map_err(|_| AddressError(text.chars().take(64).collect()))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_their_text() {
        for address in [Address::Account([7; 32]), Address::Contract([9; 32])] {
            assert_eq!(address.to_string().parse(), Ok(address));
            assert_eq!(Address::from_xdr(&address.to_xdr()), Some(address));
        }
    }

    #[test]
    fn a_secret_or_a_damaged_address_is_refused() {
        let mut text = Address::Account([7; 32]).to_string();
        let secret = stellar_strkey::ed25519::PrivateKey([7; 32]).to_string();
        assert!(secret.as_str().parse::<Address>().is_err());
        text.pop();
        text.push('A');
        assert!(text.parse::<Address>().is_err());
        assert!("".parse::<Address>().is_err());
    }
}
