//! A reader who does not read: cut, and nobody else's concern.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::sleep;

use crate::node::Node;

/// A text frame of a client, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let len = u8::try_from(text.len()).unwrap();
    assert!(len < 126);
    [&[0x81, 0x80 | len, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_reader_is_cut_in_time_and_others_do_not_notice() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    node.order("tenant", "0.001").await;
    // A history that is too much for the kernel's buffers when it is asked for 64 times.
    let mut socket = node.socket().await;
    let mut waiting = Vec::new();
    for i in 0..600 {
        let price = format!("{}", 100 + i);
        let bid = json!({ "providerId": 1, "market": "CPU", "bidPrice": price, "quantity": 1 });
        waiting.push(socket.send("bid.place", bid).await);
        if waiting.len() == 50 {
            for id in waiting.drain(..) {
                socket.answer_in_any_order(id).await;
            }
        }
    }

    let stalled = TcpSocket::new_v4().unwrap();
    stalled.set_recv_buffer_size(4096).unwrap();
    let mut stalled = stalled.connect(node.addr()).await.unwrap();
    let upgrade = format!(
        "GET /ws/v1 HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        node.addr()
    );
    stalled.write_all(upgrade.as_bytes()).await.unwrap();
    for id in 0..64 {
        let subscribe = format!(r#"{{"id":{id},"method":"subscribe","params":{{"ch":"events","fromSeq":1}}}}"#);
        stalled.write_all(&frame(&subscribe)).await.unwrap();
    }

    let mut live = node.socket().await;
    live.ok("subscribe", json!({ "ch": "events" })).await;
    assert_eq!(live.pushed().await["type"], "caughtUp");
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    while began.elapsed() < Duration::from_secs(7) {
        let asked = Instant::now();
        let seq = node.order("tenant", "0.001").await["seq"].clone();
        assert_eq!(live.pushed().await["seq"], seq);
        slowest = slowest.max(asked.elapsed());
        sleep(Duration::from_millis(50)).await;
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");

    // What the kernel still had, and then the end.
    let mut rest = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(5), stalled.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the node has closed the connection");
    let history = node.events("").await.len();
    let told = String::from_utf8_lossy(&rest).matches("\"type\":\"replay\"").count();
    assert!(told > 0 && told < 64 * history, "{told} of {}", 64 * history);
    node.stop().await;
}
