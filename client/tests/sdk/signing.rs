//! Sessions that sign.

use std::time::{SystemTime, UNIX_EPOCH};

use berth_client::wire::domain::{Address, Authority, Command, Digest, Heartbeat, LeaseId, StopLease};
use berth_client::wire::json::parse_value;
use berth_client::wire::request::{HeartbeatRequest, NewSigned, SignedRequest};
use berth_client::{Call, ClientError, Signer};
use serde_json::{Value, json};

use crate::node::{Node, Peer};

const LOG: Digest = Digest([3; 32]);

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_micros()).expect("before the year 500,000")
}

/// Answers the question that every connection of a signer begins with.
async fn greet(peer: &mut Peer, time: u64) {
    let ping = peer.request().await;
    assert_eq!(ping["method"], "ping");
    let pong = json!({ "logId": LOG.to_string(), "time": time, "session": 5 });
    peer.send(json!({ "id": ping["id"], "ok": true, "result": pong })).await;
}

/// The next request, which must be a command signed for this log.
async fn signed(peer: &mut Peer) -> (Value, NewSigned, u64) {
    let request = peer.request().await;
    assert_eq!(request["method"], "command.submit");
    let read: SignedRequest = parse_value(request["params"].clone()).expect("a signed command");
    let nonce = read.nonce;
    let read = read.parse().expect("a signed command");
    assert_eq!(read.authority.is_signature_of(LOG, &read.command), Some(true));
    (request["id"].clone(), read, nonce)
}

async fn refuse(peer: &mut Peer, id: &Value, code: &str) {
    let error = json!({ "code": code, "detail": "?", "retry": "never" });
    peer.send(json!({ "id": id, "ok": false, "error": error })).await;
}

fn stop(lease: u64) -> Command {
    StopLease { lease: LeaseId(lease) }.into()
}

#[tokio::test]
async fn reports_are_signed_in_the_order_in_which_they_leave() {
    let node = Node::new().await;
    let signer = Signer::new(&[7; 32]);
    let account = signer.account();
    let session = node.client().signed_session(signer);
    let beat = HeartbeatRequest {
        lease_id: 4,
        address: Some(account.into()),
        cpu_millis: 12,
        memory_bytes: 34,
        healthy: true,
    };
    let node_side = async {
        let mut peer = node.accept().await;
        greet(&mut peer, now()).await;
        let mut last = 0;
        for _ in 0..2 {
            let (id, read, nonce) = signed(&mut peer).await;
            assert!(nonce > last && nonce.abs_diff(now()) < 60_000_000);
            last = nonce;
            assert_eq!(read.account, account);
            let beat = Heartbeat { lease: LeaseId(4), cpu_millis: 12, memory_bytes: 34, healthy: true };
            assert_eq!(read.command, beat.into());
            peer.send(json!({ "id": id, "ok": true, "seq": 9, "result": {} })).await;
        }
    };
    let client_side = async { (session.heartbeat(&beat).await, session.heartbeat(&beat).await) };
    let ((), (first, second)) = tokio::join!(node_side, client_side);
    assert_eq!(first.map(|reply| reply.seq), Ok(Some(9)));
    assert!(second.is_ok());
}

#[tokio::test]
async fn a_command_whose_time_was_refused_is_signed_anew_and_not_for_ever() {
    let node = Node::new().await;
    let session = node.client().signed_session(Signer::new(&[7; 32]));
    let node_side = async {
        let mut peer = node.accept().await;
        greet(&mut peer, now()).await;
        let mut nonces = Vec::new();
        for _ in 0..4 {
            let (id, _, nonce) = signed(&mut peer).await;
            nonces.push(nonce);
            refuse(&mut peer, &id, "NONCE_USED").await;
        }
        assert!(nonces.is_sorted_by(|a, b| a < b), "{nonces:?}");
    };
    let ((), answer) = tokio::join!(node_side, session.send(Call::signed(stop(1))));
    assert_eq!(answer.expect_err("refused at last").code(), Some("NONCE_USED"));
}

#[tokio::test]
async fn a_signature_that_came_too_late_is_made_anew_by_the_clock_of_the_node() {
    let node = Node::new().await;
    let session = node.client().signed_session(Signer::new(&[7; 32]));
    let ahead = 3_600_000_000;
    let node_side = async {
        let mut peer = node.accept().await;
        greet(&mut peer, now()).await;
        let (id, _, _) = signed(&mut peer).await;
        refuse(&mut peer, &id, "SIGNATURE_EXPIRED").await;
        let mut peer = node.accept().await;
        greet(&mut peer, now() + ahead).await;
        let (id, read, nonce) = signed(&mut peer).await;
        assert!(nonce.abs_diff(now() + ahead) < 60_000_000, "{nonce}");
        peer.send(json!({ "id": id, "ok": true, "seq": 3, "result": {} })).await;
        read
    };
    let (read, answer) = tokio::join!(node_side, session.send(Call::signed(stop(1))));
    assert_eq!(answer.map(|reply| reply.seq), Ok(Some(3)));
    let Authority::Signed { key, .. } = read.authority else { panic!("not signed") };
    assert_eq!(Address(key), Signer::new(&[7; 32]).account());
}

#[tokio::test]
async fn what_was_sent_before_a_disconnect_is_signed_anew_only_where_repeating_is_good() {
    let node = Node::new().await;
    let session = node.client().signed_session(Signer::new(&[7; 32]));
    let node_side = async {
        let mut peer = node.accept().await;
        greet(&mut peer, now()).await;
        let (_, first, nonce) = signed(&mut peer).await;
        let (_, _, _) = signed(&mut peer).await;
        drop(peer);
        let mut peer = node.accept().await;
        greet(&mut peer, now()).await;
        let (id, again, next) = signed(&mut peer).await;
        assert_eq!(first.command, again.command);
        assert!(next > nonce);
        peer.send(json!({ "id": id, "ok": true, "seq": 3, "result": {} })).await;
    };
    let good = session.send(Call::signed(stop(1)).idempotent());
    let once = async {
        tokio::task::yield_now().await;
        session.send(Call::signed(stop(2))).await
    };
    let ((), good, once) = tokio::join!(node_side, good, once);
    assert_eq!(good.map(|reply| reply.seq), Ok(Some(3)));
    assert!(matches!(once, Err(ClientError::Unknown(_))), "{once:?}");
}

#[tokio::test]
async fn a_session_without_a_key_signs_nothing() {
    let node = Node::new().await;
    let session = node.client().session();
    let (_peer, answer) = tokio::join!(node.accept(), session.send(Call::signed(stop(1))));
    assert!(matches!(answer, Err(ClientError::Protocol(_))), "{answer:?}");
}
