//! The Soroban operations, applied and charged.

use super::{Context, Operations, operation_meta};
use crate::check::{Checked, operation_source};
use crate::codec::{encode, hash};
use crate::fees::{Size, count, resource_fee};
use crate::footprint;
use crate::invoke::invoke;
use crate::state::Overlay;
use soroban_env_host::fees::{LedgerEntryRentChange, compute_rent_fee};
use stellar_xdr::{
    ContractEvent, DiagnosticEvent, ExtendFootprintTtlResult, ExtensionPoint, Hash, InvokeHostFunctionResult,
    InvokeHostFunctionSuccessPreImage, OperationBody, OperationResult, OperationResultTr, RestoreFootprintResult,
    ScVal, SorobanTransactionData, SorobanTransactionMetaExt, SorobanTransactionMetaExtV1, SorobanTransactionMetaV2,
};

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

/// What a Soroban transaction was charged, in stroops, and what it answered.
#[derive(Default)]
pub(super) struct Soroban {
    value: Option<ScVal>,
    fixed_fee: i64,
    events_fee: i64,
    rent_fee: i64,
    pub(super) refund: i64,
    pub(super) diagnostics: Vec<DiagnosticEvent>,
}

/// Applies the one operation of a Soroban transaction.
pub(super) fn apply(
    context: &Context,
    overlay: &mut Overlay,
    checked: &Checked,
    data: &SorobanTransactionData,
) -> Operations {
    let operation = &checked.transaction.operations[0];
    let source = operation_source(operation, &checked.source);
    let mut soroban = Soroban::default();
    let outcome = match &operation.body {
        OperationBody::InvokeHostFunction(body) => {
            invoke(context, overlay, &source, body, data, checked.own_hash(), &mut soroban.diagnostics)
        }
        OperationBody::ExtendFootprintTtl(body) => footprint::extend(context, overlay, data, body.extend_to),
        OperationBody::RestoreFootprint(_) => footprint::restore(context, overlay, data),
        // The check let no other operation pass.
        _ => Err(Failure::Trapped),
    };
    let outcome = outcome.and_then(|outcome| {
        charge(context, checked.size, data, &outcome, &mut soroban)?;
        Ok(outcome)
    });
    if outcome.is_err() {
        let diagnostics = std::mem::take(&mut soroban.diagnostics);
        soroban = Soroban { diagnostics, ..unspent(context, checked, data) };
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

/// A Soroban transaction that did nothing: it gets back all that can be given
/// back.
pub(super) fn unspent(context: &Context, checked: &Checked, data: &SorobanTransactionData) -> Soroban {
    let fixed_fee = resource_fee(context.settings, checked.size, data, 0).fixed;
    Soroban { fixed_fee, refund: data.resource_fee - fixed_fee, ..Soroban::default() }
}

/// Charges what was used of the refundable fee, or refuses.
fn charge(
    context: &Context,
    size: Size,
    data: &SorobanTransactionData,
    outcome: &Outcome,
    soroban: &mut Soroban,
) -> Result<(), Failure> {
    let events: usize = outcome.events.iter().map(|event| encode(event).len()).sum();
    let value = outcome.value.as_ref().map_or(0, |value| encode(value).len());
    let event_bytes = count(events + value);
    if event_bytes > context.settings.transaction.event_bytes_max {
        return Err(Failure::ResourceLimitExceeded);
    }
    let fee = resource_fee(context.settings, size, data, event_bytes);
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

impl Soroban {
    pub(super) fn into_meta(self) -> SorobanTransactionMetaV2 {
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
