//! What would happen, and why something does not: nothing of it reaches the log.

use berth_journal::{DataDir, PrivateStore};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::{OTHER, TENANT, address, answered, bearing, closed, first_second, request, token};
use crate::node::{Node, order};

const DRY: &str = "/api/v1/orders?dryRun=true";

/// Three hosts: one that is dear, one that is cheap and small, and one without a
/// bid; and two tenants with money.
async fn market() -> (tempfile::TempDir, Node) {
    let (dir, node) = Node::open().await;
    for owner in ["dear", "cheap", "idle"] {
        node.provider(owner).await;
    }
    node.bid(1, "9", 8).await;
    node.bid(2, "2", 2).await;
    node.order("tenant", "0.5").await;
    (dir, node)
}

async fn dry(node: &Node, body: Value) -> Value {
    let (status, told) = node.call(Method::POST, DRY, Some(body)).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    told
}

fn codes(reasons: &Value) -> Vec<&str> {
    reasons.as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_dry_run_says_what_placing_the_order_then_does() {
    let (dir, node) = market().await;
    let mut wanted = order("tenant", "3");
    wanted["quantity"] = json!(3);
    wanted["prepaySeconds"] = json!(1800);
    let before = node.get("/health").await["seq"].clone();
    let told = dry(&node, wanted.clone()).await;
    assert_eq!(told["seq"], before);
    // 3 replicas at 3 for half an hour; two of them at 2, for half an hour and for
    // the whole.
    let expected = json!({
        "market": "CPU", "quantity": 3, "state": "open", "remaining": 1, "hold": "4.5", "held": "1.5", "escrow": "2",
        "cost": "4", "endedBids": [], "waits": [], "next": null,
        "fills": [{
            "bidId": 2, "providerId": 2, "trustLevel": "Five", "price": "2", "units": 1, "replicas": 2, "escrow": "2",
            "cost": "4",
        }],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(told[name], *value, "{name} of {told}");
    }
    let providers = told["providers"].as_array().unwrap();
    let ids: Vec<_> = providers.iter().map(|one| (&one["providerId"], &one["wouldTrade"])).collect();
    assert_eq!(ids, [(&json!(1), &json!(false)), (&json!(2), &json!(true)), (&json!(3), &json!(false))]);
    assert_eq!(codes(&providers[0]["bids"][0]["obstacles"]), ["priceAboveLimit"]);
    assert_eq!(codes(&providers[2]["obstacles"]), ["noBid"]);
    assert_eq!(node.get("/health").await["seq"], before, "nothing reached the log");

    let placed = node.post("/api/v1/orders", wanted).await;
    for name in ["state", "remaining"] {
        assert_eq!(placed[name], told[name], "{name}");
    }
    assert_eq!(placed["hold"], told["held"]);
    let lease = node.get("/api/v1/leases/1").await;
    assert_eq!((&lease["bidId"], &lease["replicas"], &lease["price"]), (&json!(2), &json!(2), &json!("2")));
    node.stop().await;
    let kept = PrivateStore::open(&DataDir::new(dir.path())).unwrap();
    assert_eq!(kept.sweep(|_| false).unwrap(), 2, "of the orders that were placed, and not of the dry run");
}

#[tokio::test]
async fn what_would_be_refused_is_refused_by_a_dry_run_and_gives_nobody_money() {
    let (_dir, node) = market().await;
    let deposits = node.chain.deposits().await;
    let refused = async |body: Value| {
        let (status, problem) = node.call(Method::POST, DRY, Some(body)).await;
        (status.as_u16(), problem["code"].as_str().unwrap().to_owned(), problem["field"].clone())
    };
    assert_eq!(refused(order("tenant", "1000000")).await, (422, "INSUFFICIENT_FUNDS".into(), json!("maxPrice")));
    assert_eq!(refused(order("tenant", "0")).await, (400, "MALFORMED".into(), json!("maxPrice")));
    assert_eq!(refused(order("nobody", "1")).await, (404, "UNKNOWN_ACCOUNT".into(), json!("tenantAddress")));
    let mut crossing = order("tenant", "3");
    crossing["postOnly"] = json!(true);
    assert_eq!(refused(crossing).await, (422, "POST_ONLY_WOULD_CROSS".into(), json!("postOnly")));
    let (status, problem) = node.call(Method::POST, "/api/v1/orders?dryRun=maybe", Some(order("tenant", "1"))).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("dryRun")));
    let (status, problem) = node.call(Method::POST, "/api/v1/orders?limit=2", Some(order("tenant", "1"))).await;
    assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!("limit")));
    assert_eq!(node.chain.deposits().await, deposits);
    node.stop().await;
}

#[tokio::test]
async fn a_dry_run_ends_as_its_time_in_force_says_and_knows_a_repeat() {
    let (_dir, node) = market().await;
    let mut wanted = order("tenant", "3");
    wanted["quantity"] = json!(3);
    wanted["timeInForce"] = json!("fok");
    let told = dry(&node, wanted.clone()).await;
    assert_eq!(
        (&told["state"], &told["reason"], &told["fills"]),
        (&json!("cancelled"), &json!("notFilledAtOnce"), &json!([]))
    );
    wanted["timeInForce"] = json!("ioc");
    let told = dry(&node, wanted.clone()).await;
    assert_eq!((&told["state"], &told["remaining"], &told["held"]), (&json!("cancelled"), &json!(1), &json!("0")));

    wanted["timeInForce"] = json!("gtc");
    wanted["clientOrderId"] = json!("t-1");
    let placed = node.post("/api/v1/orders", wanted.clone()).await;
    let told = dry(&node, wanted.clone()).await;
    assert_eq!((&told["repeats"], &told["state"], &told["fills"]), (&placed["id"], &json!("open"), &json!([])));
    wanted["quantity"] = json!(4);
    let (status, problem) = node.call(Method::POST, DRY, Some(wanted)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("CLIENT_ID_REUSED")));
    node.stop().await;
}

#[tokio::test]
async fn reasons_come_by_pages_and_of_any_moment() {
    let (_dir, node) = market().await;
    let seq = node.get("/health").await["seq"].clone();
    let told = node.get("/api/v1/orders/1/explain?limit=2").await;
    assert_eq!((&told["orderId"], &told["waits"], &told["next"]), (&json!(1), &json!([]), &json!("2")));
    assert_eq!(told["providers"].as_array().unwrap().len(), 2);
    assert_eq!(codes(&told["providers"][1]["bids"][0]["obstacles"]), ["priceAboveLimit"]);
    let rest = node.get("/api/v1/orders/1/explain?limit=2&cursor=2").await;
    assert_eq!((&rest["providers"][0]["providerId"], &rest["next"]), (&json!(3), &json!(null)));

    node.bid(3, "0.1", 1).await;
    assert_eq!(codes(&node.get("/api/v1/orders/1/explain").await["waits"]), ["orderOver"]);
    let then = node.get(&format!("/api/v1/orders/1/explain?atSeq={seq}")).await;
    assert_eq!((codes(&then["waits"]).len(), codes(&then["providers"][2]["obstacles"])), (0, vec!["noBid"]));
    let (status, problem) = node.call(Method::GET, "/api/v1/orders/9/explain", None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_ORDER")));
    node.stop().await;
}

#[tokio::test]
async fn reasons_do_not_say_where_a_sealed_price_lies() {
    let (_dir, node) = market().await;
    let mut auction = order("tenant", "5");
    auction["mode"] = json!("auction");
    auction["auctionSeconds"] = json!(600);
    let id = node.post("/api/v1/orders", auction).await["id"].clone();
    node.post(&format!("/api/v1/orders/{id}/bids"), json!({ "providerId": 3, "bidPrice": "4" })).await;
    let told = node.get(&format!("/api/v1/orders/{id}/explain")).await;
    assert_eq!(codes(&told["waits"]), ["auctionClose"]);
    let sealed = &told["providers"][2];
    assert_eq!((&sealed["bids"], &sealed["wouldTrade"]), (&json!([]), &json!(false)), "{sealed}");
    node.stop().await;
}

#[tokio::test]
async fn a_socket_tests_and_asks_as_rest_does() {
    let (_dir, node) = market().await;
    let mut socket = node.socket().await;
    let before = node.get("/health").await["seq"].clone();
    let answer = socket.call("order.test", order("tenant", "3")).await;
    assert_eq!((&answer["ok"], &answer["seq"]), (&json!(true), &json!(null)), "{answer}");
    assert_eq!(answer["result"], dry(&node, order("tenant", "3")).await);
    assert!(answer["limits"]["limit"].is_u64(), "{answer}");
    let answer = socket.call("order.test", order("tenant", "1000000")).await;
    assert_eq!(answer["error"]["code"], "INSUFFICIENT_FUNDS");
    assert_eq!(node.get("/health").await["seq"], before);

    let mut wanted = order("tenant", "0.7");
    wanted["clientOrderId"] = json!("mine");
    let placed = socket.ok("order.place", wanted).await;
    let by_id = socket.ok("order.status", json!({ "orderId": placed["id"] })).await;
    assert_eq!(by_id, node.get("/api/v1/orders/2").await);
    let named = json!({ "clientOrderId": "mine", "address": "tenant" });
    assert_eq!(socket.ok("order.status", named).await, by_id);
    for (params, code, field) in [
        (json!({}), "MALFORMED", "orderId"),
        (json!({ "orderId": 1, "clientOrderId": "mine" }), "MALFORMED", "clientOrderId"),
        (json!({ "orderId": 1, "address": "tenant" }), "MALFORMED", "address"),
        (json!({ "orderId": 99 }), "UNKNOWN_ORDER", "orderId"),
        (json!({ "clientOrderId": "mine" }), "MALFORMED", "address"),
        (json!({ "clientOrderId": "mine", "address": "dear" }), "UNKNOWN_ORDER", "clientOrderId"),
        (json!({ "clientOrderId": "mine", "address": "nobody" }), "UNKNOWN_ACCOUNT", "address"),
    ] {
        let answer = socket.call("order.status", params.clone()).await;
        assert_eq!((&answer["error"]["code"], &answer["error"]["field"]), (&json!(code), &json!(field)), "{params}");
    }
    node.stop().await;
}

#[tokio::test]
async fn without_credentials_nobody_tests_and_an_account_tests_its_own_alone() {
    let (_dir, node) = closed().await;
    first_second().await;
    let (status, problem) = answered(request(&node, Method::POST, DRY).json(&order(&address(TENANT), "1"))).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("UNAUTHORIZED")));
    let (tenant, other) = (token(&node, TENANT).await, token(&node, OTHER).await);
    let body = order(&address(TENANT), "1");
    let (status, problem) = bearing(&node, &other, Method::POST, DRY, body.clone()).await;
    assert_eq!((status, &problem["field"]), (StatusCode::FORBIDDEN, &json!("tenantAddress")));
    let (status, told) = bearing(&node, &tenant, Method::POST, DRY, body).await;
    assert_eq!((status, &told["hold"]), (StatusCode::OK, &json!("1")), "{told}");
    node.stop().await;
}
