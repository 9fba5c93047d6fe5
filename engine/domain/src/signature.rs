//! Signed commands and keys: what is signed, and whether it was.

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::codec::Encode;
use crate::command::{Command, RegisterKey};
use crate::entry::{Authority, Entry};
use crate::ids::{Address, Digest};

/// What signed bytes begin with, so that no signature for anything else is one
/// of a command.
const SIGNED: &str = "berth command 1\n";

/// What the bytes begin with that a key signs to be registered.
const KEY: &str = "berth key 1\n";

/// What SEP-53 puts before a message.
const MESSAGE: &str = "Stellar Signed Message:\n";

/// What an account's key signs, so that a command stands in this log alone, and
/// once: `"berth command 1\n"`, the hash of the log's first entry, the nonce
/// (`u64`, little-endian), the command's canonical bytes.
#[must_use]
pub fn signed_bytes(log: Digest, nonce: u64, command: &Command) -> Vec<u8> {
    let mut bytes = SIGNED.as_bytes().to_vec();
    log.encode(&mut bytes);
    nonce.encode(&mut bytes);
    command.encode(&mut bytes);
    bytes
}

/// The same as a text, which a wallet signs as a SEP-53 message:
///
/// ```text
/// berth command 1
/// log <64 hexadecimal digits: the hash of the log's first entry>
/// nonce <decimal>
/// command <hexadecimal: the command's canonical bytes>
/// ```
///
/// All digits are lower case, and no line ends the text.
#[must_use]
pub fn signed_text(log: Digest, nonce: u64, command: &Command) -> String {
    let mut text = format!("{SIGNED}log {log}\nnonce {nonce}\ncommand ");
    for byte in command.to_bytes() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).expect("four bits are one digit"));
        }
    }
    text
}

/// What a wallet signs of a message, as SEP-53 has it: SHA-256 over
/// `"Stellar Signed Message:\n"` and the message.
#[must_use]
pub fn message_hash(message: &str) -> [u8; 32] {
    Sha256::new().chain_update(MESSAGE).chain_update(message).finalize().into()
}

/// What a key signs to be registered, so that nobody registers one that somebody
/// else has: `"berth key 1\n"`, the hash of the log's first entry, and the 32
/// bytes of the account's own key.
#[must_use]
pub fn key_proof_bytes(log: Digest, address: Address) -> Vec<u8> {
    let mut bytes = KEY.as_bytes().to_vec();
    log.encode(&mut bytes);
    address.encode(&mut bytes);
    bytes
}

impl Authority {
    /// Whether a signature is by its key and over this command in this log; none
    /// where nothing is signed. Ed25519 as RFC 8032 has it, and without keys and
    /// points of small order, with which one signature fits many commands.
    #[must_use]
    pub fn is_signature_of(&self, log: Digest, command: &Command) -> Option<bool> {
        match self {
            Self::Exchange | Self::OperatorAttested | Self::KeyAttested { .. } => None,
            Self::Signed { key, nonce, signature } => {
                Some(is_signed(key, &signed_bytes(log, *nonce, command), signature))
            }
            Self::SignedMessage { key, nonce, signature } => {
                Some(is_signed(key, &message_hash(&signed_text(log, *nonce, command)), signature))
            }
        }
    }
}

impl RegisterKey {
    /// Whether the key itself asks to speak for the account of this address in
    /// this log.
    #[must_use]
    pub fn is_proven(&self, log: Digest, address: Address) -> bool {
        is_signed(&self.key, &key_proof_bytes(log, address), &self.proof)
    }
}

fn is_signed(key: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(key);
    key.is_ok_and(|key| key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok())
}

impl Entry {
    /// Whether the entry's signature holds in the log of this id; none where it
    /// has none.
    #[must_use]
    pub fn is_signed_well(&self, log: Digest) -> Option<bool> {
        self.authority.is_signature_of(log, &self.command)
    }

    /// Whether the key that the entry registers has asked for it, where the
    /// entry's account has this address; none where it registers none.
    #[must_use]
    pub fn is_proven_well(&self, log: Digest, address: Address) -> Option<bool> {
        match &self.command {
            Command::RegisterKey(register) => Some(register.is_proven(log, address)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;
    use crate::command::CancelAll;
    use crate::key::Scopes;

    fn cancel(session: Option<u64>) -> Command {
        CancelAll { market: None, session }.into()
    }

    fn key_of(signer: &SigningKey) -> [u8; 32] {
        signer.verifying_key().to_bytes()
    }

    /// That a signature of either kind stands for this command, nonce, key and
    /// log, and for no other.
    fn check(signed: impl Fn([u8; 32], u64, [u8; 64]) -> Authority, log: Digest, nonce: u64, signature: [u8; 64]) {
        let signer = SigningKey::from_bytes(&[9; 32]);
        let key = key_of(&signer);
        let good = signed(key, nonce, signature);
        assert_eq!(good.is_signature_of(log, &cancel(None)), Some(true));
        assert_eq!(good.is_signature_of(log, &cancel(Some(1))), Some(false));
        assert_eq!(good.is_signature_of(Digest([8; 32]), &cancel(None)), Some(false));
        for wrong in [
            signed(key, nonce + 1, signature),
            signed(key_of(&SigningKey::from_bytes(&[8; 32])), nonce, signature),
            signed([2; 32], nonce, signature),
            signed(key, nonce, [0; 64]),
        ] {
            assert_eq!(wrong.is_signature_of(log, &cancel(None)), Some(false));
        }
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

        let signature = signer.sign(&bytes).to_bytes();
        check(|key, nonce, signature| Authority::Signed { key, nonce, signature }, log, nonce, signature);
        for unsigned in [Authority::Exchange, Authority::OperatorAttested, Authority::KeyAttested { key: [1; 32] }] {
            assert_eq!(unsigned.is_signature_of(log, &cancel(None)), None);
        }
    }

    #[test]
    fn a_wallet_signs_the_same_as_a_message() {
        let (log, nonce) = (Digest([7; 32]), 1_790_000_000_000_000);
        let signer = SigningKey::from_bytes(&[9; 32]);
        let text = signed_text(log, nonce, &cancel(None));
        let drawn = format!("berth command 1\nlog {}\nnonce 1790000000000000\ncommand 1b000000", "07".repeat(32));
        assert_eq!(text, drawn);
        let signature = signer.sign(&message_hash(&text)).to_bytes();
        check(|key, nonce, signature| Authority::SignedMessage { key, nonce, signature }, log, nonce, signature);
        // One kind is never taken for the other.
        let key = key_of(&signer);
        let other = Authority::Signed { key, nonce, signature };
        assert_eq!(other.is_signature_of(log, &cancel(None)), Some(false));
        let signature = signer.sign(&signed_bytes(log, nonce, &cancel(None))).to_bytes();
        let other = Authority::SignedMessage { key, nonce, signature };
        assert_eq!(other.is_signature_of(log, &cancel(None)), Some(false));
    }

    /// The first example of SEP-53 itself: the address of its seed
    /// `SAKICEVQLYWGSOJS4WW7HZJWAHZVEEBS527LHK5V4MLJALYKICQCJXMW`, and what it signs.
    const SEP_53_KEY: [u8; 32] = [
        0x6e, 0x5b, 0xb4, 0x6b, 0xaf, 0x17, 0x2b, 0x03, 0x95, 0x0f, 0xf0, 0x85, 0xf4, 0xc1, 0x1f, 0xc3, 0x56, 0xc7,
        0x5a, 0x91, 0x83, 0x31, 0xa9, 0x8e, 0xd4, 0x83, 0x9c, 0x9c, 0x77, 0x92, 0xb3, 0x81,
    ];
    const SEP_53_SIGNATURE: [u8; 64] = [
        0x7c, 0xee, 0x5d, 0x6d, 0x88, 0x57, 0x52, 0x10, 0x4c, 0x85, 0xee, 0xa4, 0x21, 0xdf, 0xdc, 0xb9, 0x5a, 0xbf,
        0x01, 0xf1, 0x27, 0x1d, 0x11, 0xc4, 0xbe, 0xc3, 0xfc, 0xbd, 0x78, 0x74, 0xdc, 0xcd, 0x6e, 0x2e, 0x98, 0xb9,
        0x7b, 0x8e, 0xb2, 0x3b, 0x64, 0x3c, 0xac, 0x40, 0x73, 0xbb, 0x77, 0xde, 0x5d, 0x07, 0xb0, 0x71, 0x01, 0x39,
        0x18, 0x0a, 0xe9, 0xf3, 0xcb, 0xba, 0x78, 0xf2, 0xba, 0x04,
    ];

    #[test]
    fn a_message_is_signed_as_sep_53_has_it() {
        assert!(is_signed(&SEP_53_KEY, &message_hash("Hello, World!"), &SEP_53_SIGNATURE));
        assert!(!is_signed(&SEP_53_KEY, &message_hash("Hello, World"), &SEP_53_SIGNATURE));
    }

    #[test]
    fn a_key_asks_for_one_account_in_one_log() {
        let (log, address) = (Digest([7; 32]), Address([5; 32]));
        let signer = SigningKey::from_bytes(&[9; 32]);
        let mut drawn = b"berth key 1\n".to_vec();
        drawn.extend([7; 32]);
        drawn.extend([5; 32]);
        assert_eq!(key_proof_bytes(log, address), drawn);
        let proof = signer.sign(&drawn).to_bytes();
        let register = RegisterKey { key: key_of(&signer), scopes: Scopes::ALL, expires_at: None, proof };
        assert!(register.is_proven(log, address));
        assert!(!register.is_proven(Digest([8; 32]), address));
        assert!(!register.is_proven(log, Address([6; 32])));
        assert!(!RegisterKey { key: [2; 32], ..register }.is_proven(log, address));
        assert!(!RegisterKey { proof: [0; 64], ..register }.is_proven(log, address));
    }
}
