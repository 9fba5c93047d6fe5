//! How a checked transaction changes the ledger.

use crate::check::{Checked, operation_source};
use crate::classic;
use crate::codec::{encode, hash};
use crate::fees::{count, resource_fee};
use crate::footprint;
use crate::invoke::invoke;
use crate::modules::Modules;
use crate::record::Record;
use crate::settings::{BASE_RESERVE, PROTOCOL, Settings};
use crate::state::{Overlay, Read as _};
use soroban_env_host::LedgerInfo;
use soroban_env_host::fees::{LedgerEntryRentChange, compute_rent_fee};
use stellar_xdr::{
    AccountId, ContractEvent, DiagnosticEvent, ExtendFootprintTtlResult, ExtensionPoint, Hash,
    InvokeHostFunctionResult, InvokeHostFunctionSuccessPreImage, LedgerEntryChanges, OperationBody, OperationMetaV2,
    OperationResult, OperationResultTr, RestoreFootprintResult, ScVal, SorobanTransactionData,
    SorobanTransactionMetaExt, SorobanTransactionMetaExtV1, SorobanTransactionMetaV2, TransactionEnvelope,
    TransactionMeta, TransactionMetaV4, TransactionResult, TransactionResultExt, TransactionResultResult,
};

/// The ledger that is being made, and what applying needs besides entries.
pub(crate) struct Context<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) modules: &'a Modules,
    pub(crate) network_id: [u8; 32],
    pub(crate) seq: u32,
    /// Unix seconds.
    pub(crate) time: u64,
}

impl Context<'_> {
    /// The ledger as contracts see it.
    pub(crate) fn ledger_info(&self) -> LedgerInfo {
        let mut info = LedgerInfo {
            protocol_version: PROTOCOL,
            sequence_number: self.seq,
            timestamp: self.time,
            network_id: self.network_id,
            base_reserve: BASE_RESERVE,
            ..Default::default()
        };
        self.settings.network.fill_config_fields_in_ledger_info(&mut info);
        info
    }

    /// Until when an entry lives that this ledger restores.
    pub(crate) fn restored_until(&self) -> u32 {
        self.seq.saturating_add(self.settings.network.min_persistent_entry_ttl - 1)
    }
}

/// What a Soroban operation did, besides its changes.
pub(crate) struct Outcome {
    pub(crate) value: Option<ScVal>,
    pub(crate) events: Vec<ContractEvent>,
    pub(crate) rent: Vec<LedgerEntryRentChange>,
}

/// Why a Soroban operation changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Trapped,
    ResourceLimitExceeded,
    EntryArchived,
    InsufficientRefundableFee,
}

/// What the operations of a transaction left behind.
struct Operations {
    results: Vec<OperationResult>,
    metas: Vec<OperationMetaV2>,
    succeeded: bool,
    soroban: Option<Soroban>,
}

/// What a Soroban transaction was charged, in stroops, and what it answered.
#[derive(Default)]
struct Soroban {
    value: Option<ScVal>,
    fixed_fee: i64,
    events_fee: i64,
    rent_fee: i64,
    refund: i64,
    diagnostics: Vec<DiagnosticEvent>,
}

/// Applies a transaction whose fee has been taken. Its sequence number is used
/// up and its fee kept whether or not its operations succeed; these take
/// effect together or not at all.
pub(crate) fn apply(
    context: &Context,
    ledger: &mut Overlay,
    envelope: &TransactionEnvelope,
    checked: &Checked,
    order: u32,
) -> Record {
    let before = use_sequence_number(context, ledger, checked);
    let mut overlay = Overlay::new(ledger, context.seq);
    let operations = match checked.data {
        Some(data) => apply_soroban(context, &mut overlay, envelope, checked, data),
        None => apply_classic(context, &mut overlay, checked),
    };
    if operations.succeeded {
        let writes = overlay.into_writes();
        ledger.absorb(writes);
    }
    let soroban = operations.soroban;
    let refund = soroban.as_ref().map_or(0, |soroban| soroban.refund);
    let after = give_back(context, ledger, &checked.source, refund);

    let results = operations.results.try_into().unwrap_or_default();
    let result = match operations.succeeded {
        true => TransactionResultResult::TxSuccess(results),
        false => TransactionResultResult::TxFailed(results),
    };
    let diagnostics = soroban.as_ref().map(|soroban| soroban.diagnostics.clone()).unwrap_or_default();
    Record {
        hash: checked.hash,
        ledger: context.seq,
        closed_at: context.time,
        order,
        envelope: envelope.clone(),
        result: TransactionResult { fee_charged: checked.fee - refund, result, ext: TransactionResultExt::V0 },
        meta: TransactionMeta::V4(TransactionMetaV4 {
            ext: ExtensionPoint::V0,
            tx_changes_before: before,
            operations: operations.metas.try_into().unwrap_or_default(),
            tx_changes_after: after,
            soroban_meta: soroban.map(Soroban::into_meta),
            events: Default::default(),
            diagnostic_events: diagnostics.try_into().unwrap_or_default(),
        }),
    }
}

/// Takes the fee of a transaction, before any of its ledger is applied.
pub(crate) fn take_fee(ledger: &mut Overlay, checked: &Checked) {
    if let Some(mut payer) = ledger.account(&checked.source).cloned() {
        payer.balance -= checked.fee;
        ledger.put_account(payer);
    }
}

fn use_sequence_number(context: &Context, ledger: &mut Overlay, checked: &Checked) -> LedgerEntryChanges {
    let mut overlay = Overlay::new(ledger, context.seq);
    if let Some(mut account) = overlay.account(&checked.source).cloned() {
        account.seq_num = checked.transaction.seq_num.clone();
        overlay.put_account(account);
    }
    let changes = overlay.changes();
    let writes = overlay.into_writes();
    ledger.absorb(writes);
    changes
}

fn give_back(context: &Context, ledger: &mut Overlay, source: &AccountId, refund: i64) -> LedgerEntryChanges {
    let mut overlay = Overlay::new(ledger, context.seq);
    if let Some(mut account) = overlay.account(source).filter(|_| refund > 0).cloned() {
        account.balance += refund;
        overlay.put_account(account);
    }
    let changes = overlay.changes();
    let writes = overlay.into_writes();
    ledger.absorb(writes);
    changes
}

fn apply_classic(context: &Context, overlay: &mut Overlay, checked: &Checked) -> Operations {
    let (mut results, mut metas, mut succeeded) = (Vec::new(), Vec::new(), true);
    for operation in checked.transaction.operations.iter() {
        let source = operation_source(operation, &checked.source);
        let mut inner = Overlay::new(overlay, context.seq);
        let result = match &operation.body {
            OperationBody::CreateAccount(body) => {
                OperationResultTr::CreateAccount(classic::create_account(&mut inner, context.seq, &source, body))
            }
            OperationBody::Payment(body) => OperationResultTr::Payment(classic::pay(&mut inner, &source, body)),
            // The check let no other operation pass.
            _ => {
                results.push(OperationResult::OpNotSupported);
                succeeded = false;
                continue;
            }
        };
        succeeded &= match &result {
            OperationResultTr::CreateAccount(result) => *result == stellar_xdr::CreateAccountResult::Success,
            OperationResultTr::Payment(result) => *result == stellar_xdr::PaymentResult::Success,
            _ => false,
        };
        results.push(OperationResult::OpInner(result));
        metas.push(operation_meta(inner.changes(), Vec::new()));
        let writes = inner.into_writes();
        overlay.absorb(writes);
    }
    if !succeeded {
        metas.clear();
    }
    Operations { results, metas, succeeded, soroban: None }
}

fn apply_soroban(
    context: &Context,
    overlay: &mut Overlay,
    envelope: &TransactionEnvelope,
    checked: &Checked,
    data: &SorobanTransactionData,
) -> Operations {
    let operation = &checked.transaction.operations[0];
    let source = operation_source(operation, &checked.source);
    let mut soroban = Soroban::default();
    let outcome = match &operation.body {
        OperationBody::InvokeHostFunction(body) => {
            invoke(context, overlay, &source, body, data, checked.hash, &mut soroban.diagnostics)
        }
        OperationBody::ExtendFootprintTtl(body) => footprint::extend(context, overlay, data, body.extend_to),
        OperationBody::RestoreFootprint(_) => footprint::restore(context, overlay, data),
        // The check let no other operation pass.
        _ => Err(Failure::Trapped),
    };
    let outcome = outcome.and_then(|outcome| {
        charge(context, envelope, data, &outcome, &mut soroban)?;
        Ok(outcome)
    });
    if outcome.is_err() {
        let fixed_fee = resource_fee(context.settings, envelope, data, 0).fixed;
        let diagnostics = std::mem::take(&mut soroban.diagnostics);
        soroban = Soroban { fixed_fee, refund: data.resource_fee - fixed_fee, diagnostics, ..Soroban::default() };
    }
    let result = operation_result(&operation.body, outcome.as_ref().map_err(|failure| *failure));
    let succeeded = outcome.is_ok();
    let metas = match outcome {
        Ok(Outcome { value, events, .. }) => {
            soroban.value = value;
            vec![operation_meta(overlay.changes(), events)]
        }
        Err(_) => Vec::new(),
    };
    Operations { results: vec![OperationResult::OpInner(result)], metas, succeeded, soroban: Some(soroban) }
}

/// Charges what was used of the refundable fee, or refuses.
fn charge(
    context: &Context,
    envelope: &TransactionEnvelope,
    data: &SorobanTransactionData,
    outcome: &Outcome,
    soroban: &mut Soroban,
) -> Result<(), Failure> {
    let events: usize = outcome.events.iter().map(|event| encode(event).len()).sum();
    let value = outcome.value.as_ref().map_or(0, |value| encode(value).len());
    let bytes = count(events + value);
    if bytes > context.settings.transaction.event_bytes_max {
        return Err(Failure::ResourceLimitExceeded);
    }
    let fee = resource_fee(context.settings, envelope, data, bytes);
    let rent = compute_rent_fee(&outcome.rent, &context.settings.network.rent_fee_configuration, context.seq);
    let refund = data.resource_fee.saturating_sub(fee.fixed).saturating_sub(fee.events).saturating_sub(rent);
    if refund < 0 {
        return Err(Failure::InsufficientRefundableFee);
    }
    soroban.fixed_fee = fee.fixed;
    soroban.events_fee = fee.events;
    soroban.rent_fee = rent;
    soroban.refund = refund;
    Ok(())
}

fn operation_result(body: &OperationBody, outcome: Result<&Outcome, Failure>) -> OperationResultTr {
    use ExtendFootprintTtlResult as Extend;
    use InvokeHostFunctionResult as Invoke;
    use RestoreFootprintResult as Restore;
    match body {
        OperationBody::ExtendFootprintTtl(_) => OperationResultTr::ExtendFootprintTtl(match outcome {
            Ok(_) => Extend::Success,
            Err(Failure::InsufficientRefundableFee) => Extend::InsufficientRefundableFee,
            Err(_) => Extend::ResourceLimitExceeded,
        }),
        OperationBody::RestoreFootprint(_) => OperationResultTr::RestoreFootprint(match outcome {
            Ok(_) => Restore::Success,
            Err(Failure::InsufficientRefundableFee) => Restore::InsufficientRefundableFee,
            Err(_) => Restore::ResourceLimitExceeded,
        }),
        _ => OperationResultTr::InvokeHostFunction(match outcome {
            Ok(outcome) => Invoke::Success(Hash(success_hash(outcome))),
            Err(Failure::Trapped) => Invoke::Trapped,
            Err(Failure::ResourceLimitExceeded) => Invoke::ResourceLimitExceeded,
            Err(Failure::EntryArchived) => Invoke::EntryArchived,
            Err(Failure::InsufficientRefundableFee) => Invoke::InsufficientRefundableFee,
        }),
    }
}

/// The hash by which a result commits to what the call answered and published.
fn success_hash(outcome: &Outcome) -> [u8; 32] {
    hash(&InvokeHostFunctionSuccessPreImage {
        return_value: outcome.value.clone().unwrap_or(ScVal::Void),
        events: outcome.events.clone().try_into().unwrap_or_default(),
    })
}

fn operation_meta(changes: LedgerEntryChanges, events: Vec<ContractEvent>) -> OperationMetaV2 {
    OperationMetaV2 { ext: ExtensionPoint::V0, changes, events: events.try_into().unwrap_or_default() }
}

impl Soroban {
    fn into_meta(self) -> SorobanTransactionMetaV2 {
        SorobanTransactionMetaV2 {
            ext: SorobanTransactionMetaExt::V1(SorobanTransactionMetaExtV1 {
                ext: ExtensionPoint::V0,
                total_non_refundable_resource_fee_charged: self.fixed_fee,
                total_refundable_resource_fee_charged: self.events_fee + self.rent_fee,
                rent_fee_charged: self.rent_fee,
            }),
            return_value: self.value,
        }
    }
}
