//! `simulateTransaction`.

use super::RpcError;
use super::params::{XdrFormat, envelope};
use crate::apply::Context;
use crate::chain::{Head, Ledger};
use crate::check::operation_source;
use crate::codec::to_base64;
use crate::simulate;
use crate::time::now_seconds;
use serde::Deserialize;
use serde_json::{Value, json};
use soroban_env_host::e2e_invoke::RecordingInvocationAuthMode;
use soroban_simulation::simulation::{InvokeHostFunctionSimulationResult, LedgerEntryDiff};
use stellar_xdr::{
    AccountId, InvokeHostFunctionOp, LedgerKey, OperationBody, SorobanTransactionData, Transaction,
    TransactionEnvelope, TransactionExt,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    transaction: String,
    #[serde(default)]
    resource_config: ResourceConfig,
    auth_mode: Option<AuthMode>,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceConfig {
    #[serde(default)]
    instruction_leeway: u64,
}

/// How authorization is treated. Left out: checked if the transaction brings
/// any, recorded if not.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AuthMode {
    /// What the transaction brings must suffice.
    Enforce,
    /// What is needed is recorded, from the root call on.
    Record,
    /// What is needed is recorded, also where the root call asks for none.
    #[serde(rename = "record_allow_nonroot")]
    RecordAllowNonroot,
}

pub(super) fn simulate(ledger: &Ledger, params: Params) -> Result<Value, RpcError> {
    let head = ledger.head();
    let context = ledger.next(&head, now_seconds());
    let envelope = envelope(&params.transaction)?;
    // As in stellar-rpc, what cannot be simulated is told in the result.
    let failed = |error: String| json!({ "error": error, "latestLedger": head.seq() });
    let tx = match &envelope {
        TransactionEnvelope::Tx(envelope) => &envelope.tx,
        _ => return Ok(failed("only transactions of version 1 can be simulated".into())),
    };
    let [operation] = tx.operations.as_slice() else {
        return Ok(failed("Transaction contains more than one operation".into()));
    };
    let source = operation_source(operation, &tx.source_account.clone().account_id());
    let simulated = match &operation.body {
        OperationBody::InvokeHostFunction(body) => invoke(&context, &head, &source, body, &params),
        OperationBody::ExtendFootprintTtl(body) => {
            let keys = footprint(tx, |data| data.resources.footprint.read_only.as_slice());
            keys.and_then(|keys| simulate::extend(&context, head.state.clone(), keys, body.extend_to)).map(restated)
        }
        OperationBody::RestoreFootprint(_) => {
            let keys = footprint(tx, |data| data.resources.footprint.read_write.as_slice());
            keys.and_then(|keys| simulate::restore(&context, head.state.clone(), keys)).map(restated)
        }
        _ => Err("Transaction contains unsupported operation type".into()),
    };
    let mut answer = simulated.unwrap_or_else(|error| json!({ "error": error }));
    answer["latestLedger"] = json!(head.seq());
    Ok(answer)
}

fn invoke(
    context: &Context,
    head: &Head,
    source: &AccountId,
    operation: &InvokeHostFunctionOp,
    params: &Params,
) -> Result<Value, String> {
    let enforce = || RecordingInvocationAuthMode::Enforcing(operation.auth.to_vec());
    let auth = match params.auth_mode {
        Some(AuthMode::Enforce) => enforce(),
        Some(AuthMode::Record) => RecordingInvocationAuthMode::recording(true, false),
        Some(AuthMode::RecordAllowNonroot) => RecordingInvocationAuthMode::recording(false, false),
        None if operation.auth.is_empty() => RecordingInvocationAuthMode::recording(true, false),
        None => enforce(),
    };
    let leeway = u32::try_from(params.resource_config.instruction_leeway).unwrap_or(u32::MAX);
    let function = operation.host_function.clone();
    let result = simulate::call(context, head.state.clone(), source, function, auth, leeway)?;
    let events: Vec<String> = result.diagnostic_events.iter().map(to_base64).collect();
    Ok(match invoked(&result) {
        Ok(mut answer) => {
            answer["events"] = json!(events);
            answer
        }
        Err(error) => json!({ "error": error, "events": events }),
    })
}

fn invoked(result: &InvokeHostFunctionSimulationResult) -> Result<Value, String> {
    let value = result.invoke_result.as_ref().map_err(|error| format!("{error:?}"))?;
    let data = result.transaction_data.as_ref().ok_or("the call gave no footprint")?;
    let auth: Vec<String> = result.auth.iter().map(to_base64).collect();
    let changes: Vec<Value> = result.modified_entries.iter().filter_map(state_change).collect();
    let mut answer = restated(data.clone());
    answer["results"] = json!([{ "auth": auth, "xdr": to_base64(value) }]);
    answer["stateChanges"] = json!(changes);
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

fn footprint(tx: &Transaction, keys: fn(&SorobanTransactionData) -> &[LedgerKey]) -> Result<&[LedgerKey], String> {
    match &tx.ext {
        TransactionExt::V1(data) => Ok(keys(data)),
        TransactionExt::V0 => Err("the transaction names no footprint".into()),
    }
}
