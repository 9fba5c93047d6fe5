//! What logging in answers. Fields are named as SEP-10 has them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /auth`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Challenge {
    /// What the account signs: an envelope's XDR in base 64.
    pub transaction: String,
    /// The network for which it is signed.
    pub network_passphrase: String,
}

/// `POST /auth`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// A JSON Web Token.
    pub token: String,
}

/// Why somebody is not logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginError {
    /// In words.
    pub error: String,
}
