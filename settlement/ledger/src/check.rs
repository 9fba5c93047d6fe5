//! What a validator asks of a transaction before it may enter a ledger.

mod diagnostic;
mod fee_bump;
mod operations;
mod preconditions;
mod refused;
mod signatures;
mod soroban;

pub(crate) use operations::{blank, trusted};
pub(crate) use refused::{Refused, bumped};

use crate::account::spendable;
use crate::apply::Context;
use crate::codec::{encode, hash};
use crate::fees::{Size, count, disk_read_entries};
use crate::settings::BASE_FEE;
use crate::state::Read;
use signatures::{Signatures, Threshold};
use stellar_xdr::{
    AccountId, DecoratedSignature, Hash, Operation, OperationBody, OperationResult, SorobanTransactionData,
    Transaction, TransactionEnvelope, TransactionExt, TransactionResultResult as Code, TransactionSignaturePayload,
    TransactionSignaturePayloadTaggedTransaction as Tagged,
};

/// The highest resource fee that can be declared, in stroops.
const RESOURCE_FEE_MAX: i64 = 1 << 50;

/// A transaction that may enter the next ledger.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) transaction: &'a Transaction,
    pub(crate) signatures: &'a [DecoratedSignature],
    /// By which it is known: a fee bump's own.
    pub(crate) hash: [u8; 32],
    /// Of the transaction within a fee bump.
    pub(crate) within: Option<[u8; 32]>,
    pub(crate) source: AccountId,
    /// Who pays the fee: the source, or that of the fee bump.
    pub(crate) payer: AccountId,
    /// What is taken before it is applied, in stroops.
    pub(crate) fee: i64,
    /// Stroops that it bids at most, and those of them for being included.
    pub(crate) bid: i64,
    pub(crate) inclusion: i64,
    /// Of a Soroban transaction.
    pub(crate) data: Option<&'a SorobanTransactionData>,
    /// Of the envelope, without that of a fee bump.
    pub(crate) size: Size,
}

impl Checked<'_> {
    fn resource_fee(&self) -> i64 {
        self.data.map_or(0, |data| data.resource_fee)
    }

    /// The hash that the transaction itself is signed by.
    pub(crate) fn own_hash(&self) -> [u8; 32] {
        self.within.unwrap_or(self.hash)
    }

    /// How many operations are paid for.
    pub(crate) fn paid_operations(&self) -> i64 {
        self.transaction.operations.len().max(1) as i64 + i64::from(self.within.is_some())
    }
}

/// When a transaction is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// When it is sent, and when its ledger takes it in: before its fee.
    Sent,
    /// When its turn comes: its fee is paid, and the ledger's transactions
    /// before it may have spoilt it.
    Turn,
}

/// Checks `envelope` against the entries as they are before it is applied and
/// before its fee is taken.
pub(crate) fn check<'a>(
    context: &Context,
    entries: &dyn Read,
    envelope: &'a TransactionEnvelope,
) -> Result<Checked<'a>, Refused> {
    match envelope {
        TransactionEnvelope::TxV0(_) => Err(Code::TxNotSupported.into()),
        TransactionEnvelope::TxFeeBump(envelope) => fee_bump::check(context, entries, envelope),
        TransactionEnvelope::Tx(envelope) => {
            let hash = signed_hash(context, Tagged::Tx(envelope.tx.clone()));
            let mut checked = read(&envelope.tx, &envelope.signatures, hash)?;
            checked.bid = i64::from(envelope.tx.fee);
            checked.inclusion = checked.bid - checked.resource_fee();
            let fee = checked.fee;
            validate(context, entries, &checked, Stage::Sent).map_err(|refused| Refused { fee, ..refused })?;
            Ok(checked)
        }
    }
}

/// Checks again what has paid its fee and is about to be applied.
pub(crate) fn check_again(context: &Context, entries: &dyn Read, checked: &Checked) -> Result<(), Refused> {
    validate(context, entries, checked, Stage::Turn)
}

/// What `tagged` is signed by.
fn signed_hash(context: &Context, tagged_transaction: Tagged) -> [u8; 32] {
    hash(&TransactionSignaturePayload { network_id: Hash(context.network_id), tagged_transaction })
}

/// Reads what a transaction says of its fees.
fn read<'a>(tx: &'a Transaction, signatures: &'a [DecoratedSignature], hash: [u8; 32]) -> Result<Checked<'a>, Refused> {
    let source = tx.source_account.clone().account_id();
    let data = match &tx.ext {
        TransactionExt::V1(data) => Some(data),
        TransactionExt::V0 => None,
    };
    let is_fee = |data: &SorobanTransactionData| (0..=RESOURCE_FEE_MAX).contains(&data.resource_fee);
    if !data.map_or(!tx.operations.iter().any(is_soroban), is_fee) {
        return Err(Code::TxMalformed.into());
    }
    let resource_fee = data.map_or(0, |data| data.resource_fee);
    let signature_bytes: usize = signatures.iter().map(|signature| encode(signature).len()).sum();
    Ok(Checked {
        transaction: tx,
        signatures,
        hash,
        within: None,
        payer: source.clone(),
        source,
        // There is no surge here: the least that may be bid is what is charged.
        fee: resource_fee.saturating_add(least_fee(tx)),
        bid: 0,
        inclusion: 0,
        data,
        size: Size {
            // Besides these an envelope has its kind and the number of signatures.
            bytes: count(8 + encode(tx).len() + signature_bytes),
            disk_reads: data.zip(tx.operations.first()).map_or(0, |(data, it)| disk_read_entries(&it.body, data)),
        },
    })
}

/// The least that a transaction may bid for being included, in stroops.
fn least_fee(tx: &Transaction) -> i64 {
    i64::from(BASE_FEE) * tx.operations.len().max(1) as i64
}

/// Checks everything but what a fee bump answers for.
fn validate(context: &Context, entries: &dyn Read, checked: &Checked, stage: Stage) -> Result<(), Refused> {
    let tx = checked.transaction;
    let pays_itself = checked.within.is_none();
    if !preconditions::extra_signers_are_sound(tx) {
        return Err(Code::TxMalformed.into());
    }
    shape(tx)?;
    if let Some(data) = checked.data {
        let own_bid = pays_itself.then_some(i64::from(tx.fee));
        soroban::transaction(context, tx, data, checked.size, own_bid)?;
    }
    preconditions::bounds(context, tx)?;
    if pays_itself && checked.inclusion < least_fee(tx) {
        return Err(Code::TxInsufficientFee.into());
    }
    let account = entries.account(&checked.source).ok_or(Code::TxNoAccount)?;
    preconditions::sequence(context, tx, account)?;

    let late = |code: Code| Refused { uses_sequence: true, ..Refused::new(code) };
    preconditions::rested(context, tx, account).map_err(late)?;
    let mut signatures = Signatures::new(checked.own_hash(), checked.signatures);
    let signed = signatures.authorize(account, Threshold::Low);
    if !signed || !signatures.signed_by_all(preconditions::extra_signers(tx)) {
        return Err(late(Code::TxBadAuth));
    }
    let payable = match stage {
        Stage::Sent => checked.bid,
        Stage::Turn => 0,
    };
    if pays_itself && spendable(account) < payable {
        return Err(late(Code::TxInsufficientBalance));
    }
    check_operations(context, entries, checked, &mut signatures, stage)
        .map_err(|results| late(Code::TxFailed(results.try_into().unwrap_or_default())))?;
    if signatures.any_unused() {
        return Err(late(Code::TxBadAuthExtra));
    }
    Ok(())
}

fn is_soroban(operation: &Operation) -> bool {
    matches!(
        operation.body,
        OperationBody::InvokeHostFunction(_)
            | OperationBody::ExtendFootprintTtl(_)
            | OperationBody::RestoreFootprint(_)
    )
}

/// One Soroban operation with its data, or any number of others without.
fn shape(tx: &Transaction) -> Result<(), Refused> {
    let soroban = tx.operations.iter().filter(|operation| is_soroban(operation)).count();
    match (tx.operations.len(), soroban, &tx.ext) {
        (0, _, _) => Err(Code::TxMissingOperation.into()),
        (_, 0, TransactionExt::V0) | (1, 1, TransactionExt::V1(_)) => Ok(()),
        _ => Err(Code::TxMalformed.into()),
    }
}

/// Checks that every operation is one of ours, signed by its source and sound.
fn check_operations(
    context: &Context,
    entries: &dyn Read,
    checked: &Checked,
    signatures: &mut Signatures,
    stage: Stage,
) -> Result<(), Vec<OperationResult>> {
    let operations = &checked.transaction.operations;
    let mut results: Vec<OperationResult> = operations.iter().map(|operation| blank(&operation.body)).collect();
    let mut signed = true;
    for (operation, result) in operations.iter().zip(&mut results) {
        let source = operation_source(operation, &checked.source);
        let refused = match check_operation(context, entries, operation, &source, checked.data, signatures) {
            Ok(()) => continue,
            Err(refused) => refused,
        };
        *result = refused;
        signed = false;
        // What is sent hears of its first wrong operation, what has its turn
        // of all whose signatures no longer suffice.
        if stage == Stage::Sent {
            break;
        }
    }
    if signed { Ok(()) } else { Err(results) }
}

fn check_operation(
    context: &Context,
    entries: &dyn Read,
    operation: &Operation,
    source: &AccountId,
    data: Option<&SorobanTransactionData>,
    signatures: &mut Signatures,
) -> Result<(), OperationResult> {
    let threshold = operations::threshold(&operation.body).ok_or(OperationResult::OpNotSupported)?;
    let signed = match entries.account(source) {
        Some(account) => signatures.authorize(account, threshold),
        // An operation before it may create the account.
        None if operation.source_account.is_some() => signatures.signed_by_key_of(source),
        None => return Err(OperationResult::OpNoAccount),
    };
    if !signed {
        return Err(OperationResult::OpBadAuth);
    }
    operations::sound(context, operation, source, data).map_err(OperationResult::OpInner)
}

/// Who an operation acts for.
pub(crate) fn operation_source(operation: &Operation, source: &AccountId) -> AccountId {
    operation.source_account.clone().map_or_else(|| source.clone(), |account| account.account_id())
}
