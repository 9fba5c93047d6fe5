//! An entry of the log: one command, with who said it and when.

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_struct};
use crate::command::Command;
use crate::ids::{AccountId, Digest, Seq};
use crate::time::Micros;

/// The rules by which today's engine applies entries.
pub const RULES_VERSION: u16 = 1;

/// Why the exchange believes that an entry comes from its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The exchange itself: a tick, or a fact that its follower reports.
    Exchange,
    /// The operator's word: it came with a bearer token or in open mode.
    OperatorAttested,
    /// A signature over [`signed_bytes`](crate::signed_bytes).
    Signed {
        /// The account's own key, or one that is registered with it.
        key: [u8; 32],
        /// When it was signed, in microseconds since 1970; above that of every
        /// command before that the key signed.
        nonce: u64,
        /// Ed25519.
        signature: [u8; 64],
    },
    /// The operator's word: it came with this key of the account's.
    KeyAttested {
        /// A key that is registered with the account.
        key: [u8; 32],
    },
    /// A signature over [`signed_text`](crate::signed_text) as a message, the only
    /// thing that some wallets sign.
    SignedMessage {
        /// As of [`Authority::Signed`].
        key: [u8; 32],
        /// As of [`Authority::Signed`].
        nonce: u64,
        /// Ed25519, as SEP-53 has it.
        signature: [u8; 64],
    },
}

impl Authority {
    /// The key, where one speaks: not where it is the exchange, nor where the
    /// operator gives its word for the account as a whole.
    #[must_use]
    pub const fn key(&self) -> Option<&[u8; 32]> {
        match self {
            Self::Exchange | Self::OperatorAttested => None,
            Self::Signed { key, .. } | Self::KeyAttested { key } | Self::SignedMessage { key, .. } => Some(key),
        }
    }

    /// The nonce, where it is signed.
    #[must_use]
    pub const fn nonce(&self) -> Option<u64> {
        match self {
            Self::Signed { nonce, .. } | Self::SignedMessage { nonce, .. } => Some(*nonce),
            Self::Exchange | Self::OperatorAttested | Self::KeyAttested { .. } => None,
        }
    }

    /// Whether a signature shows that it is the account's word.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.nonce().is_some()
    }

    /// Whether it is the account's word on the operator's word alone.
    #[must_use]
    pub const fn is_attested(&self) -> bool {
        matches!(self, Self::OperatorAttested | Self::KeyAttested { .. })
    }
}

impl Encode for Authority {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Exchange => out.push(0),
            Self::OperatorAttested => out.push(1),
            Self::Signed { key, nonce, signature } => {
                out.push(2);
                key.encode(out);
                nonce.encode(out);
                signature.encode(out);
            }
            Self::KeyAttested { key } => {
                out.push(3);
                key.encode(out);
            }
            Self::SignedMessage { key, nonce, signature } => {
                out.push(4);
                key.encode(out);
                nonce.encode(out);
                signature.encode(out);
            }
        }
    }
}

impl Decode for Authority {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Exchange),
            1 => Ok(Self::OperatorAttested),
            2 => Ok(Self::Signed {
                key: Decode::decode(input)?,
                nonce: Decode::decode(input)?,
                signature: Decode::decode(input)?,
            }),
            3 => Decode::decode(input).map(|key| Self::KeyAttested { key }),
            4 => Ok(Self::SignedMessage {
                key: Decode::decode(input)?,
                nonce: Decode::decode(input)?,
                signature: Decode::decode(input)?,
            }),
            tag => Err(DecodeError::Tag { of: "Authority", tag: tag.into() }),
        }
    }
}

/// One command at its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The rules that apply to it.
    pub rules: u16,
    /// Its place.
    pub seq: Seq,
    /// When the sequencer stamped it; never less than the entry before.
    pub at: Micros,
    /// Who says it.
    pub account: AccountId,
    /// Why that is believed.
    pub authority: Authority,
    /// What is said.
    pub command: Command,
}

codec_struct!(Entry { rules, seq, at, account, authority, command });

impl Entry {
    /// BLAKE3 over the canonical bytes: what an acknowledgement returns.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest(blake3::hash(&self.to_bytes()).into())
    }
}
