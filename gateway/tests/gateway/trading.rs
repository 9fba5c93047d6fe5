//! Trading: terms, changes, mass quotes, and ways to end everything.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::{Node, order};

/// An order with these fields beside the usual ones.
fn order_with(price: &str, fields: Value) -> Value {
    let mut order = order("tenant", price);
    order.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    order
}

fn states(list: &Value) -> Vec<(u64, &str)> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (item["id"].as_u64().unwrap(), item["state"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn orders_and_bids_show_the_terms_that_they_were_placed_with() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    let terms =
        json!({"selfTrade": "skip", "postOnly": true, "timeInForce": "gtd", "expiresAt": 4_000_000_000_000_000_u64});
    let mut body = order_with("1", terms.clone());
    body["specification"]["requires"] = json!({"minUptime": 0.995});
    let placed = node.post("/api/v1/orders", body).await;
    let mut bid = terms.clone();
    bid["providerId"] = json!(provider);
    bid["market"] = json!("CPU");
    bid["bidPrice"] = json!("3");
    bid["quantity"] = json!(1);
    let bid = node.post("/api/v1/bids", bid).await;
    for (name, value) in terms.as_object().unwrap() {
        assert_eq!((&placed[name], &bid[name]), (value, value), "{name}");
    }
    assert_eq!(placed["minUptime"], json!(0.995));
    let crossing = order_with("3", json!({"postOnly": true}));
    let (status, problem) = node.call(Method::POST, "/api/v1/orders", Some(crossing)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("POST_ONLY_WOULD_CROSS")));
    assert_eq!((&problem["field"], &problem["retry"]), (&json!("postOnly"), &json!("after")));
    node.stop().await;
}

#[tokio::test]
async fn all_or_nothing_fills_wholly_or_ends() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.bid(provider, "2", 3).await;
    let fok = |quantity: u32| order_with("2", json!({"timeInForce": "fok", "quantity": quantity}));
    let none = node.post("/api/v1/orders", fok(4)).await;
    assert_eq!((&none["state"], &none["leases"], &none["hold"]), (&json!("cancelled"), &json!([]), &json!("0")));
    let all = node.post("/api/v1/orders", fok(3)).await;
    assert_eq!((&all["state"], &all["leases"]), (&json!("filled"), &json!([1])));
    assert_eq!(node.get("/api/v1/bids/1").await["leases"], json!([1]));
    node.stop().await;
}

#[tokio::test]
async fn an_order_and_a_bid_are_amended_by_rest_and_by_socket() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.post("/api/v1/orders", order_with("1", json!({"quantity": 4}))).await;
    node.bid(provider, "5", 8).await;
    let body = json!({"quantity": 2, "maxPrice": "1.5", "trustLevels": ["Five"]});
    let (status, order) = node.call(Method::PATCH, "/api/v1/orders/1", Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{order}");
    assert_eq!(
        json!([order["quantity"], order["remaining"], order["maxPrice"], order["trustLevels"], order["hold"]]),
        json!([2, 2, "1.5", ["Five"], "3"])
    );
    let (_, narrower) = node.call(Method::PATCH, "/api/v1/orders/1", Some(json!({"trustLevels": ["One"]}))).await;
    assert_eq!((&narrower["code"], &narrower["field"]), (&json!("MALFORMED"), &json!("trustLevels[0]")));
    let (status, bid) = node.call(Method::PATCH, "/api/v1/bids/1?address=provider", Some(json!({"quantity": 6}))).await;
    assert_eq!((status, &bid["quantity"], &bid["remaining"]), (StatusCode::OK, &json!(6), &json!(6)));
    let (status, problem) = node.call(Method::PATCH, "/api/v1/bids/1", Some(json!({"address": "tenant"}))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("NOT_YOURS")));

    let mut socket = node.socket().await;
    let done = socket.ok("bid.amend", json!({"bidId": 1, "bidPrice": "1.2"})).await;
    let seq = done["seq"].as_u64().unwrap();
    assert_eq!(node.get("/api/v1/orders/1").await["state"], "filled", "the bid now meets the order");
    let lease = node.get("/api/v1/leases/1").await;
    assert_eq!((&lease["price"], &lease["replicas"]), (&json!("1.5"), &json!(2)));
    let events = node.events(&format!("from={seq}&type=bid.amended")).await;
    assert_eq!(
        events[0]["events"][0],
        json!({"type": "bid.amended", "bidId": 1, "market": "CPU",
                                              "bidPrice": "1.2", "remaining": 6})
    );
    let closed = socket.call("order.amend", json!({"orderId": 1, "quantity": 9})).await;
    assert_eq!(closed["error"]["code"], "ORDER_CLOSED");
    node.stop().await;
}

#[tokio::test]
async fn a_replacement_ends_the_old_one_or_changes_nothing() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.order("tenant", "1").await;
    node.bid(provider, "5", 8).await;
    let mut socket = node.socket().await;
    let mut better = order("tenant", "2");
    better["orderId"] = json!(1);
    assert_eq!(socket.ok("order.replace", better.clone()).await["id"], 2);
    assert_eq!(states(&node.get("/api/v1/orders").await), [(1, "cancelled"), (2, "open")]);
    assert_eq!(socket.call("order.replace", better).await["error"]["field"], "orderId");
    let bid =
        json!({"bidId": 1, "providerId": provider, "market": "CPU", "bidPrice": "2", "quantity": 1, "postOnly": true});
    let refused = socket.call("bid.replace", bid.clone()).await;
    assert_eq!(refused["error"]["code"], "POST_ONLY_WOULD_CROSS", "{refused}");
    assert_eq!(states(&node.get("/api/v1/bids").await), [(1, "open")]);
    let mut bid = bid;
    bid["postOnly"] = json!(false);
    assert_eq!(socket.ok("bid.replace", bid).await["id"], 2);
    assert_eq!(states(&node.get("/api/v1/bids").await), [(1, "cancelled"), (2, "matched")]);
    node.stop().await;
}

#[tokio::test]
async fn a_mass_quote_replaces_its_set_and_names_its_bids() {
    let (_dir, node) = Node::open().await;
    let provider = node.provider("provider").await;
    node.bid(provider, "9", 1).await;
    let quote = |price: &str, quantity: u32| json!({"providerId": provider, "market": "CPU", "price": price, "quantity": quantity});
    let quotes = |quotes: &[Value]| json!({"quoteSetId": 4, "quotes": quotes});
    let placed = node.post("/api/v1/bids/mass-quote", quotes(&[quote("5", 1), quote("6", 0), quote("7", 2)])).await;
    assert_eq!((&placed["quoteSetId"], &placed["bids"]), (&json!(4), &json!([2, 3])));
    assert_eq!(node.get("/api/v1/bids/3").await["quoteSetId"], 4);
    let mut socket = node.socket().await;
    let again = socket.ok("bid.mass", quotes(&[quote("4", 1)])).await;
    assert_eq!(again["bids"], json!([4]));
    assert_eq!(states(&node.get("/api/v1/bids").await), [(1, "open"), (2, "cancelled"), (3, "cancelled"), (4, "open")]);
    let bad = quotes(&[quote("4", 1), json!({"providerId": 99, "market": "CPU", "price": "1", "quantity": 1})]);
    let (status, problem) = node.call(Method::POST, "/api/v1/bids/mass-quote", Some(bad)).await;
    assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("UNKNOWN_PROVIDER")), "{problem}");
    assert_eq!(node.get("/api/v1/bids/4").await["state"], "open", "refused whole");
    let nothing = socket.ok("bid.mass", json!({"address": "provider", "quoteSetId": 4, "quotes": []})).await;
    assert_eq!(nothing["bids"], json!([]));
    assert_eq!(node.get("/api/v1/bids?state=open").await["items"][0]["id"], 1, "another set's bid stays");
    node.stop().await;
}

#[tokio::test]
async fn everything_of_a_session_or_an_account_is_cancelled_at_once() {
    let (_dir, node) = Node::open().await;
    let (mut one, mut two) = (node.socket().await, node.socket().await);
    one.ok("order.place", order("tenant", "1")).await;
    two.ok("order.place", order("tenant", "1")).await;
    node.order("tenant", "1").await;
    node.order("other", "1").await;
    one.ok("cancel.all", json!({"address": "tenant", "thisSession": true})).await;
    let after = states(&node.get("/api/v1/orders").await).iter().map(|order| order.1 == "open").collect::<Vec<_>>();
    assert_eq!(after, [false, true, true, true]);
    two.ok("cancel.all", json!({"address": "tenant", "market": "CPU"})).await;
    let after = states(&node.get("/api/v1/orders").await).iter().map(|order| order.1 == "open").collect::<Vec<_>>();
    assert_eq!(after, [false, false, false, true]);
    node.stop().await;
}

#[tokio::test]
async fn a_repeat_after_a_lost_connection_answers_the_first_outcome() {
    let (_dir, node) = Node::open().await;
    let named = order_with("1", json!({"clientOrderId": "t-1"}));
    let mut lost = node.socket().await;
    assert_eq!(lost.ok("order.place", named.clone()).await["id"], 1);
    drop(lost);
    let mut again = node.socket().await;
    let repeated = again.call("order.place", named.clone()).await;
    assert_eq!(repeated["result"]["id"], 1, "{repeated}");
    assert_eq!(node.post("/api/v1/orders", named).await["id"], 1, "without a session, too");
    node.stop().await;
}

#[tokio::test]
async fn an_account_that_falls_silent_loses_its_orders() {
    let (_dir, node) = Node::open().await;
    node.order("tenant", "1").await;
    let mut socket = node.socket().await;
    let armed = socket.ok("deadman.set", json!({"address": "tenant", "ms": 200})).await;
    let seq = armed["seq"].as_u64().unwrap();
    let fired = async {
        while node.get("/api/v1/orders/1").await["state"] == "open" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), fired).await.expect("it fires by itself");
    let events = node.events(&format!("from={seq}&type=account.deadman,order.cancelled")).await;
    let events: Vec<_> = events.iter().flat_map(|frame| frame["events"].as_array().unwrap()).collect();
    assert!(events[0]["firesAt"].is_u64(), "{events:?}");
    assert_eq!(events[1]["reason"], "deadMan");
    assert_eq!(events[2]["firesAt"], Value::Null);
    node.stop().await;
}

#[tokio::test]
async fn an_auction_keeps_its_bids_until_it_closes() {
    let (_dir, node) = Node::open().await;
    for owner in ["one", "two"] {
        node.provider(owner).await;
    }
    let placed = node.post("/api/v1/orders", order_with("9", json!({"mode": "auction", "auctionSeconds": 2}))).await;
    assert!(placed["closesAt"].as_u64().unwrap() > placed["placedAt"].as_u64().unwrap());
    for (provider, price) in [(1, "5"), (2, "4")] {
        let bid = node.post("/api/v1/orders/1/bids", json!({"providerId": provider, "bidPrice": price})).await;
        assert_eq!(bid["state"], "open", "sealed until the close");
    }
    let (status, problem) = node.call(Method::PUT, "/api/v1/bids/1/accept", None).await;
    assert_eq!((status.as_u16(), &problem["code"]), (409, &json!("AUCTION_OPEN")));
    let closed = async {
        while node.get("/api/v1/orders/1").await["state"] == "open" {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(15), closed).await.expect("it closes by itself");
    let lease = node.get("/api/v1/leases/1").await;
    assert_eq!((&lease["bidId"], &lease["price"]), (&json!(2), &json!("4")));
    assert_eq!(states(&node.get("/api/v1/bids").await), [(1, "lost"), (2, "matched")]);
    node.stop().await;
}

#[tokio::test]
async fn a_command_whose_deadline_has_passed_is_not_carried_out() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    let now = socket.ok("ping", json!({})).await["time"].as_u64().unwrap();
    let mut place = async |id: u64, deadline: u64| {
        let params = json!({ "providerId": 1, "market": "CPU", "bidPrice": "2.5", "quantity": 1 });
        let request = json!({ "id": id, "method": "bid.place", "deadline": deadline, "params": params });
        socket.text(&request.to_string()).await;
        socket.answer(id).await
    };
    let late = place(101, now).await;
    assert_eq!(late["error"]["code"], "DEADLINE_PASSED", "{late}");
    assert_eq!((&late["error"]["field"], late.get("seq")), (&json!("deadline"), None), "it is not in the log");
    let in_time = place(102, now + 60_000_000).await;
    assert_eq!((&in_time["ok"], &in_time["result"]["id"]), (&json!(true), &json!(1)), "{in_time}");
    let never = json!({ "id": 103, "method": "ping", "deadline": u64::MAX });
    socket.text(&never.to_string()).await;
    let never = socket.frame().await;
    assert_eq!((&never["id"], &never["error"]["field"]), (&Value::Null, &json!("deadline")), "{never}");
    node.stop().await;
}
