//! What the node's key signs: the bytes themselves, which Ed25519 hashes.

use soroban_sdk::{Bytes, Env, xdr::ToXdr};

/// Begins what is signed, so that it can be taken for nothing else.
const DOMAIN: &[u8] = b"berth-receipt-v1\0";
/// An address as a value is its XDR after the four bytes of the value's kind.
const VALUE_KIND_BYTES: u32 = 4;

/// The bytes of a receipt. They name network and contract, so that one of
/// another deployment is none here.
pub(crate) fn message(env: &Env, lease: u64, seconds: u64, seq: u64) -> Bytes {
    let contract = env.current_contract_address().to_xdr(env);
    let mut message = Bytes::from_slice(env, DOMAIN);
    message.append(env.ledger().network_id().as_ref());
    message.append(&contract.slice(VALUE_KIND_BYTES..));
    for number in [lease, seconds, seq] {
        message.extend_from_array(&number.to_be_bytes());
    }
    message
}
