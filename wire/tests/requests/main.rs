//! What requests become, and which field is named when they become nothing.

mod changes;
mod hostile;
mod orders;
mod reports;

use berth_domain::{MarketId, Micros, OrderId, Resources, SelfTrade, TimeInForce};
use berth_wire::address::Name;
use berth_wire::json::{Malformed, parse, parse_value};
use berth_wire::request::{DirectedBid, NewBidTarget, NewOrder, OrderRequest, ProviderRequest, StandingBid};
use serde_json::{Value, json};

const SEED_PROVIDER: &str = r#"{
    "address": "provider_stellar_address",
    "resources": { "cpu": 4, "memory": 8192, "storage": 100, "bandwidth": 1000 },
    "hostname": "provider.example.com",
    "port": 8080
  }"#;

const SEED_ORDER: &str = r#"{
    "tenantAddress": "tenant_stellar_address",
    "maxPrice": "100",
    "specification": {
      "image": "nginx:latest",
      "cpu": 2,
      "memory": 1024,
      "storage": 10,
      "ports": [ { "containerPort": 80, "hostPort": 8080, "protocol": "tcp" } ],
      "env": { "NGINX_HOST": "example.com" }
    },
    "trustLevels": ["Five", "Four"],
    "quantity": 1,
    "durationBlocks": 10000
  }"#;

fn order(value: Value) -> Result<NewOrder, Malformed> {
    parse_value::<OrderRequest>(value)?.parse()
}

/// The seed's order with the value at a JSON pointer set; null removes it.
fn order_with(pointer: &str, value: Value) -> Value {
    let mut order: Value = serde_json::from_str(SEED_ORDER).expect("JSON");
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    match order.pointer_mut(parent).expect("the parent exists") {
        Value::Object(map) if value.is_null() => drop(map.remove(name)),
        Value::Object(map) => drop(map.insert(name.to_owned(), value)),
        Value::Array(list) => list[name.parse::<usize>().expect("an index")] = value,
        _ => panic!("{pointer} has no parent"),
    }
    order
}

fn field<T: std::fmt::Debug>(result: Result<T, Malformed>) -> (String, String) {
    let malformed = result.expect_err("it is malformed");
    (malformed.field, malformed.detail)
}

#[test]
fn the_seeds_provider_is_what_it_says() {
    let provider = parse::<ProviderRequest>(SEED_PROVIDER.as_bytes()).and_then(ProviderRequest::parse).expect("good");
    assert_eq!(provider.address.as_ref().map(Name::as_str), Some("provider_stellar_address"));
    assert_eq!(provider.command.resources, Resources { cpu: 4, memory: 8192, storage: 100 });
    assert_eq!(provider.command.bandwidth, 1000);
    assert_eq!((provider.command.hostname.as_str(), provider.command.port), ("provider.example.com", 8080));
    assert!(!provider.command.own_agent && provider.command.gpus.is_empty());
}

#[test]
fn what_is_no_json_says_where() {
    for (body, why) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("nonsense", "expected"),
        (r#"{"tenantAddress":"a"} x"#, "is missing"),
        ("[]", "an object"),
        ("null", "an object"),
        ("\u{feff}{}", "expected"),
    ] {
        let malformed = parse::<OrderRequest>(body.as_bytes()).expect_err("no order");
        assert!(malformed.to_string().contains(why), "{body}: {malformed}");
    }
    let twice = SEED_PROVIDER.replacen("\"port\": 8080", "\"port\": 8080, \"port\": 8081", 1);
    assert!(parse::<ProviderRequest>(twice.as_bytes()).expect_err("twice").detail.contains("duplicate field"));
    let trailing = format!("{SEED_PROVIDER} {{}}");
    assert!(parse::<ProviderRequest>(trailing.as_bytes()).expect_err("two").detail.contains("not one JSON value"));
    let twice = SEED_ORDER.replacen("\"NGINX_HOST\"", "\"A\": \"1\", \"A\"", 1);
    let malformed = parse::<OrderRequest>(twice.as_bytes()).expect_err("twice");
    assert_eq!(malformed.field, "specification.env");
    let deep = "[".repeat(100_000);
    assert!(parse::<OrderRequest>(deep.as_bytes()).is_err());
}

#[test]
fn a_bad_provider_names_its_field() {
    let with = |pointer: &str, value: Value| {
        let mut provider: Value = serde_json::from_str(SEED_PROVIDER).expect("JSON");
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        provider.pointer_mut(parent).expect("it exists")[name] = value;
        parse_value::<ProviderRequest>(provider).and_then(ProviderRequest::parse)
    };
    for (pointer, value, at, why) in [
        ("/resources/cpu", json!(0), "resources.cpu", "from 1"),
        ("/resources/cpus", json!(1), "resources.cpus", "unknown field"),
        ("/resources/memory", json!("8 GiB"), "resources.memory", "a whole number"),
        ("/resources/gpus", json!([{"model": "H100", "vram": 80, "count": -1}]), "resources.gpus[0].count", "negative"),
        ("/resources/gpus", json!([{"model": "NVIDIA", "vram": 80}]), "resources.gpus[0].model", "no GPU model"),
        (
            "/resources/gpus",
            json!([{"model": "H100", "vram": 80}, {"model": "NVIDIA H100 80GB HBM3", "vram": 80}]),
            "resources.gpus[1].model",
            "H100-80 twice",
        ),
        ("/hostname", json!(""), "hostname", "host name"),
        ("/hostname", json!("a b"), "hostname", "host name"),
        ("/hostname", json!("x".repeat(254)), "hostname", "longer than 253"),
        ("/port", json!(0), "port", "from 1 to 65535"),
        ("/port", json!(65_536), "port", "from 1 to 65535"),
        ("/agent", json!("mine"), "agent", "unknown variant"),
        ("/attributes", json!({"region": true}), "attributes.region", "a string"),
        ("/attributes", json!({"region": "x".repeat(65)}), "attributes.region", "longer than 64"),
        ("/available", json!(false), "available", "not offered yet"),
    ] {
        let (field, detail) = field(with(pointer, value.clone()));
        assert_eq!(field, at, "{pointer} = {value}: {detail}");
        assert!(detail.contains(why), "{pointer} = {value}: {detail}");
    }
    let gpus = json!([{"model": "RTX 4090", "vram": 24}, {"model": "H100", "vram": 80, "count": 8}]);
    let gpus = with("/resources/gpus", gpus).expect("good").command.gpus;
    let gpus: Vec<_> = gpus.iter().map(|gpu| format!("{} of {}", gpu.count, gpu.class)).collect();
    assert_eq!(gpus, ["8 of H100-80", "1 of RTX4090-24"]);
}

#[test]
fn bids_are_parsed() {
    let directed = parse::<DirectedBid>(br#"{"providerId": 1, "bidPrice": "80"}"#).expect("good");
    let directed = directed.parse(OrderId(1)).expect("good");
    assert_eq!((directed.provider.0, directed.price.to_string().as_str()), (1, "80"));
    assert_eq!(directed.target, NewBidTarget::Directed { order: OrderId(1) });

    for (time, at) in [("ioc", "timeInForce"), ("fok", "timeInForce"), ("gtd", "expiresAt")] {
        let bid = json!({"providerId": 1, "bidPrice": "80", "timeInForce": time});
        assert_eq!(field(parse_value::<DirectedBid>(bid).and_then(|bid| bid.parse(OrderId(1)))).0, at);
    }

    let standing = json!({"providerId": 1, "market": "H100-80", "bidPrice": "0.0001", "per": "second", "quantity": 8});
    let bid = parse_value::<StandingBid>(standing.clone()).and_then(StandingBid::parse).expect("good");
    assert_eq!(bid.price.to_string(), "0.36");
    assert!(bid.command(|_| None).is_err());
    assert_eq!((bid.time_in_force, bid.post_only, bid.self_trade), (TimeInForce::Gtc, false, SelfTrade::ExpireTaker));
    let mut terms = standing.clone();
    terms["timeInForce"] = json!("gtd");
    terms["expiresAt"] = json!(9);
    terms["postOnly"] = json!(true);
    terms["selfTrade"] = json!("expireMaker");
    let terms = parse_value::<StandingBid>(terms).and_then(StandingBid::parse).expect("good");
    let terms = terms.command(|_| Some(MarketId(2))).expect("a market");
    assert_eq!((terms.time_in_force, terms.expires_at), (TimeInForce::Gtd, Some(Micros(9))));
    assert_eq!((terms.post_only, terms.self_trade, terms.session), (true, SelfTrade::ExpireMaker, None));
    assert!(bid.command(|class| (class.to_string() == "H100-80").then_some(MarketId(2))).is_ok());

    for (name, value, at) in [
        ("market", json!("H100"), "market"),
        ("market", json!("cpu"), "market"),
        ("quantity", json!(0), "quantity"),
        ("quantity", json!(4_294_967_296_u64), "quantity"),
        ("bidPrice", json!("0"), "bidPrice"),
        ("bidPrice", json!(8), "bidPrice"),
        ("providerId", json!(0), "providerId"),
        ("minDuration", json!(1_000_000_000), "minDuration"),
        ("price", json!("8"), "price"),
        ("timeInForce", json!("gtd"), "expiresAt"),
        ("expiresAt", json!(9), "expiresAt"),
        ("selfTrade", json!(1), "selfTrade"),
        ("postOnly", json!(1), "postOnly"),
    ] {
        let mut bad = standing.clone();
        bad[name] = value;
        let (field, _) = field(parse_value::<StandingBid>(bad).and_then(StandingBid::parse));
        assert_eq!(field, at);
    }
}

#[test]
fn what_the_sdk_writes_is_what_the_node_reads() {
    let order: OrderRequest = parse(SEED_ORDER.as_bytes()).expect("good");
    let text = serde_json::to_vec(&order).expect("JSON");
    assert_eq!(parse::<OrderRequest>(&text), Ok(order));
    let provider: ProviderRequest = parse(SEED_PROVIDER.as_bytes()).expect("good");
    let text = serde_json::to_vec(&provider).expect("JSON");
    assert_eq!(parse::<ProviderRequest>(&text), Ok(provider));
}
