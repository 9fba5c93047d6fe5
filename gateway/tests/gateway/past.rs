//! Reads with `atSeq`: the state as it was behind an entry.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::node::{Node, order};

async fn problem(node: &Node, path: &str) -> (u16, Value, Value) {
    let (status, problem) = node.call(Method::GET, path, None).await;
    (status.as_u16(), problem["code"].clone(), problem["field"].clone())
}

#[tokio::test]
async fn a_read_at_an_entry_answers_as_it_was_answered_then() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    node.bid(1, "0.5", 2).await;
    let placed = node.order("tenant", "0.4").await;
    let id = placed["id"].as_u64().unwrap();
    let routes = [
        format!("/api/v1/orders/{id}"),
        "/api/v1/orders".to_owned(),
        "/api/v1/orders?tenantAddress=tenant".to_owned(),
        "/api/v1/bids/1".to_owned(),
        "/api/v1/bids".to_owned(),
        format!("/api/v1/orders/{id}/bids"),
        "/api/v1/leases".to_owned(),
        "/api/v1/providers/1".to_owned(),
        "/api/v1/providers".to_owned(),
        "/api/v1/accounts/tenant".to_owned(),
        "/api/v1/markets".to_owned(),
        "/api/v1/markets/CPU/book".to_owned(),
        "/api/v1/network/stats".to_owned(),
    ];
    let mut then = Vec::new();
    for route in &routes {
        then.push(node.get(route).await);
    }
    let seq = node.get("/health").await["seq"].as_u64().unwrap();

    // All of it changes.
    node.order("tenant", "0.6").await;
    let (status, _) = node.call(Method::DELETE, &format!("/api/v1/orders/{id}"), None).await;
    assert!(status.is_success());
    node.bid(1, "0.45", 3).await;
    node.order("other", "0.3").await;
    node.provider("another").await;
    assert_ne!(node.get(&routes[0]).await, then[0]);
    let at = |route: &str, seq: u64| format!("{route}{}atSeq={seq}", if route.contains('?') { '&' } else { '?' });
    for (route, then) in routes.iter().zip(&then) {
        let path = at(route, seq);
        let response = node.send(Method::GET, &path, None).await;
        assert_eq!(response.headers()["x-berth-at-seq"], seq.to_string().as_str(), "{path}");
        assert_eq!(&response.json::<Value>().await.unwrap(), then, "{path}");
        let now = node.send(Method::GET, route, None).await;
        assert!(!now.headers().contains_key("x-berth-at-seq"), "{route}");
    }
    // Before it, and what was there by then of what is now.
    let order_seq = placed["seq"].as_u64().unwrap();
    assert_eq!(problem(&node, &at(&routes[0], order_seq - 1)).await.1, "UNKNOWN_ORDER");
    assert_eq!(node.get(&at(&routes[0], order_seq)).await["state"], "open");
    let proof = node.get("/api/v1/leases/1/proof").await;
    let head = node.get("/health").await["seq"].as_u64().unwrap();
    assert_eq!(node.get(&at("/api/v1/leases/1/proof", head)).await, proof);
    assert_eq!(problem(&node, &at("/api/v1/leases/1/proof", seq)).await.1, "UNKNOWN_LEASE");
    assert_eq!(node.get(&at("/api/v1/network/stats", 1)).await["providers"], 0);

    // Many at once, of more states than are kept.
    let reads = (0..24).map(|n| {
        let (node, path) = (&node, at(&routes[0], order_seq + n % 6));
        async move { node.get(&path).await["state"].clone() }
    });
    let found = futures_util::future::join_all(reads).await;
    assert!(found.iter().any(|state| state == "open") && found.iter().any(|state| state == "cancelled"), "{found:?}");

    for (seq, status, code) in [
        ("0", 400, "MALFORMED"),
        ("x", 400, "MALFORMED"),
        ("-1", 400, "MALFORMED"),
        (&(head + 1).to_string(), 404, "NOT_FOUND"),
    ] {
        for route in &routes {
            let path = format!("{route}{}atSeq={seq}", if route.contains('?') { '&' } else { '?' });
            assert_eq!(problem(&node, &path).await, (status, json!(code), json!("atSeq")), "{path}");
        }
    }
    // What tells of now, or of the node, has no such state.
    for route in ["/api/v1/leases/1/health", "/api/v1/log/head", "/api/v1/events", "/api/v1/errors"] {
        assert_eq!(problem(&node, &at(route, seq)).await, (400, json!("MALFORMED"), json!("atSeq")), "{route}");
    }
    node.stop().await;
}

#[tokio::test]
async fn an_old_state_tells_no_price_that_an_open_auction_hides() {
    let (_dir, node) = Node::open().await;
    node.provider("one").await;
    let mut auction = order("tenant", "9");
    auction["mode"] = json!("auction");
    auction["auctionSeconds"] = json!(2);
    node.post("/api/v1/orders", auction).await;
    let bid = json!({ "providerId": 1, "bidPrice": "4" });
    let seq = node.post("/api/v1/orders/1/bids", bid).await["seq"].as_u64().unwrap();
    let paths = ["/api/v1/bids/1", "/api/v1/bids", "/api/v1/orders/1/bids"];
    let price = |answer: &Value| answer.get("items").map_or(answer, |items| &items[0])["bidPrice"].clone();
    for path in paths {
        assert_eq!(price(&node.get(&format!("{path}?atSeq={seq}")).await), json!(null), "{path}");
    }
    let closed = async {
        while node.get("/api/v1/orders/1").await["state"] == "open" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), closed).await.expect("it closes by itself");
    let after = node.get("/health").await["seq"].as_u64().unwrap();
    for path in paths {
        assert_eq!(price(&node.get(&format!("{path}?atSeq={seq}")).await), json!(null), "as it was then: {path}");
        assert_eq!(price(&node.get(&format!("{path}?atSeq={after}")).await), json!("4"), "{path}");
    }
    node.stop().await;
}
