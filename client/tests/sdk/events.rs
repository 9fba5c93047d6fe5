//! Event streams.

use std::time::Duration;

use berth_client::{ClientError, EventStream, OwnChannel};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::node::{Node, PATIENCE};

fn frame(kind: &str, prev: Option<u64>, seq: u64) -> Value {
    json!({"sub": 9, "ch": "events", "type": kind, "seq": seq, "prevSeq": prev, "at": seq * 10,
           "events": [{"type": "lease.started", "leaseId": seq}]})
}

async fn next(events: &mut EventStream) -> Result<u64, ClientError> {
    timeout(PATIENCE, events.next()).await.expect("a frame in time").map(|frame| frame.seq)
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_after_every_disconnect() {
    let node = Node::new().await;
    let mut events = node.client().events(5, vec!["lease.*".to_owned()]);

    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "events", "fromSeq": 5, "types": ["lease.*"]}));
    peer.send(frame("replay", None, 5)).await;
    peer.send(frame("replay", Some(5), 9)).await;
    assert_eq!(next(&mut events).await, Ok(5));
    assert_eq!(next(&mut events).await, Ok(9));
    drop(peer);

    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!((&params["fromSeq"], &params["epoch"]), (&json!(10), &json!("e")));
    peer.send(frame("replay", None, 12)).await;
    peer.send(json!({"sub": 9, "ch": "events", "type": "caughtUp", "seq": 20})).await;
    peer.send(json!({"ch": "status", "type": "serverShutdown", "resumeSeq": 21})).await;
    assert_eq!(next(&mut events).await, Ok(12));

    // What lies between 12 and 20 was filtered out and need not be read again.
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params["fromSeq"], 21);
    peer.send(frame("update", None, 30)).await;
    peer.send(json!({"sub": 9, "ch": "events", "type": "fellBehind", "resumeSeq": 31})).await;
    peer.send(json!({"sub": 8, "ch": "events", "type": "update", "seq": 2, "prevSeq": 1, "at": 1, "events": []})).await;
    peer.send(json!({"sub": 3, "ch": "weather", "whatever": true})).await;
    peer.send(frame("update", Some(30), 31)).await;
    assert_eq!(next(&mut events).await, Ok(30));
    assert_eq!(next(&mut events).await, Ok(31));
}

#[tokio::test]
async fn a_gap_is_gone_back_to_and_never_passed_over() {
    let node = Node::new().await;
    let mut events = node.client().events(1, vec![]);
    let (mut peer, _) = node.subscribed("e").await;
    peer.send(frame("replay", None, 1)).await;
    peer.send(frame("replay", Some(2), 3)).await;
    assert_eq!(next(&mut events).await, Ok(1));

    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params["fromSeq"], 2);
    peer.send(frame("replay", None, 2)).await;
    peer.send(frame("replay", Some(2), 3)).await;
    assert_eq!(next(&mut events).await, Ok(2));
    assert_eq!(next(&mut events).await, Ok(3));
    // An entry that came before does not come again.
    peer.send(frame("replay", Some(3), 3)).await;

    // Progress was made, so a node has three more tries.
    for _ in 0..2 {
        let (mut peer, params) = node.subscribed("e").await;
        assert_eq!(params["fromSeq"], 4);
        peer.send(frame("replay", Some(1), 4)).await;
    }
    let Err(ClientError::Protocol(why)) = next(&mut events).await else { panic!("it ends") };
    assert!(why.contains("entry 4 follows Some(1)"), "{why}");
    assert!(next(&mut events).await.is_err(), "it stays so");
}

#[tokio::test]
async fn a_stream_that_cannot_go_on_says_why() {
    for (frame, expected) in [
        (json!({"type": "cursorExpired", "oldestSeq": 7}), ClientError::CursorExpired { oldest_seq: 7 }),
        (json!({"type": "futureCursor", "seq": 3}), ClientError::FutureCursor { seq: 3 }),
        (json!({"type": "epochChanged", "epoch": "f"}), ClientError::EpochChanged { epoch: "f".to_owned() }),
    ] {
        let node = Node::new().await;
        let mut events = node.client().events(5, vec![]);
        let (mut peer, _) = node.subscribed("e").await;
        let mut body = json!({"sub": 9, "ch": "events"});
        body.as_object_mut().expect("an object").extend(frame.as_object().expect("an object").clone());
        peer.send(body).await;
        assert_eq!(next(&mut events).await, Err(expected.clone()));
        assert_eq!(next(&mut events).await, Err(expected));
    }
}

#[tokio::test]
async fn another_log_behind_the_same_address_is_not_mixed_in() {
    let node = Node::new().await;
    let mut events = node.client().events(1, vec![]);
    let (mut peer, _) = node.subscribed("e").await;
    peer.send(frame("update", None, 1)).await;
    assert_eq!(next(&mut events).await, Ok(1));
    drop(peer);
    let (_peer, _) = node.subscribed("another").await;
    assert_eq!(next(&mut events).await, Err(ClientError::EpochChanged { epoch: "another".to_owned() }));
}

#[tokio::test]
async fn a_refused_subscription_ends_the_stream_unless_it_may_be_tried_again() {
    let node = Node::new().await;
    let mut events = node.client().events(1, vec!["nonsense".to_owned()]);
    let refuse = |id: &Value, code: &str, retry: &str| json!({"id": id, "ok": false, "error": {"code": code, "detail": "no", "retry": retry, "field": "types[0]"}});
    let mut peer = node.accept().await;
    let request = peer.request().await;
    peer.send(refuse(&request["id"], "OVERLOADED", "after")).await;
    let mut peer = node.accept().await;
    let request = peer.request().await;
    peer.send(refuse(&request["id"], "MALFORMED", "never")).await;
    assert_eq!(next(&mut events).await.expect_err("refused").code(), Some("MALFORMED"));
}

#[tokio::test]
async fn the_events_of_one_entry_come_whole() {
    let node = Node::new().await;
    let mut events = node.client().events(1, vec![]);
    let (mut peer, _) = node.subscribed("e").await;
    let many: Vec<_> =
        (0..10_000).map(|id| json!({"type": "lease.opened", "leaseId": id, "price": "x".repeat(200)})).collect();
    peer.send(json!({"sub": 9, "ch": "events", "type": "update", "seq": 1, "prevSeq": null, "at": 1, "events": many}))
        .await;
    let frame = timeout(PATIENCE, events.next()).await.expect("in time").expect("a frame");
    assert_eq!((frame.seq, frame.events.len()), (1, 10_000));
}

#[tokio::test]
async fn a_waiting_reader_can_be_interrupted_without_a_loss() {
    let node = Node::new().await;
    let mut events = node.client().events(1, vec![]);
    let (mut peer, _) = node.subscribed("e").await;
    let mut seen = Vec::new();
    let mut prev = None;
    for seq in 1..=50 {
        peer.send(frame("update", prev, seq)).await;
        prev = Some(seq);
        if let Ok(frame) = timeout(Duration::from_micros(seq * 7), events.next()).await {
            seen.push(frame.expect("a frame").seq);
        }
    }
    while seen.len() < 50 {
        seen.push(next(&mut events).await.expect("a frame"));
    }
    assert_eq!(seen, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_that_nobody_reads_hangs_up() {
    let node = Node::new().await;
    let events = node.client().events(1, vec![]);
    let (mut peer, _) = node.subscribed("e").await;
    drop(events);
    peer.gone().await;
}

#[tokio::test]
async fn trades_are_followed_as_events_are() {
    let node = Node::new().await;
    let mut trades = node.client().trades(Some(3), "CPU".parse().ok());
    let frame = |prev: Option<u64>, seq: u64| {
        let trade = json!({"market": "CPU", "leaseId": seq, "price": "2.5", "quantity": 4, "trustLevel": "Five",
                           "takerSide": "order", "origin": "match"});
        json!({"sub": 9, "ch": "trades", "type": "update", "seq": seq, "prevSeq": prev, "at": 1, "trades": [trade]})
    };
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "trades", "market": "CPU", "fromSeq": 3}));
    peer.send(frame(None, 4)).await;
    let first = timeout(PATIENCE, trades.next()).await.expect("a frame in time").expect("a trade");
    assert_eq!((first.seq, first.trades[0].quantity), (4, 4));
    drop(peer);
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params["fromSeq"], 5);
    peer.send(frame(None, 7)).await;
    assert_eq!(timeout(PATIENCE, trades.next()).await.expect("a frame in time").map(|frame| frame.seq), Ok(7));
}

#[tokio::test]
async fn what_is_an_account_s_own_is_followed_as_events_are() {
    let node = Node::new().await;
    let name = berth_client::wire::address::Name::new("tenant").ok();
    let mut orders = node.client().own(OwnChannel::Orders, name, 3);
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "orders", "address": "tenant", "fromSeq": 3}));
    let own = |kind: &str, prev: Option<u64>, seq: u64| {
        let mut own = frame(kind, prev, seq);
        own["ch"] = json!("orders");
        own
    };
    peer.send(own("replay", None, 4)).await;
    peer.send(json!({"sub": 9, "ch": "orders", "type": "caughtUp", "seq": 9})).await;
    peer.send(own("update", Some(4), 11)).await;
    for seq in [4, 11] {
        let next = timeout(PATIENCE, orders.next()).await.expect("a frame in time").expect("events");
        assert_eq!(next.0.seq, seq);
    }
}

#[tokio::test]
async fn what_an_account_has_comes_once_and_then_what_becomes_of_it() {
    let node = Node::new().await;
    let mut bids = node.client().own_changes(OwnChannel::Bids, None);
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!(params, json!({"ch": "bids"}));
    peer.send(json!({"sub": 9, "ch": "bids", "type": "snapshot", "seq": 6, "prevSeq": null, "bids": []})).await;
    let first = timeout(PATIENCE, bids.next()).await.expect("in time").expect("a snapshot");
    assert_eq!((first.seq, first.state.and_then(|state| state.bids)), (6, Some(Vec::new())));
    drop(peer);
    // The cursor is kept, so that there is no second snapshot.
    let (mut peer, params) = node.subscribed("e").await;
    assert_eq!((&params["fromSeq"], &params["epoch"]), (&json!(7), &json!("e")));
    let mut own = frame("replay", None, 8);
    own["ch"] = json!("bids");
    peer.send(own).await;
    let next = timeout(PATIENCE, bids.next()).await.expect("in time").expect("events");
    assert_eq!((next.seq, next.state, next.events.len()), (8, None, 1));
}
