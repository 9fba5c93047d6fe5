//! Output and results of leases, and what is rented at a fixed price.

use berth_client::wire::request::RentRequest;
use berth_client::{ClientError, GpuFilter, OutputQuery};
use serde_json::{Value, json};

use crate::node::Node;

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn output_is_read_whole_or_as_it_comes() {
    let node = Node::new().await;
    let client = node.client();
    let query = OutputQuery { address: Some("a&b"), tail: Some(2), replica: Some(1), timestamps: true };
    let text = answer("200 OK", "one\ntwo\n");
    let (request, output) = tokio::join!(node.respond(&text), client.lease_output(7, &query));
    let path = "GET /api/v1/leases/7/logs?address=a%26b&tail=2&replica=1&timestamps=true";
    assert!(request.starts_with(&format!("{path} ")), "{request}");
    assert_eq!(output, Ok(b"one\ntwo\n".to_vec()));

    let followed = async {
        let mut stream = client.follow_output(7, &OutputQuery::default()).await?;
        let mut all = Vec::new();
        while let Some(chunk) = stream.next().await? {
            all.extend(chunk);
        }
        Ok::<_, ClientError>(all)
    };
    let (request, all) = tokio::join!(node.respond(&text), followed);
    assert!(request.starts_with("GET /api/v1/leases/7/logs?follow=true "), "{request}");
    assert_eq!(all, Ok(b"one\ntwo\n".to_vec()));

    let problem =
        json!({"type": "", "title": "No", "status": 403, "code": "FORBIDDEN", "detail": "no", "retry": "never"});
    let refusal = answer("403 Forbidden", &problem.to_string());
    let any = OutputQuery::default();
    let (_, refused) = tokio::join!(node.respond(&refusal), client.lease_output(7, &any));
    assert!(matches!(&refused, Err(ClientError::Refused { code, .. }) if code == "FORBIDDEN"), "{refused:?}");
}

#[tokio::test]
async fn a_result_has_its_hash_or_is_none() {
    let node = Node::new().await;
    let client = node.client();
    let result = |content: &str| {
        // Of "42\n".
        let sha256 = "084c799cd551dd1d8d5c5f9a5d593b2e931f5e36122ee5c793c1d08a19839cc0";
        let body = json!({"leaseId": 7, "sha256": sha256, "size": 3, "encoding": "utf-8", "content": content});
        answer("200 OK", &body.to_string())
    };
    let right = result("42\n");
    let (request, found) = tokio::join!(node.respond(&right), client.lease_result(7, Some("t")));
    assert!(request.starts_with("GET /api/v1/leases/7/result?address=t "), "{request}");
    assert_eq!(found.expect("a result").bytes().as_deref(), Some(&b"42\n"[..]));
    let altered = result("43\n");
    let (_, found) = tokio::join!(node.respond(&altered), client.lease_result(7, None));
    assert!(matches!(found, Err(ClientError::Protocol(_))), "{found:?}");

    let nothing = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    let (request, handed_in) = tokio::join!(node.respond(nothing), client.hand_in_result(7, "p", b"42".to_vec()));
    assert!(request.starts_with("PUT /api/v1/leases/7/result?address=p "), "{request}");
    assert!(request.contains("application/octet-stream") && request.ends_with("42"), "{request}");
    assert_eq!(handed_in, Ok(()));
}

#[tokio::test]
async fn a_gpu_is_looked_for_and_rented() {
    let node = Node::new().await;
    let client = node.client();
    let filter = GpuFilter {
        model: Some("nvidia h100".to_owned()),
        min_vram: Some(80),
        available: Some(true),
        ..GpuFilter::default()
    };
    let empty = answer("200 OK", r#"{"items":[],"next":null}"#);
    let (request, found) = tokio::join!(node.respond(&empty), client.gpus(&filter));
    let path = "GET /api/v1/gpus?model=nvidia+h100&minVram=80&available=true&limit=500 ";
    assert!(request.starts_with(path), "{request}");
    assert_eq!(found, Ok(Vec::new()));

    let rent = RentRequest { duration_seconds: Some(60), ..RentRequest::default() };
    let (request, _) = tokio::join!(node.respond(&empty), client.rent_gpu(4, &rent));
    assert!(request.starts_with("POST /api/v1/gpus/4/rent "), "{request}");
    let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
    assert_eq!(serde_json::from_str::<Value>(body).expect("JSON"), json!({"durationSeconds": 60}));
}
