//! Signed commands: what is signed, and whether it was.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::codec::Encode;
use crate::command::Command;
use crate::entry::{Authority, Entry};
use crate::ids::Digest;

/// What signed bytes begin with, so that no signature for anything else is one
/// of a command.
const SIGNED: &[u8; 16] = b"berth command 1\n";

/// What an account's key signs, so that a command stands in this log alone, and
/// once: `"berth command 1\n"`, the hash of the log's first entry, the nonce
/// (`u64`, little-endian), the command's canonical bytes.
#[must_use]
pub fn signed_bytes(log: Digest, nonce: u64, command: &Command) -> Vec<u8> {
    let mut bytes = SIGNED.to_vec();
    log.encode(&mut bytes);
    nonce.encode(&mut bytes);
    command.encode(&mut bytes);
    bytes
}

impl Authority {
    /// Whether a signature is by its key and over this command in this log; none
    /// where nothing is signed. Ed25519 as RFC 8032 has it, and without keys and
    /// points of small order, with which one signature fits many commands.
    #[must_use]
    pub fn is_signature_of(&self, log: Digest, command: &Command) -> Option<bool> {
        let Self::Signed { key, nonce, signature } = self else { return None };
        let bytes = signed_bytes(log, *nonce, command);
        let key = VerifyingKey::from_bytes(key);
        Some(key.is_ok_and(|key| key.verify_strict(&bytes, &Signature::from_bytes(signature)).is_ok()))
    }
}

impl Entry {
    /// Whether the entry's signature holds in the log of this id; none where it
    /// has none.
    #[must_use]
    pub fn is_signed_well(&self, log: Digest) -> Option<bool> {
        self.authority.is_signature_of(log, &self.command)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;
    use crate::command::CancelAll;

    fn cancel(session: Option<u64>) -> Command {
        CancelAll { market: None, session }.into()
    }

    #[test]
    fn a_signature_is_over_the_log_the_nonce_and_the_command() {
        let (log, nonce) = (Digest([7; 32]), 1_790_000_000_000_000);
        let signer = SigningKey::from_bytes(&[9; 32]);
        let bytes = signed_bytes(log, nonce, &cancel(None));
        // 0x1b is the tag of `cancel.all`, and it has two options, both absent.
        let mut drawn = b"berth command 1\n".to_vec();
        drawn.extend([7; 32]);
        drawn.extend(nonce.to_le_bytes());
        drawn.extend([0x1b, 0, 0, 0]);
        assert_eq!(bytes, drawn);

        let key = signer.verifying_key().to_bytes();
        let signature = signer.sign(&bytes).to_bytes();
        let signed = Authority::Signed { key, nonce, signature };
        assert_eq!(signed.is_signature_of(log, &cancel(None)), Some(true));
        assert_eq!(signed.is_signature_of(log, &cancel(Some(1))), Some(false));
        assert_eq!(signed.is_signature_of(Digest([8; 32]), &cancel(None)), Some(false));
        for wrong in [
            Authority::Signed { key, nonce: nonce + 1, signature },
            Authority::Signed { key: SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes(), nonce, signature },
            Authority::Signed { key: [2; 32], nonce, signature },
            Authority::Signed { key, nonce, signature: [0; 64] },
        ] {
            assert_eq!(wrong.is_signature_of(log, &cancel(None)), Some(false));
        }
        assert_eq!(Authority::OperatorAttested.is_signature_of(log, &cancel(None)), None);
    }
}
