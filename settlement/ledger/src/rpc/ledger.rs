//! `getLatestLedger` and `getLedgers`.

use super::RpcError;
use super::network::oldest_time;
use super::params::{Pagination, XdrFormat, cursor, limit, starting_ledger};
use crate::Error;
use crate::chain::Ledger;
use crate::close_meta::{close_meta, header_entry};
use crate::codec::to_base64;
use crate::header::close_time;
use crate::settings::PROTOCOL;
use serde::Deserialize;
use serde_json::{Value, json};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 200;
/// Transactions in one answer, at most: of ledgers that are full it has fewer.
const TRANSACTIONS_MAX: usize = 2_000;

pub(super) fn latest(ledger: &Ledger) -> Result<Value, RpcError> {
    let chain = ledger.chain();
    let head = &chain.head;
    let records = chain.journal.transactions_of(head.seq())?;
    Ok(json!({
        "id": hex::encode(head.hash),
        "protocolVersion": PROTOCOL,
        "sequence": head.seq(),
        "closeTime": head.time().to_string(),
        "headerXdr": to_base64(&head.header),
        "metadataXdr": to_base64(&close_meta(&head.header, &records)),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    start_ledger: Option<u32>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

pub(super) fn many(ledger: &Ledger, params: Params) -> Result<Value, RpcError> {
    let pagination = params.pagination.unwrap_or_default();
    let chain = ledger.chain();
    let (oldest, latest) = (chain.journal.oldest(), chain.head.seq());
    let start = starting_ledger(&pagination, params.start_ledger, oldest..=latest)?;
    let limit = limit(&pagination, LIMIT_DEFAULT, LIMIT_MAX).map_err(RpcError::of_request)?;
    let start = match cursor(&pagination) {
        None => start,
        Some(cursor) => {
            let next = cursor.parse().ok().and_then(|last: u32| last.checked_add(1));
            next.filter(|next| (oldest..=latest).contains(next)).ok_or_else(|| {
                RpcError::invalid_params(format!(
                    "cursor ('{cursor:.20}') must be between the oldest ledger: {oldest} and the latest ledger: \
                     {latest} for this rpc instance"
                ))
            })?
        }
    };
    let (mut ledgers, mut transactions) = (Vec::new(), 0);
    let mut last = start - 1;
    for seq in (start..=latest).take(limit) {
        let missing = || Error::Damaged(format!("no header of ledger {seq}"));
        let (header, hash) = chain.journal.header(seq)?.ok_or_else(missing)?;
        let records = chain.journal.transactions_of(seq)?;
        transactions += records.len();
        if transactions > TRANSACTIONS_MAX && !ledgers.is_empty() {
            break;
        }
        last = seq;
        ledgers.push(json!({
            "hash": hex::encode(hash),
            "sequence": seq,
            "ledgerCloseTime": close_time(&header).to_string(),
            "headerXdr": to_base64(&header_entry(&header)),
            "metadataXdr": to_base64(&close_meta(&header, &records)),
        }));
    }
    Ok(json!({
        "ledgers": ledgers,
        "latestLedger": latest,
        "latestLedgerCloseTime": chain.head.time(),
        "oldestLedger": oldest,
        "oldestLedgerCloseTime": oldest_time(&chain)?,
        "cursor": last.to_string(),
    }))
}
