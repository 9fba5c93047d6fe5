//! Clients that take too much at once: turned away in words, and the node goes on
//! within its means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use berth_gateway::Limits;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::node::{Node, order};

async fn bounded(limits: Limits) -> (tempfile::TempDir, Node) {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::limited(dir.path(), true, limits).await;
    (dir, node)
}

/// What a node says to a new connection that asks for its health.
async fn asked(node: &Node) -> String {
    let mut stream = TcpStream::connect(node.addr()).await.unwrap();
    let ask = format!("GET /health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", node.addr());
    // It may be answered and closed before all is written.
    let _ = stream.write_all(ask.as_bytes()).await;
    let mut said = Vec::new();
    let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut said)).await.expect("it is closed");
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_finds_a_place_later() {
    for (limits, status, code) in [
        (Limits { connections: 8, connections_per_address: 9, ..Limits::OPEN }, "503", "OVERLOADED"),
        (Limits { connections: 8, connections_per_address: 4, ..Limits::OPEN }, "429", "RATE_LIMITED"),
    ] {
        let (_dir, node) = bounded(limits).await;
        let mut held = Vec::new();
        for _ in 0..limits.connections.min(limits.connections_per_address) {
            held.push(TcpStream::connect(node.addr()).await.unwrap());
        }
        // The last of them may not be counted yet.
        let deadline = Instant::now() + Duration::from_secs(10);
        let refusal = loop {
            let said = asked(&node).await;
            if !said.starts_with("HTTP/1.1 200 ") {
                break said;
            }
            assert!(Instant::now() < deadline, "nobody is turned away");
        };
        let (head, body) = refusal.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("retry-after: 1") && head.contains("application/problem+json"), "{head}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap()["code"], code);
        drop(held);
        while !asked(&node).await.starts_with("HTTP/1.1 200 ") {
            assert!(Instant::now() < deadline + Duration::from_secs(10), "a place that is left is taken again");
            sleep(Duration::from_millis(20)).await;
        }
        node.stop().await;
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_answered_in_time() {
    let (_dir, node) = bounded(Limits { body_time: Duration::from_secs(1), ..Limits::OPEN }).await;
    let mut stream = TcpStream::connect(node.addr()).await.unwrap();
    let head = format!(
        "POST /api/v1/orders HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        node.addr()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (begun, mut said) = (Instant::now(), Vec::new());
    // A byte now and then buys no time.
    while !String::from_utf8_lossy(&said).contains("REQUEST_TIMEOUT") {
        let read = timeout(Duration::from_millis(300), stream.read_buf(&mut said)).await;
        assert!(!matches!(read, Ok(Ok(0) | Err(_))), "closed without a word: {}", String::from_utf8_lossy(&said));
        assert!(begun.elapsed() < Duration::from_secs(10), "no answer");
        let _ = stream.write_all(b" ").await;
    }
    assert!(said.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&said));
    assert!(begun.elapsed() > Duration::from_millis(800), "and not at once");
    node.stop().await;
}

#[tokio::test]
async fn bodies_and_frames_are_as_long_as_the_operator_lets_them() {
    let (_dir, node) = bounded(Limits { body_bytes: 2_000, frame_bytes: 3_000, ..Limits::OPEN }).await;
    let padded = |bytes: usize| {
        let mut order = order("tenant", "1");
        order["specification"]["env"] = json!({ "A": "x".repeat(bytes) });
        order
    };
    let placed = node.send(Method::POST, "/api/v1/orders", Some(padded(1_000))).await;
    assert_eq!(placed.status(), StatusCode::CREATED);
    let refused = node.send(Method::POST, "/api/v1/orders", Some(padded(2_000))).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["detail"], "the body is longer than 2000 bytes");

    let mut socket = node.socket().await;
    socket.ok("order.place", padded(2_000)).await;
    let mut socket = node.socket().await;
    socket.send("order.place", padded(3_000)).await;
    socket.closed().await;
    node.stop().await;
}

/// What of this process is in memory, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_without_end_take_a_bounded_room_and_hold_nobody() {
    const MANY: usize = 600;
    let (_dir, node) = bounded(Limits { head_time: Duration::from_secs(3), ..Limits::OPEN }).await;
    let before = resident();
    let endless = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {}", node.addr(), "a".repeat(64 * 1_024));
    let mut held = Vec::new();
    for _ in 0..MANY {
        let mut stream = TcpStream::connect(node.addr()).await.unwrap();
        // What is more than a head may be is not read, and not waited for.
        let _ = timeout(Duration::from_millis(20), stream.write_all(endless.as_bytes())).await;
        held.push(stream);
    }
    // 16 KiB of each are read, whatever it sends; other tests of this process have
    // their share in what is counted.
    let grown = resident().saturating_sub(before);
    assert!(grown < 256, "{grown} MiB for {MANY} connections");
    let begun = Instant::now();
    assert_eq!(node.get("/health").await["status"], "ready");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    for stream in &mut held {
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("cut in time");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_under_way_when_the_node_stops_is_answered() {
    let (dir, node) = Node::open().await;
    node.order("tenant", "1").await;
    let mut socket = node.socket().await;
    let mut sent = Vec::new();
    for _ in 0..50 {
        sent.push(socket.send("order.place", order("tenant", "1")).await);
    }
    // The first is durable, so the others are on their way.
    assert_eq!(socket.answer_in_any_order(sent[0]).await["ok"], true);
    let stop = tokio::spawn(node.stop());
    // Each is answered, or the end is told and it was not taken.
    let (mut answered, mut resume) = (1_u64, None);
    while resume.is_none() {
        let frame = socket.pushed().await;
        match frame["type"].as_str() {
            Some("serverShutdown") => resume = frame["resumeSeq"].as_u64(),
            _ if frame["ok"] == true => answered += 1,
            _ => panic!("{frame}"),
        }
    }
    stop.await.unwrap();
    let node = Node::start(dir.path(), true).await;
    let listed = node.get("/api/v1/orders?limit=1000").await["items"].as_array().unwrap().len() as u64;
    assert_eq!(listed, 1 + answered, "nothing that was done is left unsaid, and the other way round");
    assert!(resume.unwrap() > listed, "the log goes on behind it");
    node.stop().await;
}

#[tokio::test]
async fn commands_that_find_the_queue_full_are_told_when_to_try_again() {
    let dir = tempfile::tempdir().unwrap();
    let shut = Arc::new(AtomicBool::new(false));
    let gate = shut.clone();
    let node = Node::sequenced(dir.path(), true, Limits::OPEN, None, |config| {
        (config.queue, config.batch_max) = (1, 1);
        let mut told = std::mem::replace(&mut config.on_committed, Box::new(|_| ()));
        config.on_committed = Box::new(move |batch| {
            while gate.load(Ordering::Acquire) {
                std::thread::sleep(Duration::from_millis(1));
            }
            told(batch);
        });
    })
    .await;
    node.order("tenant", "1").await;

    // Nothing is told to be durable, so what is submitted piles up.
    shut.store(true, Ordering::Release);
    let sent: Vec<_> = (0..32)
        .map(|_| tokio::spawn(node.asking(Method::POST, "/api/v1/orders", order("tenant", "1")).send()))
        .collect();
    while sent.iter().filter(|answer| answer.is_finished()).count() < 16 {
        sleep(Duration::from_millis(10)).await;
    }
    shut.store(false, Ordering::Release);
    let (mut taken, mut turned_away) = (0, 0);
    for answer in sent {
        let answer = answer.await.unwrap().unwrap();
        if answer.status() == StatusCode::CREATED {
            taken += 1;
            continue;
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers()["retry-after"], "1");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["retry"]), (&json!("OVERLOADED"), &json!("after")), "{problem}");
        turned_away += 1;
    }
    assert!(taken >= 1 && turned_away >= 16, "{taken} were taken, {turned_away} were not");
    // None of those is in the log, and the node goes on.
    let orders = node.get("/api/v1/orders").await["items"].as_array().unwrap().len();
    assert_eq!(orders, taken + 1);
    node.order("tenant", "1").await;
    node.stop().await;
}
