use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    DecoratedSignature, Hash, HostFunction, InvokeHostFunctionOp, Limits, Memo, MuxedAccount, Operation, OperationBody,
    Preconditions, SequenceNumber, Signature, SignatureHint, SorobanAuthorizationEntry, SorobanTransactionData,
    TimeBounds, TimePoint, Transaction, TransactionEnvelope, TransactionExt, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope, Uint256, VecM, WriteXdr,
};

use super::{Key, Network};

/// What we bid for a place in a ledger, in stroops: a hundred times the
/// minimum. Only what the ledger's price is then gets charged.
pub(super) const INCLUSION_FEE: u32 = 10_000;

/// How long a transaction may wait for a ledger, in seconds. Ledgers close
/// about every five; what is not in by then is built anew.
pub(super) const VALID_SECONDS: u64 = 60;

/// A transaction that can be handed in any number of times: it is applied at
/// most once, and never after its bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The envelope's XDR in base 64.
    pub envelope: String,
    /// The transaction's hash.
    #[serde(with = "hex::serde")]
    pub hash: [u8; 32],
    /// The source account's sequence number that it takes.
    pub sequence: i64,
    /// It is invalid in ledgers that close after this, in unix seconds.
    pub max_time: u64,
    /// The newest ledger when it was signed: it cannot be in an older one.
    pub since_ledger: u32,
}

/// A transaction of one call, before its resources are known.
pub(super) fn unsigned(source: [u8; 32], sequence: i64, max_time: u64, call: HostFunction) -> Transaction {
    let op = InvokeHostFunctionOp { host_function: call, auth: VecM::default() };
    let operation = Operation { source_account: None, body: OperationBody::InvokeHostFunction(op) };
    Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(source)),
        fee: INCLUSION_FEE,
        seq_num: SequenceNumber(sequence),
        cond: Preconditions::Time(TimeBounds { min_time: TimePoint(0), max_time: TimePoint(max_time) }),
        memo: Memo::None,
        operations: [operation].try_into().expect("one operation is within the limit of 100"),
        ext: TransactionExt::V0,
    }
}

/// Gives a transaction the authorization that its call needs.
pub(super) fn authorize(tx: &mut Transaction, auth: Vec<SorobanAuthorizationEntry>) -> Option<()> {
    let mut operations = tx.operations.to_vec();
    let [Operation { body: OperationBody::InvokeHostFunction(op), .. }] = operations.as_mut_slice() else {
        return None;
    };
    op.auth = auth.try_into().ok()?;
    tx.operations = operations.try_into().ok()?;
    Some(())
}

/// Gives a transaction its footprint, resources and the fee for them. `None`
/// if the fee does not fit.
pub(super) fn provision(tx: &mut Transaction, data: SorobanTransactionData) -> Option<()> {
    let resources = u32::try_from(data.resource_fee).ok()?;
    tx.fee = resources.checked_add(INCLUSION_FEE)?;
    tx.ext = TransactionExt::V1(data);
    Some(())
}

/// A transaction as simulation takes it: signatures do not matter there.
pub(super) fn bare(tx: Transaction) -> TransactionEnvelope {
    TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() })
}

/// Signs a transaction for one network.
pub(super) fn sign(
    tx: Transaction,
    network: &Network,
    key: &Key,
    max_time: u64,
    since_ledger: u32,
) -> Result<Signed, stellar_xdr::Error> {
    let sequence = tx.seq_num.0;
    let payload = TransactionSignaturePayload {
        network_id: Hash(network.id()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let hash: [u8; 32] = Sha256::digest(payload.to_xdr(Limits::none())?).into();
    let signature = DecoratedSignature {
        hint: SignatureHint(key.hint()),
        signature: Signature(key.sign(&hash).to_vec().try_into()?),
    };
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: [signature].try_into()? });
    let envelope = envelope.to_xdr_base64(Limits::none())?;
    Ok(Signed { envelope, hash, sequence, max_time, since_ledger })
}
