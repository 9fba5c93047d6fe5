//! The documents that describe the node, beside the node.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::Node;

#[tokio::test]
async fn every_method_of_the_document_is_one_of_the_node() {
    let (_dir, node) = Node::open().await;
    let document = node.get("/asyncapi.json").await;
    let operations = document["operations"].as_object().unwrap();
    let methods: Vec<_> =
        operations.iter().filter(|(_, one)| one["action"] == "receive").map(|(name, _)| name).collect();
    assert!(methods.len() > 25, "{methods:?}");
    let mut socket = node.socket().await;
    for method in methods {
        let answer = socket.call(method, json!({})).await;
        assert_ne!(answer["error"]["field"], "method", "{method}: {answer}");
    }
    let answer = socket.call("order.nothing", json!({})).await;
    assert_eq!(answer["error"]["field"], "method", "{answer}");
}

/// Every reference that stands in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_of_rest_is_whole_and_the_one_in_the_repository() {
    let (_dir, node) = Node::open().await;
    let document = node.get("/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    // What it describes is there: without parameters every read answers, or says
    // what is wrong with them.
    for (path, operations) in document["paths"].as_object().unwrap() {
        assert!(operations.as_object().is_some_and(|operations| !operations.is_empty()), "{path}");
        if operations.get("get").is_some() && path != "/api/v1/events/stream" {
            let path = path.replace("{id}", "1").replace("{market}", "CPU").replace("{address}", "nobody");
            let response = node.send(Method::GET, &path, None).await;
            assert_ne!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
            if !response.status().is_success() {
                let problem: Value = response.json().await.unwrap();
                assert_ne!(problem["code"], "NOT_FOUND", "{path}: {problem}");
            }
        }
    }

    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let shown = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("BERTH_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, &shown).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == shown, "docs/openapi.json is old: run with BERTH_WRITE_GOLDEN=1");
}
