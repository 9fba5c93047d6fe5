//! The resources and footprint that a Soroban transaction declares.

use crate::apply::Context;
use crate::codec::encode;
use crate::fees::{count, disk_read_entries, resource_fee, restored};
use soroban_env_host::ledger_info::get_key_durability;
use std::collections::BTreeSet;
use stellar_xdr::{
    ContractDataDurability, ContractExecutable, ContractIdPreimage, ExtendFootprintTtlResult, HostFunction,
    InvokeHostFunctionResult, LedgerKey, OperationBody, OperationResult, OperationResultTr, RestoreFootprintResult,
    SorobanTransactionData, TransactionEnvelope, TransactionResultResult as Refusal,
};

pub(super) fn check(
    context: &Context,
    envelope: &TransactionEnvelope,
    body: &OperationBody,
    data: &SorobanTransactionData,
) -> Result<(), Refusal> {
    if !within_limits(context, envelope, data) || !footprint_is_sound(data) {
        return Err(Refusal::TxSorobanInvalid);
    }
    if data.resource_fee < resource_fee(context.settings, envelope, data, 0).fixed {
        return Err(Refusal::TxSorobanInvalid);
    }
    let footprint = &data.resources.footprint;
    let durability = |key: &LedgerKey| get_key_durability(key);
    let malformed = match body {
        OperationBody::InvokeHostFunction(operation) => (!host_function_is_sound(context, &operation.host_function))
            .then_some(OperationResultTr::InvokeHostFunction(InvokeHostFunctionResult::Malformed)),
        OperationBody::ExtendFootprintTtl(operation) => {
            let sound = footprint.read_write.is_empty()
                && footprint.read_only.iter().all(|key| durability(key).is_some())
                && operation.extend_to < context.settings.network.max_entry_ttl;
            (!sound).then_some(OperationResultTr::ExtendFootprintTtl(ExtendFootprintTtlResult::Malformed))
        }
        OperationBody::RestoreFootprint(_) => {
            let persistent = Some(ContractDataDurability::Persistent);
            let sound =
                footprint.read_only.is_empty() && footprint.read_write.iter().all(|key| durability(key) == persistent);
            (!sound).then_some(OperationResultTr::RestoreFootprint(RestoreFootprintResult::Malformed))
        }
        _ => None,
    };
    match malformed {
        None => Ok(()),
        Some(result) => Err(Refusal::TxFailed(vec![OperationResult::OpInner(result)].try_into().unwrap_or_default())),
    }
}

fn within_limits(context: &Context, envelope: &TransactionEnvelope, data: &SorobanTransactionData) -> bool {
    let limits = &context.settings.transaction;
    let resources = &data.resources;
    let footprint = &resources.footprint;
    let writes = count(footprint.read_write.len());
    data.resource_fee >= 0
        && resources.instructions <= limits.instructions_max
        && resources.disk_read_bytes <= limits.disk_read_bytes_max
        && resources.write_bytes <= limits.write_bytes_max
        && writes <= limits.write_entries_max
        && writes.saturating_add(count(footprint.read_only.len())) <= limits.footprint_entries_max
        && disk_read_entries(data) <= limits.disk_read_entries_max
        && count(encode(envelope).len()) <= limits.size_bytes_max
}

/// No key twice, none of a kind that contracts cannot touch, and what is to be
/// restored is persistent and named once, in order.
fn footprint_is_sound(data: &SorobanTransactionData) -> bool {
    let footprint = &data.resources.footprint;
    let mut seen = BTreeSet::new();
    let keys_are_sound = footprint.read_only.iter().chain(footprint.read_write.iter()).all(|key| {
        let kind = matches!(
            key,
            LedgerKey::Account(_) | LedgerKey::Trustline(_) | LedgerKey::ContractData(_) | LedgerKey::ContractCode(_)
        );
        kind && seen.insert(key)
    });
    let restored = restored(data);
    let restores_are_sound = restored.is_sorted_by(|a, b| a < b)
        && restored.iter().all(|index| {
            let key = footprint.read_write.get(*index as usize);
            key.and_then(get_key_durability) == Some(ContractDataDurability::Persistent)
        });
    keys_are_sound && restores_are_sound
}

fn host_function_is_sound(context: &Context, function: &HostFunction) -> bool {
    let fits = |code: usize| code > 0 && count(code) <= context.settings.contract.code_bytes_max;
    let creation = |preimage: &ContractIdPreimage, executable: &ContractExecutable| match preimage {
        // Only an asset's own contract may stand at the asset's address.
        ContractIdPreimage::Asset(_) => *executable == ContractExecutable::StellarAsset,
        ContractIdPreimage::Address(_) => matches!(executable, ContractExecutable::Wasm(_)),
    };
    match function {
        HostFunction::UploadContractWasm(code) => fits(code.len()),
        HostFunction::CreateContract(create) => creation(&create.contract_id_preimage, &create.executable),
        HostFunction::CreateContractV2(create) => creation(&create.contract_id_preimage, &create.executable),
        HostFunction::InvokeContract(_) => true,
    }
}
