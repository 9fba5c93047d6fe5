//! The documents that describe the node, beside the node.

use serde_json::json;

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
