//! `getLatestLedger`.

use crate::chain::Ledger;
use crate::codec::to_base64;
use crate::header::close_meta;
use crate::settings::PROTOCOL;
use serde_json::{Value, json};

pub(super) fn latest(ledger: &Ledger) -> Value {
    let head = ledger.head();
    json!({
        "id": hex::encode(head.hash),
        "protocolVersion": PROTOCOL,
        "sequence": head.seq(),
        "closeTime": head.time().to_string(),
        "headerXdr": to_base64(&head.header),
        "metadataXdr": to_base64(&close_meta(&head.header)),
    })
}
