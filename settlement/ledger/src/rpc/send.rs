//! `sendTransaction`.

use super::RpcError;
use super::params::{XdrFormat, envelope};
use crate::chain::{Ledger, Sent};
use crate::codec::to_base64;
use crate::time::now_seconds;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    transaction: String,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

pub(super) fn send(ledger: &Ledger, params: Params) -> Result<Value, RpcError> {
    let envelope = envelope(&params.transaction).ok_or_else(|| RpcError::invalid_params("invalid_xdr"))?;
    let hash = envelope.hash(ledger.network_id).map_err(|_| RpcError::invalid_params("invalid_hash"))?;
    let sent = ledger.send(envelope, now_seconds());
    let head = ledger.head();
    let mut answer = json!({
        "hash": hex::encode(hash),
        "latestLedger": head.seq(),
        "latestLedgerCloseTime": head.time().to_string(),
    });
    answer["status"] = json!(match sent {
        Sent::Pending => "PENDING",
        Sent::Duplicate => "DUPLICATE",
        Sent::TryAgainLater => "TRY_AGAIN_LATER",
        Sent::Refused(refused) => {
            let diagnostics: Vec<String> = refused.diagnostics.iter().map(to_base64).collect();
            if !diagnostics.is_empty() {
                answer["diagnosticEventsXdr"] = json!(diagnostics);
            }
            answer["errorResultXdr"] = json!(to_base64(&refused.result()));
            "ERROR"
        }
    });
    Ok(answer)
}
