//! `getEvents`.

mod filter;

use super::RpcError;
use super::network::oldest_time;
use super::params::{Pagination, XdrFormat, limit};
use crate::chain::Ledger;
use crate::codec::to_base64;
use crate::record::{EventPlace, EventRecord};
use crate::time::iso8601;
use filter::Filter;
use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::{ContractEventBody, ContractEventType};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MAX: usize = 10_000;
/// Ledgers looked at in one call, at most.
const LEDGERS_MAX: u32 = 10_000;
/// Events looked at in one call, at most, however few of them match.
const SCAN_MAX: usize = 100_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    start_ledger: Option<u32>,
    /// Exclusive.
    end_ledger: Option<u32>,
    #[serde(default)]
    filters: Option<Vec<filter::Params>>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

pub(super) fn get(ledger: &Ledger, params: Params) -> Result<Value, RpcError> {
    let pagination = params.pagination.unwrap_or_default();
    let start = params.start_ledger.unwrap_or(0);
    let end = params.end_ledger.unwrap_or(0);
    let (first, after) = match &pagination.cursor {
        Some(_) if start != 0 || end != 0 => {
            return Err(RpcError::invalid_params("ledger ranges and cursor cannot both be set"));
        }
        Some(cursor) => {
            let invalid = || RpcError::invalid_params(format!("invalid event id {cursor:.60}"));
            let after = EventPlace::parse(cursor).ok_or_else(invalid)?;
            (after.ledger, after)
        }
        None if start == 0 => return Err(RpcError::invalid_params("startLedger must be positive")),
        None => (start, EventPlace::end_of(start - 1)),
    };
    let limit = limit(&pagination, LIMIT_DEFAULT, LIMIT_MAX)?;
    let filters = Filter::parse_all(params.filters.unwrap_or_default())?;
    let chain = ledger.chain();
    let (oldest, latest) = (chain.journal.oldest(), chain.head.seq());
    if !(oldest..=latest).contains(&first) {
        let message = format!("startLedger must be within the ledger range: {oldest} - {latest}");
        return Err(RpcError::invalid_request(message));
    }
    let last = latest.min(first.saturating_add(LEDGERS_MAX - 1));
    let last = if end == 0 { last } else { last.min(end - 1) };
    let end = EventPlace::end_of(last);

    let (mut events, mut scanned) = (Vec::new(), 0);
    // What was looked at last; past everything if the scan reaches the end.
    let mut cursor = end;
    for event in chain.journal.events(after, end) {
        let event = event?;
        scanned += 1;
        if Filter::any(&filters, &event.event) {
            events.push(told(&event));
        }
        if events.len() == limit || scanned == SCAN_MAX {
            cursor = event.at;
            break;
        }
    }
    Ok(json!({
        "events": events,
        "latestLedger": latest,
        "latestLedgerCloseTime": chain.head.time().to_string(),
        "oldestLedger": oldest,
        "oldestLedgerCloseTime": oldest_time(&chain)?.to_string(),
        "cursor": cursor.id(),
    }))
}

fn told(record: &EventRecord) -> Value {
    let event = &record.event;
    let ContractEventBody::V0(body) = &event.body;
    let contract = event.contract_id.as_ref().map(|id| stellar_strkey::Contract(id.0.0).to_string());
    json!({
        "type": match event.type_ {
            ContractEventType::System => "system",
            ContractEventType::Contract => "contract",
            ContractEventType::Diagnostic => "diagnostic",
        },
        "ledger": record.at.ledger,
        "ledgerClosedAt": iso8601(record.closed_at),
        "contractId": contract.as_ref().map_or("", |contract| contract.as_str()),
        "id": record.at.id(),
        "operationIndex": record.at.operation,
        "transactionIndex": record.at.order,
        "txHash": hex::encode(record.transaction),
        "inSuccessfulContractCall": record.succeeded,
        "topic": body.topics.iter().map(to_base64).collect::<Vec<_>>(),
        "value": to_base64(&body.data),
    })
}
