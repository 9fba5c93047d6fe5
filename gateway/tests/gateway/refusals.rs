//! Bad input: each a 4xx with a stable code and the field, over REST and over
//! the WebSocket alike.

use reqwest::Method;
use serde_json::{Value, json};

use crate::node::{Node, order};

/// An order with one field changed; a path with dots goes into objects.
fn with(path: &str, value: Value) -> Value {
    let mut order = order("tenant", "100");
    let mut place = &mut order;
    for step in path.split('.') {
        place = &mut place[step];
    }
    *place = value;
    order
}

fn without(field: &str) -> Value {
    let mut order = order("tenant", "100");
    order.as_object_mut().unwrap().remove(field);
    order
}

/// An order whose hold rounds down to nothing.
fn cheap() -> Value {
    let mut order = with("maxPrice", json!("0.0000001"));
    order["prepaySeconds"] = json!(1);
    order
}

/// An auction that closes then.
fn auction(closes_at: u64) -> Value {
    let mut order = with("mode", json!("auction"));
    order["closesAt"] = json!(closes_at);
    order
}

#[tokio::test]
async fn bad_input_is_refused_with_a_code_and_the_field() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    node.order("tenant", "1").await;
    let directed = |price: Value| json!({ "providerId": 1, "bidPrice": price });
    let standing = |field: &str, value: Value| {
        let mut bid = json!({ "providerId": 1, "market": "CPU", "bidPrice": "1", "quantity": 1 });
        bid[field] = value;
        bid
    };
    let orders = "/api/v1/orders";
    let to_order = "/api/v1/orders/1/bids";
    let bids = "/api/v1/bids";
    let providers = "/api/v1/providers";
    let provider = |field: &str, value: Value| {
        let mut provider = json!({
            "address": "p", "resources": { "cpu": 1, "memory": 1 }, "hostname": "h", "port": 1,
        });
        provider[field] = value;
        provider
    };
    let post = Method::POST;
    let table = [
        // Amounts.
        (&post, orders, with("maxPrice", json!("-1")), 400, "MALFORMED", "maxPrice"),
        (&post, orders, with("maxPrice", json!("0")), 400, "MALFORMED", "maxPrice"),
        (&post, orders, with("maxPrice", json!("1.00000001")), 400, "MALFORMED", "maxPrice"),
        (&post, orders, with("maxPrice", json!("99999999999999999999")), 400, "MALFORMED", "maxPrice"),
        (&post, orders, with("maxPrice", json!("1e3")), 400, "MALFORMED", "maxPrice"),
        (&post, orders, with("maxPrice", json!(100)), 400, "MALFORMED", "maxPrice"),
        // One stroop for an hour of which a second is held: less than a stroop.
        (&post, orders, cheap(), 422, "OUT_OF_BOUNDS", "maxPrice"),
        (&post, orders, with("maxPrice", json!("20000")), 422, "INSUFFICIENT_FUNDS", "maxPrice"),
        // The largest rate, units and replicas: more than 2⁶³ stroops.
        (
            &post,
            orders,
            json!({
                "tenantAddress": "tenant", "maxPrice": "1000000000", "quantity": 256, "durationSeconds": 31_000_000,
                "specification": { "image": "i", "cpu": 1024, "memory": 1 },
            }),
            422,
            "AMOUNT_TOO_LARGE",
            "maxPrice",
        ),
        (&post, to_order, directed(json!("-80")), 400, "MALFORMED", "bidPrice"),
        (&post, to_order, directed(json!("1.5")), 422, "BID_ABOVE_LIMIT", "bidPrice"),
        // Types, and what is missing or not known.
        (&post, orders, json!([]), 400, "MALFORMED", ""),
        (&post, orders, json!("order"), 400, "MALFORMED", ""),
        (&post, orders, without("tenantAddress"), 400, "MALFORMED", "tenantAddress"),
        (&post, orders, without("specification"), 400, "MALFORMED", "specification"),
        (&post, orders, with("quantity", json!(-1)), 400, "MALFORMED", "quantity"),
        (&post, orders, with("quantity", json!(1.5)), 400, "MALFORMED", "quantity"),
        (&post, orders, with("quantity", json!(1_u64 << 40)), 400, "MALFORMED", "quantity"),
        (&post, orders, with("quantity", json!(257)), 422, "OUT_OF_BOUNDS", "quantity"),
        (&post, orders, with("durationSeconds", json!(0)), 400, "MALFORMED", "durationSeconds"),
        (&post, orders, with("durationSeconds", json!(400 * 86_400)), 422, "OUT_OF_BOUNDS", "durationSeconds"),
        (&post, orders, with("durationBlocks", json!(1)), 400, "MALFORMED", "durationSeconds"),
        (&post, orders, with("trustLevels", json!(["Six"])), 400, "MALFORMED", "trustLevels[0]"),
        (&post, orders, with("specification.image", json!("a b")), 400, "MALFORMED", "specification.image"),
        (&post, orders, with("specification.cpu", json!("2")), 400, "MALFORMED", "specification.cpu"),
        (&post, orders, with("specification.cpu", json!(60_000)), 422, "OUT_OF_BOUNDS", "specification.cpu"),
        (
            &post,
            orders,
            with("specification.ports", json!([{ "containerPort": 0 }])),
            400,
            "MALFORMED",
            "specification.ports[0].containerPort",
        ),
        (&post, orders, with("maxprice", json!("1")), 400, "MALFORMED", "maxprice"),
        (&post, orders, with("mode", json!("auction")), 400, "MALFORMED", "closesAt"),
        (&post, orders, auction(1), 422, "TIME_IN_PAST", "closesAt"),
        (&post, orders, auction(9_000_000_000_000_000), 422, "OUT_OF_BOUNDS", "closesAt"),
        (&post, to_order, json!({ "providerId": 1, "bidPrice": "1", "postOnly": true }), 400, "MALFORMED", "postOnly"),
        (&Method::PATCH, "/api/v1/orders/9", json!({}), 404, "UNKNOWN_ORDER", "orderId"),
        (&Method::PATCH, "/api/v1/bids/x", json!({}), 404, "UNKNOWN_BID", "id"),
        (&Method::PATCH, "/api/v1/orders/1", json!({ "quantity": 1000 }), 422, "OUT_OF_BOUNDS", "quantity"),
        (&post, orders, with("verify", json!("spot")), 400, "NOT_OFFERED", "verify"),
        (&post, orders, with("verify", json!("always")), 400, "MALFORMED", "verify"),
        (&post, orders, with("verify", json!({ "replicas": 3 })), 400, "MALFORMED", "verify.replicas"),
        (&post, "/api/v1/orders?dryRun=1", order("tenant", "1"), 400, "MALFORMED", "dryRun"),
        (&post, "/api/v1/orders?dryrun=true", order("tenant", "1"), 400, "MALFORMED", "dryrun"),
        (&post, "/api/v1/bids?dryRun=true", standing("quantity", json!(1)), 400, "MALFORMED", "dryRun"),
        (&post, "/api/v1/orders/1/bids?dryRun=true", directed(json!("1")), 400, "MALFORMED", "dryRun"),
        (&post, "/api/v1/providers?dryRun=true", provider("port", json!(1)), 400, "MALFORMED", "dryRun"),
        (
            &post,
            orders,
            with("specification.gpu", json!({ "model": "H100", "vram": 80 })),
            404,
            "UNKNOWN_MARKET",
            "specification.gpu",
        ),
        (&post, providers, provider("port", json!(70_000)), 400, "MALFORMED", "port"),
        (&post, providers, provider("resources", json!({ "cpu": 1 })), 400, "MALFORMED", "resources.memory"),
        (&post, providers, provider("address", json!("")), 400, "MALFORMED", "address"),
        // Ids of nothing.
        (&post, to_order, json!({ "providerId": 9, "bidPrice": "1" }), 404, "UNKNOWN_PROVIDER", "providerId"),
        (&post, "/api/v1/orders/9/bids", directed(json!("1")), 404, "UNKNOWN_ORDER", "orderId"),
        (&post, "/api/v1/orders/x/bids", directed(json!("1")), 404, "UNKNOWN_ORDER", "id"),
        (&post, bids, standing("market", json!("H100-80")), 404, "UNKNOWN_MARKET", "market"),
        (&post, bids, standing("market", json!("H100")), 400, "MALFORMED", "market"),
        (&post, bids, standing("quantity", json!(2_000_000)), 422, "OUT_OF_BOUNDS", "quantity"),
        (&Method::PUT, "/api/v1/bids/9/accept", json!({}), 404, "UNKNOWN_BID", "bidId"),
        (&Method::DELETE, "/api/v1/orders/9", json!({}), 404, "UNKNOWN_ORDER", "orderId"),
        (&Method::DELETE, "/api/v1/orders/18446744073709551616", json!({}), 404, "UNKNOWN_ORDER", "id"),
        (&post, "/api/v1/leases/9/stop", json!({}), 404, "UNKNOWN_LEASE", "leaseId"),
        (&post, "/api/v1/leases/0/stop", json!({}), 404, "UNKNOWN_LEASE", "id"),
        // What is another's.
        (&Method::DELETE, "/api/v1/orders/1?address=provider", json!({}), 403, "NOT_YOURS", "address"),
        (&Method::DELETE, "/api/v1/orders/1", json!({ "address": "stranger" }), 403, "NOT_YOURS", "address"),
        // Routes.
        (&post, "/api/v1/nothing", json!({}), 404, "NOT_FOUND", ""),
        (&Method::PATCH, orders, json!({}), 405, "METHOD_NOT_ALLOWED", ""),
    ];
    for (method, path, body, status, code, field) in table {
        let (got, problem) = node.call(method.clone(), path, Some(body.clone())).await;
        let what = format!("{method} {path} {body} answered {problem}");
        assert_eq!(got, status, "{what}");
        assert_eq!(problem["code"], code, "{what}");
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{what}");
        assert_eq!(problem["status"], status, "{what}");
    }
    for (path, status, field) in [
        ("/api/v1/orders?limit=0", 400, "limit"),
        ("/api/v1/orders?limit=1001", 400, "limit"),
        ("/api/v1/orders?cursor=x", 400, "cursor"),
        ("/api/v1/orders?state=opne", 400, "state"),
        ("/api/v1/orders?limit=1&limit=2", 400, "limit"),
        ("/api/v1/orders/0", 404, "id"),
        ("/api/v1/leases/1/health", 404, "id"),
        ("/api/v1/leases/1/proof", 404, "id"),
        ("/api/v1/markets/H100/book", 404, "market"),
        ("/api/v1/markets/CPU/book?depth=0", 400, "depth"),
        ("/api/v1/events?from=-1", 400, "from"),
        ("/api/v1/events?type=lease", 400, "type"),
        ("/api/v1/events?market=H100-80", 404, "market"),
    ] {
        let (got, problem) = node.call(Method::GET, path, None).await;
        assert_eq!((got.as_u16(), problem["field"].as_str()), (status, Some(field)), "{path}: {problem}");
    }
    node.stop().await;
}

#[tokio::test]
async fn an_accept_by_someone_else_is_refused() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut manual = order("tenant", "100");
    manual["mode"] = json!("manual");
    node.post("/api/v1/orders", manual).await;
    let bid = node.post("/api/v1/orders/1/bids", json!({ "providerId": 1, "bidPrice": "80" })).await;
    assert_eq!(bid["state"], "open", "a manual order waits for its tenant");
    let listed = node.get("/api/v1/orders/1/bids").await;
    assert_eq!(listed["items"][0]["id"], 1);

    for other in ["provider", "stranger"] {
        let body = json!({ "tenantAddress": other });
        let (status, problem) = node.call(Method::PUT, "/api/v1/bids/1/accept", Some(body)).await;
        assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("NOT_YOURS")), "{other}");
        assert_eq!(problem["field"], "tenantAddress");
    }
    assert_eq!(node.get("/api/v1/leases").await["items"], json!([]));
    let (status, lease) = node.call(Method::PUT, "/api/v1/bids/1/accept", None).await;
    assert_eq!((status.as_u16(), &lease["id"]), (200, &json!(1)));
    node.stop().await;
}

#[tokio::test]
async fn bodies_are_json_of_a_bounded_size() {
    let (_dir, node) = Node::open().await;
    let url = format!("http://{}/api/v1/orders", node.addr());
    let client = reqwest::Client::new();
    let json = "application/json";
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let table: [(&str, Vec<u8>, u16, &str); 9] = [
        (json, b"{".to_vec(), 400, "MALFORMED"),
        (json, b"{}x".to_vec(), 400, "MALFORMED"),
        (json, vec![0xff, 0xfe], 400, "MALFORMED"),
        (json, Vec::new(), 400, "MALFORMED"),
        (json, deep.into_bytes(), 400, "MALFORMED"),
        (json, vec![b' '; 64 * 1024 + 1], 413, "PAYLOAD_TOO_LARGE"),
        ("text/plain", b"{}".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/toml", b"a = 1".to_vec(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("application/yaml", b"a: b".to_vec(), 400, "MALFORMED"),
    ];
    for (content_type, body, status, code) in table {
        let response = client.post(&url).header("content-type", content_type).body(body).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.status(), status, "{code}");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], code);
    }
    node.stop().await;
}

#[tokio::test]
async fn every_code_that_is_answered_is_listed() {
    let (_dir, node) = Node::open().await;
    let errors = node.get("/api/v1/errors").await;
    let codes: Vec<_> = errors["items"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    for code in ["MALFORMED", "NOT_YOURS", "BID_ABOVE_LIMIT", "FORBIDDEN_ORIGIN", "OUTCOME_UNKNOWN"] {
        assert!(codes.contains(&code), "{code}");
    }
    node.stop().await;
}

#[tokio::test]
async fn bad_frames_are_answered_and_the_socket_goes_on() {
    let (_dir, node) = Node::open().await;
    node.order("tenant", "1").await;
    let mut socket = node.socket().await;
    for text in ["", "{", "[]", "7", r#"{"method":"ping"}"#, r#"{"id":-1,"method":"ping"}"#, r#"{"id":1,"x":2}"#] {
        socket.text(text).await;
        let answer = socket.frame().await;
        assert_eq!(json!([answer["id"], answer["ok"], answer["error"]["code"]]), json!([null, false, "MALFORMED"]));
    }
    for (method, params, code, field) in [
        ("pong", json!({}), "MALFORMED", "method"),
        ("ping", json!([]), "MALFORMED", "params"),
        ("ping", json!({ "x": 1 }), "MALFORMED", "x"),
        ("session.logon", json!({}), "MALFORMED", "key"),
        ("order.amend", json!({ "orderId": 9 }), "UNKNOWN_ORDER", "orderId"),
        ("order.amend", json!({ "orderId": 1, "quantity": 0 }), "MALFORMED", "quantity"),
        ("order.amend", json!({ "orderId": 1, "expiresAt": 9 }), "OUT_OF_BOUNDS", "expiresAt"),
        ("order.amend", json!({ "orderId": 1, "maxPrice": "99999999" }), "INSUFFICIENT_FUNDS", "maxPrice"),
        ("order.amend", json!({ "orderId": 1, "address": "stranger" }), "NOT_YOURS", "address"),
        ("bid.amend", json!({ "bidId": 9 }), "UNKNOWN_BID", "bidId"),
        ("bid.mass", json!({}), "MALFORMED", "quoteSetId"),
        ("bid.mass", json!({ "quoteSetId": 1, "quotes": [] }), "MALFORMED", "address"),
        ("cancel.all", json!({}), "MALFORMED", "address"),
        ("cancel.all", json!({ "address": "stranger" }), "UNKNOWN_ACCOUNT", "address"),
        ("cancel.all", json!({ "address": "tenant", "market": "H100-80" }), "UNKNOWN_MARKET", "market"),
        ("deadman.set", json!({ "address": "tenant" }), "MALFORMED", "ms"),
        ("subscribe", json!({}), "MALFORMED", "ch"),
        ("subscribe", json!({ "ch": "book" }), "MALFORMED", "market"),
        ("subscribe", json!({ "ch": "book", "market": "H100-80" }), "UNKNOWN_MARKET", "market"),
        ("subscribe", json!({ "ch": "events", "types": ["lease"] }), "MALFORMED", "types[0]"),
        ("subscribe", json!({ "ch": "ticker" }), "MALFORMED", "market"),
        ("unsubscribe", json!({ "sub": 1 }), "MALFORMED", "sub"),
        ("order.cancel", json!({}), "MALFORMED", "orderId"),
        ("order.cancel", json!({ "orderId": 9 }), "UNKNOWN_ORDER", "orderId"),
        ("order.cancel", json!({ "orderId": 1, "address": "stranger" }), "NOT_YOURS", "address"),
        ("bid.place", json!({ "orderId": 1, "providerId": 1, "bidPrice": "x" }), "MALFORMED", "bidPrice"),
        ("lease.heartbeat", json!({ "leaseId": 1, "cpuMillis": 1, "memoryBytes": 1 }), "MALFORMED", "address"),
        ("fact.deposit", json!({}), "MALFORMED", "chainEvent"),
        ("fact.escrowFailed", json!({ "leaseId": 1, "reason": "x" }), "UNAUTHORIZED", ""),
    ] {
        let answer = socket.call(method, params).await;
        assert_eq!(answer["ok"], false, "{method}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
        assert_eq!(answer["error"]["field"].as_str().unwrap_or_default(), field, "{method}: {answer}");
    }
    for _ in 0..64 {
        socket.ok("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
    }
    let answer = socket.call("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
    assert_eq!(answer["error"]["code"], "TOO_MANY_SUBSCRIPTIONS");
    socket.ok("unsubscribe", json!({ "sub": 7 })).await;
    socket.ok("subscribe", json!({ "ch": "book", "market": "CPU" })).await;
    node.stop().await;
}
