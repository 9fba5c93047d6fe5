//! XDR and hashes.

use sha2::{Digest as _, Sha256};
use stellar_xdr::{Limits, ReadXdr, WriteXdr};

/// Depth and length that any value may have, as in the host and the network.
pub(crate) const LIMITS: Limits = Limits { depth: 500, len: 0x0200_0000 };

pub(crate) fn encode(value: &impl WriteXdr) -> Vec<u8> {
    value.to_xdr(LIMITS).expect("a value that was decoded within the limits encodes within them")
}

pub(crate) fn decode<T: ReadXdr>(bytes: &[u8]) -> Result<T, stellar_xdr::Error> {
    T::from_xdr(bytes, LIMITS)
}

pub(crate) fn to_base64(value: &impl WriteXdr) -> String {
    value.to_xdr_base64(LIMITS).expect("a value that was decoded within the limits encodes within them")
}

pub(crate) fn from_base64<T: ReadXdr>(text: &str) -> Result<T, stellar_xdr::Error> {
    T::from_xdr_base64(text, LIMITS)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The hash of a value's XDR.
pub(crate) fn hash(value: &impl WriteXdr) -> [u8; 32] {
    sha256(&encode(value))
}
