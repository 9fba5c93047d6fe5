//! REST.

use std::time::{Duration, Instant};

use berth_client::wire::domain::LeaseState;
use berth_client::wire::request::Agent;
use berth_client::{Client, ClientError, LeaseFilter};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::node::Node;

fn response(status: &str, body: &Value) -> String {
    let body = body.to_string();
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_problem_is_told_with_code_and_field() {
    let node = Node::new().await;
    let problem = json!({"type": "/api/v1/errors#MALFORMED", "title": "No", "status": 400, "code": "MALFORMED",
                         "detail": "port: must be from 1", "retry": "never", "field": "port"});
    let response = response("400 Bad Request", &problem);
    let (client, body) = (node.client(), json!({"port": 0}));
    let (request, answer) = tokio::join!(node.respond(&response), client.post::<Value, _>("/api/v1/providers", &body));
    assert!(
        request.starts_with("POST /api/v1/providers HTTP/1.1\r\n") && request.ends_with(r#"{"port":0}"#),
        "{request}"
    );
    let why = answer.expect_err("refused");
    assert!(
        matches!(&why, ClientError::Refused { code, field: Some(field), status: Some(400), .. }
            if code == "MALFORMED" && field == "port"),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_broken_change_is_unknown_and_a_broken_read_is_not() {
    let node = Node::new().await;
    let (client, body) = (node.client(), json!({}));
    let cut = "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{";
    let (_, changed) = tokio::join!(node.respond(cut), client.post::<Value, _>("/api/v1/orders", &body));
    assert!(matches!(changed, Err(ClientError::Unknown(_))), "{changed:?}");
    let (_, changed) = tokio::join!(node.respond(""), client.put::<Value, _>("/api/v1/bids/1/accept", &body));
    assert!(matches!(changed, Err(ClientError::Unknown(_))), "{changed:?}");
    let (_, read) = tokio::join!(node.respond(cut), client.get::<Value>("/health"));
    assert!(matches!(read, Err(ClientError::Transport(_))), "{read:?}");
}

#[tokio::test]
async fn what_never_reached_a_node_was_not_done() {
    let port = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound").port();
    let client = Client::new(&format!("http://127.0.0.1:{port}"), None).expect("a URL");
    let changed = client.post::<Value, _>("/api/v1/orders", &json!({})).await;
    assert!(matches!(changed, Err(ClientError::Transport(_))), "{changed:?}");
}

#[tokio::test]
async fn what_is_no_berth_node_is_found_out() {
    let node = Node::new().await;
    let client = node.client();
    for answer in [
        "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nnope".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n".to_owned(),
        response("200 OK", &json!({"status": "ready"})),
    ] {
        let (_, health) = tokio::join!(node.respond(&answer), client.health());
        assert!(matches!(health, Err(ClientError::Protocol(_))), "{answer}: {health:?}");
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page() {
    let node = Node::new().await;
    let client = node.client();
    let pages = async {
        let market = |id: u64| json!({"id": id, "name": "CPU", "asset": "XLM", "unit": "vcpu"});
        let first = node.respond(&response("200 OK", &json!({"items": [market(1)], "next": "a&b"}))).await;
        let second = node.respond(&response("200 OK", &json!({"items": [market(2)], "next": null}))).await;
        (first, second)
    };
    let ((first, second), markets) = tokio::join!(pages, client.markets());
    assert!(first.starts_with("GET /api/v1/markets?limit=500 "), "{first}");
    assert!(second.starts_with("GET /api/v1/markets?limit=500&cursor=a%26b "), "{second}");
    assert_eq!(markets.expect("two pages").iter().map(|market| market.id).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn names_and_filters_are_encoded() {
    let node = Node::new().await;
    let client = node.client();
    let empty = response("200 OK", &json!({"items": [], "next": null}));
    let filter = LeaseFilter {
        provider_id: Some(3),
        states: vec![LeaseState::Escrowed, LeaseState::Running],
        agent: Some(Agent::House),
        ..LeaseFilter::default()
    };
    let (request, leases) = tokio::join!(node.respond(&empty), client.leases(&filter));
    assert!(
        request.starts_with("GET /api/v1/leases?providerId=3&state=escrowed%2Crunning&agent=house&limit=500 "),
        "{request}"
    );
    assert_eq!(leases, Ok(vec![]));

    let (request, _) = tokio::join!(node.respond(&empty), client.account("a/../b?c d"));
    assert!(request.starts_with("GET /api/v1/accounts/a%2F..%2Fb%3Fc%20d "), "{request}");
    let (request, _) = tokio::join!(node.respond(&empty), client.specification(7, "a&b"));
    assert!(request.starts_with("GET /api/v1/leases/7/specification?address=a%26b "), "{request}");
}

#[tokio::test]
async fn what_was_too_much_is_asked_again_when_it_is_worth_it() {
    let node = Node::new().await;
    let client = node.client();
    let problem = json!({"type": "/api/v1/errors#RATE_LIMITED", "title": "No", "status": 429, "code": "RATE_LIMITED",
                         "detail": "?", "retry": "after"})
    .to_string();
    let refused = format!(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nX-RateLimit-Limit: 10\r\nX-RateLimit-Remaining: 0\r\n\
         X-RateLimit-Reset: 1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{problem}",
        problem.len()
    );
    let node_side = async {
        node.respond(&refused).await;
        let begun = Instant::now();
        let again = node.respond(&response("200 OK", &json!({"items": [], "next": null}))).await;
        (again, begun.elapsed())
    };
    let ((again, waited), markets) = tokio::join!(node_side, client.markets());
    assert_eq!(markets.map(|markets| markets.len()), Ok(0));
    assert!(again.starts_with("GET /api/v1/markets") && waited > Duration::from_millis(900), "{waited:?} {again}");
}
