//! The channels beside `book` and `events`.

use berth_wire::frame::Push;
use reqwest::Method;
use serde_json::{Value, json};

use crate::credentials::{self, OTHER, TENANT, address, bearing, closed, token};
use crate::node::{Node, order};
use crate::socket::Socket;

/// A socket with one subscription.
struct Follower {
    socket: Socket,
    sub: Value,
    /// `seq` of the last frame of the chain.
    sent: Value,
}

impl Follower {
    async fn new(node: &Node, params: Value) -> Self {
        let mut socket = node.socket().await;
        let sub = socket.ok("subscribe", params).await["sub"].clone();
        Self { socket, sub, sent: json!(null) }
    }

    /// The next frame; it is what the wire says, and continues the chain.
    async fn next(&mut self) -> Value {
        let frame = self.socket.pushed().await;
        assert_eq!(frame["sub"], self.sub, "{frame}");
        let push: Push = serde_json::from_value(frame.clone()).unwrap();
        assert_eq!(serde_json::to_value(push).unwrap(), frame);
        if frame.get("prevSeq").is_some() {
            assert_eq!(frame["prevSeq"], self.sent, "no gap and no repetition: {frame}");
            self.sent = frame["seq"].clone();
        }
        frame
    }

    /// Frames up to the one of entry `seq`.
    async fn until(&mut self, seq: &Value) -> Vec<Value> {
        let mut frames = Vec::new();
        while frames.last().is_none_or(|last: &Value| last["seq"].as_u64() < seq.as_u64()) {
            frames.push(self.next().await);
        }
        frames
    }

    /// Frames up to `caughtUp`, which is the last.
    async fn caught_up(&mut self) -> Vec<Value> {
        let mut frames = Vec::new();
        while frames.last().is_none_or(|last: &Value| last["type"] != "caughtUp") {
            frames.push(self.next().await);
        }
        frames
    }
}

/// The types of a frame's events.
fn types(frame: &Value) -> Vec<&str> {
    frame["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_best_rows_are_told_when_they_change_and_only_the_newest() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut bbo = Follower::new(&node, json!({ "ch": "bbo", "market": "CPU" })).await;
    let first = bbo.next().await;
    assert_eq!((&first["type"], &first["bid"], &first["order"]), (&json!("snapshot"), &json!(null), &json!(null)));
    let seq = node.bid(1, "3", 2).await["seq"].clone();
    let frame = bbo.next().await;
    assert_eq!((&frame["type"], &frame["seq"]), (&json!("update"), &seq));
    assert_eq!(frame["bid"], json!(["Five", "3", 2, 1]));
    // What does not change them is not told.
    node.bid(1, "4", 2).await;
    let seq = node.order("tenant", "1").await["seq"].clone();
    let frame = bbo.next().await;
    assert_eq!((&frame["seq"], &frame["order"]), (&seq, &json!(["Five", "1", 1, 1])));

    // A burst while nobody reads: however many of them are told, the last is the
    // newest.
    for i in 0..20 {
        node.bid(1, &format!("2.{:02}", 90 - i), 1).await;
    }
    let best = node.get("/api/v1/markets").await["items"][0].clone();
    assert_eq!((&best["bid"], &best["order"]), (&json!(["Five", "2.71", 1, 1]), &json!(["Five", "1", 1, 1])));
    assert_eq!((&best["spread"], &best["state"]), (&json!("1.71"), &json!("open")));
    let book = node.get("/api/v1/markets/CPU/book").await;
    assert_eq!((&best["bid"], &best["order"]), (&book["bids"][0], &book["orders"][0]));
    while bbo.next().await["bid"] != best["bid"] {}
    node.stop().await;
}

#[tokio::test]
async fn trades_are_every_lease_that_was_opened_live_again_and_as_a_list() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut live = Follower::new(&node, json!({ "ch": "trades", "market": "CPU" })).await;
    assert_eq!(live.next().await["type"], "caughtUp");
    let mut seqs = Vec::new();
    node.bid(1, "0.5", 4).await;
    seqs.push(node.order("tenant", "1").await["seq"].clone());
    seqs.push(node.order("tenant", "0.5").await["seq"].clone());
    node.order("tenant", "0.4").await;
    seqs.push(node.bid(1, "0.3", 1).await["seq"].clone());

    let mut rows = Vec::new();
    for (seq, side, price) in [(&seqs[0], "order", "0.5"), (&seqs[1], "order", "0.5"), (&seqs[2], "bid", "0.4")] {
        let frame = live.next().await;
        assert_eq!((&frame["type"], &frame["seq"]), (&json!("update"), seq));
        let trade = &frame["trades"][0];
        let lease = rows.len() + 1;
        let expected = json!({
            "market": "CPU", "leaseId": lease, "price": price, "quantity": 1, "trustLevel": "Five",
            "takerSide": side, "origin": "match",
        });
        assert_eq!(trade, &expected);
        let mut row = expected;
        row["seq"] = frame["seq"].clone();
        row["at"] = frame["at"].clone();
        rows.insert(0, row);
    }

    let mut again = Follower::new(&node, json!({ "ch": "trades", "fromSeq": 1 })).await;
    let frames = again.caught_up().await;
    let replayed: Vec<_> = frames.iter().filter(|frame| frame["type"] == "replay").map(|f| f["seq"].clone()).collect();
    assert_eq!(replayed, seqs);

    let list = node.get("/api/v1/markets/CPU/trades").await;
    assert_eq!((&list["items"], &list["next"]), (&json!(rows), &json!(null)));
    let page = node.get("/api/v1/markets/CPU/trades?limit=2").await;
    let rest = node.get(&format!("/api/v1/markets/CPU/trades?cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!(rest["items"], json!([rows[2]]));

    let candles = node.get("/api/v1/markets/CPU/candles?interval=1d").await["items"].clone();
    let total: u64 = candles.as_array().unwrap().iter().map(|candle| candle["volume"].as_u64().unwrap()).sum();
    assert_eq!(total, 3, "{candles}");
    assert_eq!((&candles[0]["open"], &candles[0]["high"]), (&json!("0.5"), &json!("0.5")), "{candles}");
    let bad = node.call(Method::GET, "/api/v1/markets/CPU/candles?interval=2m", None).await;
    assert_eq!((bad.0.as_u16(), &bad.1["field"]), (400, &json!("interval")));
    node.stop().await;
}

#[tokio::test]
async fn trades_and_candles_are_the_same_after_a_restart() {
    let (dir, node) = Node::open().await;
    node.provider("provider").await;
    node.bid(1, "0.5", 4).await;
    node.order("tenant", "1").await;
    let (trades, candles) = ("/api/v1/markets/CPU/trades", "/api/v1/markets/CPU/candles?interval=1m");
    let before = (node.get(trades).await, node.get(candles).await);
    node.stop().await;
    let node = Node::start(dir.path(), true).await;
    assert_eq!((node.get(trades).await, node.get(candles).await), before);
    assert_eq!(before.0["items"].as_array().unwrap().len(), 1);
    node.stop().await;
}

#[tokio::test]
async fn an_account_s_own_channels_bring_what_is_its_own_and_nothing_else() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let own = |ch: &str, who: &str| json!({ "ch": ch, "address": who });
    // One of these is opened later.
    let mut orders = Follower::new(&node, own("orders", "tenant")).await;
    let mut money = Follower::new(&node, own("balances", "tenant")).await;
    let mut bids = Follower::new(&node, own("bids", "provider")).await;
    let mut leases = Follower::new(&node, own("leases", "provider")).await;
    let mut others = Follower::new(&node, own("orders", "somebody else")).await;
    assert_eq!(orders.next().await["orders"], json!([]));
    assert_eq!(money.next().await["balances"], json!([]));
    assert_eq!(bids.next().await["bids"], json!([]));
    assert_eq!(leases.next().await["leases"], json!([]));
    assert_eq!(others.next().await["orders"], json!([]));

    let bid = node.bid(1, "0.5", 1).await;
    let order = node.order("tenant", "1").await;
    let open = node.order("tenant", "0.25").await;
    let others_order = node.order("somebody else", "0.125").await;

    let told = bids.next().await;
    assert_eq!((&told["seq"], types(&told)), (&bid["seq"], vec!["bid.accepted"]));
    let told = orders.next().await;
    assert_eq!((&told["seq"], types(&told)), (&order["seq"], vec!["order.accepted", "order.filled"]));
    let told = orders.next().await;
    assert_eq!((&told["seq"], types(&told)), (&open["seq"], vec!["order.accepted"]));
    let told = leases.next().await;
    assert_eq!(told["seq"], order["seq"]);
    assert_eq!(types(&told).first(), Some(&"lease.opened"));
    let told = others.next().await;
    assert_eq!((&told["seq"], types(&told)), (&others_order["seq"], vec!["order.accepted"]));

    // Money after each entry; the last is what the account has.
    let told = money.until(&open["seq"]).await;
    assert_eq!(types(&told[0]), ["deposit.credited"]);
    assert_eq!(told[0]["balances"][0]["available"], "10000");
    let tenant = node.get("/api/v1/accounts/tenant").await;
    assert_eq!(told.last().unwrap()["balances"], tenant["balances"]);

    // From the log, the same events; and the money once all of them are told.
    let mut again = Follower::new(&node, json!({ "ch": "balances", "address": "tenant", "fromSeq": 1 })).await;
    let frames = again.caught_up().await;
    let (end, replayed) = frames.split_last().unwrap();
    assert_eq!(end["balances"], tenant["balances"]);
    let seqs = |frames: &[Value]| frames.iter().map(|frame| frame["seq"].clone()).collect::<Vec<_>>();
    assert_eq!(seqs(replayed), seqs(&told));

    // What there is, for who comes later.
    let mut later = Follower::new(&node, own("orders", "tenant")).await;
    let there = later.next().await["orders"].clone();
    assert_eq!(there, json!([node.get(&format!("/api/v1/orders/{}", open["id"])).await]));
    let mut later = Follower::new(&node, own("leases", "tenant")).await;
    assert_eq!(later.next().await["leases"], json!([node.get("/api/v1/leases/1").await]));
    let (status, _) = node.call(Method::DELETE, &format!("/api/v1/orders/{}", open["id"]), None).await;
    assert!(status.is_success());
    assert_eq!(types(&orders.next().await), ["order.cancelled"]);
    node.stop().await;
}

#[tokio::test]
async fn heartbeats_tickers_instruments_and_the_status_come_by_themselves() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut ticker = Follower::new(&node, json!({ "ch": "ticker", "market": "CPU" })).await;
    let first = ticker.next().await;
    assert_eq!((&first["last"], &first["trades24h"]), (&json!(null), &json!(0)));
    node.bid(1, "0.5", 4).await;
    let lease = node.order("tenant", "1").await["leases"][0].clone();
    let next = loop {
        let frame = ticker.next().await;
        if frame["trades24h"] != 0 {
            break frame;
        }
    };
    assert_eq!((&next["last"]["leaseId"], &next["last"]["price"]), (&lease, &json!("0.5")));
    assert_eq!((&next["high24h"], &next["volume24h"]), (&json!("0.5"), &json!(1)));
    assert_eq!(next["bid"], json!(["Five", "0.5", 3, 1]));

    let mut hearts = Follower::new(&node, json!({ "ch": "heartbeat" })).await;
    let (one, two) = (hearts.next().await, hearts.next().await);
    assert_eq!(one["seq"], node.get("/health").await["seq"]);
    let apart = two["ts"].as_u64().unwrap() - one["ts"].as_u64().unwrap();
    assert!((500_000..5_000_000).contains(&apart), "a second: {apart} µs");

    let mut instruments = Follower::new(&node, json!({ "ch": "instruments" })).await;
    let all = instruments.next().await;
    let cpu = json!({ "id": 1, "market": "CPU", "asset": "XLM", "unit": "vcpu", "state": "open" });
    assert_eq!(all["instruments"], json!([cpu]));

    let mut status = Follower::new(&node, json!({ "ch": "status" })).await;
    assert_eq!(status.next().await["status"], "ready");
    node.admission.close();
    assert_eq!(status.next().await["status"], "readOnly");
    assert_eq!(node.get("/health").await["status"], "readOnly");
    node.admission.open();
    assert_eq!(status.next().await["status"], "ready");
    node.stop().await;
}

#[tokio::test]
async fn a_channel_refuses_what_it_does_not_take() {
    let (_dir, node) = Node::open().await;
    let mut socket = node.socket().await;
    for (params, field) in [
        (json!({ "ch": "bbo" }), "market"),
        (json!({ "ch": "bbo", "market": "CPU", "fromSeq": 1 }), "fromSeq"),
        (json!({ "ch": "orders" }), "address"),
        (json!({ "ch": "orders", "address": "a", "market": "CPU" }), "market"),
        (json!({ "ch": "trades", "types": ["lease.*"] }), "types"),
        (json!({ "ch": "events", "address": "a" }), "address"),
        (json!({ "ch": "heartbeat", "epoch": "a" }), "epoch"),
        (json!({ "ch": "news" }), "ch"),
    ] {
        let answer = socket.call("subscribe", params.clone()).await;
        assert_eq!((&answer["ok"], &answer["error"]["field"]), (&json!(false), &json!(field)), "{params}: {answer}");
    }
    let unknown = socket.call("subscribe", json!({ "ch": "bbo", "market": "H100-80" })).await;
    assert_eq!(unknown["error"]["code"], "UNKNOWN_MARKET");
    node.stop().await;
}

#[tokio::test]
async fn without_open_mode_an_account_s_own_channels_need_its_credentials() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start(dir.path(), false).await;
    let mut socket = node.socket().await;
    for ch in ["orders", "bids", "leases", "balances"] {
        let address = berth_wire::address::write(berth_domain::Address([7; 32]));
        let answer = socket.call("subscribe", json!({ "ch": ch, "address": address })).await;
        assert_eq!(answer["error"]["code"], "UNAUTHORIZED", "{answer}");
    }
    node.stop().await;
}

#[tokio::test]
async fn no_channel_tells_what_an_open_auction_hides() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut auction = order("tenant", "9");
    auction["mode"] = json!("auction");
    auction["auctionSeconds"] = json!(2);
    node.post("/api/v1/orders", auction).await;
    let mut bids = Follower::new(&node, json!({ "ch": "bids", "address": "provider" })).await;
    let mut trades = Follower::new(&node, json!({ "ch": "trades" })).await;
    let mut stream = node.send(Method::GET, "/api/v1/events/stream", None).await;
    bids.next().await;
    assert_eq!(trades.next().await["type"], "caughtUp");
    let bid = node.post("/api/v1/orders/1/bids", json!({ "providerId": 1, "bidPrice": "4.321" })).await;

    let told = bids.next().await;
    assert_eq!((&told["seq"], &told["events"][0]["bidPrice"]), (&bid["seq"], &json!(null)));
    let mut later = Follower::new(&node, json!({ "ch": "bids", "address": "provider" })).await;
    let there = later.next().await;
    assert_eq!((&there["bids"][0]["id"], &there["bids"][0]["bidPrice"]), (&json!(1), &json!(null)));
    let mut again = Follower::new(&node, json!({ "ch": "bids", "address": "provider", "fromSeq": 1 })).await;
    assert!(!format!("{:?}", again.caught_up().await).contains("4.321"));
    let mut streamed = String::new();
    while !streamed.contains("bid.accepted") {
        streamed.push_str(std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(!streamed.contains("4.321"), "{streamed}");

    // And then it is told, with nobody who came last.
    let trade = trades.next().await["trades"][0].clone();
    assert_eq!((&trade["price"], &trade["takerSide"]), (&json!("4.321"), &json!(null)));
    node.stop().await;
}

#[tokio::test]
async fn who_shows_credentials_follows_its_own_and_nobody_else_s() {
    let (_dir, node) = closed().await;
    let bearer = token(&node, TENANT).await;
    let headers = [("authorization", format!("Bearer {bearer}"))];
    let mut socket = Socket::with(node.addr(), &headers).await.unwrap();
    for ch in ["orders", "bids", "leases", "balances"] {
        let others = socket.call("subscribe", json!({ "ch": ch, "address": address(OTHER) })).await;
        assert_eq!(others["error"]["code"], "FORBIDDEN", "{others}");
    }
    let sub = socket.ok("subscribe", json!({ "ch": "orders" })).await["sub"].clone();
    let there = socket.pushed().await;
    assert_eq!((&there["type"], &there["sub"]), (&json!("snapshot"), &sub));
    let (status, made) = bearing(&node, &bearer, Method::POST, "/api/v1/orders", credentials::order()).await;
    assert_eq!(status.as_u16(), 201, "{made}");
    let told = socket.pushed().await;
    assert_eq!((&told["seq"], types(&told)[0]), (&made["seq"], "order.accepted"));
    // The same by name.
    socket.ok("subscribe", json!({ "ch": "orders", "address": address(TENANT) })).await;
    let there = socket.pushed().await["orders"].clone();
    assert_eq!(there.as_array().unwrap().last().unwrap()["id"], made["id"]);
    node.stop().await;
}
