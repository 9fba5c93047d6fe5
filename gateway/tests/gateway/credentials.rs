//! Accounts that show who they are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use berth_auth::{PublicKey, SignedLogon, SignedRequest, SigningKey, WebAuth, Window, write_key, write_signature};
use ed25519_dalek::Signer;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::node::{Node, PASSPHRASE};

pub(crate) const TENANT: u8 = 1;
pub(crate) const OTHER: u8 = 2;
/// Nobody's: the exchange does not know it.
pub(crate) const STRANGER: u8 = 3;

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    key(seed).verifying_key().to_bytes()
}

pub(crate) fn address(seed: u8) -> String {
    write_key(&public(seed))
}

pub(crate) fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

pub(crate) fn order() -> Value {
    json!({
        "maxPrice": "1",
        "specification": { "image": "nginx:latest", "cpu": 1, "memory": 256 },
        "durationSeconds": 3600,
    })
}

/// A node without `--open` whose two accounts have money and whose second owns
/// host 1.
pub(crate) async fn closed() -> (TempDir, Node) {
    let (dir, node) = Node::open().await;
    let host = json!({
        "address": address(OTHER),
        "resources": { "cpu": 64, "memory": 65536, "storage": 1000, "bandwidth": 1000 },
        "hostname": "provider.example.com", "port": 8080, "agent": "own",
    });
    node.post("/api/v1/providers", host).await;
    let mut first = order();
    first["tenantAddress"] = address(TENANT).into();
    node.post("/api/v1/orders", first).await;
    node.stop().await;
    let node = Node::start(dir.path(), false).await;
    (dir, node)
}

pub(crate) fn web_auth(node: &Node) -> WebAuth {
    let domain = node.addr().to_string();
    WebAuth::new(public(201), PASSPHRASE, &domain, &domain).unwrap()
}

pub(crate) fn request(node: &Node, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new().request(method, format!("http://{}{path}", node.addr()))
}

pub(crate) async fn answered(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

pub(crate) async fn challenge(node: &Node, query: &str) -> (StatusCode, Value) {
    answered(request(node, Method::GET, &format!("/auth?{query}"))).await
}

/// The signed challenge of an account.
pub(crate) async fn signed_challenge(node: &Node, seed: u8) -> String {
    let (status, made) = challenge(node, &format!("account={}", address(seed))).await;
    assert_eq!((status, &made["network_passphrase"]), (StatusCode::OK, &json!(PASSPHRASE)), "{made}");
    let seconds = now() / 1_000_000;
    web_auth(node).answer(made["transaction"].as_str().unwrap(), &key(seed), seconds).unwrap()
}

pub(crate) async fn log_in(node: &Node, transaction: &str) -> (StatusCode, Value) {
    answered(request(node, Method::POST, "/auth").json(&json!({ "transaction": transaction }))).await
}

pub(crate) async fn token(node: &Node, seed: u8) -> String {
    let (status, answer) = log_in(node, &signed_challenge(node, seed).await).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["token"].as_str().unwrap().to_owned()
}

/// A request with a bearer token.
pub(crate) async fn bearing(node: &Node, token: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    answered(request(node, method, path).bearer_auth(token).json(&body)).await
}

/// What a signed request is made of; tests make it wrong.
pub(crate) struct Signing<'a> {
    pub(crate) seed: u8,
    pub(crate) log: &'a [u8; 32],
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) window: Window,
    pub(crate) body: String,
}

pub(crate) async fn log_id(node: &Node) -> [u8; 32] {
    let (_, health) = answered(request(node, Method::GET, "/health")).await;
    let id = health["logId"].as_str().unwrap();
    let byte = |at: usize| u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}

impl<'a> Signing<'a> {
    pub(crate) fn order(log: &'a [u8; 32], seed: u8) -> Self {
        let window = Window { timestamp: now(), recv_window: 5_000 };
        Self { seed, log, method: Method::POST, path: "/api/v1/orders", window, body: order().to_string() }
    }

    pub(crate) fn signature(&self) -> String {
        let Self { seed, log, method, path, window, body } = self;
        let signed =
            SignedRequest { log, method: method.as_str(), target: path, window: *window, body: body.as_bytes() };
        write_signature(&key(*seed).sign(signed.text().as_bytes()).to_bytes())
    }

    pub(crate) fn request(&self, node: &Node) -> RequestBuilder {
        request(node, self.method.clone(), self.path)
            .header("x-berth-key", address(self.seed))
            .header("x-berth-timestamp", self.window.timestamp)
            .header("x-berth-recv-window", self.window.recv_window)
            .header("x-berth-signature", self.signature())
            .header("content-type", "application/json")
            .body(self.body.clone())
    }
}

pub(crate) fn is_refused((status, answer): (StatusCode, Value), expected: StatusCode, code: &str, words: &str) {
    assert_eq!((status, &answer["code"]), (expected, &json!(code)), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains(words), "{words}: {answer}");
}

pub(crate) fn logon(log: &[u8; 32], seed: u8, window: Window) -> Value {
    let text = SignedLogon { log, key: &public(seed), window }.text();
    let sig = write_signature(&key(seed).sign(text.as_bytes()).to_bytes());
    json!({ "key": address(seed), "ts": window.timestamp, "recvWindow": window.recv_window, "sig": sig })
}

/// In its first second a node does not know what it accepted before.
pub(crate) async fn first_second() {
    tokio::time::sleep(Duration::from_millis(1_050)).await;
}

pub(crate) async fn order_is(node: &Node, id: u64, state: &str) {
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = answered(request(node, Method::GET, &format!("/api/v1/orders/{id}"))).await.1;
        if seen["state"] == state {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("order {id} is not {state}: {seen}");
}
