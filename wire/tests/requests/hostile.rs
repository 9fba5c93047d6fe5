//! Input that is meant to do harm.

use berth_wire::frame::Request;
use berth_wire::json::parse;
use berth_wire::request::{AmendOrderRequest, MassQuoteRequest, OrderRequest, ProviderRequest, StartRequest};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{SEED_ORDER, order_with};

const POINTERS: [&str; 29] = [
    "/tenantAddress",
    "/maxPrice",
    "/per",
    "/trustLevels",
    "/trustLevels/0",
    "/quantity",
    "/durationBlocks",
    "/durationSeconds",
    "/specification",
    "/mode",
    "/timeInForce",
    "/expiresAt",
    "/closesAt",
    "/auctionSeconds",
    "/postOnly",
    "/selfTrade",
    "/clientOrderId",
    "/prepaySeconds",
    "/failover",
    "/specification/image",
    "/specification/cpu",
    "/specification/gpu",
    "/specification/ports",
    "/specification/ports/0",
    "/specification/ports/0/containerPort",
    "/specification/env",
    "/specification/env/A",
    "/specification/command",
    "/specification/requires",
];

/// The seed's order with one value somewhere replaced.
fn bent_order() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<f64>().prop_map(|share| json!({ "minUptime": share })),
        ".{0,300}".prop_map(Value::from),
        "[0-9.-]{0,30}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{"containerPort": 80}, {"containerPort": 81}])),
    ];
    (proptest::sample::select(&POINTERS[..]), leaf).prop_map(|(pointer, value)| order_with(pointer, value))
}

proptest! {
    #[test]
    fn no_bytes_panic_a_parser(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse::<OrderRequest>(&bytes).and_then(OrderRequest::parse);
        let _ = parse::<ProviderRequest>(&bytes).and_then(ProviderRequest::parse);
        let _ = parse::<StartRequest>(&bytes).and_then(StartRequest::parse);
        let _ = parse::<AmendOrderRequest>(&bytes).and_then(AmendOrderRequest::parse);
        let _ = parse::<MassQuoteRequest>(&bytes).and_then(MassQuoteRequest::parse);
        let _ = Request::parse(&bytes);
    }

    #[test]
    fn a_cut_or_changed_text_panics_no_parser(at in 0..SEED_ORDER.len(), byte in any::<u8>()) {
        let _ = parse::<OrderRequest>(&SEED_ORDER.as_bytes()[..at]);
        let mut changed = SEED_ORDER.as_bytes().to_vec();
        changed[at] = byte;
        let _ = parse::<OrderRequest>(&changed).and_then(OrderRequest::parse);
    }

    #[test]
    fn a_bent_order_is_refused_with_a_field_or_within_bounds(order in bent_order()) {
        match crate::order(order) {
            Ok(order) => {
                prop_assert!((1..=10_000).contains(&order.replicas));
                prop_assert!(order.units >= 1 && order.prepay <= order.duration && order.duration.0 >= 1);
                prop_assert!(order.specification.to_bytes().len() <= 32 * 1024);
            }
            Err(malformed) => prop_assert!(!malformed.field.is_empty(), "{}", malformed),
        }
    }
}
