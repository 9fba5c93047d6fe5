//! `GET /metrics` and `GET /health`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::node::Node;

/// The value of a row; the figures are those of the process, and other tests add
/// to them.
fn value(text: &str, row: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(row).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {row} in:\n{text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// What the dashboard asks Prometheus for.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(include_str!("../../../docs/ops/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_passes_through_the_gateway_is_counted_and_timed() {
    let (_dir, node) = Node::open().await;
    node.provider("provider").await;
    let mut socket = node.socket().await;
    socket.ok("subscribe", json!({ "ch": "instruments" })).await;
    let bid = json!({ "providerId": 1, "market": "CPU", "bidPrice": "2.5", "quantity": 8 });
    socket.ok("bid.place", bid).await;
    socket.call("bid.cancel", json!({ "bidId": 99 })).await;
    let (status, _) = node.call(Method::GET, "/api/v1/orders/7", None).await;
    assert_eq!(status, 404);

    let response = node.send(Method::GET, "/metrics", None).await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    let text = response.text().await.unwrap();
    for row in [
        r#"berth_http_requests_total{route="/api/v1/orders/{id}",method="GET",status="404"}"#,
        r#"berth_http_request_seconds_count{route="/api/v1/orders/{id}"}"#,
        r#"berth_ws_requests_total{method="bid.place",outcome="done"}"#,
        r#"berth_ws_requests_total{method="bid.cancel",outcome="refused"}"#,
        r#"berth_ws_request_seconds_count{method="bid.place"}"#,
        r#"berth_refusals_total{code="UNKNOWN_ORDER"}"#,
        "berth_commit_seconds_count",
        "berth_batch_entries_count",
        "berth_apply_seconds_count",
        "berth_fanout_lag_seconds_count",
        "berth_connections",
        "berth_sockets",
        r#"berth_subscriptions{kind="instruments"}"#,
        "berth_queue_commands_max",
        "berth_log_seq",
    ] {
        assert!(value(&text, row) >= 1.0, "{row}");
    }
    for expr in dashboard() {
        for name in
            expr.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("berth_"))
        {
            // Nothing has been throttled yet, unless another test did it.
            let is_known = name == "berth_throttled_total" || text.contains(&format!("\n{name}"));
            assert!(is_known, "the dashboard shows {name}, which there is not");
        }
    }
    assert!(text.contains(r#"berth_commit_seconds_bucket{le="0.0005"}"#), "a histogram");
    node.stop().await;
}
