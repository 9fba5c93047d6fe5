//! `GET /audit/log`: the log itself, and what of it is sealed.

use std::path::Path;
use std::time::{Duration, Instant};

use berth_domain::Seq;
use berth_journal::{
    ArchivePolicy, Batch, DataDir, Follower, FollowerConfig, LogReader, Replica, SnapshotConfig, archive,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::{Node, TOKEN, order};

/// One answer.
struct Answer {
    batches: Vec<Batch>,
    bytes: usize,
    head: u64,
    sealed_from: Option<u64>,
}

impl Answer {
    /// The entries in it.
    fn entries(&self) -> Vec<u64> {
        self.batches.iter().flat_map(|batch| &batch.entries).map(|entry| entry.seq.0).collect()
    }

    fn text(&self) -> String {
        format!("{:?}", self.batches)
    }
}

async fn ask(node: &Node, query: &str, token: Option<&str>) -> reqwest::Response {
    let request = reqwest::Client::new().get(format!("http://{}/audit/log{query}", node.addr()));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.unwrap()
}

/// Reads an answer as the document says.
async fn read(node: &Node, from: u64, token: Option<&str>) -> Answer {
    let response = ask(node, &format!("?from={from}"), token).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let number = |name| response.headers().get(name).map(|value| value.to_str().unwrap().parse().unwrap());
    let (head, sealed_from) = (number("x-berth-head").unwrap(), number("x-berth-sealed-from"));
    let body = response.bytes().await.unwrap();
    let (mut rest, mut batches) = (&body[..], Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (batch, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        batches.push(Batch::decode(batch).unwrap());
        rest = behind;
    }
    assert!(rest.is_empty());
    Answer { batches, bytes: body.len(), head, sealed_from }
}

async fn refused(node: &Node, query: &str, token: Option<&str>) -> (u16, Value) {
    let response = ask(node, query, token).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

fn on_disk(dir: &Path) -> Vec<Batch> {
    LogReader::open(&DataDir::new(dir)).unwrap().read(Seq(0)).map(Result::unwrap).collect()
}

#[tokio::test]
async fn the_log_comes_as_it_lies_on_the_disk_answer_by_answer() {
    let (dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    // More than one answer holds.
    let quote = |i| json!({ "providerId": 1, "market": "CPU", "price": format!("0.{:04}", i + 1), "quantity": 1 });
    let quotes: Vec<_> = (0..200).map(quote).collect();
    for set in 0..250 {
        socket.ok("bid.mass", json!({ "quoteSetId": set % 10, "quotes": quotes })).await;
    }
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        let from = answers.last().map_or(1, |last| last.batches.last().unwrap().last().0 + 1);
        let answer = read(&node, from, None).await;
        if answer.batches.is_empty() {
            assert_eq!(from, answer.head + 1);
            break;
        }
        answers.push(answer);
    }
    assert!(answers.len() > 1, "an answer is bounded");
    assert!(answers.iter().all(|answer| answer.bytes < 2 << 20 && answer.sealed_from.is_none()));
    let read_back: Vec<_> = answers.into_iter().flat_map(|answer| answer.batches).collect();
    assert_eq!(read_back, on_disk(dir.path()));

    // From the middle of a batch, the whole batch; behind the end, nothing.
    let last = read_back.last().unwrap();
    assert_eq!(read(&node, last.last().0, None).await.batches, std::slice::from_ref(last));
    assert_eq!(read(&node, u64::MAX, None).await.batches, []);
    assert_eq!(read(&node, 0, None).await.batches[0].first(), Seq(1));
    for query in ["?from=x", "?from=-1", "?to=1"] {
        assert_eq!(refused(&node, query, None).await.0, 400, "{query}");
    }
    node.stop().await;
}

async fn closed(node: &Node, order: u64) {
    let over = async {
        while node.get(&format!("/api/v1/orders/{order}")).await["state"] == "open" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), over).await.expect("it closes by itself");
}

#[tokio::test]
async fn what_an_open_auction_hides_is_in_no_public_answer_until_it_closes() {
    let (dir, node) = Node::open().await;
    node.provider("one").await;
    node.order("tenant", "1").await;
    let auction = |seconds| {
        let mut auction = order("tenant", "9");
        auction["mode"] = json!("auction");
        auction["auctionSeconds"] = json!(seconds);
        auction
    };
    let short = node.post("/api/v1/orders", auction(2)).await;
    let long = node.post("/api/v1/orders", auction(6)).await;
    let (first, second) = (short["seq"].as_u64().unwrap(), long["seq"].as_u64().unwrap());
    let bid = json!({ "providerId": 1, "bidPrice": "4.3219876" });
    node.post(&format!("/api/v1/orders/{}/bids", long["id"]), bid).await;

    // The price is in the log, for the operator.
    let price = "43219876";
    let all = read(&node, 1, Some(TOKEN)).await;
    assert_eq!((all.sealed_from, all.entries()), (None, (1..=all.head).collect()));
    assert!(all.text().contains(price));
    // For nobody else, from the older auction on.
    let public = read(&node, 1, None).await;
    assert_eq!((public.sealed_from, public.head), (Some(first), all.head));
    assert_eq!(public.entries(), (1..first).collect::<Vec<_>>());
    for from in [first, second, all.head, u64::MAX] {
        let (status, problem) = refused(&node, &format!("?from={from}"), None).await;
        assert_eq!((status, &problem["code"], &problem["field"]), (403, &json!("SEALED"), &json!("from")), "{problem}");
    }
    assert_eq!(refused(&node, "", Some("another")).await.0, 401);

    // The events that everybody sees do not tell it, as they come or later.
    let mut socket = node.socket().await;
    socket.ok("subscribe", json!({ "ch": "events", "fromSeq": second, "types": ["bid.*"] })).await;
    let frame = socket.pushed().await;
    assert_eq!((&frame["events"][0]["type"], &frame["events"][0]["bidPrice"]), (&json!("bid.accepted"), &json!(null)));
    let events = node.events("type=bid.*").await;
    assert_eq!(events.last().unwrap()["events"][0]["bidPrice"], json!(null), "{events:?}");

    // One that is over hides nothing, and a node that starts again knows the rest.
    closed(&node, short["id"].as_u64().unwrap()).await;
    assert_eq!(read(&node, 1, None).await.sealed_from, Some(second));
    node.stop().await;
    let node = Node::start(dir.path(), true).await;
    let public = read(&node, 1, None).await;
    assert_eq!((public.sealed_from, public.entries()), (Some(second), (1..second).collect()));
    let events = node.events("type=bid.*").await;
    assert_eq!(events.last().unwrap()["events"][0]["bidPrice"], json!(null), "from the event store, too");

    closed(&node, long["id"].as_u64().unwrap()).await;
    let public = read(&node, 1, None).await;
    assert_eq!((public.sealed_from, public.entries()), (None, (1..=public.head).collect()));
    assert!(public.text().contains(price));
    let (status, lease) = node.call(Method::GET, "/api/v1/leases/1", None).await;
    assert_eq!((status, &lease["price"]), (StatusCode::OK, &json!("4.3219876")));
    node.stop().await;
}

#[tokio::test]
async fn what_was_archived_is_answered_where_the_archive_is_and_else_gone() {
    let (dir, node) = Node::open().await;
    node.provider("provider").await;
    for _ in 0..5 {
        node.order("tenant", "1").await;
    }
    let data = DataDir::new(dir.path());
    let config = FollowerConfig {
        snapshots: SnapshotConfig { every: 1, keep_every: 1_000 },
        checkpoints: None,
        poll: Duration::from_millis(10),
    };
    let follower = Follower::start(&data, Replica::new(), config).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::fs::read_dir(data.snapshots()).map_or(0, Iterator::count) < 3 {
        assert!(Instant::now() < deadline, "no snapshots");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    follower.stop();
    let order = node.get("/api/v1/orders/1?atSeq=6").await;
    node.stop().await;
    let whole = on_disk(dir.path());
    let moved = archive(&data, ArchivePolicy::Keep(0)).unwrap();
    assert!(moved.first == Seq(2) && moved.last >= Seq(6), "{moved:?}");

    let node = Node::start(dir.path(), true).await;
    assert!(read(&node, 1, None).await.batches.starts_with(&whole));
    assert_eq!(read(&node, 4, None).await.batches[0].first(), Seq(4));
    assert_eq!(node.get("/api/v1/orders/1?atSeq=6").await, order);
    node.stop().await;

    // Somebody took it elsewhere.
    std::fs::rename(data.archive(), dir.path().join("elsewhere")).unwrap();
    let node = Node::start(dir.path(), true).await;
    assert_eq!(read(&node, 1, None).await.entries(), [1], "the genesis is never moved");
    let (status, problem) = refused(&node, "?from=2", None).await;
    assert_eq!((status, &problem["code"], &problem["field"]), (410, &json!("GONE"), &json!("from")), "{problem}");
    assert_eq!(read(&node, moved.last.0 + 1, None).await.batches[0].first(), moved.last.next());
    let (status, problem) = node.call(Method::GET, "/api/v1/orders/1?atSeq=6", None).await;
    assert_eq!((status.as_u16(), &problem["code"], &problem["field"]), (410, &json!("GONE"), &json!("atSeq")));
    node.stop().await;
}
