//! Parameters: parsed once, then trusted.

use super::RpcError;
use crate::codec::from_base64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stellar_xdr::TransactionEnvelope;

/// Where to go on, and how far.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pagination {
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<usize>,
}

/// The form in which XDR is answered: base64, and no other.
#[derive(Debug, Default, Deserialize)]
pub(super) enum XdrFormat {
    #[default]
    #[serde(rename = "base64", alias = "")]
    Base64,
}

/// Named parameters; none at all are an empty object.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    let params = if params.is_null() { Value::Object(Default::default()) } else { params };
    if !params.is_object() {
        return Err(RpcError::invalid_params("parameters are given by name"));
    }
    serde_json::from_value(params).map_err(|error| RpcError::invalid_params(error.to_string()))
}

pub(super) fn envelope(text: &str) -> Result<TransactionEnvelope, RpcError> {
    from_base64(text).map_err(|error| RpcError::invalid_params(format!("invalid transaction: {error}")))
}

/// The number of results asked for, 1 to `max`.
pub(super) fn limit(pagination: &Pagination, default: usize, max: usize) -> Result<usize, RpcError> {
    match pagination.limit.unwrap_or(default) {
        limit if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(RpcError::invalid_params(format!("limit must lie between 1 and {max}"))),
    }
}
