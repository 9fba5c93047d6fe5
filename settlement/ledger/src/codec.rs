//! XDR and hashes.

use sha2::{Digest as _, Sha256};
use stellar_xdr::{Limits, ReadXdr, WriteXdr};

/// Depth and length that a value from outside may have, as in the host and the
/// network.
const FOREIGN: Limits = Limits { depth: 500, len: 0x0200_0000 };

/// What was let in is wrapped in other values; the same limits would then be
/// too narrow for it.
const OWN: Limits = Limits { depth: 1_000, len: 0x4000_0000 };

const FITS: &str = "what was decoded within the narrower limits fits, wrapped, into the wider";

pub(crate) fn encode(value: &impl WriteXdr) -> Vec<u8> {
    value.to_xdr(OWN).expect(FITS)
}

/// Decodes what this ledger or its host encoded.
pub(crate) fn decode<T: ReadXdr>(bytes: &[u8]) -> Result<T, stellar_xdr::Error> {
    T::from_xdr(bytes, OWN)
}

pub(crate) fn to_base64(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(OWN).expect(FITS)
}

/// Decodes what a client sent.
pub(crate) fn from_base64<T: ReadXdr>(text: &str) -> Result<T, stellar_xdr::Error> {
    T::from_xdr_base64(text, FOREIGN)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The hash of a value's XDR.
pub(crate) fn hash(value: &impl WriteXdr) -> [u8; 32] {
    sha256(&encode(value))
}
