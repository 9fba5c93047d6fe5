//! The receipts that the node's key signs.

use berth_wire::domain::LeaseId;
use stellar_xdr::{Limits, WriteXdr};

use crate::chain::Address;

/// Begins what is signed, so that it can be taken for nothing else.
const DOMAIN: &[u8] = b"berth-receipt-v1\0";

/// What the receipt key signs, by Ed25519 over these very bytes: that `lease` has
/// evidence for `seconds` of service so far, in its receipt number `seq`. They name
/// the network by its id and the contract, so that no other takes it.
#[must_use]
pub fn receipt_message(network: [u8; 32], contract: Address, lease: LeaseId, seconds: u64, seq: u64) -> Vec<u8> {
    let contract = contract.to_xdr().to_xdr(Limits::none()).expect("an address encodes");
    let numbers = [lease.0, seconds, seq].map(u64::to_be_bytes);
    [DOMAIN, &network, &contract, numbers.as_flattened()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of `docs/escrow.md`, and of the contract's own test.
    #[test]
    fn a_receipts_bytes_are_as_documented() {
        let message = receipt_message([0x11; 32], Address::Contract([0x22; 32]), LeaseId(7), 3_600, 12);
        let expected = [
            "62657274682d726563656970742d763100",
            "1111111111111111111111111111111111111111111111111111111111111111",
            "000000012222222222222222222222222222222222222222222222222222222222222222",
            "0000000000000007",
            "0000000000000e10",
            "000000000000000c",
        ];
        assert_eq!(hex::encode(message), expected.concat());
    }
}
