//! `getTransaction` and `getTransactions`.

use super::RpcError;
use super::network::oldest_time;
use super::params::{Pagination, XdrFormat, cursor, limit, starting_ledger};
use crate::chain::Ledger;
use crate::codec::to_base64;
use crate::record::{Record, from_total_order, total_order};
use serde::Deserialize;
use serde_json::{Value, json};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct One {
    hash: String,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Many {
    start_ledger: Option<u32>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

pub(super) fn one(ledger: &Ledger, params: One) -> Result<Value, RpcError> {
    let length = params.hash.len();
    if length != 64 {
        return Err(RpcError::invalid_params(format!("unexpected hash length ({length})")));
    }
    let mut hash = [0; 32];
    hex::decode_to_slice(&params.hash, &mut hash)
        .map_err(|error| RpcError::invalid_params(format!("incorrect hash: {error}")))?;
    let chain = ledger.chain();
    let mut answer = match chain.journal.transaction(hash)? {
        None => json!({
            "status": "NOT_FOUND",
            "ledger": 0,
            "applicationOrder": 0,
            "feeBump": false,
            "createdAt": "0",
            "events": {},
        }),
        Some(record) => {
            let mut answer = told(&record);
            answer["createdAt"] = json!(record.closed_at.to_string());
            answer
        }
    };
    answer["txHash"] = json!(params.hash);
    answer["latestLedger"] = json!(chain.head.seq());
    answer["latestLedgerCloseTime"] = json!(chain.head.time().to_string());
    answer["oldestLedger"] = json!(chain.journal.oldest());
    answer["oldestLedgerCloseTime"] = json!(oldest_time(&chain)?.to_string());
    Ok(answer)
}

pub(super) fn many(ledger: &Ledger, params: Many) -> Result<Value, RpcError> {
    let pagination = params.pagination.unwrap_or_default();
    let chain = ledger.chain();
    let (oldest, latest) = (chain.journal.oldest(), chain.head.seq());
    let start = starting_ledger(&pagination, params.start_ledger, oldest..=latest)?;
    let limit = limit(&pagination, LIMIT_DEFAULT, LIMIT_MAX).map_err(RpcError::of_request)?;
    let from = match cursor(&pagination) {
        None => (start, 0),
        Some(cursor) => {
            let place = cursor.parse().ok().and_then(from_total_order);
            let (ledger, order, _) = place.ok_or_else(|| RpcError::invalid_params("invalid cursor"))?;
            if ledger < oldest {
                let message = format!("database does not contain metadata for ledger: {ledger}");
                return Err(RpcError::invalid_params(message));
            }
            (ledger, order + 1)
        }
    };
    let records = chain.journal.transactions(from, limit)?;
    let cursor = records
        .last()
        .map_or_else(|| total_order(latest, u32::MAX, u32::MAX), |record| total_order(record.ledger, record.order, 1));
    let transactions: Vec<Value> = records
        .iter()
        .map(|record| {
            let mut told = told(record);
            told["txHash"] = json!(hex::encode(record.hash));
            told["createdAt"] = json!(record.closed_at);
            told
        })
        .collect();
    Ok(json!({
        "transactions": transactions,
        "latestLedger": latest,
        "latestLedgerCloseTimestamp": chain.head.time(),
        "oldestLedger": oldest,
        "oldestLedgerCloseTimestamp": oldest_time(&chain)?,
        "cursor": cursor.to_string(),
    }))
}

fn told(record: &Record) -> Value {
    let contract_events: Vec<Vec<String>> =
        record.events().iter().map(|events| events.iter().map(to_base64).collect()).collect();
    let diagnostics: Vec<String> = record.diagnostics().iter().map(to_base64).collect();
    let transaction_events: Vec<String> = record.transaction_events().iter().map(to_base64).collect();
    // Lists that would be empty are left out, as by a node.
    let mut events = json!({});
    if !transaction_events.is_empty() {
        events["transactionEventsXdr"] = json!(transaction_events);
    }
    if !contract_events.is_empty() {
        events["contractEventsXdr"] = json!(contract_events);
    }
    let mut told = json!({
        "status": if record.succeeded() { "SUCCESS" } else { "FAILED" },
        "ledger": record.ledger,
        "applicationOrder": record.order,
        "feeBump": record.within().is_some(),
        "envelopeXdr": to_base64(&record.envelope),
        "resultXdr": to_base64(&record.result),
        "resultMetaXdr": to_base64(&record.meta),
        "events": events,
    });
    if !diagnostics.is_empty() {
        told["diagnosticEventsXdr"] = json!(diagnostics);
    }
    told
}
