//! Logging in as SEP-10 has it. Fields are named as there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /auth`, as JSON or as a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginRequest {
    /// The challenge, signed: an envelope's XDR in base 64.
    pub transaction: String,
}
