//! What a lease left behind.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth_domain::{Digest, LeaseId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::scalar::in_text;

/// `GET /leases/{id}/result`: the end of what its containers wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseResult {
    /// The lease.
    pub lease_id: u64,
    /// SHA-256 of its bytes, as in the log.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub sha256: Digest,
    /// Its bytes' number.
    pub size: u64,
    /// How `content` has them.
    pub encoding: Encoding,
    /// Its bytes.
    pub content: String,
}

/// How bytes stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    /// They are text.
    #[serde(rename = "utf-8")]
    Utf8,
    /// In base 64, since they are no text.
    #[serde(rename = "base64")]
    Base64,
}

impl LeaseResult {
    /// The result of a lease.
    #[must_use]
    pub fn new(lease: LeaseId, bytes: Vec<u8>) -> Self {
        let (sha256, size) = (Self::digest(&bytes), bytes.len() as u64);
        let (encoding, content) = match String::from_utf8(bytes) {
            Ok(text) => (Encoding::Utf8, text),
            Err(other) => (Encoding::Base64, STANDARD.encode(other.as_bytes())),
        };
        Self { lease_id: lease.0, sha256, size, encoding, content }
    }

    /// What the log has of a result.
    #[must_use]
    pub fn digest(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Its bytes; `None` when they are not what `sha256` says.
    #[must_use]
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let bytes = match self.encoding {
            Encoding::Utf8 => self.content.clone().into_bytes(),
            Encoding::Base64 => STANDARD.decode(&self.content).ok()?,
        };
        (Self::digest(&bytes) == self.sha256).then_some(bytes)
    }
}

/// What a node answers an agent that tells output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutputKnown {
    /// The time of the replica's last line that is known; null when there is none.
    pub until: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        for (bytes, encoding) in [(&b"42\n"[..], Encoding::Utf8), (b"", Encoding::Utf8), (b"\xff\0", Encoding::Base64)]
        {
            let result = LeaseResult::new(LeaseId(7), bytes.to_vec());
            assert_eq!((result.encoding, result.size), (encoding, bytes.len() as u64));
            assert_eq!(result.bytes().as_deref(), Some(bytes));
            let altered = LeaseResult { content: "else".to_owned(), ..result };
            assert_eq!(altered.bytes(), None);
        }
    }
}
