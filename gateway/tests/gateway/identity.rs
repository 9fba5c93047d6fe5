//! Who asks, on a node without `--open`: logins, signed requests, logons.

use berth_auth::{Signers, Window};
use berth_domain::Address;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::credentials::{
    OTHER, STRANGER, Signing, TENANT, address, answered, bearing, challenge, closed, first_second, is_refused, log_id,
    log_in, logon, now, order, order_is, public, request, signed_challenge, token,
};
use crate::node::{Node, PASSPHRASE};
use crate::socket::Socket;

#[tokio::test]
async fn who_logged_in_acts_as_its_account_and_as_no_other() {
    let (_dir, node) = closed().await;
    let tenant = token(&node, TENANT).await;
    let place = |body: Value| bearing(&node, &tenant, Method::POST, "/api/v1/orders", body);
    let (status, made) = place(order()).await;
    assert_eq!((status, &made["tenantAddress"]), (StatusCode::CREATED, &json!(address(TENANT))), "{made}");
    let with_name = |seed: u8| {
        let mut order = order();
        order["tenantAddress"] = address(seed).into();
        order
    };
    assert_eq!(place(with_name(TENANT)).await.0, StatusCode::CREATED);
    let refused = place(with_name(OTHER)).await;
    assert_eq!(refused.1["field"], "tenantAddress");
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account that asks");

    // Another account has nothing to say about it, named or not.
    let other = token(&node, OTHER).await;
    let path = format!("/api/v1/orders/{}", made["id"]);
    let refused = bearing(&node, &other, Method::DELETE, &path, json!({})).await;
    is_refused(refused, StatusCode::FORBIDDEN, "NOT_YOURS", "another account");
    let named = format!("{path}?address={}", address(TENANT));
    let refused = bearing(&node, &other, Method::DELETE, &named, json!({})).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account that asks");
    assert_eq!(bearing(&node, &tenant, Method::DELETE, &path, json!({})).await.0, StatusCode::OK);

    // Who has no account on the exchange is told so, and none is made.
    let stranger = token(&node, STRANGER).await;
    let refused = bearing(&node, &stranger, Method::POST, "/api/v1/orders", order()).await;
    assert_eq!((refused.0, &refused.1["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_ACCOUNT")));
    // The operator's token is no account's.
    let refused = bearing(&node, crate::node::TOKEN, Method::POST, "/api/v1/orders", order()).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "operator");
    node.stop().await;
}

#[tokio::test]
async fn a_login_is_what_sep_10_says() {
    let (dir, node) = closed().await;
    let toml = request(&node, Method::GET, "/.well-known/stellar.toml").header("origin", "https://wallet.example");
    let toml = toml.send().await.unwrap();
    assert_eq!(toml.headers()["access-control-allow-origin"], "*");
    let toml = toml.text().await.unwrap();
    for line in [
        format!("SIGNING_KEY = \"{}\"", address(201)),
        format!("WEB_AUTH_ENDPOINT = \"http://{}/auth\"", node.addr()),
        format!("NETWORK_PASSPHRASE = \"{PASSPHRASE}\""),
    ] {
        assert!(toml.lines().any(|it| it == line), "{line}\n{toml}");
    }

    let muxed = "MAAAAAAAAAAAAAB7BQ2L7E5NBWMXDUCMZSIPOBKRDSBYVLMXGSSKF6YNPIB7Y77ITLVL6";
    for (query, words) in [
        (String::new(), "account is missing"),
        ("account=tenant".to_owned(), "not a Stellar public key"),
        (format!("account={muxed}"), "muxed"),
        (format!("account={}", address(201)), "server's own"),
        (format!("account={}&memo=7", address(TENANT)), "memo"),
        (format!("account={}&home_domain=evil.example", address(TENANT)), "home domain"),
    ] {
        let (status, answer) = challenge(&node, &query).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{query}: {answer}");
    }
    let domains = format!("account={}&home_domain={}&client_domain=wallet.example", address(TENANT), node.addr());
    assert_eq!(challenge(&node, &domains).await.0, StatusCode::OK);

    // Once, be it as JSON or as a form.
    let transaction = signed_challenge(&node, TENANT).await;
    let encoded: String = transaction.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form = request(&node, Method::POST, "/auth")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("transaction={encoded}"));
    assert_eq!(answered(form).await.0, StatusCode::OK);
    let (status, again) = log_in(&node, &transaction).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(again["error"].as_str().unwrap().contains("accepted before"), "{again}");
    for bad in ["", "AAAA"] {
        let (status, answer) = log_in(&node, bad).await;
        assert!(status == StatusCode::BAD_REQUEST && answer["error"].is_string(), "{answer}");
    }
    let no_json = request(&node, Method::POST, "/auth").body("x");
    assert_eq!(answered(no_json).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);

    // What the node does not remember behind a restart it does not accept.
    let transaction = signed_challenge(&node, TENANT).await;
    let before = node.addr().to_string();
    let token = token(&node, TENANT).await;
    node.stop().await;
    let node = Node::start(dir.path(), false).await;
    let (status, answer) = log_in(&node, &transaction).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    // Here it listens on another port, so that tokens of the domain before are nobody's.
    assert_ne!(before, node.addr().to_string());
    let refused = bearing(&node, &token, Method::POST, "/api/v1/orders", order()).await;
    is_refused(refused, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "none of this node's");
    node.stop().await;
}

#[tokio::test]
async fn the_chain_says_who_signs_for_an_account() {
    let (_dir, node) = closed().await;
    let shared = |weight: u32| Signers::new(vec![(public(TENANT), 1), (public(OTHER), 1)], weight);
    let accounts = &node.chain.signers;
    accounts.lock().await.insert(Address(public(TENANT)), shared(2));
    let alone = signed_challenge(&node, TENANT).await;
    let (status, answer) = log_in(&node, &alone).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].as_str().unwrap().contains("medium threshold"), "{answer}");
    accounts.lock().await.insert(Address(public(TENANT)), shared(1));
    // A challenge that was not accepted is not used up.
    assert_eq!(log_in(&node, &alone).await.0, StatusCode::OK);
    accounts.lock().await.insert(Address(public(TENANT)), Signers::new(vec![(public(OTHER), 1)], 1));
    let (status, answer) = log_in(&node, &signed_challenge(&node, TENANT).await).await;
    assert!(status == StatusCode::BAD_REQUEST && answer["error"].as_str().unwrap().contains("no signer"), "{answer}");
    node.stop().await;
}

#[tokio::test]
async fn a_signed_request_is_accepted_once_and_only_as_it_was_signed() {
    let (_dir, node) = closed().await;
    first_second().await;
    let log = log_id(&node).await;
    let good = Signing::order(&log, TENANT);
    let (status, made) = answered(good.request(&node)).await;
    assert_eq!((status, &made["tenantAddress"]), (StatusCode::CREATED, &json!(address(TENANT))), "{made}");
    let refused = answered(good.request(&node)).await;
    is_refused(refused, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "accepted before");

    let window = |timestamp: u64, recv_window: u32| Window { timestamp, recv_window };
    let order = |window: Window| Signing { window, ..Signing::order(&log, TENANT) };
    for (wrong, words) in [
        (order(window(now() - 6_000_000, 5_000)), "the node's time is"),
        (order(window(now() + 3_000_000, 5_000)), "ahead"),
        (order(window(now(), 60_001)), "receive window"),
        (Signing::order(&log, STRANGER), "no account's"),
        (Signing::order(&[9; 32], TENANT), "not the key's"),
    ] {
        is_refused(answered(wrong.request(&node)).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", words);
    }
    // The node was not there then, and does not know what it has accepted.
    let before = order(window(now() - 59_000_000, 60_000));
    is_refused(answered(before.request(&node)).await, StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "just started");
    let longer = order(window(now() - 10_000, 60_000));
    assert_eq!(answered(longer.request(&node)).await.0, StatusCode::CREATED);

    // A signature is for one request alone.
    let signed = Signing::order(&log, TENANT);
    let changed = [
        signed.request(&node).body(signed.body.replace("\"1\"", "\"2\"")),
        request(&node, Method::PATCH, "/api/v1/orders/1"),
        request(&node, Method::POST, "/api/v1/orders?x=1").body(signed.body.clone()),
    ];
    for (at, other) in changed.into_iter().enumerate() {
        let other = match at {
            0 => other,
            _ => other
                .header("x-berth-key", address(TENANT))
                .header("x-berth-timestamp", signed.window.timestamp)
                .header("x-berth-signature", signed.signature()),
        };
        is_refused(answered(other).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "not the key's");
    }
    let headers = |name: &'static str, value: &str| {
        let good = Signing::order(&log, TENANT);
        let all = [
            ("x-berth-key", address(TENANT)),
            ("x-berth-timestamp", good.window.timestamp.to_string()),
            ("x-berth-recv-window", "5000".to_owned()),
            ("x-berth-signature", good.signature()),
        ];
        let request = request(&node, Method::POST, "/api/v1/orders").body(good.body.clone());
        all.into_iter().fold(request, |request, (of, good)| request.header(of, if of == name { value } else { &good }))
    };
    for (name, value) in [
        ("x-berth-key", "tenant"),
        ("x-berth-timestamp", "now"),
        ("x-berth-recv-window", "long"),
        ("x-berth-signature", "none"),
    ] {
        is_refused(answered(headers(name, value)).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", name);
    }
    let twice = headers("", "").header("x-berth-key", address(OTHER));
    is_refused(answered(twice).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "twice");
    let both = headers("", "").bearer_auth(token(&node, TENANT).await);
    is_refused(answered(both).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "not both");
    // Wrong credentials are refused even where none are needed.
    let read = request(&node, Method::GET, "/api/v1/orders").bearer_auth("guess");
    is_refused(answered(read).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "none of this node's");
    node.stop().await;
}

#[tokio::test]
async fn a_logon_makes_a_socket_an_account() {
    let (_dir, node) = closed().await;
    first_second().await;
    let log = log_id(&node).await;
    let window = || Window { timestamp: now(), recv_window: 5_000 };
    let mut socket = node.socket().await;
    let code = |answer: &Value| answer["error"]["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(code(&socket.call("order.place", order()).await), "UNAUTHORIZED");
    assert_eq!(code(&socket.call("session.logon", logon(&log, STRANGER, window())).await), "UNAUTHORIZED");
    assert_eq!(code(&socket.call("session.logon", logon(&[9; 32], TENANT, window())).await), "UNAUTHORIZED");
    let old = Window { timestamp: now() - 6_000_000, recv_window: 5_000 };
    assert_eq!(code(&socket.call("session.logon", logon(&log, TENANT, old)).await), "UNAUTHORIZED");
    assert_eq!(code(&socket.call("session.logon", json!({})).await), "MALFORMED");
    let good = logon(&log, TENANT, window());
    let told = socket.ok("session.logon", good.clone()).await;
    assert_eq!((&told["address"], &told["key"]), (&json!(address(TENANT)), &Value::Null), "{told}");
    let made = socket.ok("order.place", order()).await;
    assert_eq!(made["tenantAddress"], address(TENANT));
    let mut named = order();
    named["tenantAddress"] = address(OTHER).into();
    let refused = socket.call("order.place", named).await;
    assert_eq!((code(&refused).as_str(), &refused["error"]["field"]), ("FORBIDDEN", &json!("tenantAddress")));
    assert_eq!(code(&socket.call("session.logon", logon(&log, OTHER, window())).await), "UNAUTHORIZED");
    // What was signed once logs nobody else on.
    let mut thief = node.socket().await;
    assert_eq!(code(&thief.call("session.logon", good).await), "UNAUTHORIZED");
    assert_eq!(code(&thief.call("order.cancel", json!({ "orderId": made["id"] })).await), "UNAUTHORIZED");
    node.stop().await;
}

#[tokio::test]
async fn what_a_socket_placed_ends_with_it_where_it_wants_that() {
    let (dir, node) = closed().await;
    let bearer = |token: String| [("authorization", format!("Bearer {token}"))];
    let mut stays = Socket::with(node.addr(), &bearer(token(&node, TENANT).await)).await.unwrap();
    let mut ends = Socket::with(node.addr(), &bearer(token(&node, TENANT).await)).await.unwrap();
    let told = ends.ok("session.logon", json!({ "cancelOnDisconnect": true })).await;
    assert_eq!(told["cancelOnDisconnect"], true, "{told}");
    let kept = stays.ok("order.place", order()).await["id"].as_u64().unwrap();
    let first = ends.ok("order.place", order()).await["id"].as_u64().unwrap();
    // Sent and not waited for.
    ends.send("order.place", order()).await;
    drop((stays, ends));
    order_is(&node, first, "cancelled").await;
    order_is(&node, kept, "open").await;

    // The node's end is a disconnect, too.
    let mut ends = Socket::with(node.addr(), &bearer(token(&node, TENANT).await)).await.unwrap();
    ends.ok("session.logon", json!({ "cancelOnDisconnect": true })).await;
    let last = ends.ok("order.place", order()).await["id"].as_u64().unwrap();
    let (_, ()) = tokio::join!(ends.closed(), node.stop());
    let node = Node::start(dir.path(), false).await;
    order_is(&node, last, "cancelled").await;
    order_is(&node, kept, "open").await;
    node.stop().await;
}

#[tokio::test]
async fn a_specification_is_for_the_two_sides_of_its_lease() {
    let (_dir, node) = closed().await;
    let (tenant, owner) = (token(&node, TENANT).await, token(&node, OTHER).await);
    let bid = json!({ "providerId": 1, "bidPrice": "1" });
    let (status, bid) = bearing(&node, &owner, Method::POST, "/api/v1/orders/1/bids", bid).await;
    assert_eq!((status, &bid["state"]), (StatusCode::CREATED, &json!("matched")), "{bid}");
    let path = "/api/v1/leases/1/specification";
    let read = |token: &str| answered(request(&node, Method::GET, path).bearer_auth(token));
    for token in [&tenant, &owner, crate::node::TOKEN] {
        let (status, specification) = read(token).await;
        assert_eq!((status, &specification["image"]), (StatusCode::OK, &json!("nginx:latest")), "{specification}");
    }
    is_refused(read(&token(&node, STRANGER).await).await, StatusCode::FORBIDDEN, "FORBIDDEN", "tenant");
    is_refused(answered(request(&node, Method::GET, path)).await, StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "/auth");
    let named = format!("{path}?address={}", address(TENANT));
    let refused = answered(request(&node, Method::GET, &named).bearer_auth(token(&node, STRANGER).await)).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account");
    node.stop().await;
}

#[tokio::test]
async fn in_open_mode_who_shows_credentials_acts_as_its_account() {
    let (_dir, node) = Node::open().await;
    let tenant = token(&node, TENANT).await;
    let (status, made) = bearing(&node, &tenant, Method::POST, "/api/v1/orders", order()).await;
    assert_eq!((status, &made["tenantAddress"]), (StatusCode::CREATED, &json!(address(TENANT))), "{made}");
    let mut named = order();
    named["tenantAddress"] = "somebody".into();
    let refused = bearing(&node, &tenant, Method::POST, "/api/v1/orders", named.clone()).await;
    is_refused(refused, StatusCode::FORBIDDEN, "FORBIDDEN", "not the account that asks");
    assert_eq!(answered(request(&node, Method::POST, "/api/v1/orders").json(&named)).await.0, StatusCode::CREATED);
    // A key that is new is an account's that is provisioned.
    let log = log_id(&node).await;
    let (status, made) = answered(Signing::order(&log, STRANGER).request(&node)).await;
    assert_eq!((status, &made["tenantAddress"]), (StatusCode::CREATED, &json!(address(STRANGER))), "{made}");
    node.stop().await;
}
