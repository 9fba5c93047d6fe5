//! Why not: the explanation names every filter and limit by itself.

use berth_domain::{BidId, OrderId};
use berth_exchange::{Exchange, Obstacle, Wait};

use crate::cast::genesis;
use crate::script::Stage;

/// A provider or an order a line: what rules it out, then each bid with what
/// rules that out.
#[track_caller]
fn check(setting: &[&str], thing: &str, expected: &[&str]) {
    let mut stage = Stage::new(genesis());
    for line in setting {
        let told = stage.play(line);
        assert!(!told.iter().any(|line| line.contains("refused")), "{line}: {told:?}");
    }
    let (kind, id) = thing.split_at(1);
    let id = id.parse().expect("an id");
    let x = &stage.desk.exchange;
    let actual = if kind == "o" { order(x, OrderId(id)) } else { bid(x, BidId(id)) };
    assert_eq!(actual, expected, "{thing} after {setting:#?}");
}

fn order(x: &Exchange, id: OrderId) -> Vec<String> {
    let told = x.explain_order(id).expect("the order is there");
    let mut lines: Vec<_> = told.waits.iter().map(wait).collect();
    for provider in &told.providers {
        let mut line = format!("p{}: {}", provider.provider, list(&provider.obstacles));
        for bid in &provider.bids {
            line += &format!("; b{} at {}: {}", bid.bid, bid.price, list(&bid.obstacles));
        }
        assert_eq!(provider.would_trade(), line.ends_with(": -") && provider.obstacles.is_empty(), "{line}");
        lines.push(line);
    }
    lines
}

fn bid(x: &Exchange, id: BidId) -> Vec<String> {
    let told = x.explain_bid(id).expect("the bid is there");
    let mut lines: Vec<_> = told.waits.iter().map(wait).collect();
    lines.extend(told.orders.iter().map(|order| format!("o{}: {}", order.order, list(&order.obstacles))));
    lines
}

fn wait(wait: &Wait) -> String {
    match wait {
        Wait::OrderOver(state) => format!("order {state}"),
        Wait::BidOver(state) => format!("bid {state}"),
        other => format!("{other:?}"),
    }
}

fn list(obstacles: &[Obstacle]) -> String {
    let tell = |obstacle: &Obstacle| match obstacle {
        Obstacle::LevelNotAccepted(level) => format!("level {level}"),
        Obstacle::PriceAboveLimit { price, limit } => format!("price {price} > {limit}"),
        Obstacle::Duration { min, max } => format!("not {} to {} s", min.0, max.0),
        Obstacle::AttributeMissing(a) => format!("no {}:{}", a.key.as_str(), a.value.as_str()),
        Obstacle::Uptime { uptime, least } => format!("uptime {uptime} < {least}"),
        Obstacle::NoRoom { resource, needed, free } => format!("{resource:?} {free} < {needed}"),
        Obstacle::QuantityTooSmall { remaining, units } => format!("quantity {remaining} < {units}"),
        Obstacle::AimedElsewhere(bid) => format!("aimed at b{bid}"),
        Obstacle::OrderState(state) => format!("order {state}"),
        other => format!("{other:?}"),
    };
    let told: Vec<_> = obstacles.iter().map(tell).collect();
    if told.is_empty() { "-".to_owned() } else { told.join(", ") }
}

#[test]
fn every_filter_and_limit_is_named() {
    check(
        &[
            "bob bid p2 H100-80 8 @ 3",
            "cem bid p3 H100-80 8 @ 1",
            "dee bid p4 H100-80 8 @ 1 max=60",
            "dee bid p4 H100-80 8 @ 1 min=4000",
            "eve offer p5 region:eu",
            "eve bid p5 H100-80 1 @ 1",
            "eve bid p5 H100-80 8 @ 0.0000001",
            "tom host gpus=8xH100-80 cpu=64 memory=65536 storage=1000 offers=region:eu",
            "tom bid p6 H100-80 8 @ 1",
            "dee host gpus=1xH100-80 cpu=1 memory=1 storage=1 offers=region:eu",
            "dee bid p7 H100-80 8 @ 1",
            "dee host gpus=8xH100-80 cpu=64 memory=65536 storage=1000 offers=region:eu",
            "dee bid p8 H100-80 8 @ 1",
            "dee drain p8 region:eu",
            "dee host cpu=64 memory=65536 storage=1000 offers=region:eu",
            "tom order H100-80 1x2 @ One:2 Two:2 Four:2 Five:2 for=3600 prepay=60 cpu=2 memory=2 storage=2 needs=region:eu skip",
        ],
        "o1",
        &[
            "p1: no region:eu, NoBid",
            "p2: no region:eu; b1 at 3: price 3 > 2",
            "p3: level Three, no region:eu; b2 at 1: -",
            "p4: no region:eu; b3 at 1: not 0 to 60 s; b4 at 1: not 4000 to 1000000 s",
            "p5: -; b5 at 1: quantity 1 < 2; b6 at 0.0000001: NothingToEscrow",
            "p6: SameAccount; b7 at 1: -",
            "p7: Units 1 < 2, Cpu 1 < 2, Memory 1 < 2, Storage 1 < 2; b8 at 1: -",
            "p8: Drained; b9 at 1: -",
            "p9: Units 0 < 2, NoBid",
        ],
    );
}

#[test]
fn an_order_says_what_it_waits_for() {
    let bids = "ada bid p1 H100-80 1 @ 1";
    let hosts = |first: &'static str, rest: &'static str| [first, rest, rest, rest, rest];
    let none: [&str; 5] = ["p1: NoBid", "p2: NoBid", "p3: NoBid", "p4: NoBid", "p5: NoBid"];
    let with = |waits: &[&'static str], hosts: [&'static str; 5]| {
        let hosts: Vec<_> = (1..).zip(hosts).map(|(n, host)| host.replacen("p1", &format!("p{n}"), 1)).collect();
        waits.iter().map(|wait| (*wait).to_owned()).chain(hosts).collect::<Vec<_>>()
    };
    let check = |setting: &[&str], expected: Vec<String>| {
        check(setting, "o1", &expected.iter().map(String::as_str).collect::<Vec<_>>());
    };
    check(&["tom order H100-80 1x1 @ 2"], none.map(str::to_owned).to_vec());
    check(
        &[bids, "tom order H100-80 1x1 @ 2 manual", "ada bid p1 on o1 @ 2"],
        with(&["Acceptance"], hosts("p1: -; b2 at 2: -", "p1: NoBid")),
    );
    check(
        &["tom order H100-80 1x1 @ 2 closes=+60", "treasury pause H100-80"],
        with(&["MarketPaused", "AuctionClose(Micros(1767225660000000))"], ["p1: MarketPaused, NoBid"; 5]),
    );
    check(&[bids, "tom order H100-80 1x1 @ 2"], with(&["order filled"], hosts("p1: NoBid", "p1: NoBid")));
    check(&["tom order H100-80 1x1 @ 2", "tom cancel o1"], with(&["order cancelled"], ["p1: NoBid"; 5]));
    check(&["tom order H100-80 1x1 @ 2", "chain asks tom 1000"], with(&["OrderParked"], ["p1: NoBid"; 5]));
}

#[test]
fn a_bid_says_what_it_waits_for_and_which_orders_it_cannot_serve() {
    let orders = [
        "tom order H100-80 1x1 @ 2",
        "tia order H100-80 1x1 @ 9 manual",
        "tim order H100-80 1x1 @ 9 for=60 prepay=60",
        "tim order CPU 1x1 @ 9",
        "tim order H100-80 1x1 @ 9",
        "tim cancel o5",
    ];
    let and = |more: &[&'static str]| [&orders[..], more].concat();
    check(
        &and(&["ada bid p1 H100-80 8 @ 3 min=100"]),
        "b1",
        &["o1: price 3 > 2", "o2: DirectedOnly", "o3: not 100 to 1000000 s"],
    );
    check(
        &and(&["ada drain p1", "ada bid p1 H100-80 8 @ 3 min=100"]),
        "b1",
        &["Drained", "o1: Drained, price 3 > 2", "o2: Drained, DirectedOnly", "o3: Drained, not 100 to 1000000 s"],
    );
    check(&and(&["ada bid p1 on o2 @ 3"]), "b1", &["o2: -"]);
    check(&and(&["ada bid p1 on o2 @ 3", "tia cancel o2"]), "b1", &["bid lost", "o2: order cancelled"]);
    check(
        &[
            "ada host gpus=1xH100-80 cpu=4 memory=1024 storage=100",
            "ada bid p6 H100-80 4 @ 1",
            "tom order H100-80 2x1 @ 1",
        ],
        "b1",
        &["NoFreeUnit", "o1: Units 0 < 1"],
    );
}
