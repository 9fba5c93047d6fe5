//! Every answer that is not what was asked for: RFC 9457, with a stable code.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use berth_domain::{Code, Seq};
use berth_wire::errors::{EdgeCode, Problem, Retry};
use berth_wire::frame::Answer;
use berth_wire::json::Malformed;

use crate::metrics;

/// Seconds after which it may help to try again, when nobody knows better.
pub(crate) const RETRY_AFTER_SECONDS: u64 = 1;

/// A problem on its way out.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Box<Problem>,
    /// Its place, when the refusal itself is in the log.
    seq: Option<Seq>,
    /// Seconds after which it may help to try again.
    after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(code: EdgeCode, detail: impl Into<String>) -> Self {
        Problem::new(code.info(), detail).into()
    }

    pub(crate) fn malformed(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Malformed::new(field, detail).into()
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(EdgeCode::Unauthorized, detail)
    }

    /// Nobody known asks, for what only somebody known may.
    pub(crate) fn nobody() -> Self {
        Self::unauthorized(
            "this needs a bearer token from /auth, or a request that a key of the account signed: see docs/api.md",
        )
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &str {
        &self.problem.code
    }

    /// Whether it will be the same however often it is tried.
    pub(crate) const fn is_final(&self) -> bool {
        matches!(self.problem.retry, Retry::Never)
    }

    /// The same, about one field of the request.
    pub(crate) fn at(self, field: impl Into<String>) -> Self {
        Self { problem: Box::new(self.problem.at(field)), ..self }
    }

    /// The same, with its field under another name.
    pub(crate) fn renamed(mut self, name: impl Fn(&str) -> String) -> Self {
        self.problem.field = self.problem.field.as_deref().map(name);
        self
    }

    /// The same, when it is known after how many seconds it may help to try
    /// again.
    pub(crate) fn after(self, seconds: u64) -> Self {
        Self { after: Some(seconds), ..self }
    }

    /// The same, with more words.
    pub(crate) fn explained(mut self, more: &str) -> Self {
        self.problem.detail = format!("{}; {more}", self.problem.detail);
        self
    }

    /// The same, with its place in the log.
    pub(crate) fn logged(self, seq: Seq) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// The same as the answer to a WebSocket request.
    pub(crate) fn into_answer(self, id: Option<u64>) -> Answer {
        metrics::refused(&self.problem.code);
        Answer::refused(id, self.seq.map(|seq| seq.0), *self.problem)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), seq: None, after: None }
    }
}

impl From<EdgeCode> for Refusal {
    fn from(code: EdgeCode) -> Self {
        Problem::from(code).into()
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Problem::from(code).into()
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        Problem::from(malformed).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        metrics::refused(&self.problem.code);
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::BAD_REQUEST);
        let body = serde_json::to_vec(&self.problem).expect("texts and numbers are JSON");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"berth\""));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from(self.after.unwrap_or(RETRY_AFTER_SECONDS)));
            }
            _ => {}
        }
        response
    }
}

/// No such route.
pub(crate) async fn not_found() -> Refusal {
    Refusal::new(EdgeCode::NotFound, "there is no such route; GET / names the routes")
}

/// The route exists for another method.
pub(crate) async fn method_not_allowed() -> Refusal {
    EdgeCode::MethodNotAllowed.into()
}
