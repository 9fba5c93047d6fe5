//! What happens around orders and bids: provisioning, idempotency, order of
//! commands, lists.

use berth_journal::{DataDir, PrivateStore};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::node::{Node, order};

#[tokio::test]
async fn an_unknown_address_is_provisioned_once_however_many_ask() {
    let (_dir, node) = Node::open().await;
    let providers = join_all((0..8).map(|_| node.provider("newcomer"))).await;
    assert_eq!(providers.len(), 8);
    assert_eq!(node.chain.deposits().await, 1);
    let account = node.get("/api/v1/accounts/newcomer").await;
    assert_eq!(
        account["balances"][0],
        json!({
            "asset": "XLM", "available": "10000", "held": "0", "escrowed": "0", "withdrawing": "0", "owed": "0",
            "staked": "0",
        })
    );
    let (status, _) = node.call(Method::GET, "/api/v1/accounts/stranger", None).await;
    assert_eq!((status, node.chain.deposits().await), (StatusCode::NOT_FOUND, 1), "a read gives nobody money");
    node.stop().await;
}

#[tokio::test]
async fn a_repeated_request_answers_the_first_outcome_and_another_one_is_refused() {
    let (_dir, node) = Node::open().await;
    let keyed = |price: &'static str| {
        let request = reqwest::Client::new().post(format!("http://{}/api/v1/orders", node.addr()));
        let sent = request.header("idempotency-key", "t-1").json(&order("tenant", price)).send();
        async { sent.await.unwrap().json::<serde_json::Value>().await.unwrap() }
    };
    let (first, again) = (keyed("2").await, keyed("2").await);
    assert_eq!((&first["id"], &first["clientOrderId"]), (&json!(1), &json!("t-1")));
    assert_eq!(again["id"], 1);
    assert_eq!(keyed("3").await["code"], "CLIENT_ID_REUSED");
    node.stop().await;
}

#[tokio::test]
async fn commands_of_one_socket_are_sequenced_in_the_order_in_which_they_were_sent() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    let mut socket = node.socket().await;
    let mut ids = Vec::new();
    for round in 0..20 {
        // An order waits for the private store, the first for a deposit, too; a bid for nothing.
        ids.push(socket.send("order.place", order("tenant", "0.5")).await);
        let bid = json!({
            "providerId": provider, "market": "CPU", "bidPrice": format!("{}", 100 + round), "quantity": 1,
        });
        ids.push(socket.send("bid.place", bid).await);
    }
    let mut seqs = Vec::new();
    for id in ids {
        let answer = socket.answer_in_any_order(id).await;
        assert_eq!(answer["ok"], true, "{answer}");
        seqs.push(answer["seq"].as_u64().unwrap());
    }
    assert!(seqs.is_sorted(), "{seqs:?}");
    node.stop().await;
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    for price in ["1", "2", "3"] {
        node.order("tenant", price).await;
    }
    node.order("other", "1").await;
    let (status, _) = node.call(Method::DELETE, "/api/v1/orders/2", None).await;
    assert_eq!(status, StatusCode::OK);

    let ids = |list: &serde_json::Value| {
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let open = node.get("/api/v1/orders?tenantAddress=tenant&state=open").await;
    assert_eq!(ids(&open), [1, 3]);
    let first = node.get("/api/v1/orders?limit=3").await;
    assert_eq!((ids(&first), &first["next"]), (vec![1, 2, 3], &json!("3")));
    let second = node.get("/api/v1/orders?limit=3&cursor=3").await;
    assert_eq!((ids(&second), &second["next"]), (vec![4], &json!(null)));

    node.bid(provider, "0.9", 1).await;
    let own = node.get("/api/v1/leases?agent=own&state=opened,escrowed").await;
    assert_eq!(ids(&own), [1]);
    assert_eq!(ids(&node.get("/api/v1/leases?agent=house").await), [] as [u64; 0]);
    assert_eq!(ids(&node.get("/api/v1/leases?providerId=1").await), [1]);
    assert_eq!(ids(&node.get("/api/v1/leases?tenantAddress=nobody").await), [] as [u64; 0]);
    assert_eq!(ids(&node.get("/api/v1/bids?state=matched").await), [1]);
    assert_eq!(ids(&node.get("/api/v1/providers?address=provider").await), [1]);
    assert_eq!(ids(&node.get("/api/v1/markets").await), [1]);
    node.stop().await;
}

#[tokio::test]
async fn nothing_is_kept_of_what_a_refused_order_should_have_run() {
    let (dir, node) = Node::open().await;
    node.order("tenant", "1").await;
    let placed = |price: &str| {
        let mut order = order("tenant", price);
        order["clientOrderId"] = json!("t-1");
        node.call(Method::POST, "/api/v1/orders", Some(order))
    };
    // More than anybody has, then as much as the first, and that again.
    assert_eq!(placed("1000000000").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(placed("2").await.0, StatusCode::CREATED);
    assert_eq!(placed("2").await.1["id"], 2);
    assert_eq!(placed("3").await.1["code"], "CLIENT_ID_REUSED");
    node.admission.close();
    assert_eq!(placed("4").await.1["code"], "STORAGE_LOW");
    node.stop().await;
    let kept = PrivateStore::open(&DataDir::new(dir.path())).unwrap();
    assert_eq!(kept.sweep(|_| false).unwrap(), 2, "of the two orders that are in the log");
}
