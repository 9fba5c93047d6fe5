//! Bearer tokens: what a login gives. JSON Web Tokens (RFC 7519) signed with
//! Ed25519, so that others can check them with the public key alone.

use ed25519_dalek::SigningKey;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::key::{PublicKey, is_signed, read_key, write_key};

/// Why a token is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// No token, or not one of this node.
    #[error("the bearer token is none of this node's")]
    Unknown,
    /// Its time is over.
    #[error("the bearer token expired at {0}, in unix seconds: log in again")]
    Expired(u64),
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: u64,
    exp: u64,
    jti: String,
    home_domain: String,
}

/// Issues tokens and reads them.
pub struct Tokens {
    encode: EncodingKey,
    decode: DecodingKey,
    issuer: String,
    home_domain: String,
    lifetime: u64,
}

impl Tokens {
    /// Tokens of the issuer (the URL of `/auth`), for logins at a home domain,
    /// good for `lifetime` seconds.
    #[must_use]
    pub fn new(key: &SigningKey, issuer: &str, home_domain: &str, lifetime: u64) -> Self {
        // The second time and later it is there already.
        let _ = ED25519.install_default();
        Self {
            encode: EncodingKey::from_ed_der(key.as_bytes()),
            decode: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            issuer: issuer.to_owned(),
            home_domain: home_domain.to_owned(),
            lifetime,
        }
    }

    /// A token for an account that answered the challenge with this hash. `now`
    /// is in unix seconds.
    #[must_use]
    pub fn issue(&self, account: &PublicKey, challenge: &[u8; 32], now: u64) -> String {
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: write_key(account),
            iat: now,
            exp: now.saturating_add(self.lifetime),
            jti: hex::encode(challenge),
            home_domain: self.home_domain.clone(),
        };
        encode(&Header::new(Algorithm::EdDSA), &claims, &self.encode)
            .expect("texts and numbers are JSON, and a key signs")
    }

    /// Whose token it is. `now` is in unix seconds.
    ///
    /// # Errors
    /// When it is none of these, or its time is over.
    pub fn account(&self, token: &str, now: u64) -> Result<PublicKey, TokenError> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // Against the time that is passed, below.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &self.decode, &validation).map_err(|_| TokenError::Unknown)?.claims;
        if now >= claims.exp {
            return Err(TokenError::Expired(claims.exp));
        }
        read_key(&claims.sub).ok_or(TokenError::Unknown)
    }
}

/// Ed25519 for `jsonwebtoken`, by the crate that signs everything else here. Its
/// own choices are a C library or a dozen crates for algorithms that nobody uses.
static ED25519: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => {
            let seed = key.as_bytes().try_into().map_err(|_| ErrorKind::InvalidKeyFormat)?;
            Ok(Box::new(Signs(SigningKey::from_bytes(seed))))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => {
            let key = key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidKeyFormat)?;
            Ok(Box::new(Verifies(key)))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Signs(SigningKey);

impl signature::Signer<Vec<u8>> for Signs {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(ed25519_dalek::Signer::try_sign(&self.0, message)?.to_bytes().to_vec())
    }
}

impl JwtSigner for Signs {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Verifies(PublicKey);

impl signature::Verifier<Vec<u8>> for Verifies {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let signature = signature.as_slice().try_into().map_err(|_| signature::Error::new())?;
        if is_signed(&self.0, message, signature) { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtVerifier for Verifies {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    const NOW: u64 = 1_790_000_000;
    const ISSUER: &str = "http://127.0.0.1:3000/auth";

    fn tokens(seed: u8, issuer: &str) -> Tokens {
        Tokens::new(&SigningKey::from_bytes(&[seed; 32]), issuer, "127.0.0.1:3000", 3_600)
    }

    fn account() -> PublicKey {
        SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes()
    }

    #[test]
    fn a_token_is_its_accounts_until_it_expires() {
        let tokens = tokens(1, ISSUER);
        let token = tokens.issue(&account(), &[3; 32], NOW);
        assert_eq!(tokens.account(&token, NOW), Ok(account()));
        assert_eq!(tokens.account(&token, NOW + 3_599), Ok(account()));
        assert_eq!(tokens.account(&token, NOW + 3_600), Err(TokenError::Expired(NOW + 3_600)));
    }

    #[test]
    fn another_nodes_token_and_a_changed_one_are_nobodys() {
        let ours = tokens(1, ISSUER);
        for other in [tokens(2, ISSUER), tokens(1, "http://elsewhere/auth")] {
            assert_eq!(ours.account(&other.issue(&account(), &[3; 32], NOW), NOW), Err(TokenError::Unknown));
        }
        let token = ours.issue(&account(), &[3; 32], NOW);
        let parts: Vec<&str> = token.split('.').collect();
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert!(claims.contains(&format!("\"sub\":\"{}\"", write_key(&account()))), "{claims}");
        let longer = URL_SAFE_NO_PAD.encode(claims.replace(&(NOW + 3_600).to_string(), &(NOW + 9_999).to_string()));
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none"}"#);
        let shared = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#);
        for bad in [
            String::new(),
            "a.b.c".to_owned(),
            format!("{}.{longer}.{}", parts[0], parts[2]),
            format!("{unsigned}.{}.", parts[1]),
            format!("{unsigned}.{}.{}", parts[1], parts[2]),
            format!("{shared}.{}.{}", parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            token[..token.len() - 2].to_owned(),
        ] {
            assert_eq!(ours.account(&bad, NOW), Err(TokenError::Unknown), "{bad}");
        }
    }
}
