//! `getHealth`, `getNetwork`, `getVersionInfo` and `getFeeStats`.

use super::RpcError;
use crate::chain::{Chain, Ledger};
use crate::genesis::GENESIS_SEQ;
use crate::header::close_time;
use crate::settings::{BASE_FEE, PROTOCOL};
use crate::time::now_seconds;
use serde_json::{Value, json};

/// Seconds without a close after which the ledger does not call itself
/// healthy. Above the longest `close_ms`.
const LATENCY_SECONDS_MAX: u64 = 90;

pub(super) fn health(ledger: &Ledger) -> Result<Value, RpcError> {
    let chain = ledger.chain();
    let latency = now_seconds().saturating_sub(chain.head.time());
    if latency > LATENCY_SECONDS_MAX {
        return Err(RpcError::internal(format!("latency ({latency}s) since last known ledger closed is too high")));
    }
    Ok(json!({
        "status": "healthy",
        "latestLedger": chain.head.seq(),
        "latestLedgerCloseTime": chain.head.time(),
        "oldestLedger": chain.journal.oldest(),
        "oldestLedgerCloseTime": oldest_time(&chain)?,
        "ledgerRetentionWindow": ledger.retention_ledgers,
    }))
}

pub(super) fn network(ledger: &Ledger, friendbot_url: &str) -> Value {
    json!({ "friendbotUrl": friendbot_url, "passphrase": ledger.passphrase, "protocolVersion": PROTOCOL })
}

pub(super) fn version() -> Value {
    json!({
        "version": concat!("berth-ledger ", env!("CARGO_PKG_VERSION")),
        "commitHash": "",
        "buildTimestamp": "",
        "captiveCoreVersion": "",
        "protocolVersion": PROTOCOL,
    })
}

/// Every transaction is charged the least fee, since there is room for all:
/// the statistics have one value, and only their counts change.
pub(super) fn fee_stats(ledger: &Ledger) -> Value {
    let chain = ledger.chain();
    json!({
        "sorobanInclusionFee": distribution(chain.fees.soroban()),
        "inclusionFee": distribution(chain.fees.classic()),
        "latestLedger": chain.head.seq(),
    })
}

/// Of no transactions all statistics are 0.
fn distribution((transactions, ledgers): (usize, usize)) -> Value {
    let fee = if transactions == 0 { 0 } else { BASE_FEE };
    let mut stats = json!({ "transactionCount": transactions.to_string(), "ledgerCount": ledgers });
    for name in ["max", "min", "mode", "p10", "p20", "p30", "p40", "p50", "p60", "p70", "p80", "p90", "p95", "p99"] {
        stats[name] = json!(fee.to_string());
    }
    stats
}

/// When the oldest ledger that is kept was closed, in unix seconds.
pub(super) fn oldest_time(chain: &Chain) -> Result<u64, RpcError> {
    let oldest = chain.journal.oldest().max(GENESIS_SEQ);
    Ok(chain.journal.header(oldest)?.map_or(0, |(header, _)| close_time(&header)))
}
