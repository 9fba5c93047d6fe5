//! `simulateTransaction`.

use super::params::{XdrFormat, envelope};
use crate::apply::Context;
use crate::chain::{Head, Ledger};
use crate::check::operation_source;
use crate::codec::to_base64;
use crate::simulate;
use serde::Deserialize;
use serde_json::{Value, json};
use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_simulation::simulation::{InvokeHostFunctionSimulationResult, LedgerEntryDiff};
use stellar_xdr::{
    AccountId, FeeBumpTransactionInnerTx, InvokeHostFunctionOp, LedgerFootprint, Memo, OperationBody,
    SorobanTransactionData, Transaction, TransactionEnvelope, TransactionExt,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    transaction: String,
    #[serde(default)]
    resource_config: ResourceConfig,
    auth_mode: Option<String>,
    /// Whether recorded authorizations bind the address that signs them.
    #[serde(default)]
    use_upgraded_auth: bool,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceConfig {
    #[serde(default)]
    instruction_leeway: u64,
}

pub(super) fn simulate(ledger: &Ledger, params: Params) -> Value {
    let head = ledger.head();
    // As in stellar-rpc, what cannot be simulated is told in the result.
    let mut answer = answer(ledger, &head, &params).unwrap_or_else(|error| json!({ "error": error }));
    answer["latestLedger"] = json!(head.seq());
    answer
}

fn answer(ledger: &Ledger, head: &Head, params: &Params) -> Result<Value, String> {
    let context = ledger.next(head, head.time());
    let envelope = envelope(&params.transaction).ok_or("Could not unmarshal transaction")?;
    let tx = match &envelope {
        TransactionEnvelope::Tx(envelope) => &envelope.tx,
        TransactionEnvelope::TxFeeBump(bump) => {
            let FeeBumpTransactionInnerTx::Tx(inner) = &bump.tx.inner_tx;
            &inner.tx
        }
        TransactionEnvelope::TxV0(_) => return Err("only transactions of version 1 can be simulated".into()),
    };
    let [operation] = tx.operations.as_slice() else {
        return Err("Transaction contains more than one operation".into());
    };
    if tx.memo != Memo::None {
        return Err("Transaction contains a memo. Soroban transactions do not support memos.".into());
    }
    let auth_mode = params.auth_mode.as_deref().unwrap_or_default();
    let no_footprint = || {
        String::from(
            "To perform a SimulateTransaction for ExtendFootprintTtl or RestoreFootprint operations, \
             SorobanTransactionData must be provided",
        )
    };
    let source = operation_source(operation, &tx.source_account.clone().account_id());
    match &operation.body {
        OperationBody::InvokeHostFunction(body) => {
            let auth = authorization(auth_mode, body, params.use_upgraded_auth)?;
            invoke(&context, head, &source, body, auth, params.resource_config.instruction_leeway)
        }
        OperationBody::ExtendFootprintTtl(_) | OperationBody::RestoreFootprint(_) if !auth_mode.is_empty() => {
            Err("cannot set authMode with non-InvokeHostFunction operations".into())
        }
        OperationBody::ExtendFootprintTtl(body) => {
            let keys = footprint(tx).ok_or_else(no_footprint)?.read_only.as_slice();
            let extended = simulate::extend(&context, head.state.clone(), keys, body.extend_to)?;
            let mut answer = restated(extended.data);
            if let Some(restored) = extended.restored_before {
                answer["restorePreamble"] = restated(restored);
            }
            Ok(answer)
        }
        OperationBody::RestoreFootprint(_) => {
            let keys = footprint(tx).ok_or_else(no_footprint)?.read_write.as_slice();
            simulate::restore(&context, head.state.clone(), keys).map(restated)
        }
        body => Err(format!("transaction contains unsupported operation type: {}", body.name())),
    }
}

/// How authorization is treated. Left out, what the transaction brings must
/// suffice, and if it brings none, what is needed is recorded.
fn authorization(
    mode: &str,
    operation: &InvokeHostFunctionOp,
    use_upgraded_auth: bool,
) -> Result<RecordingInvocationAuthMode, String> {
    let enforce = || RecordingInvocationAuthMode::Enforcing(operation.auth.to_vec());
    let record = |from_root_alone| RecordingInvocationAuthMode::recording(from_root_alone, use_upgraded_auth);
    match mode {
        "enforce" => Ok(enforce()),
        "" if !operation.auth.is_empty() => Ok(enforce()),
        "" => Ok(record(true)),
        "record" | "record_allow_nonroot" if !operation.auth.is_empty() => {
            Err(format!("cannot set authMode to '{mode}' with an auth footprint"))
        }
        "record" => Ok(record(true)),
        "record_allow_nonroot" => Ok(record(false)),
        _ => Err("optional 'authMode' must be one of enforce,record,record_allow_nonroot when included".into()),
    }
}

fn invoke(
    context: &Context,
    head: &Head,
    source: &AccountId,
    operation: &InvokeHostFunctionOp,
    auth: RecordingInvocationAuthMode,
    leeway: u64,
) -> Result<Value, String> {
    let leeway = u32::try_from(leeway).map_err(|_| "instructionLeeway does not fit in 32 bits")?;
    let function = operation.host_function.clone();
    let result = simulate::call(context, head.state.clone(), source, function, auth, leeway)?;
    let events: Vec<String> = result.diagnostic_events.iter().map(to_base64).collect();
    let mut answer = invoked(&result).unwrap_or_else(|error| json!({ "error": error }));
    if !events.is_empty() {
        answer["events"] = json!(events);
    }
    Ok(answer)
}

fn invoked(result: &InvokeHostFunctionSimulationResult) -> Result<Value, String> {
    let value = result.invoke_result.as_ref().map_err(|error| format!("{error:?}"))?;
    let data = result.transaction_data.as_ref().ok_or("the call gave no footprint")?;
    let auth: Vec<String> = result.auth.iter().map(to_base64).collect();
    let changes: Vec<Value> = result.modified_entries.iter().filter_map(state_change).collect();
    let mut answer = restated(data.clone());
    answer["results"] = json!([{ "auth": auth, "xdr": to_base64(value) }]);
    if !changes.is_empty() {
        answer["stateChanges"] = json!(changes);
    }
    Ok(answer)
}

fn restated(data: SorobanTransactionData) -> Value {
    json!({ "transactionData": to_base64(&data), "minResourceFee": data.resource_fee.to_string() })
}

fn state_change(diff: &LedgerEntryDiff) -> Option<Value> {
    let kind = match (&diff.state_before, &diff.state_after) {
        (None, None) => return None,
        (None, Some(_)) => "created",
        (Some(_), None) => "deleted",
        (Some(_), Some(_)) => "updated",
    };
    let entry = diff.state_after.as_ref().or(diff.state_before.as_ref())?;
    Some(json!({
        "type": kind,
        "key": to_base64(&entry.to_key()),
        "before": diff.state_before.as_ref().map(to_base64),
        "after": diff.state_after.as_ref().map(to_base64),
    }))
}

fn footprint(tx: &Transaction) -> Option<&LedgerFootprint> {
    match &tx.ext {
        TransactionExt::V1(data) => Some(&data.resources.footprint),
        TransactionExt::V0 => None,
    }
}
