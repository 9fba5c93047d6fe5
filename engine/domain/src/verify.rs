//! Words of verification: how the results of deterministic jobs are checked.

use sha2::{Digest as _, Sha256};

use crate::codec::{Decode, DecodeError, Encode, Reader, codec_names};
use crate::ids::{Digest, LeaseId};

/// How the results of an order's leases are checked before they are paid. Only
/// for jobs that their tenant declares deterministic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Not at all.
    #[default]
    None,
    /// A tenth is run again elsewhere.
    Spot,
    /// All replicas run on different accounts, and the majority of the results
    /// counts. Their number: 3, 5 or 7.
    Replicas(u8),
}

impl Encode for Verify {
    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::None => out.push(0),
            Self::Spot => out.push(1),
            Self::Replicas(n) => {
                out.push(2);
                n.encode(out);
            }
        }
    }
}

impl Decode for Verify {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::None),
            1 => Ok(Self::Spot),
            2 => Ok(Self::Replicas(u8::decode(input)?)),
            tag => Err(DecodeError::Tag { of: "Verify", tag: tag.into() }),
        }
    }
}

codec_names! {
    /// What came of the verification of a lease's result.
    pub enum Verdict {
        /// It was not drawn to be run again.
        NotDrawn = 0 "notDrawn",
        /// Its result is that of the majority.
        Agreed = 1 "agreed",
        /// The majority has another result.
        Differed = 2 "differed",
        /// The results differ and no one has a majority.
        Undecided = 3 "undecided",
        /// The platform's fees did not suffice to run it again.
        NoFunds = 4 "noFunds",
        /// No bid of another account could run it again.
        NoProvider = 5 "noProvider",
        /// The run that was to check it brought no result.
        NoResult = 6 "noResult",
        /// The chain's ledger that draws was not reported in time.
        NoLedger = 7 "noLedger",
    }
}

/// Whether a lease that finished is run again: one in ten is, and nobody can
/// know which before the first Stellar ledger that closes after it has finished.
/// `SHA-256(hash of that ledger ‖ lease as 8 little-endian bytes)`, read as one
/// big-endian number, is divisible by ten.
#[must_use]
pub fn is_drawn(ledger_hash: Digest, lease: LeaseId) -> bool {
    let mut hasher = Sha256::new();
    hasher.update(ledger_hash.0);
    hasher.update(lease.0.to_le_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    digest.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % 10) == 0
}
