//! The `events` channel.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::node::{Node, order};
use crate::socket::Socket;

/// A follower of events that can lose its connection.
struct Follower {
    socket: Socket,
    sent: Value,
    frames: Vec<Value>,
}

impl Follower {
    async fn new(node: &Node, params: Value) -> Self {
        let mut socket = node.socket().await;
        let mut wanted = json!({ "ch": "events" });
        wanted.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        socket.ok("subscribe", wanted).await;
        Self { socket, sent: json!(null), frames: Vec::new() }
    }

    /// Takes in frames up to `caughtUp`, or live ones until `seq` is there.
    async fn follow(&mut self, kind: &str, until: Option<u64>) {
        loop {
            let frame = self.socket.pushed().await;
            if frame["type"] == "caughtUp" {
                assert_eq!((kind, until), ("replay", None), "told once, after all that is old: {frame}");
                return;
            }
            assert_eq!(frame["type"], kind, "{frame}");
            assert_eq!(frame["prevSeq"], self.sent, "no gap and no repetition: {frame}");
            self.sent = frame["seq"].clone();
            self.frames.push(json!({ "seq": frame["seq"], "at": frame["at"], "events": frame["events"] }));
            if until.is_some_and(|until| frame["seq"].as_u64() >= Some(until)) {
                return;
            }
        }
    }

    fn next(&self) -> u64 {
        self.frames.last().unwrap()["seq"].as_u64().unwrap() + 1
    }
}

#[tokio::test]
async fn replay_and_live_events_are_the_log_without_gap_or_repetition_across_reconnects_and_restarts() {
    let (dir, node) = Node::open().await;
    node.provider("provider").await;
    for _ in 0..3 {
        node.order("tenant", "1").await;
    }
    let mut all = Vec::new();
    let mut first = Follower::new(&node, json!({ "fromSeq": 1 })).await;
    first.follow("replay", None).await;
    let live = node.bid(1, "0.5", 2).await["seq"].as_u64().unwrap();
    first.follow("update", Some(live)).await;
    let from = first.next();
    all.append(&mut first.frames);
    drop(first);

    // While nobody listens, and over a restart: the ring is empty, the store is not.
    node.order("tenant", "1").await;
    node.stop().await;
    let node = Node::start(dir.path(), true).await;
    let epoch = node.get("/health").await["logId"].clone();
    let mut second = Follower::new(&node, json!({ "fromSeq": from, "epoch": epoch })).await;
    second.follow("replay", None).await;
    // Others write at the same time.
    let mut last = 0;
    for _ in 0..5 {
        last = node.order("tenant", "1").await["seq"].as_u64().unwrap();
    }
    second.follow("update", Some(last)).await;
    all.append(&mut second.frames);

    assert_eq!(all, node.events("").await);
    let seqs: BTreeSet<u64> = all.iter().map(|frame| frame["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs.len(), all.len());
    node.stop().await;
}

#[tokio::test]
async fn filters_choose_types_and_markets_and_keep_the_chain_of_seqs() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    node.order("tenant", "1").await;
    let last = node.bid(1, "0.5", 1).await["seq"].as_u64().unwrap();
    let mut leases = Follower::new(&node, json!({ "fromSeq": 1, "types": ["lease.opened", "bid.*"] })).await;
    leases.follow("replay", None).await;
    assert_eq!(leases.frames.len(), 1);
    let names: Vec<_> = leases.frames[0]["events"].as_array().unwrap().iter().map(|e| e["type"].clone()).collect();
    assert_eq!(names, ["bid.accepted", "lease.opened"]);
    assert_eq!(leases.frames[0]["seq"], last);
    assert_eq!(leases.frames, node.events("type=lease.opened,bid.*").await);
    let of_market = node.events("market=CPU&from=2").await;
    assert!(of_market.iter().all(|line| line["events"][0]["type"] != "account.opened"), "{of_market:?}");
    assert!(of_market.iter().any(|line| line["seq"] == last));

    let response = node.send(reqwest::Method::GET, "/api/v1/events?limit=1&type=lease.opened", None).await;
    assert_eq!(response.headers()["x-next-seq"], (last + 1).to_string());
    node.stop().await;
}

#[tokio::test]
async fn a_cursor_of_another_log_or_beyond_the_end_is_told() {
    let (_dir, node) = Node::open().await;
    let head = node.order("tenant", "1").await["seq"].clone();
    let mut socket = node.socket().await;
    let mut refused = async |params: Value| {
        let sub = socket.ok("subscribe", params).await["sub"].clone();
        let frame = socket.pushed().await;
        assert_eq!(frame["sub"], sub);
        // The subscription has ended.
        let gone = socket.call("unsubscribe", json!({ "sub": sub })).await;
        assert_eq!(gone["ok"], false);
        frame
    };
    let future = refused(json!({ "ch": "events", "fromSeq": 1_000_000 })).await;
    assert_eq!((&future["type"], &future["seq"]), (&json!("futureCursor"), &head));
    let changed = refused(json!({ "ch": "events", "fromSeq": 1, "epoch": "another" })).await;
    assert_eq!((&changed["type"], &changed["epoch"]), (&json!("epochChanged"), &node.get("/health").await["logId"]));
    node.stop().await;
}

#[tokio::test]
async fn a_shutdown_says_where_to_go_on() {
    let (_dir, node) = Node::open().await;
    let head = node.order("tenant", "1").await["seq"].as_u64().unwrap();
    let mut follower = Follower::new(&node, json!({ "fromSeq": 1 })).await;
    follower.follow("replay", None).await;
    let mut idle = node.socket().await;
    idle.ok("ping", json!({})).await;
    let stop = tokio::spawn(node.stop());
    for mut socket in [follower.socket, idle] {
        let frame = socket.pushed().await;
        assert_eq!(frame, json!({ "ch": "status", "type": "serverShutdown", "resumeSeq": head + 1 }));
        assert_eq!(u16::from(socket.closed().await.unwrap().code), 1001);
    }
    stop.await.unwrap();
}

#[tokio::test]
async fn the_events_of_one_entry_are_one_frame_however_many() {
    let (_dir, node) = Node::open().await;
    let host = json!({
        "address": "provider", "resources": { "cpu": 1000, "memory": 1_000_000 }, "hostname": "h", "port": 1,
    });
    node.post("/api/v1/providers", host).await;
    let mut socket = node.socket().await;
    for set in 0..10 {
        let quote = |i| json!({ "providerId": 1, "market": "CPU", "price": format!("0.{:04}", i + 1), "quantity": 1 });
        let quotes: Vec<_> = (0..200).map(quote).collect();
        socket.ok("bid.mass", json!({ "quoteSetId": set, "quotes": quotes })).await;
    }
    let seq = socket.ok("cancel.all", json!({ "address": "provider" })).await["seq"].as_u64().unwrap();
    let mut follower = Follower::new(&node, json!({ "fromSeq": seq })).await;
    follower.follow("replay", None).await;
    let frame = &follower.frames[0];
    let ended = frame["events"].as_array().unwrap().iter().filter(|event| event["type"] == "bid.cancelled").count();
    assert_eq!(ended, 2_000);
    assert!(frame.to_string().len() > 128 * 1024, "more than any buffer would have had room for");
    node.stop().await;
}

#[tokio::test]
async fn every_frame_is_what_the_wire_says() {
    let (_dir, node) = Node::open().await;
    node.post("/api/v1/orders", order("tenant", "1")).await;
    let mut socket = node.socket().await;
    socket.ok("subscribe", json!({ "ch": "events", "fromSeq": 1 })).await;
    socket.ok("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
    for _ in 0..4 {
        let frame = socket.pushed().await;
        let push: berth_wire::frame::Push = serde_json::from_value(frame.clone()).unwrap();
        assert_eq!(serde_json::to_value(push).unwrap(), frame);
    }
    node.stop().await;
}
