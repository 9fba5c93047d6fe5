//! The resources and footprint that a Soroban transaction declares.

use super::refused::Refused;
use crate::apply::Context;
use crate::asset;
use crate::codec::encode;
use crate::fees::{Size, count, resource_fee, restored};
use soroban_env_host::ledger_info::get_key_durability;
use std::collections::BTreeSet;
use stellar_xdr::{
    Asset, ContractDataDurability, ContractExecutable, ContractIdPreimage, ExtendFootprintTtlResult, HostFunction,
    InvokeHostFunctionResult, LedgerKey, Memo, MuxedAccount, OperationBody, OperationResultTr, RestoreFootprintResult,
    ScError, ScErrorCode as Code, SorobanTransactionData, Transaction, TrustLineAsset,
};

/// Checks a Soroban transaction, apart from its operation.
/// `full_fee` is what it bids itself; none within a fee bump, which may pay
/// for it.
pub(super) fn transaction(
    context: &Context,
    tx: &Transaction,
    data: &SorobanTransactionData,
    size: Size,
    full_fee: Option<i64>,
) -> Result<(), Refused> {
    let operation = &tx.operations[0];
    let is_muxed = |account: &MuxedAccount| matches!(account, MuxedAccount::MuxedEd25519(_));
    let sources = std::iter::once(&tx.source_account).chain(&operation.source_account);
    let names_someone_else = tx.memo != Memo::None || sources.into_iter().any(is_muxed);
    if names_someone_else && matches!(operation.body, OperationBody::InvokeHostFunction(_)) {
        let message = "Soroban transactions are not allowed to use memo or muxed source account";
        return Err(Refused::soroban(ScError::Value, Code::InvalidInput, message, &[]));
    }
    within_limits(context, data, size)?;
    keys(context, data)?;
    restores(data)?;

    let declared = data.resource_fee;
    if let Some(full) = full_fee.filter(|full| declared > *full) {
        let message = "transaction `sorobanData.resourceFee` is higher than the full transaction fee";
        let numbers = [declared.unsigned_abs(), full.unsigned_abs()];
        return Err(Refused::soroban(ScError::Value, Code::ExceededLimit, message, &numbers));
    }
    let needed = resource_fee(context.settings, size, data, 0).fixed;
    if declared < needed {
        let message = "transaction `sorobanData.resourceFee` is lower than the actual Soroban resource fee";
        let numbers = [declared.unsigned_abs(), needed.unsigned_abs()];
        return Err(Refused::soroban(ScError::Value, Code::ExceededLimit, message, &numbers));
    }
    let footprint = &data.resources.footprint;
    let mut seen = BTreeSet::new();
    if !footprint.read_only.iter().chain(footprint.read_write.iter()).all(|key| seen.insert(key)) {
        let message = "Found duplicate key in the Soroban footprint; every key across read-only and read-write \
                       footprints has to be unique.";
        return Err(Refused::soroban(ScError::Storage, Code::InvalidInput, message, &[]));
    }
    Ok(())
}

/// What kind of error a code is of.
type Kind = fn(Code) -> ScError;

fn within_limits(context: &Context, data: &SorobanTransactionData, size: Size) -> Result<(), Refused> {
    let limits = &context.settings.transaction;
    let resources = &data.resources;
    let writes = count(resources.footprint.read_write.len());
    let entries = writes.saturating_add(count(resources.footprint.read_only.len()));
    let (budget, storage): (Kind, Kind) = (ScError::Budget, ScError::Storage);
    for (declared, most, error, message) in [
        (
            resources.instructions,
            limits.instructions_max,
            budget,
            "transaction instructions resources exceed network config limit",
        ),
        (
            resources.disk_read_bytes,
            limits.disk_read_bytes_max,
            storage,
            "transaction byte-read resources exceed network config limit",
        ),
        (
            resources.write_bytes,
            limits.write_bytes_max,
            storage,
            "transaction byte-write resources exceed network config limit",
        ),
        (
            entries,
            limits.footprint_entries_max,
            storage,
            "the number of entries in transaction footprint exceeds the network config limit",
        ),
        (
            size.disk_reads,
            limits.disk_read_entries_max,
            storage,
            "transaction entry-disk-read resources exceed network config limit",
        ),
        (writes, limits.write_entries_max, storage, "transaction entry-write resources exceed network config limit"),
        (size.bytes, limits.size_bytes_max, budget, "total transaction size exceeds network config limit"),
    ] {
        if declared > most {
            let numbers = [u64::from(declared), u64::from(most)];
            return Err(Refused::soroban(error, Code::ExceededLimit, message, &numbers));
        }
    }
    Ok(())
}

/// Keys of kinds that contracts can touch, none too long.
fn keys(context: &Context, data: &SorobanTransactionData) -> Result<(), Refused> {
    let footprint = &data.resources.footprint;
    let longest = context.settings.contract.data_key_bytes_max;
    for key in footprint.read_only.iter().chain(footprint.read_write.iter()) {
        match key {
            LedgerKey::Account(_) | LedgerKey::ContractData(_) | LedgerKey::ContractCode(_) => {}
            LedgerKey::Trustline(line) => {
                let asset = credit(&line.asset).filter(asset::is_valid);
                if asset.is_none_or(|asset| asset::issuer(&asset) == Some(&line.account_id)) {
                    let message = "transaction footprint contains invalid trustline asset";
                    return Err(Refused::soroban(ScError::Storage, Code::InvalidInput, message, &[]));
                }
            }
            _ => {
                let message = "transaction footprint contains unsupported ledger key type";
                return Err(Refused::soroban(ScError::Storage, Code::UnexpectedType, message, &[]));
            }
        }
        let bytes = count(encode(key).len());
        if bytes > longest {
            let message = "transaction footprint key exceeds network config limit";
            let numbers = [u64::from(bytes), u64::from(longest)];
            return Err(Refused::soroban(ScError::Storage, Code::ExceededLimit, message, &numbers));
        }
    }
    Ok(())
}

fn credit(asset: &TrustLineAsset) -> Option<Asset> {
    match asset {
        TrustLineAsset::CreditAlphanum4(credit) => Some(Asset::CreditAlphanum4(credit.clone())),
        TrustLineAsset::CreditAlphanum12(credit) => Some(Asset::CreditAlphanum12(credit.clone())),
        TrustLineAsset::Native | TrustLineAsset::PoolShare(_) => None,
    }
}

/// What is to be restored is persistent and named once, in order.
fn restores(data: &SorobanTransactionData) -> Result<(), Refused> {
    let restored = restored(data);
    let keys = &data.resources.footprint.read_write;
    if !restored.is_sorted_by(|a, b| a < b) {
        let message = "archivedSorobanEntries must be sorted in ascending order";
        return Err(Refused::soroban(ScError::Storage, Code::InvalidInput, message, &[]));
    }
    for index in restored {
        let Some(key) = keys.get(*index as usize) else {
            let message = "archivedSorobanEntries index is out of bounds";
            let numbers = [u64::from(*index), keys.len() as u64];
            return Err(Refused::soroban(ScError::Storage, Code::InvalidInput, message, &numbers));
        };
        if get_key_durability(key) != Some(ContractDataDurability::Persistent) {
            let message = "archivedSorobanEntries index points to a non-persistent entry";
            return Err(Refused::soroban(ScError::Storage, Code::InvalidInput, message, &[u64::from(*index)]));
        }
    }
    Ok(())
}

/// Checks the one operation of a Soroban transaction.
pub(super) fn operation(
    context: &Context,
    body: &OperationBody,
    data: &SorobanTransactionData,
) -> Result<(), OperationResultTr> {
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
    malformed.map_or(Ok(()), Err)
}

fn host_function_is_sound(context: &Context, function: &HostFunction) -> bool {
    let fits = |code: usize| code > 0 && count(code) <= context.settings.contract.code_bytes_max;
    let creation = |preimage: &ContractIdPreimage, executable: &ContractExecutable| match preimage {
        // Only an asset's own contract may stand at the asset's address.
        ContractIdPreimage::Asset(asset) => *executable == ContractExecutable::StellarAsset && asset::is_valid(asset),
        ContractIdPreimage::Address(_) => matches!(executable, ContractExecutable::Wasm(_)),
    };
    match function {
        HostFunction::UploadContractWasm(code) => fits(code.len()),
        HostFunction::CreateContract(create) => creation(&create.contract_id_preimage, &create.executable),
        HostFunction::CreateContractV2(create) => creation(&create.contract_id_preimage, &create.executable),
        HostFunction::InvokeContract(_) => true,
    }
}
