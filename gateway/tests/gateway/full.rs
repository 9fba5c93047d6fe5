//! A node whose disk is nearly full.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::node::{Node, order};

#[tokio::test]
async fn a_nearly_full_disk_takes_nothing_new_and_lets_what_is_under_way_go_on() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.order("tenant", "1").await;
    node.order("tenant", "3").await;
    node.bid(provider, "2", 1).await;
    node.bid(provider, "4", 1).await;
    assert_eq!(node.get("/api/v1/leases").await["items"][0]["state"], "opened");
    let (head, deposits) = (node.get("/health").await["seq"].clone(), node.chain.deposits().await);

    node.admission.close();
    let quotes = |quantity| {
        json!({ "address": "provider", "quoteSetId": 1, "quotes": [
            { "providerId": provider, "market": "CPU", "price": "5", "quantity": quantity },
        ]})
    };
    let bid = json!({ "providerId": provider, "market": "CPU", "bidPrice": "5", "quantity": 1 });
    let host = json!({
        "address": "newcomer", "resources": { "cpu": 1, "memory": 1024, "storage": 10, "bandwidth": 10 },
        "hostname": "newcomer.example.com", "port": 8080,
    });
    let (post, patch) = (Method::POST, Method::PATCH);
    for (method, path, body) in [
        (&post, "/api/v1/orders", order("tenant", "1")),
        (&post, "/api/v1/orders", order("newcomer", "1")),
        (&post, "/api/v1/providers", host),
        (&post, "/api/v1/bids", bid),
        (&post, "/api/v1/orders/1/bids", json!({ "providerId": provider, "bidPrice": "1" })),
        (&post, "/api/v1/bids/mass-quote", quotes(1)),
        (&patch, "/api/v1/orders/1", json!({ "maxPrice": "2" })),
    ] {
        let answer = node.send(method.clone(), path, Some(body)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
        assert_eq!(answer.headers()["retry-after"], "1");
        let problem: serde_json::Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["retry"]), (&json!("STORAGE_LOW"), &json!("after")), "{path}");
    }
    // None of it is in the log, and no newcomer has cost a deposit.
    assert_eq!((&node.get("/health").await["seq"], node.chain.deposits().await), (&head, deposits));

    // What ends things goes on, and so does the lease.
    let (status, _) = node.call(Method::DELETE, "/api/v1/orders/1", None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = node.call(Method::POST, "/api/v1/bids/mass-quote", Some(quotes(0))).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    let mut operator = node.operator().await;
    operator.ok("fact.escrowed", json!({ "leaseId": 1, "tx": "11".repeat(32), "ledger": 7 })).await;
    let mut agent = node.socket().await;
    let start = json!({
        "leaseId": 1, "address": "provider", "imageId": "sha256:0123",
        "containers": [{ "index": 0, "id": "c0ffee", "ports": [] }],
    });
    agent.ok("lease.start", start).await;
    let beat = json!({ "leaseId": 1, "address": "provider", "cpuMillis": 5, "memoryBytes": 1_048_576 });
    agent.ok("lease.heartbeat", beat).await;
    let (status, answer) = node.call(Method::POST, "/api/v1/leases/1/stop", None).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");

    node.admission.open();
    node.order("newcomer", "1").await;
    assert_eq!(node.chain.deposits().await, deposits + 1);
    node.stop().await;
}
