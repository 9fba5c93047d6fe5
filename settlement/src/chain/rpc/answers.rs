//! The RPC's answers where the client library keeps back what we need: the
//! status of a transaction and the times of ledgers.

use serde::{Deserialize, Deserializer};
use stellar_xdr::{Limits, ReadXdr, ScVal, TransactionMeta, TransactionResult, TransactionResultResult};

use super::{Found, RpcError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatestLedger {
    pub(super) sequence: u32,
    #[serde(default, deserialize_with = "maybe_number")]
    pub(super) close_time: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendAnswer {
    pub(super) status: String,
    pub(super) error_result_xdr: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindAnswer {
    pub(super) status: String,
    #[serde(default)]
    pub(super) oldest_ledger: u32,
    #[serde(default)]
    pub(super) latest_ledger: u32,
    #[serde(deserialize_with = "number")]
    pub(super) latest_ledger_close_time: u64,
    #[serde(default)]
    ledger: u32,
    result_xdr: Option<String>,
    result_meta_xdr: Option<String>,
}

impl FindAnswer {
    pub(super) fn succeeded(self) -> Result<Found, RpcError> {
        let text = self.result_meta_xdr.unwrap_or_default();
        let value = match TransactionMeta::from_xdr_base64(text, Limits::none())? {
            TransactionMeta::V3(meta) => meta.soroban_meta.map(|meta| meta.return_value),
            TransactionMeta::V4(meta) => meta.soroban_meta.and_then(|meta| meta.return_value),
            _ => None,
        };
        Ok(Found::Succeeded { ledger: self.ledger, value: value.unwrap_or(ScVal::Void) })
    }

    pub(super) fn failed(self) -> Result<Found, RpcError> {
        let text = self.result_xdr.unwrap_or_default();
        let result = TransactionResult::from_xdr_base64(text, Limits::none())?.result;
        let why = match &result {
            TransactionResultResult::TxFailed(operations) => {
                operations.first().map_or("TxFailed".to_owned(), |operation| format!("{operation:?}"))
            }
            other => other.name().to_owned(),
        };
        Ok(Found::Failed { ledger: self.ledger, why })
    }
}

/// RPCs write times now as numbers, now as strings.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

fn maybe_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    number(deserializer).map(Some)
}
