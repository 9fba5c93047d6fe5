//! Events: filters, order, pages.

use crate::client::{Network, base64};
use crate::contract::{Escrow, amount, native};
use serde_json::{Value, json};
use stellar_xdr::*;

fn ids(events: &Value) -> Vec<String> {
    events["events"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_filtered_in_order_and_paged_without_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let tenant = network.person().await;
    let escrow = Escrow::deploy(&network, &tenant).await;
    let start = network.sequence().await;
    for stroops in 1..=5 {
        let arguments = vec![tenant.value(), tenant.value(), native(), amount(stroops)];
        network.perform(&tenant, escrow.call("deposit", arguments)).await;
    }
    network.perform(&tenant, escrow.call("request_withdraw", vec![tenant.value(), native(), amount(2)])).await;

    let contract = json!([escrow.address()]);
    let get = async |filter: Value, pagination: Value| {
        let mut params = json!({ "filters": [filter], "pagination": pagination, "xdrFormat": "base64" });
        if params["pagination"].get("cursor").is_none() {
            params["startLedger"] = json!(start);
        }
        network.call("getEvents", params).await
    };
    let all = get(json!({ "contractIds": contract, "topics": [["**"]] }), json!({})).await;
    assert_eq!(ids(&all).len(), 6);
    assert!(ids(&all).is_sorted());

    let symbol = |name: &str| base64(&ScVal::Symbol(ScSymbol(name.try_into().unwrap())));
    let deposits = json!({ "type": "contract", "contractIds": contract, "topics": [[symbol("deposit"), "*", base64(&tenant.value()), "*"]] });
    let deposited = get(deposits.clone(), json!({})).await;
    assert_eq!(ids(&deposited), ids(&all)[..5]);
    let first = &deposited["events"][0];
    assert_eq!(first["value"], base64(&amount(1)));
    assert_eq!(first["contractId"], escrow.address());
    let found = network.call("getTransaction", json!({ "hash": first["txHash"] })).await;
    assert_eq!(found["ledger"], first["ledger"]);

    // Too few segments without "**" match nothing, with it everything.
    let short = json!({ "topics": [[symbol("deposit")]] });
    assert_eq!(ids(&get(short, json!({})).await).len(), 0);
    let open = json!({ "topics": [[symbol("deposit"), "**"]] });
    assert_eq!(ids(&get(open, json!({})).await).len(), 5);
    let system = json!({ "type": "system", "topics": [["**"]] });
    assert_eq!(ids(&get(system, json!({})).await).len(), 0);

    // Pages of two, then nothing new until there is something new.
    let (mut seen, mut page) = (Vec::new(), get(deposits.clone(), json!({ "limit": 2 })).await);
    while !ids(&page).is_empty() {
        seen.extend(ids(&page));
        page = get(deposits.clone(), json!({ "limit": 2, "cursor": page["cursor"] })).await;
    }
    assert_eq!(seen, ids(&deposited));
    let arguments = vec![tenant.value(), tenant.value(), native(), amount(6)];
    network.perform(&tenant, escrow.call("deposit", arguments)).await;
    let next = get(deposits, json!({ "cursor": page["cursor"] })).await;
    assert_eq!(next["events"].as_array().unwrap().len(), 1);
    assert_eq!(next["events"][0]["value"], base64(&amount(6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_questions_about_events_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let code = async |params: Value| network.ask("getEvents", params).await["error"]["code"].clone();
    assert_eq!(code(json!({ "startLedger": 1_000_000 })).await, -32600);
    assert_eq!(code(json!({})).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "pagination": { "cursor": "1-1" } })).await, -32602);
    assert_eq!(code(json!({ "pagination": { "cursor": "x" } })).await, -32602);
    assert_eq!(code(json!({ "endLedger": 3, "pagination": { "cursor": "1-1" } })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "pagination": { "limit": -1 } })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "pagination": { "limit": 10_001 } })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "xdrFormat": "json" })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "filters": [{ "contractIds": ["C"] }] })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "filters": [{ "topics": [["**", "*"]] }] })).await, -32602);
    assert_eq!(code(json!({ "startLedger": 1, "filters": [{ "type": "diagnostic" }] })).await, -32602);
    let many: Vec<Value> = (0..6).map(|_| json!({})).collect();
    assert_eq!(code(json!({ "startLedger": 1, "filters": many })).await, -32602);
    network.call("getEvents", json!({ "startLedger": 1 })).await;
}
