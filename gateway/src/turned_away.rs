//! Connections that are not served: they are told why before they are closed.

use std::time::Duration;

use berth_wire::errors::{EdgeCode, Problem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::metrics;

/// How long one is told for.
const TIME_MAX: Duration = Duration::from_secs(1);
/// What is read of what it sent before, so that the answer is not thrown away
/// with it.
const UNREAD_BYTES_MAX: u64 = 64 * 1024;

/// Answers a connection with a problem, whatever it asks, and closes it.
pub(crate) async fn turn_away(stream: TcpStream, code: EdgeCode, detail: &str) {
    metrics::refused(code.info().code);
    let problem = Problem::new(code.info(), detail);
    let body = serde_json::to_string(&problem).expect("texts and numbers are JSON");
    say(stream, problem.status, "application/problem+json", &body).await;
}

/// Answers a connection and closes it.
pub(crate) async fn say(mut stream: TcpStream, status: u16, kind: &str, body: &str) {
    let answer = answer(status, kind, body);
    let told = async {
        stream.write_all(&answer).await?;
        stream.shutdown().await?;
        let mut unread = stream.take(UNREAD_BYTES_MAX);
        tokio::io::copy(&mut unread, &mut tokio::io::sink()).await
    };
    // Who does not listen, or goes on talking, is closed all the same.
    let _ = timeout(TIME_MAX, told).await;
}

fn answer(status: u16, kind: &str, body: &str) -> Vec<u8> {
    let status = axum::http::StatusCode::from_u16(status).expect("codes have a status of HTTP");
    let retry = if matches!(status.as_u16(), 429 | 503) { "retry-after: 1\r\n" } else { "" };
    format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{retry}\
         connection: close\r\n\r\n{body}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default(),
        body.len(),
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_response_with_a_problem() {
        let text = String::from_utf8(answer(503, "application/problem+json", r#"{"detail":"why"}"#)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.contains("retry-after: 1") && head.contains(&format!("content-length: {}", body.len())));
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["detail"], "why");
    }
}
