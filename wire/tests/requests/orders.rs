//! Orders.

use berth_domain::{
    Attribute, Digest, MarketId, Micros, Mode, Rate, ResourceClass, Resources, Seconds, SelfTrade, Text, TimeInForce,
    TrustLevel, Uptime, Verify,
};
use berth_wire::json::{parse, parse_value};
use berth_wire::request::{AuctionEnd, OrderRequest};
use serde_json::{Value, json};

use crate::{SEED_ORDER, field, order, order_with};

#[test]
fn the_seeds_order_is_what_it_says() {
    let order = parse::<OrderRequest>(SEED_ORDER.as_bytes()).and_then(OrderRequest::parse).expect("good");
    assert_eq!(order.class, ResourceClass::Cpu);
    // The processors are the units of the CPU market, counted once.
    assert_eq!((order.units, order.resources), (2, Resources { cpu: 0, memory: 1024, storage: 10 }));
    assert_eq!((order.replicas, order.duration, order.prepay), (1, Seconds(50_000), Seconds(50_000)));
    assert_eq!((order.mode, order.time_in_force), (Mode::Auto, TimeInForce::Gtc));
    let hundred = Rate::new(1_000_000_000).expect("in range");
    assert_eq!(order.limits.iter().collect::<Vec<_>>(), [(TrustLevel::Four, hundred), (TrustLevel::Five, hundred)]);
    assert_eq!(order.command(MarketId(3), Digest::default(), Micros(0)).market, MarketId(3));
}

#[test]
fn orders_say_what_they_want_in_every_way_of_the_protocol() {
    let gpu = order_with("/specification/gpu", json!({"model": "NVIDIA H100 80GB HBM3", "vram": 80, "count": 2}));
    let gpu = order(gpu).expect("good");
    assert_eq!((gpu.class.to_string().as_str(), gpu.units, gpu.resources.cpu), ("H100-80", 2, 2));

    let per_second = order(order_with("/per", json!("second"))).expect("good");
    assert_eq!(per_second.limits.highest().to_string(), "360000");

    let mut by_level = order_with("/trustLevels", Value::Null);
    by_level["maxPrice"] = json!({"Five": "2.5", "Three": "1.8"});
    let by_level = order(by_level).expect("good");
    assert_eq!(by_level.limits.at(TrustLevel::Three).map(|rate| rate.to_string()).as_deref(), Some("1.8"));
    assert_eq!(by_level.limits.at(TrustLevel::Four), None);

    let all = order(order_with("/trustLevels", Value::Null)).expect("good");
    assert_eq!(all.limits.iter().count(), 5);

    let mut seconds = order_with("/durationBlocks", Value::Null);
    seconds["durationSeconds"] = json!(3600);
    seconds["prepaySeconds"] = json!(60);
    seconds["timeInForce"] = json!("gtd");
    seconds["expiresAt"] = json!(1_790_000_000_000_000_u64);
    seconds["mode"] = json!("manual");
    seconds["failover"] = json!(false);
    seconds["clientOrderId"] = json!("t-1");
    seconds["specification"]["requires"] = json!({"region": "eu", "nvlink": "yes"});
    let seconds = order(seconds).expect("good");
    assert_eq!((seconds.duration, seconds.prepay), (Seconds(3600), Seconds(60)));
    assert_eq!((seconds.time_in_force, seconds.expires_at), (TimeInForce::Gtd, Some(Micros(1_790_000_000_000_000))));
    assert_eq!(seconds.mode, Mode::Manual);
    let attribute = |key: &str, value: &str| Attribute {
        key: Text::new(key).expect("short"),
        value: Text::new(value).expect("short"),
    };
    assert_eq!(seconds.requires, [attribute("nvlink", "yes"), attribute("region", "eu")]);
}

#[test]
fn a_bad_order_names_its_field() {
    let many = |n: usize| (0..n).map(|i| (format!("V{i}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    let ports = |n: usize| (1..=n).map(|i| json!({"containerPort": i})).collect::<Vec<_>>();
    let cases: Vec<(&str, Value, &str, &str)> = vec![
        ("/tenantAddress", json!(""), "tenantAddress", "1 to 128 bytes"),
        ("/tenantAddress", json!("a\u{0}b"), "tenantAddress", "1 to 128 bytes"),
        ("/tenantAddress", json!(7), "tenantAddress", "invalid type"),
        ("/maxPrice", json!(100), "maxPrice", "a decimal string such as"),
        ("/maxPrice", json!("-1"), "maxPrice", "is negative"),
        ("/maxPrice", json!("0"), "maxPrice", "more than zero"),
        ("/maxPrice", json!("0.00000001"), "maxPrice", "more than 7 decimals"),
        ("/maxPrice", json!("1e3"), "maxPrice", "is not a decimal number"),
        ("/maxPrice", json!("99999999999999999999"), "maxPrice", "is too large"),
        ("/maxPrice", json!("2000000000"), "maxPrice", "is more than 1000000000"),
        ("/maxPrice", json!({"Five": "1", "Four": 2}), "maxPrice.Four", "a decimal string such as"),
        ("/maxPrice", json!({"Six": "1"}), "maxPrice", "One, Two, Three, Four, Five"),
        ("/maxPrice", json!({"Five": "1", "One": "1"}), "trustLevels", "that maxPrice names"),
        ("/maxPrice", Value::Null, "maxPrice", "is missing"),
        ("/per", json!("day"), "per", "unknown variant"),
        ("/per", json!(5), "per", "type"),
        ("/mode", json!(1), "mode", "type"),
        ("/timeInForce", json!(true), "timeInForce", "type"),
        (
            "/specification/ports/0",
            json!({"containerPort": 80, "protocol": 6}),
            "specification.ports[0].protocol",
            "type",
        ),
        ("/trustLevels", json!([]), "trustLevels", "names no level"),
        ("/trustLevels", json!(["Five", "five"]), "trustLevels[1]", "must be one of"),
        ("/trustLevels", json!(["Five", "Five"]), "trustLevels[1]", "twice"),
        ("/trustLevels", json!("Five"), "trustLevels", "invalid type"),
        ("/quantity", json!(0), "quantity", "from 1 to 10000"),
        ("/quantity", json!(10_001), "quantity", "from 1 to 10000"),
        ("/quantity", json!(-1), "quantity", "is negative"),
        ("/quantity", json!(1.5), "quantity", "a whole number from 1 to 10000"),
        ("/quantity", json!("1"), "quantity", "a whole number from 1 to 10000"),
        ("/durationBlocks", Value::Null, "durationSeconds", "is missing"),
        ("/durationBlocks", json!(0), "durationBlocks", "must be from 1"),
        ("/durationSeconds", json!(60), "durationSeconds", "twice"),
        ("/prepaySeconds", json!(50_001), "prepaySeconds", "more than the duration"),
        ("/prepaySeconds", json!(0), "prepaySeconds", "must be from 1"),
        ("/expiresAt", json!(1), "expiresAt", "only for timeInForce gtd"),
        ("/timeInForce", json!("gtd"), "expiresAt", "is missing"),
        ("/timeInForce", json!("day"), "timeInForce", "must be one of gtc, ioc, gtd, fok"),
        ("/clientOrderId", json!("x".repeat(37)), "clientOrderId", "longer than 36 bytes"),
        ("/mod", json!("auto"), "mod", "unknown field"),
        ("/specification", Value::Null, "specification", "is missing"),
        ("/specification", json!(["nginx", 1, 1]), "specification", "an object"),
        ("/specification/image", json!(""), "specification.image", "1 to 255 bytes"),
        ("/specification/image", json!("x".repeat(256)), "specification.image", "1 to 255 bytes"),
        ("/specification/image", json!("a b"), "specification.image", "reference"),
        ("/specification/image", json!("--privileged"), "specification.image", "reference"),
        ("/specification/image", json!(null), "specification.image", "is missing"),
        ("/specification/cpu", json!(0), "specification.cpu", "from 1 to"),
        ("/specification/cpu", json!("two"), "specification.cpu", "a whole number"),
        ("/specification/cpu", json!(4_294_967_296_u64), "specification.cpu", "from 1 to"),
        ("/specification/memory", json!(1e30), "specification.memory", "a whole number"),
        ("/specification/storage", json!(-10), "specification.storage", "is negative"),
        ("/specification/gpu", json!({"model": "", "vram": 80}), "specification.gpu.model", "no GPU model"),
        ("/specification/gpu", json!({"model": "H100"}), "specification.gpu.vram", "is missing"),
        ("/specification/gpu", json!({"model": "H100", "vram": 80, "count": 0}), "specification.gpu.count", "from 1"),
        ("/specification/ports/0", json!({}), "specification.ports[0].containerPort", "is missing"),
        ("/specification/ports/0", json!(80), "specification.ports[0]", "an object"),
        ("/specification/ports/0", json!({"containerPort": 65_536}), "specification.ports[0].containerPort", "65535"),
        (
            "/specification/ports/0",
            json!({"containerPort": 80, "hostPort": "8080"}),
            "specification.ports[0].hostPort",
            "a whole number",
        ),
        (
            "/specification/ports/0",
            json!({"containerPort": 80, "protocol": "sctp"}),
            "specification.ports[0].protocol",
            "unknown variant",
        ),
        (
            "/specification/ports",
            json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "udp"}, {"containerPort": 80}]),
            "specification.ports[2].containerPort",
            "twice",
        ),
        (
            "/specification/ports",
            json!([{"containerPort": 80, "hostPort": 1}, {"containerPort": 81, "hostPort": 1}]),
            "specification.ports[1].hostPort",
            "twice",
        ),
        ("/specification/ports", json!(ports(17)), "specification.ports", "more than 16"),
        ("/specification/env", json!(many(101)), "specification.env", "more than 100"),
        ("/specification/env", json!({"A=B": "x"}), "specification.env", "no name of a variable"),
        ("/specification/env", json!({"": "x"}), "specification.env", "no name of a variable"),
        ("/specification/env", json!({"A": 1}), "specification.env.A", "a string"),
        ("/specification/env", json!({"A": "x".repeat(4_097)}), "specification.env.A", "longer than 4096"),
        ("/specification/command", json!(["a", "b\u{0}"]), "specification.command[1]", "NUL"),
        ("/specification/command", json!("sh"), "specification.command", "a sequence"),
        ("/specification/requires", json!({"region": 1}), "specification.requires.region", "is not a text"),
        ("/specification/requires", json!({"": "x"}), "specification.requires.", "has no name"),
        ("/specification/requires", json!({"minUptime": "0.9"}), "specification.requires.minUptime", "from 0 to 1"),
        ("/specification/requires", json!({"minUptime": 99}), "specification.requires.minUptime", "from 0 to 1"),
        ("/specification/requires", json!({"minUptime": 0.12345}), "specification.requires.minUptime", "4 decimals"),
        ("/mode", json!("auction"), "closesAt", "is missing, and so is auctionSeconds"),
        ("/closesAt", json!(1), "closesAt", "only for mode auction"),
        ("/auctionSeconds", json!(1), "auctionSeconds", "only for mode auction"),
        ("/selfTrade", json!("fight"), "selfTrade", "expireTaker, expireMaker, skip"),
        ("/postOnly", json!("yes"), "postOnly", "a boolean"),
        ("/verify", json!("always"), "verify", "none, spot"),
        ("/verify", json!(3), "verify", "none, spot"),
        ("/verify", json!({}), "verify.replicas", "is missing"),
        ("/verify", json!({"replicas": "3"}), "verify.replicas", "a whole number"),
        ("/verify", json!({"replicas": 0}), "verify.replicas", "from 1"),
        ("/verify", json!({"replicas": 4}), "verify.replicas", "3, 5 or 7"),
        ("/verify", json!({"replicas": 3}), "verify.replicas", "is 3, and quantity is 1"),
        ("/verify", json!({"replicas": 3, "of": 5}), "verify.of", "unknown field"),
        ("/specification/extra", json!(1), "specification.extra", "unknown field"),
    ];
    for (pointer, value, at, why) in cases {
        let (field, detail) = field(order(order_with(pointer, value.clone())));
        assert_eq!(field, at, "{pointer} = {value}: {detail}");
        assert!(detail.contains(why), "{pointer} = {value}: {detail}");
    }
}

#[test]
fn times_and_modes_that_do_not_go_together_are_refused() {
    let with = |pairs: &[(&str, Value)]| {
        let mut value = order_with("/mode", json!("auto"));
        pairs.iter().for_each(|(name, one)| value[name] = one.clone());
        order(value)
    };
    let end = ("closesAt", json!(9));
    for time in ["ioc", "fok"] {
        let time = ("timeInForce", json!(time));
        with(std::slice::from_ref(&time)).expect("an order that meets bids by itself need not stay");
        for mode in ["manual", "auction"] {
            let mut pairs = vec![("mode", json!(mode)), time.clone()];
            pairs.extend((mode == "auction").then(|| end.clone()));
            let (at, detail) = field(with(&pairs));
            assert_eq!(at, "timeInForce");
            assert!(detail.contains(&format!("mode {mode} has to stay")), "{detail}");
        }
        assert_eq!(field(with(&[time, ("postOnly", json!(true))])).0, "postOnly");
    }
    for mode in ["manual", "auction"] {
        let mut pairs = vec![("mode", json!(mode)), ("postOnly", json!(true))];
        pairs.extend((mode == "auction").then(|| end.clone()));
        assert_eq!(field(with(&pairs)).0, "postOnly", "{mode}");
    }
    let gtd = [("mode", json!("auction")), end.clone(), ("timeInForce", json!("gtd")), ("expiresAt", json!(9))];
    assert_eq!(field(with(&gtd)).0, "timeInForce");
    let twice = with(&[("mode", json!("auction")), end, ("auctionSeconds", json!(9))]);
    assert_eq!(field(twice), ("closesAt".to_owned(), "and auctionSeconds say when twice".to_owned()));
}

#[test]
fn an_order_carries_its_terms_to_the_exchange() {
    let mut value = order_with("/mode", json!("auction"));
    value["auctionSeconds"] = json!(60);
    value["selfTrade"] = json!("skip");
    value["specification"]["requires"] = json!({"region": "eu", "minUptime": 0.995});
    let parsed = order(value.clone()).expect("good");
    assert_eq!(parsed.closes, Some(AuctionEnd::After(Seconds(60))));
    let command = parsed.command(MarketId(3), Digest::default(), Micros(1_000_000));
    assert_eq!((command.mode, command.closes_at), (Mode::Auction, Some(Micros(61_000_000))));
    assert_eq!((command.failover, command.self_trade, command.post_only), (false, SelfTrade::Skip, false));
    assert_eq!((command.min_uptime, command.requires.len()), (Uptime::new(9_950), 1));
    assert_eq!((command.aim, command.session), (None, None));

    value["auctionSeconds"] = Value::Null;
    value["closesAt"] = json!(7);
    let at = order(value).expect("good").command(MarketId(3), Digest::default(), Micros(1_000_000));
    assert_eq!(at.closes_at, Some(Micros(7)));

    assert!(order(order_with("/postOnly", json!(true))).expect("good").post_only);
    let plain = order(order_with("/mode", json!("auto"))).expect("good");
    assert_eq!((plain.closes, plain.self_trade, plain.post_only), (None, SelfTrade::ExpireTaker, false));
    assert_eq!((plain.min_uptime, plain.failover), (None, false));
}

#[test]
fn failover_is_for_orders_that_meet_the_book_one_by_one() {
    let mut value = order_with("/failover", json!(true));
    let command = |value: Value| {
        order(value).map(|order| order.command(MarketId(3), Digest::default(), Micros(1_000_000)).failover)
    };
    assert_eq!(command(value.clone()), Ok(true));
    value["timeInForce"] = json!("fok");
    assert_eq!(command(value.clone()).expect_err("a gang").field, "failover");
    value["timeInForce"] = json!("gtc");
    value["mode"] = json!("manual");
    assert_eq!(command(value).expect_err("manual").field, "failover");
}

#[test]
fn an_order_says_how_its_results_are_checked() {
    let with = |pairs: &[(&str, Value)]| {
        let mut value = order_with("/quantity", json!(3));
        pairs.iter().for_each(|(name, one)| value[name] = one.clone());
        order(value).map(|order| order.command(MarketId(3), Digest::default(), Micros(1_000_000)).verify)
    };
    assert_eq!(with(&[]), Ok(Verify::None));
    assert_eq!(with(&[("verify", json!("none"))]), Ok(Verify::None));
    assert_eq!(with(&[("verify", json!("spot"))]), Ok(Verify::Spot));
    let three = ("verify", json!({"replicas": 3}));
    let fok = ("timeInForce", json!("fok"));
    assert_eq!(with(&[three.clone(), fok.clone()]), Ok(Verify::Replicas(3)));
    // The replicas run together or not at all.
    assert_eq!(field(with(std::slice::from_ref(&three))).0, "verify.replicas");
    assert_eq!(field(with(&[three, fok, ("quantity", json!(5))])).0, "verify.replicas");
}

#[test]
fn a_check_survives_its_json() {
    for verify in [json!("spot"), json!({"replicas": 3})] {
        let read: OrderRequest = parse_value(order_with("/verify", verify.clone())).expect("good");
        assert_eq!(serde_json::to_value(&read).expect("JSON")["verify"], verify);
    }
    let plain: OrderRequest = parse_value(order_with("/mode", json!("auto"))).expect("good");
    assert_eq!(serde_json::to_value(&plain).expect("JSON").get("verify"), None);
}

#[test]
fn a_specification_is_bounded_as_a_whole() {
    let env: serde_json::Map<_, _> = (0..20).map(|i| (format!("V{i}"), json!("x".repeat(2_000)))).collect();
    let (at, detail) = field(order(order_with("/specification/env", json!(env))));
    assert_eq!((at.as_str(), detail.as_str()), ("specification", "is longer than 32768 bytes"));
}
