//! Rate limits.

use berth_gateway::{RateLimit, RateLimits};
use reqwest::Method;
use serde_json::{Value, json};

use crate::node::{Node, order};

const FEW: RateLimit = RateLimit { per_second: 1, burst: 3 };

#[tokio::test]
async fn an_account_that_places_too_much_is_throttled_and_can_still_cancel() {
    let dir = tempfile::tempdir().unwrap();
    let limits = RateLimits { commands: FEW, ..RateLimits::OPEN };
    let node = Node::limited(dir.path(), true, limits).await;
    let mut socket = node.socket().await;
    let mut placed = Vec::new();
    let refused = loop {
        let answer = socket.call("order.place", order("tenant", "1")).await;
        assert_eq!(answer["limits"]["limit"], 3, "{answer}");
        match answer["ok"].as_bool() {
            Some(true) => placed.push(answer["result"]["id"].clone()),
            _ => break answer,
        }
    };
    assert!((3..6).contains(&placed.len()), "{placed:?}");
    assert_eq!((&refused["error"]["code"], &refused["error"]["retry"]), (&json!("RATE_LIMITED"), &json!("after")));
    assert_eq!(refused["limits"]["remaining"], 0);
    for id in placed {
        socket.ok("order.cancel", json!({ "orderId": id })).await;
    }
    // The same over REST, with headers; and it is not in the log.
    let before = node.get("/health").await["seq"].clone();
    let mut response = node.send(Method::POST, "/api/v1/orders", Some(order("tenant", "1"))).await;
    while response.status() != 429 {
        response = node.send(Method::POST, "/api/v1/orders", Some(order("tenant", "1"))).await;
    }
    let headers = response.headers().clone();
    assert_eq!(
        (&headers["retry-after"], &headers["x-ratelimit-remaining"]),
        (&"1".parse().unwrap(), &"0".parse().unwrap())
    );
    assert_eq!(headers["x-ratelimit-limit"], "3");
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "RATE_LIMITED");
    // Others are not concerned.
    let other = socket.call("order.place", order("another", "1")).await;
    assert_eq!(other["ok"], true, "{other} {before}");
    node.stop().await;
}

#[tokio::test]
async fn a_mass_quote_costs_its_quotes_and_what_is_filled_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let limits = RateLimits { commands: RateLimit { per_second: 1, burst: 1_000 }, ..RateLimits::OPEN };
    let node = Node::limited(dir.path(), true, limits).await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    let quote = |price: usize| json!({ "providerId": 1, "market": "CPU", "price": price.to_string(), "quantity": 1 });
    let quotes: Vec<_> = (1..=100).map(quote).collect();
    let answer = socket.call("bid.mass", json!({ "quoteSetId": 1, "quotes": quotes })).await;
    let left = answer["limits"]["remaining"].as_u64().unwrap();
    assert!((899..=905).contains(&left), "one for the host, a hundred for the quotes: {answer}");
    let none: Vec<_> =
        (1..=1).map(|_| json!({ "providerId": 1, "market": "CPU", "price": "1", "quantity": 0 })).collect();
    let cancel = socket.call("bid.mass", json!({ "quoteSetId": 2, "quotes": none })).await;
    assert_eq!(cancel["limits"]["limit"], RateLimits::OPEN.cancels.burst, "nothing but zeros is a cancel: {cancel}");

    // Ten leases give ten tokens back to each side.
    for _ in 0..10 {
        node.order("tenant", "200").await;
    }
    let quotes = [quote(500)];
    let again = socket.call("bid.mass", json!({ "quoteSetId": 3, "quotes": quotes })).await;
    let now = again["limits"]["remaining"].as_u64().unwrap();
    assert!(now >= left + 9, "{left} and ten more, one less: {again}");
    node.stop().await;
}

#[tokio::test]
async fn an_address_that_asks_too_much_is_throttled_with_all_its_connections() {
    let dir = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests: RateLimit { per_second: 1, burst: 20 }, ..RateLimits::OPEN };
    let node = Node::limited(dir.path(), true, limits).await;
    let mut socket = node.socket().await;
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(socket.call("ping", json!({})).await);
    }
    let throttled = answers.iter().filter(|answer| answer["error"]["code"] == "RATE_LIMITED").count();
    assert!((5..20).contains(&throttled), "{throttled}");
    let response = node.send(Method::GET, "/api/v1/markets", None).await;
    assert_eq!(response.status(), 429);
    // What ends things has tokens of its own, and the node can be watched.
    let cancel = socket.call("order.cancel", json!({ "orderId": 1 })).await;
    assert_eq!(cancel["error"]["code"], "UNKNOWN_ORDER");
    assert_eq!(node.get("/health").await["status"], "ready");
    node.stop().await;
}

#[tokio::test]
async fn a_node_of_defaults_for_trying_out_throttles_no_bot() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    let quote = |i: u64| json!({ "providerId": 1, "market": "CPU", "price": format!("0.{:05}", i + 1), "quantity": 1 });
    for round in 0..100 {
        let quotes: Vec<_> = (0..100).map(|i| quote(round * 100 + i)).collect();
        let answer = socket.call("bid.mass", json!({ "quoteSetId": 1, "quotes": quotes })).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }
    node.stop().await;
}
