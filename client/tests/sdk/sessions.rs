//! Sessions.

use std::time::{Duration, Instant};

use berth_client::wire::domain::SelfTrade;
use berth_client::wire::price::Per;
use berth_client::wire::request::{
    AmendBidRequest, AmendOrderRequest, CancelAllRequest, CancelRequest, DeadManRequest, MassQuoteRequest,
};
use berth_client::{Call, Client, ClientError};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::node::{Node, PATIENCE, Peer};

async fn answer(peer: &mut Peer, request: &Value) {
    peer.send(json!({"id": request["id"], "ok": true, "seq": 7, "result": request["params"]})).await;
}

/// Answers with tokens that are left.
async fn limited(peer: &mut Peer, request: &Value, limits: Value) {
    peer.send(json!({"id": request["id"], "ok": true, "seq": 7, "result": {}, "limits": limits})).await;
}

#[tokio::test]
async fn calls_are_sent_in_a_pipeline_and_matched_by_id() {
    let node = Node::new().await;
    let session = node.client().session();
    let calls: Vec<_> = (0..20)
        .map(|n| {
            let session = session.clone();
            tokio::spawn(async move { session.call("ping", json!({"n": n})).await })
        })
        .collect();
    let mut peer = node.accept().await;
    let mut requests = Vec::new();
    for _ in 0..20 {
        requests.push(peer.request().await);
    }
    peer.send(json!({"id": 999, "ok": true, "result": {}})).await;
    peer.send(json!({"id": null, "ok": false, "error": {"code": "MALFORMED", "detail": "?", "retry": "never"}})).await;
    for request in requests.iter().rev() {
        answer(&mut peer, request).await;
    }
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.expect("no panic"), Ok(json!({"n": n})));
    }
}

#[tokio::test]
async fn commands_of_trading_name_their_method_and_what_they_change() {
    let node = Node::new().await;
    let session = node.client().session();
    let fewer = AmendOrderRequest { quantity: Some(2), ..AmendOrderRequest::default() };
    let cheaper = AmendBidRequest { bid_price: "1.5".parse().ok(), ..AmendBidRequest::default() };
    let quotes = MassQuoteRequest {
        address: None,
        quote_set_id: 3,
        per: Per::default(),
        post_only: true,
        self_trade: SelfTrade::default(),
        quotes: Vec::new(),
    };
    let node_side = async {
        let mut peer = node.accept().await;
        let mut seen = Vec::new();
        for _ in 0..5 {
            let request = peer.request().await;
            answer(&mut peer, &request).await;
            seen.push((request["method"].as_str().unwrap_or_default().to_owned(), request["params"].clone()));
        }
        seen
    };
    let client_side = async {
        session.send(Call::amend_order(7, &fewer)).await?;
        session.send(Call::amend_bid(8, &cheaper)).await?;
        session.send(Call::mass_quote(&quotes)).await?;
        let all = CancelAllRequest { this_session: true, ..CancelAllRequest::default() };
        session.send(Call::cancel_all(&all)).await?;
        session.send(Call::set_dead_man(&DeadManRequest { address: None, ms: 500 })).await
    };
    let (seen, done) = tokio::join!(node_side, client_side);
    assert_eq!(done.map(|reply| reply.seq), Ok(Some(7)));
    let expected = [
        ("order.amend", json!({"orderId": 7, "quantity": 2, "per": "hour"})),
        ("bid.amend", json!({"bidId": 8, "bidPrice": "1.5", "per": "hour"})),
        (
            "bid.mass",
            json!({"quoteSetId": 3, "per": "hour", "postOnly": true, "selfTrade": "expireTaker", "quotes": []}),
        ),
        ("cancel.all", json!({"thisSession": true})),
        ("deadman.set", json!({"ms": 500})),
    ];
    assert_eq!(seen, expected.map(|(method, params)| (method.to_owned(), params)));
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code() {
    let node = Node::new().await;
    let session = node.client().session();
    let node_side = async {
        let mut peer = node.accept().await;
        let request = peer.request().await;
        assert_eq!((&request["method"], &request["params"]), (&json!("lease.stop"), &json!({"leaseId": 7})));
        let error = json!({"code": "LEASE_STATE", "detail": "it is closed", "retry": "never", "field": "leaseId"});
        peer.send(json!({"id": request["id"], "ok": false, "seq": 9, "error": error})).await;
        peer
    };
    let (_peer, answer) = tokio::join!(node_side, session.call("lease.stop", json!({"leaseId": 7})));
    let why = answer.expect_err("refused");
    assert_eq!(why.code(), Some("LEASE_STATE"));
    assert!(!why.may_retry());
    assert!(matches!(why, ClientError::Refused { field: Some(field), .. } if field == "leaseId"));
}

#[tokio::test]
async fn what_was_sent_before_a_disconnect_is_unknown_or_sent_again() {
    let node = Node::new().await;
    let session = node.client().session();
    let once = tokio::spawn({
        let session = session.clone();
        async move { session.call("order.place", json!({})).await }
    });
    let mut peer = node.accept().await;
    assert_eq!(peer.request().await["method"], "order.place");
    let mut again = Vec::new();
    for n in 0..3 {
        let session = session.clone();
        let call = Call::new("lease.heartbeat", json!({"n": n})).idempotent().within(PATIENCE);
        again.push(tokio::spawn(async move { session.send(call).await }));
        assert_eq!(peer.request().await["params"]["n"], n);
    }
    drop(peer);
    assert!(matches!(once.await.expect("no panic"), Err(ClientError::Unknown(_))));

    // The three come again, in their order, and the one does not.
    let mut peer = node.accept().await;
    for n in 0..3 {
        let request = peer.request().await;
        assert_eq!((&request["method"], &request["params"]["n"]), (&json!("lease.heartbeat"), &json!(n)));
        answer(&mut peer, &request).await;
    }
    for call in again {
        assert_eq!(call.await.expect("no panic").expect("answered").seq, Some(7));
    }
    drop(session);
    peer.gone().await;
}

#[tokio::test]
async fn a_call_waits_for_a_node_that_is_not_there_yet() {
    let node = Node::new().await;
    let session = node.client().session();
    // Two connections die during the upgrade.
    let early = tokio::spawn({
        let session = session.clone();
        async move { session.call("ping", json!({})).await }
    });
    for _ in 0..2 {
        let mut stream = node.accept_raw().await;
        let mut some = [0; 16];
        stream.read_exact(&mut some).await.expect("a request");
    }
    let mut peer = node.accept().await;
    let request = peer.request().await;
    answer(&mut peer, &request).await;
    assert_eq!(early.await.expect("no panic"), Ok(json!({})));
}

#[tokio::test]
async fn a_deadline_tells_what_was_sent_from_what_was_not() {
    let node = Node::new().await;
    let session = node.client().session();
    let short = Call::new("ping", json!({})).within(Duration::from_millis(300));
    // Nobody accepts the upgrade: nothing was sent.
    assert!(matches!(session.send(short.clone()).await, Err(ClientError::Transport(_))));

    let mut peer = node.accept().await;
    let call = Call::new("order.place", json!({})).within(Duration::from_millis(300));
    let (request, sent) = tokio::join!(peer.request(), session.send(call));
    // The call that was given up before is not sent any more.
    assert_eq!(request["method"], "order.place");
    assert!(matches!(sent, Err(ClientError::Unknown(_))));
    // A late answer harms nobody.
    answer(&mut peer, &request).await;
    let (request, sent) = tokio::join!(
        async {
            let request = peer.request().await;
            answer(&mut peer, &request).await;
            request
        },
        session.call("ping", json!({"n": 2}))
    );
    assert_eq!((&request["params"], sent), (&json!({"n": 2}), Ok(json!({"n": 2}))));
}

#[tokio::test]
async fn a_node_that_does_not_want_the_client_is_not_waited_for() {
    let node = Node::new().await;
    let session = node.client().session();
    let problem = json!({"type": "/api/v1/errors#UNAUTHORIZED", "title": "No", "status": 401, "code": "UNAUTHORIZED",
                         "detail": "the token is wrong", "retry": "never"})
    .to_string();
    let response = format!(
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\r\n{problem}",
        problem.len()
    );
    let (_, answer) = tokio::join!(node.respond(&response), session.call("fact.deposit", json!({})));
    let why = answer.expect_err("refused");
    assert!(matches!(&why, ClientError::Refused { status: Some(401), .. }), "{why:?}");
}

#[tokio::test]
async fn the_token_stands_in_the_upgrade() {
    let node = Node::new().await;
    let client = Client::new(&node.url(), Some("word\n".to_owned())).expect("a URL");
    let _session = client.session();
    let stream = node.accept_raw().await;
    let mut seen = None;
    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    let look = |request: &Request, response: Response| {
        seen = Some((request.uri().to_string(), request.headers().get("authorization").cloned()));
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, look).await.expect("an upgrade");
    let (path, token) = seen.expect("it was looked at");
    assert_eq!(path, "/ws/v1");
    assert_eq!(token.expect("a token").to_str().expect("text"), "Bearer word");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_not_sent() {
    let node = Node::new().await;
    let session = node.client().session();
    let long = session.call("order.place", json!({"x": "x".repeat(70_000)}));
    let (_peer, long) = tokio::join!(node.accept(), long);
    assert!(matches!(long, Err(ClientError::Protocol(_))));
}

#[tokio::test]
async fn what_is_begun_waits_for_tokens_and_what_ends_does_not_wait_behind_it() {
    let node = Node::new().await;
    let session = node.client().session();
    let place = || Call::new("order.place", json!({}));
    let node_side = async {
        let mut peer = node.accept().await;
        let first = peer.request().await;
        // Ten tokens in a second, and none is left.
        limited(&mut peer, &first, json!({"limit": 10, "remaining": 0, "resetMs": 1_000})).await;
        let begun = Instant::now();
        let cancel = peer.request().await;
        assert_eq!(cancel["method"], "order.cancel");
        limited(&mut peer, &cancel, json!({"limit": 100, "remaining": 99, "resetMs": 1})).await;
        let second = peer.request().await;
        assert_eq!(second["method"], "order.place");
        assert!(begun.elapsed() > Duration::from_millis(80), "{:?}", begun.elapsed());
        // Somebody else of the account took its tokens: it is sent again.
        let error = json!({"code": "RATE_LIMITED", "detail": "?", "retry": "after"});
        let limits = json!({"limit": 10, "remaining": 0, "resetMs": 500});
        peer.send(json!({"id": second["id"], "ok": false, "error": error, "limits": limits})).await;
        let third = peer.request().await;
        assert_eq!(third["method"], "order.place");
        assert_ne!(third["id"], second["id"]);
        answer(&mut peer, &third).await;
    };
    let client_side = async {
        session.send(place()).await.expect("answered");
        assert_eq!(session.limits().map(|limits| limits.remaining), Some(0));
        let waits = session.begin(place()).await.expect("begun");
        let ends = session.begin(Call::cancel_order(3, &CancelRequest::default())).await.expect("begun");
        assert_eq!(ends.answer().await.map(|reply| reply.limits.map(|limits| limits.remaining)), Ok(Some(99)));
        assert_eq!(waits.answer().await.map(|reply| reply.seq), Ok(Some(7)));
    };
    tokio::join!(node_side, client_side);
}

#[tokio::test]
async fn cancelling_all_overtakes_what_was_not_sent_and_nothing_that_comes_later() {
    let node = Node::new().await;
    let session = node.client().session();
    let node_side = async {
        let mut peer = node.accept().await;
        let first = peer.request().await;
        limited(&mut peer, &first, json!({"limit": 10, "remaining": 0, "resetMs": 2_000})).await;
        let cancel = peer.request().await;
        assert_eq!(cancel["method"], "cancel.all");
        answer(&mut peer, &cancel).await;
        let later = peer.request().await;
        assert_eq!(later["params"]["n"], 2);
        answer(&mut peer, &later).await;
    };
    let client_side = async {
        let place = |n: u64| Call::new("order.place", json!({"n": n}));
        session.send(place(0)).await.expect("answered");
        let overtaken = session.begin(place(1)).await.expect("begun");
        let all = session.begin(Call::cancel_all(&CancelAllRequest::default())).await.expect("begun");
        let later = session.begin(place(2)).await.expect("begun");
        assert_eq!(overtaken.answer().await, Err(ClientError::Overtaken));
        assert!(all.answer().await.is_ok());
        assert!(later.answer().await.is_ok());
    };
    tokio::join!(node_side, client_side);
}

#[tokio::test]
async fn a_node_has_no_more_places_unanswered_than_leave_room_for_a_cancel() {
    let node = Node::new().await;
    let session = node.client().session();
    let mut places = Vec::new();
    for n in 0..100 {
        places.push(session.begin(Call::new("order.place", json!({"n": n}))).await.expect("begun"));
    }
    let mut peer = node.accept().await;
    let mut unanswered = Vec::new();
    for n in 0..56 {
        let request = peer.request().await;
        assert_eq!(request["params"]["n"], n);
        unanswered.push(request);
    }
    let cancel = session.begin(Call::cancel_order(1, &CancelRequest::default())).await.expect("begun");
    let request = peer.request().await;
    assert_eq!(request["method"], "order.cancel");
    answer(&mut peer, &request).await;
    assert!(cancel.answer().await.is_ok());
    for request in unanswered {
        answer(&mut peer, &request).await;
    }
    for n in 56..100 {
        let request = peer.request().await;
        assert_eq!(request["params"]["n"], n);
        answer(&mut peer, &request).await;
    }
    for place in places {
        assert!(place.answer().await.is_ok());
    }
}
