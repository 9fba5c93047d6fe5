//! Parameters: parsed once, then trusted.

use super::RpcError;
use crate::codec::from_base64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::ops::RangeInclusive;
use stellar_xdr::TransactionEnvelope;

/// Where to go on, and how far.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pagination {
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<usize>,
}

/// The form in which XDR is answered: base64, and no other.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct XdrFormat;

impl TryFrom<String> for XdrFormat {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "" | "base64" => Ok(Self),
            _ => Err("xdrFormat must be base64: this ledger tells XDR in no other form"),
        }
    }
}

/// Named parameters; none at all are an empty object. One that is null is as if
/// it were not there: some clients name all that they know.
pub(super) fn parse<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    let mut params = if params.is_null() { Value::Object(Default::default()) } else { params };
    leave_out_nulls(&mut params);
    if !params.is_object() {
        return Err(RpcError::invalid_params("parameters are given by name"));
    }
    serde_json::from_value(params).map_err(|error| RpcError::invalid_params(error.to_string()))
}

fn leave_out_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

pub(super) fn envelope(text: &str) -> Option<TransactionEnvelope> {
    from_base64(text).ok()
}

/// The number of results asked for, up to `max`.
pub(super) fn limit(pagination: &Pagination, default: usize, max: usize) -> Result<usize, RpcError> {
    match pagination.limit.filter(|limit| *limit > 0).unwrap_or(default) {
        limit if limit <= max => Ok(limit),
        _ => Err(RpcError::invalid_params(format!("limit must not exceed {max}"))),
    }
}

/// The cursor to go on from; an empty one is none.
pub(super) fn cursor(pagination: &Pagination) -> Option<&str> {
    pagination.cursor.as_deref().filter(|cursor| !cursor.is_empty())
}

/// The ledger to start at, which lies in `range` unless a cursor is given in
/// its place.
pub(super) fn starting_ledger(
    pagination: &Pagination,
    start: Option<u32>,
    range: RangeInclusive<u32>,
) -> Result<u32, RpcError> {
    let start = start.unwrap_or(0);
    match cursor(pagination) {
        Some(cursor) if start != 0 => Err(RpcError::invalid_request(format!(
            "startLedger ({start}) and cursor ({cursor:.40}) cannot both be set"
        ))),
        None if !range.contains(&start) => {
            let (oldest, latest) = range.into_inner();
            Err(RpcError::invalid_request(format!(
                "start ledger ({start}) must be between the oldest ledger: {oldest} and the latest ledger: {latest} \
                 for this rpc instance"
            )))
        }
        _ => Ok(start),
    }
}
