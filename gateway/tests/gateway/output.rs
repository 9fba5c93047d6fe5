//! What containers write and leave behind: told by agents, read by a lease's
//! parties alone.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::Node;

/// SHA-256 of "42\n", by `printf '42\n' | sha256sum`.
const SHA256: &str = "084c799cd551dd1d8d5c5f9a5d593b2e931f5e36122ee5c793c1d08a19839cc0";

/// A node whose lease 1 runs one replica.
async fn running(node: &Node) {
    let provider = node.provider("p").await;
    node.bid(provider, "1", 10).await;
    node.order("t", "1").await;
    let mut operator = node.operator().await;
    operator.ok("fact.escrowed", json!({ "leaseId": 1, "tx": "ab".repeat(32), "ledger": 7 })).await;
    let start =
        json!({ "leaseId": 1, "address": "p", "imageId": "sha256:1", "containers": [{ "index": 0, "id": "c0" }] });
    assert_eq!(node.socket().await.ok("lease.start", start).await["state"], "running");
}

async fn finish(node: &Node) {
    let params = json!({
        "leaseId": 1, "address": "p", "reason": "exited", "exitCode": 0, "resultSha256": SHA256, "resultSize": 3,
    });
    assert_eq!(node.socket().await.ok("lease.finish", params).await["state"], "closed");
}

fn line(second: u32, text: &str) -> String {
    format!("2026-01-01T00:00:{second:02}.000000000Z {text}\n")
}

async fn send(node: &Node, method: Method, path: &str, body: &str) -> (StatusCode, Value) {
    let request = reqwest::Client::new().request(method, format!("http://{}/api/v1/leases/{path}", node.addr()));
    let response = request.body(body.to_owned()).send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}

async fn logs(node: &Node, query: &str) -> String {
    let response = node.send(Method::GET, &format!("/api/v1/leases/1/logs?address=t{query}"), None).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    response.text().await.unwrap()
}

#[tokio::test]
async fn output_is_told_by_the_agent_and_read_by_the_tenant() {
    let (dir, node) = Node::open().await;
    running(&node).await;
    assert_eq!(logs(&node, "").await, "");
    let tell = "1/logs?address=p&replica=0";
    let two = line(1, "one") + &line(2, "two");
    for _ in 0..2 {
        let (status, known) = send(&node, Method::POST, tell, &two).await;
        assert_eq!((status, &known["until"]), (StatusCode::OK, &json!("2026-01-01T00:00:02.000000000Z")));
    }
    assert_eq!(logs(&node, "").await, "one\ntwo\n", "what comes again is taken once");
    assert_eq!(logs(&node, "&tail=1").await, "two\n");
    assert_eq!(logs(&node, "&tail=0").await, "");
    assert_eq!(logs(&node, "&tail=1&timestamps=true").await, line(2, "two"));
    assert_eq!(logs(&node, "&replica=0").await, "one\ntwo\n");

    // Who follows sees what comes, and the end.
    let path = format!("http://{}/api/v1/leases/1/logs?address=t&tail=1&follow=true", node.addr());
    let mut followed = reqwest::Client::new().get(path).send().await.unwrap();
    assert_eq!(followed.chunk().await.unwrap().unwrap(), "two\n");
    let after = "1/logs?address=p&replica=0&after=2026-01-01T00:00:02.000000000Z";
    send(&node, Method::POST, after, &line(3, "three")).await;
    assert_eq!(followed.chunk().await.unwrap().unwrap(), "three\n");
    finish(&node).await;
    assert_eq!(followed.chunk().await.unwrap(), None);
    let (status, problem) = send(&node, Method::POST, tell, &line(4, "four")).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("LEASE_STATE")), "nothing runs any more");
    assert_eq!(logs(&node, "").await, "one\ntwo\nthree\n");

    let log = format!("{:?}", node.events("").await);
    assert!(!log.contains("three"), "output stays out of the log");
    node.stop().await;
    // In memory alone; a result is on the disk.
    let node = Node::start(dir.path(), true).await;
    assert_eq!(logs(&node, "").await, "");
    let (status, _) = send(&node, Method::PUT, "1/result?address=p", "42\n").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(logs(&node, "").await, "42\n");
    node.stop().await;
}

#[tokio::test]
async fn a_result_is_handed_in_and_has_the_hash_that_the_log_has() {
    let (dir, node) = Node::open().await;
    running(&node).await;
    let result = "1/result?address=t";
    let (status, problem) = send(&node, Method::GET, result, "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("LEASE_STATE")), "{problem}");
    // Before the end anything may be handed in; it is shown when the log names it.
    assert_eq!(send(&node, Method::PUT, "1/result?address=p", "43\n").await.0, StatusCode::NO_CONTENT);
    finish(&node).await;
    let (status, problem) = send(&node, Method::GET, result, "").await;
    assert_eq!((status, &problem["code"]), (StatusCode::GONE, &json!("GONE")), "{problem}");
    let (status, problem) = send(&node, Method::PUT, "1/result?address=p", "44\n").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("MALFORMED")), "{problem}");
    assert_eq!(send(&node, Method::PUT, "1/result?address=p", "42\n").await.0, StatusCode::NO_CONTENT);
    node.stop().await;

    let node = Node::start(dir.path(), true).await;
    let (status, found) = send(&node, Method::GET, result, "").await;
    assert_eq!(status, StatusCode::OK);
    let expected = json!({ "leaseId": 1, "sha256": SHA256, "size": 3, "encoding": "utf-8", "content": "42\n" });
    assert_eq!(found, expected);
    let too_long = "x".repeat(65_537);
    let (status, _) = send(&node, Method::PUT, "1/result?address=p", &too_long).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    node.stop().await;
}

#[tokio::test]
async fn output_and_results_are_for_the_parties_and_by_the_agent_alone() {
    let (_dir, node) = Node::open().await;
    running(&node).await;
    node.provider("other").await;
    for path in ["1/logs", "1/result"] {
        for (address, status) in [("?address=other", 403), ("?address=stranger", 403), ("", 400)] {
            let (found, problem) = send(&node, Method::GET, &format!("{path}{address}"), "").await;
            assert_eq!(found.as_u16(), status, "{path}{address}: {problem}");
            assert_eq!(problem["field"], "address", "{path}{address}: {problem}");
        }
        let (status, problem) = send(&node, Method::GET, &path.replace('1', "2"), "").await;
        assert!(status.is_client_error(), "{path}: {problem}");
    }
    assert_eq!(send(&node, Method::GET, "1/logs?address=p", "").await.0, StatusCode::OK, "the host has it anyway");
    for (method, path, field) in [
        (Method::POST, "1/logs?replica=0&address=t", "address"),
        (Method::POST, "1/logs?replica=0", "address"),
        (Method::POST, "1/logs?address=p", "replica"),
        (Method::POST, "1/logs?address=p&replica=1", "replica"),
        (Method::POST, "1/logs?address=p&replica=0&after=now", "after"),
        (Method::POST, "1/logs?address=p&replica=0&what=1", "what"),
        (Method::PUT, "1/result?address=t", "address"),
        (Method::PUT, "9/result?address=p", "id"),
        (Method::GET, "1/logs?address=t&tail=-1", "tail"),
        (Method::GET, "1/logs?address=t&follow=perhaps", "follow"),
        (Method::GET, "1/logs?address=t&replica=1", "replica"),
    ] {
        let (status, problem) = send(&node, method, path, "").await;
        assert!(status.is_client_error(), "{path}: {status}");
        assert_eq!(problem["field"], field, "{path}: {problem}");
    }
    let (status, problem) = send(&node, Method::POST, "1/logs?address=p&replica=0", "no time\n").await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("line 1")));
    node.stop().await;
}
