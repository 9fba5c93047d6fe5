//! Transactions that somebody else signs: a wallet, or the file with a tenant's
//! key. One side builds them and the other has to see what it signs.

use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    DecoratedSignature, Hash, HostFunction, Limits, MuxedAccount, OperationBody, ReadXdr, Signature, Transaction,
    TransactionEnvelope, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction, Uint256, WriteXdr,
};
use thiserror::Error;

use super::transaction::hint_of;
use super::{Address, Key, Signed};

/// Bytes of the longest envelope that is read. One call fits many times.
const BYTES_MAX: usize = 64 * 1024;
/// How deep XDR may be nested.
const DEPTH_MAX: u32 = 200;

/// A transaction that its account has still to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// The envelope's XDR in base 64, without a signature.
    pub envelope: String,
    /// What is to be signed: the transaction's hash.
    pub hash: [u8; 32],
    /// The most that it costs its account beside what it moves, in stroops.
    pub fee: u32,
    /// It is invalid in ledgers that close after this, in unix seconds.
    pub max_time: u64,
}

/// Why an envelope is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HandedError {
    /// It cannot be read.
    #[error("is not the base 64 of a transaction's envelope")]
    Unreadable,
    /// It does something else, or more than that.
    #[error("is not a transaction whose one operation calls a contract")]
    NotOneCall,
    /// Its account is a part of another.
    #[error("is of a muxed account (M…)")]
    Muxed,
}

/// One call of a contract as a transaction, whoever has signed it.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Who pays for it, and agrees to the call.
    pub source: Address,
    /// The contract that is called.
    pub contract: Address,
    /// Its function.
    pub function: String,
    /// The whole call.
    pub call: HostFunction,
    /// The most that it costs beside what it moves, in stroops.
    pub fee: u32,
    tx: Transaction,
    signatures: Vec<DecoratedSignature>,
}

impl Handed {
    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is none, or of another transaction than one call.
    pub fn read(envelope: &str) -> Result<Self, HandedError> {
        if envelope.len() > BYTES_MAX {
            return Err(HandedError::Unreadable);
        }
        let limits = Limits { depth: DEPTH_MAX, len: BYTES_MAX };
        let envelope = TransactionEnvelope::from_xdr_base64(envelope, limits).map_err(|_| HandedError::Unreadable)?;
        let TransactionEnvelope::Tx(envelope) = envelope else { return Err(HandedError::NotOneCall) };
        let MuxedAccount::Ed25519(Uint256(source)) = envelope.tx.source_account else {
            return Err(HandedError::Muxed);
        };
        let [operation] = envelope.tx.operations.as_slice() else { return Err(HandedError::NotOneCall) };
        let (None, OperationBody::InvokeHostFunction(op)) = (&operation.source_account, &operation.body) else {
            return Err(HandedError::NotOneCall);
        };
        let HostFunction::InvokeContract(invoked) = &op.host_function else { return Err(HandedError::NotOneCall) };
        let contract = Address::from_xdr(&invoked.contract_address).ok_or(HandedError::NotOneCall)?;
        Ok(Self {
            source: Address::Account(source),
            contract,
            function: invoked.function_name.0.to_utf8_string_lossy(),
            call: op.host_function.clone(),
            fee: envelope.tx.fee,
            signatures: envelope.signatures.to_vec(),
            tx: envelope.tx,
        })
    }

    /// The transaction's hash on a network: what is signed.
    #[must_use]
    pub fn hash(&self, network: [u8; 32]) -> [u8; 32] {
        hash(&self.tx, network)
    }

    /// Whether anybody has signed it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        !self.signatures.is_empty()
    }

    /// The envelope with this key's signature alone.
    #[must_use]
    pub fn signed_by(self, key: &Key, network: [u8; 32]) -> String {
        let signature = key.sign(&self.hash(network)).to_vec();
        let signature = signature.try_into().map(Signature).expect("64 bytes are within the limit of 64");
        let signature = DecoratedSignature { hint: hint_of(key.address()), signature };
        write(self.tx, vec![signature])
    }

    /// The same as it can be handed in.
    #[must_use]
    pub fn into_signed(self, network: [u8; 32]) -> Signed {
        let (hash, sequence) = (self.hash(network), self.tx.seq_num.0);
        // Nobody waits for it here: its bound and its first ledger are not asked for.
        Signed {
            envelope: write(self.tx, self.signatures),
            hash,
            sequence,
            max_time: 0,
            valid_until_ledger: 0,
            since_ledger: 0,
        }
    }
}

/// A transaction that is ready but for its signature.
pub(super) fn unsigned(tx: Transaction, network: [u8; 32], max_time: u64) -> Unsigned {
    let (hash, fee) = (hash(&tx, network), tx.fee);
    Unsigned { envelope: write(tx, Vec::new()), hash, fee, max_time }
}

fn hash(tx: &Transaction, network: [u8; 32]) -> [u8; 32] {
    let payload = TransactionSignaturePayload {
        network_id: Hash(network),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    Sha256::digest(payload.to_xdr(Limits::none()).expect("what was read or built encodes")).into()
}

fn write(tx: Transaction, signatures: Vec<DecoratedSignature>) -> String {
    let signatures = signatures.try_into().expect("no more than were read, or one");
    let envelope = TransactionEnvelope::Tx(stellar_xdr::TransactionV1Envelope { tx, signatures });
    envelope.to_xdr_base64(Limits::none()).expect("what was read or built encodes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::transaction::{self, Bounds};
    use crate::contract::deposit;
    use berth_wire::domain::Stroops;

    const NETWORK: [u8; 32] = [7; 32];

    fn built() -> (Unsigned, Key, HostFunction) {
        let key = Key::from_seed(&[1; 32]);
        let Address::Account(source) = key.address() else { unreachable!("a key's address is an account's") };
        let amount = Stroops::new(5).unwrap();
        let call =
            deposit(Address::Contract([2; 32]), key.address(), key.address(), Address::Contract([3; 32]), amount);
        let tx = transaction::unsigned(source, None, 9, Bounds { max_time: 1_000, until_ledger: 0 }, call.clone());
        (unsigned(tx, NETWORK, 1_000), key, call)
    }

    #[test]
    fn what_is_built_is_seen_signed_and_handed_in() {
        let (built, key, call) = built();
        let seen = Handed::read(&built.envelope).unwrap();
        assert_eq!((seen.source, &seen.call, seen.is_signed()), (key.address(), &call, false));
        assert_eq!((seen.contract, seen.function.as_str()), (Address::Contract([2; 32]), "deposit"));
        assert_eq!(seen.hash(NETWORK), built.hash);
        let signed = Handed::read(&seen.signed_by(&key, NETWORK)).unwrap();
        assert!(signed.is_signed());
        let handed = signed.into_signed(NETWORK);
        assert_eq!((handed.hash, handed.sequence), (built.hash, 9));
        // Another network, another hash.
        assert_ne!(Handed::read(&built.envelope).unwrap().hash([8; 32]), built.hash);
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for text in ["", "AAAA", "not base 64", &"A".repeat(BYTES_MAX + 4)] {
            assert_eq!(Handed::read(text).unwrap_err(), HandedError::Unreadable, "{text:.10}");
        }
    }
}
