//! `GET /events/stream`.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::node::Node;

/// A reader of server-sent events.
struct Reader {
    response: Response,
    text: String,
}

/// A message: its id, its event, its data, and whether it is a comment alone.
#[derive(Debug, Default)]
struct Message {
    id: Option<u64>,
    event: String,
    data: Value,
}

impl Reader {
    async fn new(node: &Node, query: &str, seen: Option<u64>) -> Self {
        let url = format!("http://{}/api/v1/events/stream{query}", node.addr());
        let mut request = reqwest::Client::new().get(url);
        if let Some(seen) = seen {
            request = request.header("Last-Event-ID", seen.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Self { response, text: String::new() };
        assert_eq!(reader.block().await.as_deref(), Some("retry: 1000"));
        reader
    }

    /// The lines up to the next empty one; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await.expect("a chunk in time");
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let mut message = Message::default();
        for line in self.block().await?.lines() {
            match line.split_once(": ").unwrap() {
                ("id", id) => message.id = Some(id.parse().unwrap()),
                ("event", event) => message.event = event.to_owned(),
                ("data", data) => message.data = serde_json::from_str(data).unwrap(),
                ("", _) => {}
                other => panic!("{other:?}"),
            }
        }
        Some(message)
    }

    /// As many messages as there are frames, and their data.
    async fn take(&mut self, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        while all.len() < count {
            let message = self.next().await.unwrap();
            if !message.data.is_null() {
                assert_eq!(message.data["seq"], message.id.unwrap(), "the id is where to go on behind");
                all.push(message.data);
            }
        }
        all
    }
}

#[tokio::test]
async fn a_stream_is_the_log_and_goes_on_behind_the_last_event_that_was_seen() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    node.order("tenant", "1").await;
    let mut reader = Reader::new(&node, "?from=1", None).await;
    let old = node.events("").await;
    let mut all = reader.take(old.len()).await;
    assert_eq!(all, old);
    node.bid(1, "0.5", 2).await;
    all.extend(reader.take(1).await);
    drop(reader);

    node.order("tenant", "1").await;
    let seen = all.last().unwrap()["seq"].as_u64();
    // What it has seen counts, whatever it asked for first.
    let mut reader = Reader::new(&node, "?from=1", seen).await;
    all.extend(reader.take(1).await);
    assert_eq!(all, node.events("").await);

    let mut leases = Reader::new(&node, "?from=1&type=lease.opened&market=CPU", None).await;
    assert_eq!(leases.take(2).await, node.events("type=lease.opened&market=CPU").await);

    let stop = tokio::spawn(node.stop());
    let last = reader.next().await.unwrap();
    assert_eq!((last.event.as_str(), &last.data), ("serverShutdown", &json!({ "resumeSeq": seen.unwrap() + 2 })));
    assert!(reader.next().await.is_none(), "and that is all");
    stop.await.unwrap();
}

#[tokio::test]
async fn a_stream_from_beyond_the_end_is_refused() {
    let (_dir, node) = Node::open().await;
    let head = node.get("/health").await["seq"].as_u64().unwrap();
    let path = "/api/v1/events/stream";
    for (query, status, field) in [
        (format!("?from={}", head + 2), 404, "from"),
        ("?from=x".to_owned(), 400, "from"),
        ("?type=lease".to_owned(), 400, "type"),
        ("?market=H100-80".to_owned(), 404, "market"),
        ("?form=1".to_owned(), 400, "form"),
    ] {
        let (found, body) = node.call(Method::GET, &format!("{path}{query}"), None).await;
        assert_eq!((found.as_u16(), &body["field"]), (status, &json!(field)), "{query}: {body}");
    }
    node.stop().await;
}
