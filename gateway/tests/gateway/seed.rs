//! The five requests of the seed, and the lease that they end in.

use berth_wire::proof::ProofChain;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::Node;
use crate::socket::Socket;

/// The first three requests, as the seed prints them.
async fn match_bid_and_order(node: &Node) {
    let provider = r#"{
        "address": "provider_stellar_address",
        "resources": { "cpu": 4, "memory": 8192, "storage": 100, "bandwidth": 1000 },
        "hostname": "provider.example.com",
        "port": 8080
      }"#;
    let provider = node.post("/api/v1/providers", serde_json::from_str(provider).unwrap()).await;
    assert_eq!((&provider["id"], &provider["agent"]), (&json!(1), &json!("house")));
    assert_eq!(provider["trustLevel"], "Five");
    assert!(provider["address"].as_str().unwrap().starts_with('G'), "a name that is no key has a local key");

    let order = r#"{
        "tenantAddress": "tenant_stellar_address",
        "maxPrice": "100",
        "specification": {
          "image": "nginx:latest",
          "cpu": 2,
          "memory": 1024,
          "storage": 10,
          "ports": [ { "containerPort": 80, "hostPort": 8080, "protocol": "tcp" } ],
          "env": { "NGINX_HOST": "example.com" }
        },
        "trustLevels": ["Five", "Four"],
        "quantity": 1,
        "durationBlocks": 10000
      }"#;
    let order = node.post("/api/v1/orders", serde_json::from_str(order).unwrap()).await;
    assert_eq!(
        json!([order["id"], order["state"], order["market"], order["quantity"], order["remaining"], order["leases"]]),
        json!([1, "open", "CPU", 1, 1, []])
    );
    // floor(100 XLM × 2 vCPU × 50,000 s / 3600)
    assert_eq!(order["hold"], "2777.7777777");
    assert!(order["seq"].is_u64());
    assert_eq!(order["entryHash"].as_str().unwrap().len(), 64);

    let bid = node.post("/api/v1/orders/1/bids", json!({ "providerId": 1, "bidPrice": "80" })).await;
    assert_eq!(json!([bid["id"], bid["state"], bid["orderId"], bid["leases"]]), json!([1, "matched", 1, [1]]));
}

async fn lease(node: &Node) -> Value {
    node.get("/api/v1/leases/1").await
}

async fn health(node: &Node) -> Value {
    let health = node.get("/api/v1/leases/1/health").await;
    json!([health["status"], health["reason"]])
}

fn finish(reason: &str, detail: &str) -> Value {
    json!({ "leaseId": 1, "address": "provider_stellar_address", "reason": reason, "detail": detail })
}

async fn escrow(operator: &mut Socket) {
    let params = json!({ "leaseId": 1, "tx": "ab".repeat(32), "ledger": 7 });
    operator.ok("fact.escrowed", params.clone()).await;
    operator.ok("fact.escrowed", params).await;
}

#[tokio::test]
async fn the_seeds_requests_end_in_a_lease_that_is_paid_to_the_stroop() {
    let (_dir, node) = Node::open().await;
    match_bid_and_order(&node).await;

    // The bid matched at once, so accepting it answers that lease, again and again.
    for _ in 0..2 {
        let (status, accepted) = node.call(Method::PUT, "/api/v1/bids/1/accept", None).await;
        assert_eq!((status, &accepted["id"], &accepted["price"]), (StatusCode::OK, &json!(1), &json!("80")));
        assert_eq!(accepted["state"], "opened");
    }
    assert_eq!(health(&node).await, json!(["starting", "its escrow is being locked on the chain"]));

    let mut operator = node.operator().await;
    escrow(&mut operator).await;
    assert_eq!(health(&node).await, json!(["starting", "its provider starts the containers"]));

    let mut agent = node.socket().await;
    let specification = node.get("/api/v1/leases/1/specification?address=provider_stellar_address").await;
    assert_eq!(specification["env"], json!({ "NGINX_HOST": "example.com" }));
    let start = json!({
        "leaseId": 1,
        "address": "provider_stellar_address",
        "imageId": "sha256:0123",
        "containers": [
            { "index": 0, "id": "c0ffee", "ports": [{ "containerPort": 80, "hostPort": 8080, "protocol": "tcp" }] }
        ],
    });
    let started = agent.ok("lease.start", start.clone()).await;
    assert_eq!(started["state"], "running");
    agent.ok("lease.start", start).await;
    let beat = json!({ "leaseId": 1, "address": "provider_stellar_address", "cpuMillis": 5, "memoryBytes": 1048576 });
    agent.ok("lease.heartbeat", beat).await;
    assert_eq!(health(&node).await, json!(["healthy", null]));
    assert_eq!(lease(&node).await["containers"][0]["ports"][0]["hostPort"], 8080);

    let (status, stopped) = node.call(Method::POST, "/api/v1/leases/1/stop", None).await;
    assert_eq!((status, &stopped["state"]), (StatusCode::ACCEPTED, &json!("closing")));
    let finished = agent.ok("lease.finish", finish("stopped", "")).await;
    assert_eq!((&finished["state"], &finished["reason"]), (&json!("closed"), &json!("stopped")));
    assert_eq!(health(&node).await, json!(["closed", "its tenant stopped it"]));
    let (status, _) = node.call(Method::POST, "/api/v1/leases/1/stop", None).await;
    assert_eq!(status, StatusCode::OK, "there is nothing left to do");

    let closed = node.events("type=lease.closed").await;
    let closed = &closed[0]["events"][0];
    let paid = json!({
        "leaseId": 1, "tx": "cd".repeat(32), "ledger": 9,
        "pay": closed["pay"], "fee": closed["fee"], "refund": closed["refund"],
    });
    operator.ok("fact.paid", paid.clone()).await;
    operator.ok("fact.paid", paid).await;
    let lease = lease(&node).await;
    assert_eq!(lease["escrowTx"], json!(["ab".repeat(32), "cd".repeat(32)]));
    assert_eq!(lease["paid"], true);

    let proof: ProofChain = serde_json::from_value(node.get("/api/v1/leases/1/proof").await).unwrap();
    proof.check().unwrap();
    assert!(proof.is_complete(), "all nine steps: {proof:?}");

    let stats = node.get("/api/v1/network/stats").await;
    assert_eq!(
        json!([stats["providers"], stats["orders"], stats["leases"]["closed"], stats["successRate"]]),
        json!([1, 1, 1, "1.0000"])
    );
    assert_eq!(stats["escrowBalance"], "0");
    let tenant = node.get("/api/v1/accounts/tenant_stellar_address").await;
    assert_eq!((&tenant["balances"][0]["held"], &tenant["balances"][0]["escrowed"]), (&json!("0"), &json!("0")));
    node.stop().await;
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_told_by_health() {
    let (_dir, node) = Node::open().await;
    match_bid_and_order(&node).await;
    escrow(&mut node.operator().await).await;
    let mut agent = node.socket().await;
    agent.ok("lease.finish", finish("failed", "the image cannot be pulled")).await;
    let words = "its containers could not start, or ended badly: the image cannot be pulled";
    assert_eq!(health(&node).await, json!(["failed", words]));
    let closed = node.events("type=lease.closed").await;
    assert_eq!(
        json!([closed[0]["events"][0]["pay"], closed[0]["events"][0]["refund"]]),
        json!(["0", "2222.2222222"]),
        "nothing ran, so all of the escrow goes back"
    );
    node.stop().await;
}

#[tokio::test]
async fn a_specification_is_for_its_tenant_and_its_provider() {
    let (_dir, node) = Node::open().await;
    match_bid_and_order(&node).await;
    for (address, status) in [
        ("?address=tenant_stellar_address", 200),
        ("?address=provider_stellar_address", 200),
        ("?address=somebody_else", 403),
        ("", 400),
    ] {
        let response = node.send(Method::GET, &format!("/api/v1/leases/1/specification{address}"), None).await;
        assert_eq!(response.status(), status, "{address}");
    }
    let log = node.events("").await;
    assert!(!format!("{log:?}").contains("NGINX_HOST"), "the specification stays out of the log");
    node.stop().await;
}
