//! Changing what stands: amend, mass quote, cancel all, dead-man.

use berth_domain::{BidId, Limits, MarketId, Micros, OrderId, ProviderId, Rate, SelfTrade, TrustLevel};
use berth_wire::json::{Malformed, parse_value};
use berth_wire::request::{
    AmendBidRequest, AmendOrderRequest, CancelAllRequest, DeadManRequest, MassQuoteRequest, NewMassQuote, OrderChange,
};
use serde_json::{Value, json};

use crate::field;

fn rate(units: i64) -> Rate {
    Rate::new(units * 10_000_000).expect("in range")
}

fn change(body: Value) -> Result<OrderChange, Malformed> {
    parse_value::<AmendOrderRequest>(body).and_then(AmendOrderRequest::parse).map(|(_, change)| change)
}

#[test]
fn what_an_amendment_leaves_out_stays() {
    let now = Limits::new([(TrustLevel::Three, rate(3)), (TrustLevel::Five, rate(5))]).expect("two");
    let amend = |body: Value| change(body).and_then(|change| change.command(OrderId(7), &now));
    let limits = |body: Value| amend(body).map(|amend| amend.limits);
    let to = |pairs: &[(TrustLevel, i64)]| Ok(Limits::new(pairs.iter().map(|(level, units)| (*level, rate(*units)))));

    let all = amend(json!({"quantity": 4, "maxPrice": "2", "trustLevels": ["One"], "expiresAt": 9})).expect("good");
    assert_eq!((all.order, all.replicas, all.expires_at), (OrderId(7), Some(4), Some(Micros(9))));
    assert_eq!(all.limits, Limits::new([(TrustLevel::One, rate(2))]));

    let nothing = amend(json!({})).expect("good");
    assert_eq!((nothing.replicas, nothing.limits, nothing.expires_at), (None, None, None));
    // One price alone is for the levels that are accepted already.
    assert_eq!(limits(json!({"maxPrice": "4"})), to(&[(TrustLevel::Three, 4), (TrustLevel::Five, 4)]));
    assert_eq!(
        limits(json!({"maxPrice": "1", "per": "minute"})),
        to(&[(TrustLevel::Three, 60), (TrustLevel::Five, 60)])
    );
    // A price for each level says the levels.
    assert_eq!(limits(json!({"maxPrice": {"One": "1"}})), to(&[(TrustLevel::One, 1)]));
    // Levels alone keep their limits, and must have one.
    assert_eq!(limits(json!({"trustLevels": ["Three"]})), to(&[(TrustLevel::Three, 3)]));
    let (at, why) = field(limits(json!({"trustLevels": ["Three", "Four"]})));
    assert_eq!((at.as_str(), why.as_str()), ("trustLevels[1]", "Four has no limit so far; name maxPrice"));
}

#[test]
fn a_bad_amendment_names_its_field() {
    for (body, at) in [
        (json!({"quantity": 0}), "quantity"),
        (json!({"quantity": 10_001}), "quantity"),
        (json!({"maxPrice": 5}), "maxPrice"),
        (json!({"maxPrice": "0"}), "maxPrice"),
        (json!({"trustLevels": []}), "trustLevels"),
        (json!({"trustLevels": ["Six"]}), "trustLevels[0]"),
        (json!({"maxPrice": "1", "trustLevels": ["One", "One"]}), "trustLevels[1]"),
        (json!({"maxPrice": {"One": "1"}, "trustLevels": ["Two"]}), "trustLevels"),
        (json!({"expiresAt": -1}), "expiresAt"),
        (json!({"postOnly": true}), "postOnly"),
        (json!([]), ""),
    ] {
        assert_eq!(field(change(body.clone())).0, at, "{body}");
    }
    for (body, at) in
        [(json!({"bidPrice": "0"}), "bidPrice"), (json!({"quantity": 0}), "quantity"), (json!({"price": "1"}), "price")]
    {
        let bid = parse_value::<AmendBidRequest>(body.clone()).and_then(AmendBidRequest::parse);
        assert_eq!(field(bid).0, at, "{body}");
    }
}

#[test]
fn a_bid_is_amended() {
    let body = json!({"address": "p", "bidPrice": "0.001", "per": "second", "quantity": 4, "expiresAt": 9});
    let (name, change) = parse_value::<AmendBidRequest>(body).and_then(AmendBidRequest::parse).expect("good");
    let amend = change.command(BidId(3));
    assert_eq!(name.map(|name| name.to_string()).as_deref(), Some("p"));
    assert_eq!(amend.price.map(|price| price.to_string()).as_deref(), Some("3.6"));
    assert_eq!((amend.bid, amend.quantity, amend.expires_at), (BidId(3), Some(4), Some(Micros(9))));
}

fn quotes(body: Value) -> Result<NewMassQuote, Malformed> {
    parse_value::<MassQuoteRequest>(body).and_then(MassQuoteRequest::parse).map(|(_, quotes)| quotes)
}

#[test]
fn a_mass_quote_places_what_has_a_quantity() {
    let body = json!({"quoteSetId": 2, "postOnly": true, "selfTrade": "skip", "quotes": [
        {"providerId": 5, "market": "H100-80", "price": "0", "quantity": 0},
        {"providerId": 1, "market": "CPU", "price": "2", "quantity": 8, "minDuration": 60},
        {"providerId": 1, "market": "H100-80", "quantity": 0},
        {"providerId": 6, "market": "H100-80", "price": "3", "quantity": 1, "maxDuration": 120},
    ]});
    let parsed = quotes(body).expect("good");
    assert_eq!(parsed.first, Some(ProviderId(5)));
    let market = |name: &str| if name == "CPU" { MarketId(1) } else { MarketId(2) };
    let command = parsed.command(|class| Some(market(&class.to_string()))).expect("both markets");
    assert_eq!((command.set, command.post_only, command.self_trade), (2, true, SelfTrade::Skip));
    let placed: Vec<_> = command
        .quotes
        .iter()
        .map(|q| (q.provider.0, q.market.0, q.price.to_string(), q.quantity, q.min_duration.0, q.max_duration.0))
        .collect();
    let year = 366 * 86_400;
    assert_eq!(placed, [(1, 1, "2".to_owned(), 8, 60, year), (6, 2, "3".to_owned(), 1, 1, 120)]);
    let missing = parsed.command(|class| (class.to_string() == "CPU").then_some(MarketId(1)));
    assert_eq!(missing, Err("quotes[3].market".to_owned()));

    let nothing = quotes(json!({"quoteSetId": 0, "quotes": []})).expect("good");
    assert!(nothing.first.is_none() && nothing.command(|_| None).expect("no market named").quotes.is_empty());
}

#[test]
fn a_bad_mass_quote_names_its_field() {
    let good = json!({"providerId": 1, "market": "CPU", "price": "2", "quantity": 8});
    let with = |name: &str, value: Value| {
        let mut bad = good.clone();
        bad[name] = value;
        json!({"quoteSetId": 1, "quotes": [good, bad]})
    };
    for (body, at) in [
        (json!({"quotes": []}), "quoteSetId"),
        (json!({"quoteSetId": 1}), "quotes"),
        (json!({"quoteSetId": -1, "quotes": []}), "quoteSetId"),
        (json!({"quoteSetId": 1, "quotes": vec![good.clone(); 1_001]}), "quotes"),
        (with("providerId", json!(0)), "quotes[1].providerId"),
        (with("market", json!("h100")), "quotes[1].market"),
        (with("price", json!(null)), "quotes[1].price"),
        (with("price", json!("0")), "quotes[1].price"),
        (with("price", json!("-2")), "quotes[1].price"),
        (with("quantity", json!(-1)), "quotes[1].quantity"),
        (with("minDuration", json!(1_000_000_000)), "quotes[1].minDuration"),
        (with("bidPrice", json!("2")), "quotes[1].bidPrice"),
    ] {
        assert_eq!(field(quotes(body.clone())).0, at);
    }
    assert_eq!(quotes(json!({"quoteSetId": 1, "quotes": vec![good; 1_000]})).map(|q| q.quotes.len()), Ok(1_000));
}

#[test]
fn everything_is_cancelled_at_once_or_when_an_account_falls_silent() {
    let all = |body: Value| parse_value::<CancelAllRequest>(body).map(CancelAllRequest::parse);
    let (name, everything) = all(json!({"address": "p"})).expect("good");
    let command = everything.command(|_| None, 9).expect("no market named");
    assert_eq!((name.is_some(), command.market, command.session), (true, None, None));
    let (_, some) = all(json!({"market": "CPU", "thisSession": true})).expect("good");
    let command = some.command(|_| Some(MarketId(3)), 9).expect("the market");
    assert_eq!((command.market, command.session), (Some(MarketId(3)), Some(9)));
    assert!(some.command(|_| None, 9).is_err());
    for (body, at) in [(json!({"market": "x"}), "market"), (json!({"thisSession": 1}), "thisSession")] {
        assert_eq!(field(all(body)).0, at);
    }

    let dead = |body: Value| parse_value::<DeadManRequest>(body).map(|request| request.parse().1.millis);
    assert_eq!((dead(json!({"ms": 0})), dead(json!({"ms": 5_000}))), (Ok(0), Ok(5_000)));
    for body in [json!({}), json!({"ms": -1}), json!({"ms": 4_294_967_296_u64}), json!({"ms": "5"})] {
        assert_eq!(field(dead(body)).0, "ms");
    }
}

#[test]
fn what_the_sdk_writes_of_changes_is_what_the_node_reads() {
    let amend = json!({"quantity": 4, "maxPrice": {"One": "1"}, "per": "hour", "trustLevels": ["One"]});
    let read: AmendOrderRequest = parse_value(amend.clone()).expect("good");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), amend);
    let mass = json!({"quoteSetId": 1, "per": "hour", "selfTrade": "expireTaker",
                      "quotes": [{"providerId": 1, "market": "CPU", "price": "2", "quantity": 8}]});
    let read: MassQuoteRequest = parse_value(mass.clone()).expect("good");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), mass);
}
