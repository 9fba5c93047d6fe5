//! Why an order trades with a provider, or not: what the node says, as a table
//! with a row for each.

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::output::{self, Format};
use crate::remote::{Remote, query};

/// Why an order has not traded, over all providers.
pub(crate) async fn explain(remote: &Remote, id: u64, at_seq: Option<u64>) -> Result<Value, Fault> {
    let mut told: Option<Value> = None;
    let mut cursor = None;
    loop {
        let at = at_seq.map(|seq| seq.to_string());
        let parameters = [("limit", Some("1000".to_owned())), ("atSeq", at), ("cursor", cursor.take())];
        let mut page = remote.get(&query(&format!("/api/v1/orders/{id}/explain"), parameters)).await?;
        cursor = page["next"].as_str().map(str::to_owned);
        match told.as_mut().map(|told| &mut told["providers"]) {
            Some(Value::Array(providers)) => {
                providers.extend(page["providers"].as_array_mut().map(std::mem::take).unwrap_or_default());
            }
            _ => told = Some(page),
        }
        if cursor.is_none() {
            return Ok(told.unwrap_or_default());
        }
    }
}

/// Prints an answer that has `providers`.
pub(crate) fn print(format: Format, mut told: Value) {
    if format != Format::Table {
        return output::object(format, &told);
    }
    let providers = told["providers"].take();
    if let Some(told) = told.as_object_mut() {
        told.remove("providers");
        told.remove("next");
    }
    told["waits"] = details(&told["waits"]).into();
    output::object(format, &told);
    let rows: Vec<Value> = providers.as_array().into_iter().flatten().map(row).collect();
    output::list(format, &rows, &["providerId", "wouldTrade", "why"]);
}

fn row(verdict: &Value) -> Value {
    let own = details(&verdict["obstacles"]);
    let bids = verdict["bids"].as_array().into_iter().flatten();
    let of_bids = bids.map(|bid| (bid, details(&bid["obstacles"]))).filter(|(_, why)| !why.is_empty());
    let of_bids = of_bids.map(|(bid, why)| format!("bid {}: {why}", bid["bidId"]));
    let why: Vec<String> = Some(own).filter(|own| !own.is_empty()).into_iter().chain(of_bids).collect();
    json!({ "providerId": verdict["providerId"], "wouldTrade": verdict["wouldTrade"], "why": why.join("; ") })
}

fn details(reasons: &Value) -> String {
    let details = reasons.as_array().into_iter().flatten().filter_map(|reason| reason["detail"].as_str());
    details.collect::<Vec<_>>().join(", ")
}
