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
/// Ledgers over which fee statistics are taken.
const FEE_WINDOW: u32 = 50;

pub(super) fn health(ledger: &Ledger) -> Result<Value, RpcError> {
    let chain = ledger.chain();
    let latency = now_seconds().saturating_sub(chain.head.time());
    if latency > LATENCY_SECONDS_MAX {
        return Err(RpcError::internal(format!("latency ({latency}s) since last known ledger closed is too high")));
    }
    Ok(json!({
        "status": "healthy",
        "latestLedger": chain.head.seq(),
        "latestLedgerCloseTime": chain.head.time().to_string(),
        "oldestLedger": chain.journal.oldest(),
        "oldestLedgerCloseTime": oldest_time(&chain)?.to_string(),
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
pub(super) fn fee_stats(ledger: &Ledger) -> Result<Value, RpcError> {
    let chain = ledger.chain();
    let from = (chain.head.seq() + 1).saturating_sub(FEE_WINDOW).max(chain.journal.oldest());
    let transactions = chain.journal.count_transactions(from);
    let ledgers = chain.head.seq() + 1 - from;
    let mut stats = json!({ "transactionCount": transactions.to_string(), "ledgerCount": ledgers });
    for name in ["max", "min", "mode", "p10", "p20", "p30", "p40", "p50", "p60", "p70", "p80", "p90", "p95", "p99"] {
        stats[name] = json!(BASE_FEE.to_string());
    }
    Ok(json!({ "sorobanInclusionFee": stats, "inclusionFee": stats, "latestLedger": chain.head.seq() }))
}

/// When the oldest ledger that is kept was closed, in unix seconds.
pub(super) fn oldest_time(chain: &Chain) -> Result<u64, RpcError> {
    let oldest = chain.journal.oldest().max(GENESIS_SEQ);
    Ok(chain.journal.header(oldest)?.map_or(0, |(header, _)| close_time(&header)))
}
