//! What the operator alone says of markets.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::{TENANT, answered, bearing, closed, first_second, request, token};
use crate::node::{Node, TOKEN, order};

async fn say(node: &Node, path: &str, body: Value) -> (StatusCode, Value) {
    bearing(node, TOKEN, Method::POST, &format!("/api/v1/markets{path}"), body).await
}

#[tokio::test]
async fn the_operator_opens_pauses_resumes_and_cycles_a_market() {
    let (_dir, node) = Node::open().await;
    let (status, opened) = say(&node, "", json!({ "market": "H100-80" })).await;
    assert_eq!((status, &opened["name"], &opened["state"]), (StatusCode::CREATED, &json!("H100-80"), &json!("open")));
    for name in ["H100-80", "NVIDIA H100 80GB HBM3-80"] {
        let (status, again) = say(&node, "", json!({ "market": name })).await;
        assert_eq!((status, &again["id"]), (StatusCode::CREATED, &opened["id"]), "it is one market: {again}");
    }
    let (status, refused) = say(&node, "", json!({ "market": "H100" })).await;
    assert_eq!((status, &refused["field"]), (StatusCode::BAD_REQUEST, &json!("market")), "{refused}");

    node.provider("provider").await;
    let standing = node.order("tenant", "3").await;
    let (status, paused) = say(&node, "/CPU/pause", json!({})).await;
    assert_eq!((status, &paused["state"]), (StatusCode::OK, &json!("paused")));
    let bid = json!({ "providerId": 1, "market": "CPU", "bidPrice": "2", "quantity": 8 });
    let (status, refused) = node.call(Method::POST, "/api/v1/bids", Some(bid.clone())).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("MARKET_PAUSED")));
    let (status, refused) = say(&node, "/CPU/cycle", json!({})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("MARKET_PAUSED")));
    let (status, resumed) = say(&node, "/CPU/resume", json!({})).await;
    assert_eq!((status, &resumed["state"]), (StatusCode::OK, &json!("open")));
    node.post("/api/v1/bids", bid).await;
    assert_eq!(node.get(&format!("/api/v1/orders/{}", standing["id"])).await["state"], "filled");
    let (status, cycled) = say(&node, "/CPU/cycle", json!({})).await;
    assert_eq!((status, &cycled["name"]), (StatusCode::OK, &json!("CPU")));
    assert!(cycled["seq"].is_u64() && cycled["entryHash"].is_string(), "{cycled}");
    for path in ["/NOPE-1/pause", "/no%20market/resume", "/%ff/cycle"] {
        let (status, refused) = say(&node, path, json!({})).await;
        let expected = if path.contains("%ff") { StatusCode::BAD_REQUEST } else { StatusCode::NOT_FOUND };
        assert_eq!(status, expected, "{path}: {refused}");
    }
    node.stop().await;
}

#[tokio::test]
async fn nobody_else_says_so_by_a_name_or_with_an_account() {
    let (_dir, node) = Node::open().await;
    let seq = node.get("/health").await["seq"].clone();
    let (status, refused) = node.call(Method::POST, "/api/v1/markets/CPU/pause", Some(json!({}))).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHORIZED")));
    let (status, refused) = node.call(Method::POST, "/api/v1/markets", Some(json!({ "market": "A100-80" }))).await;
    assert_eq!((status, &refused["code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHORIZED")));
    assert_eq!(node.get("/health").await["seq"], seq, "nothing of it is in the log");
    node.stop().await;

    let (_dir, node) = closed().await;
    first_second().await;
    let tenant = token(&node, TENANT).await;
    let (status, refused) = bearing(&node, &tenant, Method::POST, "/api/v1/markets/CPU/pause", json!({})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("FORBIDDEN")));
    let (status, paused) = say(&node, "/CPU/pause", json!({})).await;
    assert_eq!((status, &paused["state"]), (StatusCode::OK, &json!("paused")));
    let (_, market) = answered(request(&node, Method::GET, "/api/v1/markets")).await;
    assert_eq!(market["items"][0]["state"], "paused");
    let (status, refused) =
        bearing(&node, &tenant, Method::POST, "/api/v1/orders", order(&crate::credentials::address(TENANT), "1")).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("MARKET_PAUSED")));
    node.stop().await;
}
