//! Clients that do not keep to the protocol, byte by byte.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use crate::node::Node;

const TEXT: u8 = 0x1;
const CONTINUED: u8 = 0x0;
const BINARY: u8 = 0x2;
const LAST: u8 = 0x80;

/// A frame of a client, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..126 => bytes.push(0x80 | len as u8),
        len @ 126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend((len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend((len as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// A connection that has become a WebSocket.
async fn upgraded(node: &Node, receive_buffer: Option<u32>) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(bytes) = receive_buffer {
        socket.set_recv_buffer_size(bytes).unwrap();
    }
    let mut stream = socket.connect(node.addr()).await.unwrap();
    let upgrade = format!(
        "GET /ws/v1 HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        node.addr()
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

/// What a node says until it closes, and how long that takes.
async fn until_closed(stream: &mut TcpStream) -> (Vec<u8>, Duration) {
    let begun = Instant::now();
    let mut said = Vec::new();
    // A connection that is reset is closed as well.
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await.expect("closed in time");
    (said, begun.elapsed())
}

#[tokio::test]
async fn a_request_in_pieces_is_answered() {
    let (_dir, node) = Node::open().await;
    let mut stream = upgraded(&node, None).await;
    for (first, part) in [(TEXT, r#"{"id":1,"#), (CONTINUED, r#""method":"#), (LAST | CONTINUED, r#""ping"}"#)] {
        stream.write_all(&frame(first, part.as_bytes())).await.unwrap();
    }
    // There may be a ping before it.
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(r#"{"id":1,"ok":true"#) {
        timeout(Duration::from_secs(20), stream.read_buf(&mut said)).await.expect("an answer in time").unwrap();
    }
    node.stop().await;
}

#[tokio::test]
async fn what_is_no_request_ends_its_own_connection_and_no_other() {
    let (_dir, node) = Node::open().await;
    let mut witness = node.socket().await;
    let large = vec![b' '; 64 * 1024 + 1];
    let piece = vec![b' '; 40 * 1024];
    let pieces = [frame(TEXT, &piece), frame(CONTINUED, &piece)].concat();
    let mut unmasked = frame(LAST | TEXT, b"{}");
    unmasked[1] &= 0x7f;
    for (what, bytes, code) in [
        ("longer than a request may be", frame(LAST | TEXT, &large), 1009),
        ("longer in pieces", pieces, 1009),
        ("binary", frame(LAST | BINARY, b"{}"), 1003),
        ("no UTF-8", frame(LAST | TEXT, &[0xff, 0xfe]), 1007),
        ("a piece of nothing", frame(LAST | CONTINUED, b"{}"), 1002),
        ("not masked", unmasked, 1002),
        ("an opcode that is none", frame(LAST | 0x3, b"{}"), 1002),
        ("a bit that is reserved", frame(LAST | 0x40 | TEXT, b"{}"), 1002),
    ] {
        let mut stream = upgraded(&node, None).await;
        // It may be closed before all is written.
        let _ = stream.write_all(&bytes).await;
        let (said, took) = until_closed(&mut stream).await;
        assert!(took < Duration::from_secs(6), "{what}: {took:?}");
        let code: u16 = code;
        let closing = said.windows(4).any(|at| at[0] == 0x88 && at[2..] == code.to_be_bytes());
        assert!(closing, "{what}: {said:x?}");
        witness.ok("ping", json!({})).await;
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_without_end_and_reads_nothing_is_cut_and_the_others_go_on() {
    let (_dir, node) = Node::open().await;
    let stream = upgraded(&node, Some(4_096)).await;
    let (_unread, mut writes) = stream.into_split();
    let flood = tokio::spawn(async move {
        let request = frame(LAST | TEXT, br#"{"id":1,"method":"subscribe","params":{"ch":"no such channel"}}"#);
        let many = request.repeat(1_000);
        let begun = Instant::now();
        // Until the node reads no more, and then closes.
        while writes.write_all(&many).await.is_ok() {}
        begun.elapsed()
    });
    let mut witness = node.socket().await;
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    while !flood.is_finished() && begun.elapsed() < Duration::from_secs(30) {
        let asked = Instant::now();
        witness.ok("ping", json!({})).await;
        slowest = slowest.max(asked.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    let took = timeout(Duration::from_secs(1), flood).await.expect("it was cut").unwrap();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    node.stop().await;
}

#[tokio::test]
async fn who_is_slow_to_say_what_it_wants_is_cut() {
    let (_dir, node) = Node::open().await;
    let mut slow = TcpStream::connect(node.addr()).await.unwrap();
    let begun = Instant::now();
    // A header a second, and never the last.
    slow.write_all(b"GET /health HTTP/1.1\r\n").await.unwrap();
    let mut reads = Box::pin(async {
        let (mut reads, mut writes) = slow.split();
        let mut said = Vec::new();
        loop {
            tokio::select! {
                read = reads.read_buf(&mut said) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
                () = sleep(Duration::from_secs(1)) => {
                    let _ = writes.write_all(b"X-More: 1\r\n").await;
                }
            }
        }
    });
    timeout(Duration::from_secs(20), &mut reads).await.expect("closed in time");
    assert!(begun.elapsed() > Duration::from_secs(5), "and not at once");
    assert_eq!(node.get("/health").await["status"], "ready");
    drop(reads);
    node.stop().await;
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let (_dir, node) = Node::open().await;
    for head in [
        format!("GET /{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "a".repeat(20_000)),
        format!("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", "X: 1\r\n".repeat(100)),
    ] {
        let mut stream = TcpStream::connect(node.addr()).await.unwrap();
        let _ = stream.write_all(head.as_bytes()).await;
        let (said, _) = until_closed(&mut stream).await;
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{said}");
    }
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_nobody_reads_is_cut_in_time() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    // More than the kernel takes for a reader of none.
    let mut socket = node.socket().await;
    for set in 0..120 {
        let quote = |i: u64| json!({ "providerId": 1, "market": "CPU", "price": format!("{}", 1 + i), "quantity": 1 });
        let quotes: Vec<Value> = (0..200).map(quote).collect();
        socket.ok("bid.mass", json!({ "quoteSetId": set % 5, "quotes": quotes })).await;
    }
    let stalled = TcpSocket::new_v4().unwrap();
    stalled.set_recv_buffer_size(4_096).unwrap();
    let mut stalled = stalled.connect(node.addr()).await.unwrap();
    let ask = format!("GET /api/v1/events/stream?from=1 HTTP/1.1\r\nHost: {}\r\n\r\n", node.addr());
    stalled.write_all(ask.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(6_500)).await;
    // One that still had something to say, or only waited, would be open now.
    let (said, took) = until_closed(&mut stalled).await;
    assert!(took < Duration::from_secs(2), "it was closed while nobody read: {took:?}");
    assert!(!String::from_utf8_lossy(&said).contains(&format!("id: {}", node.get("/health").await["seq"])));
    node.stop().await;
}
