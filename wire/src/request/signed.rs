//! A command in the log's own bytes, with the signature of whoever gives it.

use berth_domain::codec::{Decode, Encode};
use berth_domain::{Address, Authority, Command, Digest, PlaceOrder, ResourceClass};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::specification::{Needs, Specification, specification_hash};
use crate::json::{Malformed, objects};
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, whole};

/// `POST /commands` and `command.submit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct SignedRequest {
    /// Whose command it is.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::AccountKey)]
    pub address: Address,
    /// The key that signed, `G…`; the account's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::AccountKey>)]
    pub key: Option<Address>,
    /// What the signature is over.
    #[serde(default)]
    pub scheme: Scheme,
    /// When it was signed: microseconds since 1970, more than in any signed
    /// command of the key before.
    #[serde(deserialize_with = "whole::<1, WHOLE_MAX, _, _>")]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub nonce: u64,
    /// Ed25519, as 128 hexadecimal digits.
    pub signature: String,
    /// The command's canonical bytes, in hexadecimal.
    pub command: String,
    /// What an order runs: it stays out of the log, which has its hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<Specification>,
    /// 32 random bytes, in hexadecimal, that were hashed with the specification.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::Hex32>)]
    pub salt: Option<Digest>,
}

objects!(SignedRequest);

/// What a signature is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// [`berth_domain::signed_bytes`].
    #[default]
    Ed25519,
    /// [`berth_domain::signed_text`], as a message of SEP-53: what wallets sign.
    Sep53,
}

/// A signed command. Whether its signature holds only the log can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSigned {
    /// Whose command it is.
    pub account: Address,
    /// Key, nonce and signature.
    pub authority: Authority,
    /// The command.
    pub command: Command,
    /// What the order runs that it places.
    pub private: Option<Private>,
}

/// What an order runs, for the private store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Private {
    /// The specification's bytes.
    pub specification: Vec<u8>,
    /// What was hashed before them.
    pub salt: [u8; 32],
    /// The class of the market that the order must be for.
    pub class: ResourceClass,
}

impl SignedRequest {
    /// A command as its account, or a registered key of it, signs it.
    ///
    /// # Panics
    /// When `authority` is no signature.
    #[must_use]
    pub fn new(account: Address, authority: &Authority, command: &Command) -> Self {
        let (scheme, key, nonce, signature) = match authority {
            Authority::Signed { key, nonce, signature } => (Scheme::Ed25519, key, nonce, signature),
            Authority::SignedMessage { key, nonce, signature } => (Scheme::Sep53, key, nonce, signature),
            Authority::Exchange | Authority::OperatorAttested | Authority::KeyAttested { .. } => {
                panic!("only a signed command is sent so")
            }
        };
        Self {
            address: account,
            key: Some(Address(*key)).filter(|key| *key != account),
            scheme,
            nonce: *nonce,
            signature: hex::encode(signature),
            command: hex::encode(command.to_bytes()),
            specification: None,
            salt: None,
        }
    }

    /// The same with what the order runs that it places.
    #[must_use]
    pub fn running(self, specification: Specification, salt: [u8; 32]) -> Self {
        Self { specification: Some(specification), salt: Some(Digest(salt)), ..self }
    }

    /// What the exchange takes.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<NewSigned, Malformed> {
        let mut signature = [0; 64];
        hex::decode_to_slice(&self.signature, &mut signature)
            .map_err(|_| Malformed::new("signature", "is not 128 hexadecimal digits"))?;
        let bytes = hex::decode(&self.command).map_err(|_| Malformed::new("command", "is not hexadecimal"))?;
        let command = Command::from_bytes(&bytes)
            .map_err(|why| Malformed::new("command", format!("is not a command's canonical bytes: {why}")))?;
        let key = self.key.unwrap_or(self.address).0;
        let nonce = self.nonce;
        let authority = match self.scheme {
            Scheme::Ed25519 => Authority::Signed { key, nonce, signature },
            Scheme::Sep53 => Authority::SignedMessage { key, nonce, signature },
        };
        let private = private(&command, self.specification, self.salt)?;
        Ok(NewSigned { account: self.address, authority, command, private })
    }
}

/// The specification of the order that a command places. What is signed is its
/// hash, and what of it is matched: the two must not say different things.
fn private(
    command: &Command,
    specification: Option<Specification>,
    salt: Option<Digest>,
) -> Result<Option<Private>, Malformed> {
    let Some(place) = placed(command) else {
        return match (specification, salt) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(Malformed::new("specification", "is only for a command that places an order")),
            (None, Some(_)) => Err(Malformed::new("salt", "is only for a command that places an order")),
        };
    };
    let specification = specification.ok_or_else(|| Malformed::new("specification", "is missing"))?;
    let Digest(salt) = salt.ok_or_else(|| Malformed::new("salt", "is missing"))?;
    let Needs { class, units, resources, requires, min_uptime } =
        specification.needs().map_err(|malformed| malformed.within("specification"))?;
    let differs = |field: &str| Err(Malformed::new(field, "is not what the signed command says"));
    if class.is_gpu() && units != place.units {
        return differs("specification.gpu.count");
    }
    if !class.is_gpu() && units != place.units || resources.cpu != place.resources.cpu {
        return differs("specification.cpu");
    }
    if resources.memory != place.resources.memory {
        return differs("specification.memory");
    }
    if resources.storage != place.resources.storage {
        return differs("specification.storage");
    }
    if (&requires, min_uptime) != (&place.requires, place.min_uptime) {
        return differs("specification.requires");
    }
    let specification = specification.to_bytes();
    if specification_hash(&salt, &specification) != place.spec_hash {
        return Err(Malformed::new("salt", "and specification do not have the hash that was signed"));
    }
    Ok(Some(Private { specification, salt, class }))
}

/// The order that a command places.
#[must_use]
pub const fn placed(command: &Command) -> Option<&PlaceOrder> {
    match command {
        Command::PlaceOrder(place) => Some(place),
        Command::ReplaceOrder(replace) => Some(&replace.place),
        _ => None,
    }
}
