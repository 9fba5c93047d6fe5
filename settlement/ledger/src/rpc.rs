//! JSON-RPC 2.0 as stellar-rpc speaks it: requests in, answers out.

mod entries;
mod events;
mod ledger;
mod network;
mod params;
mod send;
mod simulate;
mod transactions;

use crate::Error;
use crate::chain::Ledger;
use serde_json::{Value, json};

/// Calls in one batch, at most.
const BATCH_MAX: usize = 20;

/// A refused call.
#[derive(Debug)]
pub(crate) struct RpcError {
    code: i32,
    message: String,
}

impl RpcError {
    pub(crate) fn parse(message: impl Into<String>) -> Self {
        Self { code: -32700, message: message.into() }
    }

    pub(crate) fn invalid_request(message: impl Into<String>) -> Self {
        Self { code: -32600, message: message.into() }
    }

    pub(crate) fn invalid_params(message: impl Into<String>) -> Self {
        Self { code: -32602, message: message.into() }
    }

    /// Where a node counts a wrong parameter as a wrong request.
    fn of_request(self) -> Self {
        Self { code: -32600, ..self }
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { code: -32603, message: message.into() }
    }

    fn unknown_method(method: &str) -> Self {
        // What is sent back is bounded, whatever was sent.
        let method: String = method.chars().take(64).collect();
        Self { code: -32601, message: format!("no such method \"{method}\"") }
    }

    /// The answer that carries this error.
    pub(crate) fn answer(&self, id: Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "error": { "code": self.code, "message": self.message } })
    }
}

impl From<Error> for RpcError {
    fn from(error: Error) -> Self {
        Self::internal(error.to_string())
    }
}

/// Answers a body: one call or a batch. None when it held only notifications.
pub(crate) fn answer(ledger: &Ledger, friendbot_url: &str, body: &[u8]) -> Option<Value> {
    match serde_json::from_slice(body) {
        Err(error) => Some(RpcError::parse(error.to_string()).answer(Value::Null)),
        Ok(Value::Array(calls)) if calls.is_empty() => {
            Some(RpcError::invalid_request("an empty batch").answer(Value::Null))
        }
        Ok(Value::Array(calls)) if calls.len() > BATCH_MAX => {
            let error = RpcError::invalid_request(format!("a batch holds at most {BATCH_MAX} calls"));
            Some(error.answer(Value::Null))
        }
        Ok(Value::Array(calls)) => {
            let answers: Vec<Value> =
                calls.into_iter().filter_map(|call| answer_call(ledger, friendbot_url, call)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        Ok(call) => answer_call(ledger, friendbot_url, call),
    }
}

fn answer_call(ledger: &Ledger, friendbot_url: &str, mut call: Value) -> Option<Value> {
    let refuse = |message: &str| Some(RpcError::invalid_request(message).answer(Value::Null));
    if !call.is_object() {
        return refuse("a call is an object");
    }
    let id = call.get("id").cloned();
    if call["jsonrpc"] != "2.0" {
        return refuse("jsonrpc must be \"2.0\"");
    }
    if !matches!(id, None | Some(Value::Null | Value::String(_) | Value::Number(_))) {
        return refuse("id must be a string or a number");
    }
    let params = call["params"].take();
    let Some(method) = call["method"].as_str() else { return refuse("method must be a string") };
    let result = dispatch(ledger, friendbot_url, method, params);
    let id = id?;
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => error.answer(id),
    })
}

fn dispatch(ledger: &Ledger, friendbot_url: &str, method: &str, params: Value) -> Result<Value, RpcError> {
    match method {
        "getHealth" => network::health(ledger),
        "getNetwork" => Ok(network::network(ledger, friendbot_url)),
        "getVersionInfo" => Ok(network::version()),
        "getFeeStats" => Ok(network::fee_stats(ledger)),
        "getLatestLedger" => ledger::latest(ledger),
        "getLedgers" => ledger::many(ledger, params::parse(params)?),
        "getLedgerEntries" => entries::get(ledger, params::parse(params)?),
        "simulateTransaction" => Ok(simulate::simulate(ledger, params::parse(params)?)),
        "sendTransaction" => send::send(ledger, params::parse(params)?),
        "getTransaction" => transactions::one(ledger, params::parse(params)?),
        "getTransactions" => transactions::many(ledger, params::parse(params)?),
        "getEvents" => events::get(ledger, params::parse(params)?),
        _ => Err(RpcError::unknown_method(method)),
    }
}
