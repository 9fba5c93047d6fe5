//! Orders as Akash writes them, over REST.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::node::Node;

const WEB: &str = include_str!("../../../wire/tests/sdl/web.yaml");
const GPU: &str = include_str!("../../../wire/tests/sdl/gpu.yaml");

async fn deploy(node: &Node, kind: &str, query: &str, document: &str) -> (StatusCode, Value) {
    let url = format!("http://{}/api/v1/orders{query}", node.addr());
    let request = reqwest::Client::new().request(Method::POST, url).header("content-type", kind);
    let response = request.body(document.to_owned()).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_deployment_becomes_the_order_that_its_json_would_be() {
    let (_dir, node) = Node::open().await;
    let query = "?tenantAddress=tenant&durationSeconds=3600";
    let (status, placed) = deploy(&node, "application/yaml", query, WEB).await;
    assert_eq!(status, StatusCode::CREATED, "{placed}");
    let mut body: Value = serde_json::from_str(include_str!("../../../wire/tests/sdl/web.json")).unwrap();
    body["tenantAddress"] = json!("tenant");
    body["durationSeconds"] = json!(3600);
    let same = node.post("/api/v1/orders", body).await;
    for name in ["market", "quantity", "units", "memory", "storage", "maxPrice", "durationSeconds", "hold", "requires"]
    {
        assert_eq!(placed[name], same[name], "{name}");
    }
    // 0.005 XLM a block for each of two processors, two replicas, an hour of 720
    // blocks.
    assert_eq!((&placed["maxPrice"], &placed["hold"]), (&json!("3.6"), &json!("14.4")));
    let (status, told) = deploy(&node, "text/yaml; charset=utf-8", &format!("{query}&dryRun=true"), WEB).await;
    assert_eq!((status, &told["hold"]), (StatusCode::OK, &json!("14.4")), "{told}");

    let (status, placed) = deploy(&node, "application/x-yaml", "", GPU).await;
    assert_eq!((status, &placed["code"]), (StatusCode::NOT_FOUND, &json!("UNKNOWN_MARKET")), "{placed}");
    assert_eq!(placed["field"], "specification.gpu");
    node.stop().await;
}

#[tokio::test]
async fn what_is_missing_or_outside_of_the_subset_is_named() {
    let (_dir, node) = Node::open().await;
    let check = async |query: &str, document: &str, field: &str| {
        let (status, problem) = deploy(&node, "application/yaml", query, document).await;
        assert_eq!((status, &problem["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{problem}");
    };
    check("?durationSeconds=60", WEB, "tenantAddress").await;
    check("?tenantAddress=tenant", WEB, "durationSeconds").await;
    check("?durationSeconds=60", GPU, "durationSeconds").await;
    check("?tenantAddress=other", GPU, "tenantAddress").await;
    let accepting = WEB.replace("        as: 8080", "        as: 8080\n        accept: [example.com]");
    check("?tenantAddress=tenant&durationSeconds=60", &accepting, "services.web.expose[0].accept").await;
    let (status, problem) = deploy(&node, "application/toml", "", "a = 1").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!("UNSUPPORTED_MEDIA_TYPE")));
    node.stop().await;
}
