//! Who may ask what.

use std::net::SocketAddr;

use berth_gateway::StartError;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::node::{Node, order, refuse_to_listen};
use crate::socket::Socket;

/// Sends a request as it stands and gives the answer's head and body.
async fn raw(addr: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn open_mode_answers_a_loopback_host_and_its_own_origin_alone() {
    let (_dir, node) = Node::open().await;
    let own = node.addr();
    let get = "GET /health HTTP/1.1";
    for (head, status) in [
        (format!("{get}\r\nHost: {own}"), "200"),
        (format!("{get}\r\nHost: localhost"), "200"),
        (format!("{get}\r\nHost: {own}\r\nOrigin: http://{own}"), "200"),
        (get.to_owned(), "403 FORBIDDEN_HOST"),
        (format!("{get}\r\nHost: rebound.example:3000"), "403 FORBIDDEN_HOST"),
        (format!("{get}\r\nHost: {own}\r\nHost: rebound.example"), "403 FORBIDDEN_HOST"),
        (format!("GET http://rebound.example/health HTTP/1.1\r\nHost: {own}"), "403 FORBIDDEN_HOST"),
        (format!("{get}\r\nHost: {own}\r\nOrigin: http://evil.example"), "403 FORBIDDEN_ORIGIN"),
        (format!("{get}\r\nHost: {own}\r\nOrigin: null"), "403 FORBIDDEN_ORIGIN"),
        (format!("GET /nowhere HTTP/1.1\r\nHost: {own}\r\nOrigin: null"), "403 FORBIDDEN_ORIGIN"),
    ] {
        let answer = raw(own, &head).await;
        let (status, code) = status.split_once(' ').unwrap_or((status, ""));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(code), "{head}\n{answer}");
        assert!(answer.contains("x-berth-mode: open"), "{head}\n{answer}");
    }
    // A page of another site can open a WebSocket without asking anybody first.
    assert!(Socket::with(own, &[("origin", "http://evil.example".to_owned())]).await.is_err());
    assert!(Socket::with(own, &[("origin", format!("http://{own}"))]).await.is_ok());
    node.stop().await;
}

#[tokio::test]
async fn open_mode_refuses_to_listen_beyond_loopback() {
    assert!(matches!(refuse_to_listen("0.0.0.0:0").await, StartError::OpenBeyondLoopback(_)));
}

#[tokio::test]
async fn without_open_changes_are_refused_and_public_reads_answered() {
    let (dir, node) = Node::open().await;
    node.provider("provider").await;
    node.order("tenant", "1").await;
    node.post("/api/v1/orders/1/bids", json!({ "providerId": 1, "bidPrice": "1" })).await;
    node.stop().await;

    let node = Node::start(dir.path(), false).await;
    for (method, path) in [
        (Method::POST, "/api/v1/orders"),
        (Method::POST, "/api/v1/providers"),
        (Method::POST, "/api/v1/leases/1/stop"),
        (Method::PUT, "/api/v1/bids/1/accept"),
        (Method::DELETE, "/api/v1/orders/1"),
    ] {
        let response = node.send(method, path, Some(order("tenant", "1"))).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(response.headers().contains_key("www-authenticate"), "{path}");
        assert_eq!(response.json::<serde_json::Value>().await.unwrap()["code"], "UNAUTHORIZED");
    }
    let leases = node.send(Method::GET, "/api/v1/leases", None).await;
    assert!(!leases.headers().contains_key("x-berth-mode"));
    assert_eq!(leases.json::<serde_json::Value>().await.unwrap()["items"][0]["id"], 1);
    let private = node.send(Method::GET, "/api/v1/leases/1/specification?address=tenant", None).await;
    assert_eq!(private.status(), StatusCode::UNAUTHORIZED);

    let mut socket = node.socket().await;
    let answer = socket.call("order.place", order("tenant", "1")).await;
    assert_eq!(answer["error"]["code"], "UNAUTHORIZED");
    socket.ok("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
    // The operator's token is the settler's, with or without --open.
    let failed = json!({ "leaseId": 1, "reason": "no balance" });
    node.operator().await.ok("fact.escrowFailed", failed).await;
    node.stop().await;
}

#[tokio::test]
async fn a_wrong_token_does_not_pass_for_none() {
    let (_dir, node) = Node::open().await;
    let wrong = ("authorization", "Bearer guess".to_owned());
    assert!(Socket::with(node.addr(), &[wrong]).await.is_err());
    node.stop().await;
}
