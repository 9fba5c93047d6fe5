//! A node that does not serve yet.

use berth_gateway::Starting;
use reqwest::StatusCode;
use serde_json::Value;

#[tokio::test]
async fn a_node_that_starts_says_so_and_gives_its_address_free() {
    // Without one, an HTTP client panics; another test may have been first.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = free.local_addr().unwrap();
    assert!(Starting::listen(at).await.is_err(), "somebody else has it");
    drop(free);
    let starting = Starting::listen(at).await.unwrap();
    for (path, field, said) in [("/health", "status", "starting"), ("/api/v1/orders", "code", "UNAVAILABLE")] {
        let answer = reqwest::get(format!("http://{at}{path}")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.headers()["retry-after"], "1", "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()[field], said, "{path}");
    }
    starting.end().await;
    drop(tokio::net::TcpListener::bind(at).await.unwrap());
}
