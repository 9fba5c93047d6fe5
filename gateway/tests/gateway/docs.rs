//! `docs/websocket.md`: its examples have the shape of what a node sends.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::node::Node;

const PAGE: &str = include_str!("../../../docs/websocket.md");

/// The examples of the page by their names.
fn examples() -> BTreeMap<&'static str, Value> {
    let blocks = PAGE.split("```json ").skip(1);
    let examples = blocks.map(|block| {
        let (name, rest) = block.split_once('\n').unwrap();
        let (example, _) = rest.split_once("\n```").unwrap();
        (name, serde_json::from_str(example).unwrap_or_else(|why| panic!("{name}: {why}")))
    });
    examples.collect()
}

/// What a value is made of: names and kinds. Of a list the first thing counts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map_or_else(|| json!([]), |first| json!([shape(first)])),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
    }
}

#[tokio::test]
async fn the_examples_are_what_a_node_sends() {
    let examples = examples();
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    let mut found = BTreeMap::new();
    let bid = json!({ "providerId": 1, "market": "CPU", "bidPrice": "2.5", "quantity": 8 });
    found.insert("answer", socket.call("bid.place", bid).await);
    found.insert("refusal", socket.call("subscribe", json!({ "ch": "bbo" })).await);
    node.order("tenant", "2.4").await;
    for ch in ["book", "bbo"] {
        socket.ok("subscribe", json!({ "ch": ch, "market": "CPU" })).await;
        found.insert(ch, socket.pushed().await);
    }
    node.order("tenant", "3").await;
    let mut socket = node.socket().await;
    for (ch, params, wanted) in [
        ("ticker", json!({ "market": "CPU" }), "snapshot"),
        ("trades", json!({ "fromSeq": 1 }), "replay"),
        ("instruments", json!({}), "snapshot"),
        ("status", json!({}), "snapshot"),
        ("events", json!({ "fromSeq": 1, "types": ["exchange.opened"] }), "replay"),
        ("caughtUp", json!({ "ch": "events" }), "caughtUp"),
        ("orders", json!({ "address": "somebody" }), "snapshot"),
        ("leases", json!({ "address": "tenant", "fromSeq": 1 }), "replay"),
        ("balances", json!({ "address": "tenant", "fromSeq": 1 }), "caughtUp"),
    ] {
        let mut subscribe = json!({ "ch": ch });
        subscribe.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
        let sub = socket.ok("subscribe", subscribe).await["sub"].clone();
        let frame = loop {
            let frame = socket.pushed().await;
            if frame["sub"] == sub && frame["type"] == wanted {
                break frame;
            }
        };
        found.insert(ch, frame);
    }
    let mut socket = node.socket().await;
    socket.ok("subscribe", json!({ "ch": "heartbeat" })).await;
    found.insert("heartbeat", socket.pushed().await);

    assert_eq!(found.keys().collect::<Vec<_>>(), examples.keys().collect::<Vec<_>>(), "each example is checked");
    for (name, example) in examples {
        assert_eq!(shape(&example), shape(&found[name]), "{name}: {}", found[name]);
    }
    node.stop().await;
}
