//! `getLedgerEntries`.

use super::RpcError;
use super::params::XdrFormat;
use crate::chain::Ledger;
use crate::codec::{from_base64, to_base64};
use crate::state::{Read as _, is_gone};
use serde::Deserialize;
use serde_json::{Value, json};
use stellar_xdr::LedgerKey;

const KEYS_MAX: usize = 200;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    keys: Vec<String>,
    #[serde(default, rename = "xdrFormat")]
    _xdr_format: XdrFormat,
}

pub(super) fn get(ledger: &Ledger, params: Params) -> Result<Value, RpcError> {
    if params.keys.len() > KEYS_MAX {
        let message = format!("key count ({}) exceeds maximum supported ({KEYS_MAX})", params.keys.len());
        return Err(RpcError::invalid_params(message));
    }
    let head = ledger.head();
    let mut entries = Vec::new();
    for (index, text) in params.keys.iter().enumerate() {
        let key: LedgerKey = from_base64(text).map_err(|_| {
            RpcError::invalid_params(format!("cannot unmarshal key value {text:.200} at index {index}"))
        })?;
        if matches!(key, LedgerKey::Ttl(_)) {
            return Err(RpcError::invalid_params("ledger ttl entries cannot be queried directly"));
        }
        let Some(slot) = head.state.slot(&key).filter(|slot| !is_gone(&key, slot, head.seq())) else { continue };
        let mut entry = json!({
            "key": text,
            "xdr": to_base64(&slot.entry.data),
            "extXdr": to_base64(&slot.entry.ext),
            "lastModifiedLedgerSeq": slot.entry.last_modified_ledger_seq,
        });
        if let Some(live_until) = slot.live_until {
            entry["liveUntilLedgerSeq"] = json!(live_until);
        }
        entries.push(entry);
    }
    Ok(json!({ "entries": entries, "latestLedger": head.seq() }))
}
