//! What a validator asks of a transaction before it may enter a ledger.

mod signatures;
mod soroban;

use crate::apply::Context;
use crate::codec::hash;
use crate::settings::BASE_FEE;
use crate::state::{Read, spendable};
use signatures::{Signatures, Threshold};
use stellar_xdr::{
    AccountId, Asset, Hash, LedgerBounds, Operation, OperationBody, OperationResult, Preconditions, PreconditionsV2,
    SequenceNumber, SorobanTransactionData, TimeBounds, TimePoint, Transaction, TransactionEnvelope, TransactionExt,
    TransactionResult, TransactionResultExt, TransactionResultResult as Refusal, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction, TransactionV1Envelope,
};

/// A transaction that may enter the next ledger.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) transaction: &'a Transaction,
    pub(crate) hash: [u8; 32],
    pub(crate) source: AccountId,
    /// What is taken before it is applied, in stroops.
    pub(crate) fee: i64,
    /// Of a Soroban transaction.
    pub(crate) data: Option<&'a SorobanTransactionData>,
}

/// Checks `envelope` against the entries as they are before it is applied.
pub(crate) fn check<'a>(
    context: &Context,
    entries: &dyn Read,
    envelope: &'a TransactionEnvelope,
) -> Result<Checked<'a>, Refusal> {
    let TransactionEnvelope::Tx(TransactionV1Envelope { tx, signatures }) = envelope else {
        return Err(Refusal::TxNotSupported);
    };
    let source = tx.source_account.clone().account_id();
    let data = shape(context, envelope, tx)?;
    let min_sequence = preconditions(context, &tx.cond)?;

    let resource_fee = data.map_or(0, |data| data.resource_fee);
    let inclusion = i64::from(tx.fee) - resource_fee;
    let least = i64::from(BASE_FEE) * tx.operations.len() as i64;
    if inclusion < least {
        return Err(Refusal::TxInsufficientFee);
    }
    let account = entries.account(&source).ok_or(Refusal::TxNoAccount)?;
    sequence(account.seq_num.0, tx.seq_num.0, min_sequence)?;

    let payload = TransactionSignaturePayload {
        network_id: Hash(context.network_id),
        tagged_transaction: TransactionSignaturePayloadTaggedTransaction::Tx(tx.clone()),
    };
    let hash = hash(&payload);
    let mut signatures = Signatures::new(hash, signatures);
    if !signatures.authorize(account, Threshold::Low) {
        return Err(Refusal::TxBadAuth);
    }
    // There is no surge here: the least that may be bid is what is charged.
    let fee = resource_fee + least;
    if spendable(account) < fee {
        return Err(Refusal::TxInsufficientBalance);
    }
    operations(entries, tx, &source, &mut signatures)?;
    if signatures.any_unused() {
        return Err(Refusal::TxBadAuthExtra);
    }
    Ok(Checked { transaction: tx, hash, source, fee, data })
}

/// The result that tells why a transaction was not accepted.
pub(crate) fn refusal_result(result: Refusal) -> TransactionResult {
    TransactionResult { fee_charged: 0, result, ext: TransactionResultExt::V0 }
}

/// Checks what can be told without looking at any entry.
fn shape<'a>(
    context: &Context,
    envelope: &TransactionEnvelope,
    tx: &'a Transaction,
) -> Result<Option<&'a SorobanTransactionData>, Refusal> {
    let is_soroban = |operation: &Operation| {
        matches!(
            operation.body,
            OperationBody::InvokeHostFunction(_)
                | OperationBody::ExtendFootprintTtl(_)
                | OperationBody::RestoreFootprint(_)
        )
    };
    let soroban = tx.operations.iter().filter(|operation| is_soroban(operation)).count();
    match (&tx.ext, tx.operations.as_slice()) {
        (_, []) => Err(Refusal::TxMissingOperation),
        (TransactionExt::V0, _) if soroban == 0 => Ok(None),
        (TransactionExt::V1(data), [operation]) if soroban == 1 => {
            soroban::check(context, envelope, &operation.body, data)?;
            Ok(Some(data))
        }
        (TransactionExt::V0, [_]) => Err(Refusal::TxSorobanInvalid),
        _ => Err(Refusal::TxMalformed),
    }
}

/// Checks the bounds of time and ledger; answers the least sequence number of
/// the account from which the transaction may follow.
fn preconditions(context: &Context, conditions: &Preconditions) -> Result<Option<SequenceNumber>, Refusal> {
    let within = |times: &TimeBounds| {
        let TimeBounds { min_time: TimePoint(min), max_time: TimePoint(max) } = *times;
        match context.time {
            time if time < min => Err(Refusal::TxTooEarly),
            time if max != 0 && time > max => Err(Refusal::TxTooLate),
            _ => Ok(()),
        }
    };
    match conditions {
        Preconditions::None => Ok(None),
        Preconditions::Time(times) => within(times).map(|()| None),
        Preconditions::V2(PreconditionsV2 {
            time_bounds,
            ledger_bounds,
            min_seq_num,
            min_seq_age,
            min_seq_ledger_gap,
            extra_signers,
        }) => {
            time_bounds.as_ref().map_or(Ok(()), within)?;
            match ledger_bounds {
                Some(LedgerBounds { min_ledger, .. }) if context.seq < *min_ledger => return Err(Refusal::TxTooEarly),
                Some(LedgerBounds { max_ledger, .. }) if *max_ledger != 0 && context.seq >= *max_ledger => {
                    return Err(Refusal::TxTooLate);
                }
                _ => {}
            }
            // Accounts here do not note when their sequence number moved.
            if min_seq_age.0 != 0 || *min_seq_ledger_gap != 0 || !extra_signers.is_empty() {
                return Err(Refusal::TxNotSupported);
            }
            Ok(min_seq_num.clone())
        }
    }
}

fn sequence(current: i64, next: i64, min: Option<SequenceNumber>) -> Result<(), Refusal> {
    let follows = match min {
        // With a bound, gaps are allowed, but never a step back.
        Some(SequenceNumber(min)) => current >= min && next > current,
        None => current.checked_add(1) == Some(next),
    };
    if follows { Ok(()) } else { Err(Refusal::TxBadSeq) }
}

/// Checks that every operation is one of ours and signed by its source.
fn operations(
    entries: &dyn Read,
    tx: &Transaction,
    source: &AccountId,
    signatures: &mut Signatures,
) -> Result<(), Refusal> {
    for (index, operation) in tx.operations.iter().enumerate() {
        let refused =
            |result: OperationResult| Refusal::TxFailed(vec![result; index + 1].try_into().unwrap_or_default());
        let threshold = match &operation.body {
            OperationBody::CreateAccount(_) | OperationBody::InvokeHostFunction(_) => Threshold::Medium,
            OperationBody::Payment(payment) if payment.asset == Asset::Native => Threshold::Medium,
            OperationBody::ExtendFootprintTtl(_) | OperationBody::RestoreFootprint(_) => Threshold::Low,
            _ => return Err(refused(OperationResult::OpNotSupported)),
        };
        let signer = operation_source(operation, source);
        let account = entries.account(&signer).ok_or_else(|| refused(OperationResult::OpNoAccount))?;
        if !signatures.authorize(account, threshold) {
            return Err(refused(OperationResult::OpBadAuth));
        }
    }
    Ok(())
}

/// Who an operation acts for.
pub(crate) fn operation_source(operation: &Operation, source: &AccountId) -> AccountId {
    operation.source_account.clone().map_or_else(|| source.clone(), |account| account.account_id())
}
