//! A tenant pays for more of a lease in advance.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::{Node, order};

/// A node whose lease 1 runs, paid for ten minutes of an hour, at 36 an hour.
async fn running() -> (tempfile::TempDir, Node) {
    let (dir, node) = Node::open().await;
    let provider = node.provider("p").await;
    node.bid(provider, "36", 10).await;
    let mut wanted = order("t", "36");
    wanted["prepaySeconds"] = json!(600);
    node.post("/api/v1/orders", wanted).await;
    let mut operator = node.operator().await;
    operator.ok("fact.escrowed", json!({ "leaseId": 1, "tx": "ab".repeat(32), "ledger": 7 })).await;
    let start =
        json!({ "leaseId": 1, "address": "p", "imageId": "sha256:1", "containers": [{ "index": 0, "id": "c0" }] });
    node.socket().await.ok("lease.start", start).await;
    (dir, node)
}

async fn events(node: &Node, kind: &str) -> Value {
    node.events(&format!("type={kind}")).await[0]["events"][0].clone()
}

#[tokio::test]
async fn a_top_up_is_held_until_the_chain_has_it() {
    let (_dir, node) = running().await;
    let (status, held) = node.call(Method::POST, "/api/v1/leases/1/topup", Some(json!({ "seconds": 300 }))).await;
    assert_eq!((status, &held["id"]), (StatusCode::ACCEPTED, &json!(1)), "{held}");
    let asked = events(&node, "lease.topUpRequested").await;
    assert_eq!((&asked["number"], &asked["seconds"], &asked["amount"]), (&json!(1), &json!(300), &json!("3")));
    let (status, again) = node.call(Method::POST, "/api/v1/leases/1/topup", Some(json!({ "seconds": 1 }))).await;
    assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("TOP_UP_PENDING")), "{again}");

    let fact = json!({ "leaseId": 1, "tx": "cd".repeat(32), "ledger": 9, "amount": "3" });
    node.operator().await.ok("fact.toppedUp", fact).await;
    let added = events(&node, "lease.toppedUp").await;
    assert_eq!((&added["escrow"], &added["prepaySeconds"]), (&json!("9"), &json!(900)));

    // By the socket as well, and released when the contract refuses.
    let told = node.socket().await.ok("lease.topup", json!({ "leaseId": 1, "seconds": 100 })).await;
    assert_eq!(told["id"], 1);
    let failed = json!({ "leaseId": 1, "number": 2, "reason": "no" });
    node.operator().await.ok("fact.topUpFailed", failed).await;
    assert_eq!(events(&node, "lease.topUpFailed").await["released"], "1");
    node.stop().await;
}

#[tokio::test]
async fn a_top_up_that_cannot_be_is_refused_by_field() {
    let (_dir, node) = running().await;
    for (body, status, code, field) in [
        (json!({}), 400, "MALFORMED", json!("seconds")),
        (json!({ "seconds": 0 }), 400, "MALFORMED", json!("seconds")),
        (json!({ "seconds": "10" }), 400, "MALFORMED", json!("seconds")),
        (json!({ "seconds": 3600 }), 422, "OUT_OF_BOUNDS", json!("seconds")),
        (json!({ "seconds": 10, "tenantAddress": "p" }), 403, "NOT_YOURS", json!("tenantAddress")),
        (json!({ "seconds": 10, "leaseId": 2 }), 400, "MALFORMED", json!("leaseId")),
    ] {
        let (answered, problem) = node.call(Method::POST, "/api/v1/leases/1/topup", Some(body.clone())).await;
        assert_eq!(
            (answered.as_u16(), &problem["code"], &problem["field"]),
            (status, &json!(code), &field),
            "{body}: {problem}"
        );
    }
    let (status, problem) = node.call(Method::POST, "/api/v1/leases/9/topup", Some(json!({ "seconds": 1 }))).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_LEASE")), "{problem}");
    node.stop().await;
}
