//! Keys that an account has registered.

use berth_auth::{Window, write_signature};
use ed25519_dalek::Signer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::{
    OTHER, Signing, TENANT, address, answered, bearing, closed, first_second, is_refused, key, log_id, logon, now,
    order, public, request, token,
};

/// A key that is registered.
const AGENT: u8 = 4;

fn registration(log: &[u8; 32], seed: u8, account: u8, scopes: &[&str]) -> Value {
    let proof = key(seed).sign(&berth_auth::key_proof(log, &public(account))).to_bytes();
    json!({ "key": address(seed), "scopes": scopes, "proof": write_signature(&proof) })
}

fn keys_of(seed: u8) -> String {
    format!("/api/v1/accounts/{}/keys", address(seed))
}

#[tokio::test]
async fn a_registered_key_acts_within_its_scopes_until_it_is_revoked() {
    let (_dir, node) = closed().await;
    first_second().await;
    let log = log_id(&node).await;
    let (tenant, other) = (token(&node, TENANT).await, token(&node, OTHER).await);
    let keys = keys_of(TENANT);
    for (body, field) in [
        (registration(&log, AGENT, OTHER, &["trade"]), "proof"),
        (registration(&[9; 32], AGENT, TENANT, &["trade"]), "proof"),
        (registration(&log, AGENT, TENANT, &[]), "scopes"),
        (registration(&log, AGENT, TENANT, &["trade", "fly"]), "scopes[1]"),
    ] {
        let (status, answer) = bearing(&node, &tenant, Method::POST, &keys, body).await;
        assert_eq!((status, &answer["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{answer}");
    }
    // Nobody registers a key with another's account.
    let body = registration(&log, AGENT, TENANT, &["trade"]);
    let refused = bearing(&node, &other, Method::POST, &keys, body.clone()).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account that asks");
    let agent = |method: Method, path: &'static str, body: &str| {
        let signing = Signing { method, path, body: body.to_owned(), ..Signing::order(&log, AGENT) };
        answered(signing.request(&node))
    };
    let place = || agent(Method::POST, "/api/v1/orders", &order().to_string());
    is_refused(place().await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "registered with none");

    let (status, made) = bearing(&node, &tenant, Method::POST, &keys, body).await;
    assert_eq!(
        (status, &made["key"], &made["scopes"]),
        (StatusCode::CREATED, &json!(address(AGENT)), &json!(["trade"]))
    );
    let (status, listed) = answered(request(&node, Method::GET, &keys).bearer_auth(&tenant)).await;
    assert_eq!((status, &listed["items"][0]["key"]), (StatusCode::OK, &json!(address(AGENT))), "{listed}");
    let refused = answered(request(&node, Method::GET, &keys).bearer_auth(&other)).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account that asks");

    let (status, placed) = place().await;
    assert_eq!((status, &placed["tenantAddress"]), (StatusCode::CREATED, &json!(address(TENANT))), "{placed}");
    let host = json!({
        "resources": { "cpu": 1, "memory": 64, "storage": 1, "bandwidth": 1 }, "hostname": "h", "port": 1,
    });
    let refused = agent(Method::POST, "/api/v1/providers", &host.to_string()).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "lacks the scope provide");

    // The socket of a key says what it may, and a key may only end itself.
    let mut socket = node.socket().await;
    let window = Window { timestamp: now(), recv_window: 5_000 };
    let told = socket.ok("session.logon", logon(&log, AGENT, window)).await;
    let expected = json!({ "address": address(TENANT), "key": address(AGENT), "scopes": ["trade"] });
    for name in ["address", "key", "scopes"] {
        assert_eq!(told[name], expected[name], "{told}");
    }
    let last = socket.ok("order.place", order()).await;
    let unread = socket.call("subscribe", json!({ "ch": "orders" })).await;
    assert_eq!(unread["error"]["code"], "FORBIDDEN", "{unread}");
    let path: &'static str = Box::leak(keys_of(TENANT).into_boxed_str());
    let body = registration(&log, 5, TENANT, &["trade"]);
    let refused = agent(Method::POST, path, &body.to_string()).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "may revoke itself");

    let revoke = format!("{keys}/{}", address(AGENT));
    let (status, revoked) = bearing(&node, &tenant, Method::DELETE, &revoke, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{revoked}");
    is_refused(place().await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "no longer");
    // The socket that it had opened can do nothing more with it.
    let answer = socket.call("order.cancel", json!({ "orderId": last["id"] })).await;
    assert_eq!(answer["error"]["code"], "KEY_NOT_ALLOWED", "{answer}");
    let answer = socket.call("subscribe", json!({ "ch": "orders" })).await;
    assert_eq!(answer["error"]["code"], "KEY_NOT_ALLOWED", "{answer}");
    let again = bearing(&node, &tenant, Method::DELETE, &revoke, json!({})).await;
    assert_eq!(again.1["code"], "UNKNOWN_KEY", "{}", again.1);
    node.stop().await;
}

#[tokio::test]
async fn a_registered_key_expires() {
    let (_dir, node) = closed().await;
    first_second().await;
    let log = log_id(&node).await;
    let tenant = token(&node, TENANT).await;
    let mut body = registration(&log, AGENT, TENANT, &["trade"]);
    body["expiresAt"] = (now() + 1_500_000).into();
    assert_eq!(bearing(&node, &tenant, Method::POST, &keys_of(TENANT), body).await.0, StatusCode::CREATED);
    assert_eq!(answered(Signing::order(&log, AGENT).request(&node)).await.0, StatusCode::CREATED);
    tokio::time::sleep(std::time::Duration::from_millis(1_600)).await;
    let refused = answered(Signing::order(&log, AGENT).request(&node)).await;
    is_refused(refused, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "expired");
    node.stop().await;
}
