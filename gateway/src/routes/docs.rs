//! `/docs`: REST as Swagger UI shows it. Everything that the page needs is in this
//! program, and its browser is told to ask nobody else.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::problem::{Refusal, not_found};
use crate::query::Query;
use crate::vendored;

const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");

/// Swagger UI sets the style of single things; it brings no script that way.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page.
pub(super) async fn page(query: Query) -> Result<Response, Refusal> {
    query.finish()?;
    Ok(guarded("text/html; charset=utf-8", PAGE))
}

/// What the page loads.
pub(super) async fn part(Path(name): Path<String>) -> Result<Response, Refusal> {
    match name.as_str() {
        "page.js" => return Ok(guarded("text/javascript; charset=utf-8", SCRIPT)),
        "page.css" => return Ok(guarded("text/css; charset=utf-8", STYLE)),
        _ => {}
    }
    let Some(file) = vendored::file(&name) else { return Err(not_found().await) };
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        _ => "image/png",
    };
    let mut response = guarded(kind, &*file.gzip);
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    // It is the same as long as the program is.
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    Ok(response)
}

fn guarded(kind: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}
