//! Pages of other sites, kept out. A ledger on loopback has no credentials to
//! steal, but its accounts sign with keys that a page could derive; a browser
//! would reach it by a plain POST, or by a name that resolves to loopback. Such
//! a request carries its own `Origin` or `Host`.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

pub(crate) async fn only_this_machine(request: Request, next: Next) -> Response {
    if is_of_this_machine(request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "a local ledger answers loopback hosts and origins alone").into_response()
    }
}

fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap_or_default());
        if values.next().is_some() { Some("") } else { first }
    };
    let origin_is_here = one(ORIGIN).is_none_or(|origin| {
        origin.strip_prefix("http://").or(origin.strip_prefix("https://")).is_some_and(is_loopback)
    });
    one(HOST).is_some_and(is_loopback) && origin_is_here
}

/// Whether `host` or `host:port` names this machine's loopback.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_origins_of_others_are_refused() {
        for (host, origin, answered) in [
            ("127.0.0.1:8000", None, true),
            ("localhost", Some("http://localhost:3000"), true),
            ("[::1]:8000", None, true),
            ("127.0.0.1:8000", Some("http://evil.com"), false),
            ("127.0.0.1:8000", Some("null"), false),
            ("evil.com", None, false),
            ("127.0.0.1.evil.com:8000", None, false),
            ("localhost.evil.com", None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(ORIGIN, origin.parse().unwrap());
            }
            assert_eq!(is_of_this_machine(&headers), answered, "{host} {origin:?}");
        }
        assert!(!is_of_this_machine(&HeaderMap::new()));
    }
}
