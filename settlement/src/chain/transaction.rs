use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stellar_xdr::{
    DecoratedSignature, Duration, Hash, HostFunction, InvokeHostFunctionOp, LedgerBounds, Limits, Memo, MuxedAccount,
    Operation, OperationBody, Preconditions, PreconditionsV2, SequenceNumber, Signature, SignatureHint,
    SorobanAuthorizationEntry, SorobanTransactionData, TimeBounds, TimePoint, Transaction, TransactionEnvelope,
    TransactionExt, TransactionSignaturePayload, TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope,
    Uint256, VecM, WriteXdr,
};

use super::{Address, Network, SignError, Signer};

/// What we bid for a place in a ledger at first, in stroops per operation: a
/// hundred times the minimum. Only what the ledger's price is then gets charged.
pub(super) const INCLUSION_FEE: u32 = 10_000;

/// How long a transaction may wait for a ledger, in seconds. Ledgers close
/// about every five; what is not in by then is built anew.
pub(super) const VALID_SECONDS: u64 = 60;

/// How many ledgers it may wait for at most: twenty minutes' worth of the public
/// network's, so that the bound in time comes first there, and a few seconds' of
/// a local one that closes quickly.
pub(super) const VALID_LEDGERS: u32 = 240;

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
    /// It is invalid in this ledger and those after it; 0 when it says nothing of
    /// ledgers.
    #[serde(default)]
    pub valid_until_ledger: u32,
    /// The newest ledger when it was signed: it cannot be in an older one.
    pub since_ledger: u32,
}

/// Until when a transaction is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// In ledgers that close no later, in unix seconds.
    pub(super) max_time: u64,
    /// In ledgers before this one, unless it is 0.
    pub(super) until_ledger: u32,
}

impl Bounds {
    fn conditions(self) -> Preconditions {
        let times = TimeBounds { min_time: TimePoint(0), max_time: TimePoint(self.max_time) };
        if self.until_ledger == 0 {
            return Preconditions::Time(times);
        }
        Preconditions::V2(PreconditionsV2 {
            time_bounds: Some(times),
            ledger_bounds: Some(LedgerBounds { min_ledger: 0, max_ledger: self.until_ledger }),
            min_seq_num: None,
            min_seq_age: Duration(0),
            min_seq_ledger_gap: 0,
            extra_signers: VecM::default(),
        })
    }
}

/// A transaction of one call, before its resources are known. `actor` calls, if
/// it is not the source.
pub(super) fn unsigned(
    source: [u8; 32],
    actor: Option<[u8; 32]>,
    sequence: i64,
    bounds: Bounds,
    call: HostFunction,
) -> Transaction {
    let op = InvokeHostFunctionOp { host_function: call, auth: VecM::default() };
    let source_account = actor.map(|actor| MuxedAccount::Ed25519(Uint256(actor)));
    let operation = Operation { source_account, body: OperationBody::InvokeHostFunction(op) };
    of(source, sequence, bounds, vec![operation]).expect("one operation is within the limit of 100")
}

/// A transaction of these operations, at most 100, with the first bid for each.
pub(super) fn of(source: [u8; 32], sequence: i64, bounds: Bounds, operations: Vec<Operation>) -> Option<Transaction> {
    let count = u32::try_from(operations.len()).ok()?;
    Some(Transaction {
        source_account: MuxedAccount::Ed25519(Uint256(source)),
        fee: INCLUSION_FEE.checked_mul(count)?,
        seq_num: SequenceNumber(sequence),
        cond: bounds.conditions(),
        memo: Memo::None,
        operations: operations.try_into().ok()?,
        ext: TransactionExt::V0,
    })
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

/// Gives a transaction its footprint, resources and the fee for them, and `bid`
/// on top for its place. `None` if the fee does not fit.
pub(super) fn provision(tx: &mut Transaction, data: SorobanTransactionData, bid: u32) -> Option<()> {
    let resources = u32::try_from(data.resource_fee).ok()?;
    tx.fee = resources.checked_add(bid)?;
    tx.ext = TransactionExt::V1(data);
    Some(())
}

/// A transaction as simulation takes it: signatures do not matter there.
pub(super) fn bare(tx: Transaction) -> TransactionEnvelope {
    TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: VecM::default() })
}

/// Signs a transaction for one network, by all of `signers`.
pub(super) async fn sign(
    tx: Transaction,
    network: &Network,
    signers: &[&Signer],
    bounds: Bounds,
    since_ledger: u32,
) -> Result<Signed, SignError> {
    let sequence = tx.seq_num.0;
    let payload = TransactionSignaturePayload {
        network_id: Hash(network.id()),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let hash: [u8; 32] = Sha256::digest(payload.to_xdr(Limits::none())?).into();
    let mut signatures = Vec::with_capacity(signers.len());
    for signer in signers {
        let signature = Signature(signer.sign(&hash).await?.to_vec().try_into()?);
        signatures.push(DecoratedSignature { hint: hint_of(signer.address()), signature });
    }
    let envelope = TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures: signatures.try_into()? });
    let envelope = envelope.to_xdr_base64(Limits::none())?;
    let Bounds { max_time, until_ledger } = bounds;
    Ok(Signed { envelope, hash, sequence, max_time, valid_until_ledger: until_ledger, since_ledger })
}

/// The last four bytes of the public key, by which a signature says whose it is.
pub(super) fn hint_of(address: Address) -> SignatureHint {
    let (Address::Account(key) | Address::Contract(key)) = address;
    SignatureHint([key[28], key[29], key[30], key[31]])
}
