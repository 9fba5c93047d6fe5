//! What becomes of a key's connections when it is revoked, and what an account pays
//! for commands that are none.

use berth_auth::{Window, write_signature};
use berth_gateway::{RateLimit, RateLimits};
use ed25519_dalek::Signer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::{
    TENANT, address, answered, bearing, closed, first_second, key, log_id, logon, now, order, public, request, token,
};
use crate::node::Node;

/// A key that is registered.
const AGENT: u8 = 4;

async fn register(node: &Node, tenant: &str, scopes: &[&str]) {
    let proof = key(AGENT).sign(&berth_auth::key_proof(&log_id(node).await, &public(TENANT))).to_bytes();
    let body = json!({ "key": address(AGENT), "scopes": scopes, "proof": write_signature(&proof) });
    let keys = format!("/api/v1/accounts/{}/keys", address(TENANT));
    let (status, told) = bearing(node, tenant, Method::POST, &keys, body).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");
}

#[tokio::test]
async fn what_a_revoked_key_follows_of_its_accounts_own_ends_with_a_reason() {
    let (_dir, node) = closed().await;
    first_second().await;
    let tenant = token(&node, TENANT).await;
    register(&node, &tenant, &["read", "trade"]).await;
    let window = Window { timestamp: now(), recv_window: 5_000 };
    let mut socket = node.socket().await;
    socket.ok("session.logon", logon(&log_id(&node).await, AGENT, window)).await;
    let own = socket.ok("subscribe", json!({ "ch": "orders" })).await["sub"].clone();
    let public = socket.ok("subscribe", json!({ "ch": "events", "types": ["order.*"] })).await["sub"].clone();
    let placed = socket.ok("order.place", order()).await;

    let revoke = format!("/api/v1/accounts/{}/keys/{}", address(TENANT), address(AGENT));
    let (status, told) = bearing(&node, &tenant, Method::DELETE, &revoke, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let (status, told) = bearing(&node, &tenant, Method::POST, "/api/v1/orders", order()).await;
    assert_eq!(status, StatusCode::CREATED, "{told}");

    // Its own ends and brings nothing of the order behind the revocation; what is
    // everybody's goes on.
    let (mut ended, mut shown) = (None, Vec::<Value>::new());
    while ended.is_none() || !shown.iter().any(|frame| frame["sub"] == public && frame["seq"] == told["seq"]) {
        let frame = socket.pushed().await;
        if frame["sub"] == own && frame["type"] == "ended" {
            ended = Some(frame);
        } else {
            assert!(frame["sub"] != own || ended.is_none(), "nothing comes behind its end: {frame}");
            assert!(frame["sub"] != own || frame["seq"] != told["seq"], "{frame}");
            shown.push(frame);
        }
    }
    assert_eq!(ended.unwrap(), json!({ "sub": own, "ch": "orders", "type": "ended", "code": "KEY_NOT_ALLOWED" }));

    // Each request looks at the key anew.
    let seq = answered(request(&node, Method::GET, "/health")).await.1["seq"].clone();
    for (method, params) in [
        ("order.place", order()),
        ("order.test", order()),
        ("order.cancel", json!({ "orderId": placed["id"] })),
        ("order.status", json!({ "clientOrderId": "t-1" })),
        ("subscribe", json!({ "ch": "balances" })),
    ] {
        let answer = socket.call(method, params).await;
        assert_eq!(answer["error"]["code"], "KEY_NOT_ALLOWED", "{method}: {answer}");
    }
    assert_eq!(socket.call("ping", json!({})).await["ok"], true);
    let after = answered(request(&node, Method::GET, "/health")).await.1["seq"].clone();
    assert_eq!(seq, after, "nothing of it is in the log");
    node.stop().await;
}

#[tokio::test]
async fn commands_on_unknown_things_draw_on_the_account_as_well() {
    let (dir, node) = closed().await;
    node.stop().await;
    let few = RateLimit { per_second: 1, burst: 3 };
    let limits = RateLimits { cancels: few, ..RateLimits::OPEN };
    let node = Node::limited(dir.path(), false, limits).await;
    first_second().await;
    let tenant = token(&node, TENANT).await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        let (_, told) = bearing(&node, &tenant, Method::DELETE, "/api/v1/orders/999", json!({})).await;
        codes.push(told["code"].as_str().unwrap().to_owned());
    }
    assert!(codes[..3].iter().all(|code| code == "UNKNOWN_ORDER"), "{codes:?}");
    assert!(codes[3..].iter().filter(|code| *code == "RATE_LIMITED").count() >= 3, "{codes:?}");
    let mut socket = node.socket().await;
    let window = Window { timestamp: now(), recv_window: 5_000 };
    socket.ok("session.logon", logon(&log_id(&node).await, TENANT, window)).await;
    let mut codes = Vec::new();
    for _ in 0..8 {
        let answer = socket.call("bid.cancel", json!({ "bidId": 999 })).await;
        codes.push(answer["error"]["code"].as_str().unwrap().to_owned());
    }
    assert!(codes.iter().filter(|code| *code == "RATE_LIMITED").count() >= 4, "{codes:?}");
    node.stop().await;
}

#[tokio::test]
async fn logging_in_draws_on_the_address_and_a_path_that_is_no_text_is_a_problem() {
    let dir = tempfile::tempdir().unwrap();
    let limits = RateLimits { requests: RateLimit { per_second: 1, burst: 10 }, ..RateLimits::OPEN };
    let node = Node::limited(dir.path(), true, limits).await;
    let mut throttled = 0;
    for _ in 0..15 {
        let response = node.send(Method::GET, &format!("/auth?account={}", address(TENANT)), None).await;
        assert_eq!(response.headers()["x-ratelimit-limit"], "10");
        throttled += usize::from(response.status() == 429);
    }
    assert!((3..=6).contains(&throttled), "{throttled}");
    node.stop().await;

    let (_dir, node) = Node::open().await;
    for (method, path) in [
        (Method::DELETE, "/api/v1/accounts/%ff/keys/G"),
        (Method::DELETE, "/api/v1/accounts/G/keys/%ff"),
        (Method::GET, "/api/v1/accounts/%ff/history"),
        (Method::GET, "/api/v1/orders/%ff/explain"),
        (Method::POST, "/api/v1/markets/%ff/pause"),
        (Method::GET, "/audit/tile/%ff"),
        (Method::GET, "/api/v1/leases/%ff"),
    ] {
        let response = node.send(method.clone(), path, None).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
        assert_eq!(response.json::<Value>().await.unwrap()["field"], "path", "{method} {path}");
    }
    node.stop().await;
}
