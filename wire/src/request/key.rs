//! Keys that speak for an account beside its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth_domain::{Micros, RegisterKey, Scope, Scopes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::address::Name;
use crate::json::{Malformed, objects};
use crate::scalar::WHOLE_MAX;

/// `POST /accounts/{address}/keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct RegisterKeyRequest {
    /// The key, `G…`.
    pub key: Name,
    /// What it may do: `read`, `trade`, `provide`, `withdraw`.
    pub scopes: Vec<String>,
    /// From when on it may do nothing: microseconds since 1970. Never when left
    /// out.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::scalar::whole_option::<1, WHOLE_MAX, _, _>"
    )]
    #[schema(minimum = 1, maximum = 9007199254740991_u64)]
    pub expires_at: Option<u64>,
    /// The key's own signature over `"berth key 1\n"`, the log's id and the
    /// account's key, 76 bytes, in base 64: it shows that whoever registers the
    /// key has it.
    pub proof: String,
}

objects!(RegisterKeyRequest);

impl RegisterKeyRequest {
    /// What the exchange takes. Whether the proof holds is not looked at.
    ///
    /// # Errors
    /// Names the field that is none of it.
    pub fn parse(self) -> Result<RegisterKey, Malformed> {
        let key = self.key.key().ok_or_else(|| Malformed::new("key", "is not a public key, G…"))?;
        let mut scopes = Scopes::EMPTY;
        for (i, name) in self.scopes.iter().enumerate() {
            let scope = Scope::from_name(name);
            let none = || Malformed::new(format!("scopes[{i}]"), "is none of read, trade, provide and withdraw");
            scopes = scopes.with(scope.ok_or_else(none)?);
        }
        if scopes.is_empty() {
            return Err(Malformed::new("scopes", "is empty"));
        }
        let proof = STANDARD.decode(&self.proof).ok().and_then(|proof| proof.try_into().ok());
        let proof = proof.ok_or_else(|| Malformed::new("proof", "is not the base 64 of 64 bytes"))?;
        Ok(RegisterKey { key: key.0, scopes, expires_at: self.expires_at.map(Micros), proof })
    }
}
