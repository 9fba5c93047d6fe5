//! An account's mandate, history and spending, and its money's way in and out.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::credentials::{OTHER, TENANT, address, answered, bearing, closed, first_second, request, token};
use crate::node::Node;

/// A node where a tenant has paid for a lease.
async fn paid() -> (tempfile::TempDir, Node) {
    let (dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.bid(provider, "2", 8).await;
    node.order("tenant", "3").await;
    let (mut agent, mut operator) = (node.socket().await, node.operator().await);
    operator.ok("fact.escrowed", json!({ "leaseId": 1, "tx": "ab".repeat(32), "ledger": 7 })).await;
    let containers = json!([{ "index": 0, "id": "c0ffee", "ports": [] }]);
    let start = json!({ "leaseId": 1, "address": "provider", "imageId": "sha256:0123", "containers": containers });
    agent.ok("lease.start", start).await;
    agent.ok("lease.stop", json!({ "leaseId": 1 })).await;
    let finish = json!({ "leaseId": 1, "address": "provider", "reason": "stopped", "detail": "" });
    agent.ok("lease.finish", finish).await;
    let closed = node.events("type=lease.closed").await;
    let closed = &closed[0]["events"][0];
    let paid = json!({
        "leaseId": 1, "tx": "cd".repeat(32), "ledger": 9,
        "pay": closed["pay"], "fee": closed["fee"], "refund": closed["refund"],
    });
    operator.ok("fact.paid", paid).await;
    (dir, node)
}

#[tokio::test]
async fn what_an_account_has_paid_is_added_up_by_day_market_and_host() {
    let (_dir, node) = paid().await;
    let cost = node.get("/api/v1/leases/1").await["cost"].clone();
    let spend = async |query: &str| node.get(&format!("/api/v1/accounts/tenant/spend{query}")).await;
    let days = spend("").await;
    let day = days["items"][0]["day"].as_str().unwrap().to_owned();
    assert_eq!(days, json!({ "items": [{ "day": day, "leases": 1, "paid": cost }], "next": null }));
    assert_eq!(spend("?by=market").await["items"], json!([{ "market": "CPU", "leases": 1, "paid": cost }]));
    assert_eq!(spend("?by=provider").await["items"], json!([{ "providerId": 1, "leases": 1, "paid": cost }]));
    assert_eq!(spend(&format!("?from={day}&to={day}")).await, days);
    assert_eq!(spend("?to=2020-01-01").await["items"], json!([]));
    assert_eq!(node.get("/api/v1/accounts/provider/spend").await["items"], json!([]), "it has earned");
    for (query, field) in [("?by=hour", "by"), ("?from=today", "from"), ("?to=2026-02-30", "to"), ("?bye=day", "bye")] {
        let path = format!("/api/v1/accounts/tenant/spend{query}");
        let (status, problem) = node.call(Method::GET, &path, None).await;
        assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{problem}");
    }
    let (status, problem) = node.call(Method::GET, "/api/v1/accounts/nobody/spend", None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_ACCOUNT")));
    node.stop().await;
}

#[tokio::test]
async fn sums_are_the_same_after_a_restart() {
    let (dir, node) = paid().await;
    let before = node.get("/api/v1/accounts/tenant/spend").await;
    node.stop().await;
    let node = Node::start(dir.path(), true).await;
    assert_eq!(node.get("/api/v1/accounts/tenant/spend").await, before);
    node.stop().await;
}

#[tokio::test]
async fn an_accounts_history_is_what_the_log_says_of_it_and_comes_by_pages() {
    let (_dir, node) = paid().await;
    let all = node.get("/api/v1/accounts/tenant/history?limit=1000").await;
    assert_eq!(all["next"], json!(null));
    let all = all["items"].as_array().unwrap().clone();
    let types: Vec<&str> = all
        .iter()
        .flat_map(|entry| entry["events"].as_array().unwrap())
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    for wanted in ["account.opened", "deposit.credited", "order.accepted", "lease.opened", "lease.paid"] {
        assert!(types.contains(&wanted), "{wanted}: {types:?}");
    }
    assert!(!types.contains(&"provider.registered"), "that is the other's: {types:?}");
    let mut pages = Vec::new();
    let mut cursor = "1".to_owned();
    loop {
        let page = node.get(&format!("/api/v1/accounts/tenant/history?limit=2&cursor={cursor}")).await;
        pages.extend(page["items"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, all);
    let paid = node.get("/api/v1/accounts/tenant/history?type=lease.paid").await;
    assert_eq!(paid["items"].as_array().unwrap().len(), 1, "{paid}");
    assert_eq!(paid["items"][0]["events"][0]["leaseId"], 1);
    node.stop().await;
}

#[tokio::test]
async fn a_mandate_is_the_accounts_own_to_set() {
    let (_dir, node) = closed().await;
    first_second().await;
    let mandates = format!("/api/v1/accounts/{}/mandates", address(TENANT));
    let (status, refused) = answered(request(&node, Method::POST, &mandates).json(&json!({ "perLease": "5" }))).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHORIZED")));
    let (tenant, other) = (token(&node, TENANT).await, token(&node, OTHER).await);
    let (status, refused) = bearing(&node, &other, Method::POST, &mandates, json!({ "perLease": "5" })).await;
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("FORBIDDEN")));
    let (status, set) =
        bearing(&node, &tenant, Method::POST, &mandates, json!({ "perLease": "5", "perDay": "20" })).await;
    assert_eq!((status, &set["perLease"], &set["perDay"]), (StatusCode::CREATED, &json!("5"), &json!("20")), "{set}");
    assert!(set["seq"].is_u64(), "{set}");
    let (_, account) = answered(request(&node, Method::GET, &format!("/api/v1/accounts/{}", address(TENANT)))).await;
    assert_eq!(account["mandate"], json!({ "perLease": "5", "perDay": "20", "floor": null, "until": null }));
    for (body, status, field) in [
        (json!({ "perLease": "5", "until": 1 }), StatusCode::UNPROCESSABLE_ENTITY, "until"),
        (json!({ "perLease": "-5" }), StatusCode::BAD_REQUEST, "perLease"),
        (json!({ "perWeek": "5" }), StatusCode::BAD_REQUEST, "perWeek"),
        (json!({ "address": address(OTHER) }), StatusCode::FORBIDDEN, "address"),
    ] {
        let (told, refused) = bearing(&node, &tenant, Method::POST, &mandates, body.clone()).await;
        assert_eq!((told, &refused["field"]), (status, &json!(field)), "{body}: {refused}");
    }
    let (status, lifted) = bearing(&node, &tenant, Method::POST, &mandates, json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{lifted}");
    let (_, account) = answered(request(&node, Method::GET, &format!("/api/v1/accounts/{}", address(TENANT)))).await;
    assert_eq!(account["mandate"], json!(null));
    node.stop().await;
}
