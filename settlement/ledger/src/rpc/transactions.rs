//! `getTransaction` and `getTransactions`.

use super::RpcError;
use super::network::oldest_time;
use super::params::{Pagination, XdrFormat, limit};
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
    let mut hash = [0; 32];
    hex::decode_to_slice(&params.hash, &mut hash)
        .map_err(|_| RpcError::invalid_params("hash must be 64 hexadecimal digits"))?;
    let chain = ledger.chain();
    let mut answer = match chain.journal.transaction(hash)? {
        None => json!({ "status": "NOT_FOUND" }),
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
    let limit = limit(&pagination, LIMIT_DEFAULT, LIMIT_MAX)?;
    let chain = ledger.chain();
    let (oldest, latest) = (chain.journal.oldest(), chain.head.seq());
    let from = match (&pagination.cursor, params.start_ledger) {
        (Some(_), Some(_)) => {
            return Err(RpcError::invalid_params("startLedger and cursor cannot both be set"));
        }
        (Some(cursor), None) => {
            let place = cursor.parse().ok().and_then(from_total_order);
            let (ledger, order, _) = place.ok_or_else(|| RpcError::invalid_params("invalid cursor"))?;
            (ledger, order + 1)
        }
        (None, start) => {
            let start = start.unwrap_or(0);
            if !(oldest..=latest).contains(&start) {
                let range = format!("the oldest ledger: {oldest} and the latest ledger: {latest}");
                return Err(RpcError::invalid_request(format!(
                    "start ledger must be between {range} for this rpc instance"
                )));
            }
            (start, 0)
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
    json!({
        "status": if record.succeeded() { "SUCCESS" } else { "FAILED" },
        "ledger": record.ledger,
        "applicationOrder": record.order,
        "feeBump": false,
        "envelopeXdr": to_base64(&record.envelope),
        "resultXdr": to_base64(&record.result),
        "resultMetaXdr": to_base64(&record.meta),
        "diagnosticEventsXdr": diagnostics,
        "events": {
            "transactionEventsXdr": [],
            "contractEventsXdr": contract_events,
            "diagnosticEventsXdr": diagnostics,
        },
    })
}
