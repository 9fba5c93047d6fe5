//! What stands between a stranger and open mode.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Extension, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::Response;

use berth_wire::errors::EdgeCode;

use crate::node::App;
use crate::problem::Refusal;
use crate::server::Scheme;

/// Names the mode on every answer of an open node, errors included.
const MODE: &str = "x-berth-mode";

/// Whether open mode may listen there.
pub(crate) fn is_loopback(listen: SocketAddr) -> bool {
    listen.ip().is_loopback()
}

/// Marks every answer of an open node.
pub(crate) async fn name_mode(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if app.open {
        response.headers_mut().insert(MODE, HeaderValue::from_static("open"));
    }
    response
}

/// In open mode there are no credentials to steal, so a page of another site
/// in the user's browser is the adversary: it may reach a loopback port, by
/// name through DNS rebinding. Its requests carry its own `Origin` or `Host`.
pub(crate) async fn keep_strangers_out(
    State(app): State<App>,
    Extension(scheme): Extension<Scheme>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    if app.open {
        let Some(host) = host(request.headers(), request.uri()) else {
            return Err(Refusal::from(EdgeCode::ForbiddenHost));
        };
        if !is_same_origin(request.headers(), scheme, host) {
            return Err(Refusal::from(EdgeCode::ForbiddenOrigin));
        }
    }
    Ok(next.run(request).await)
}

/// The one host that the request names, when it is a loopback one.
fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut named = headers.get_all(HOST).iter();
    let host = named.next()?.to_str().ok()?;
    if named.next().is_some() || !names_loopback(host) {
        return None;
    }
    // A request line with a full address names a host as well.
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return None;
    }
    Some(host)
}

fn names_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) if !host.ends_with(']') => return false,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    // Brackets are IPv6's and nothing else's.
    address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() && ip.is_ipv6() == name.starts_with('['))
}

fn is_same_origin(headers: &HeaderMap, scheme: Scheme, host: &str) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    let of = origin.to_str().ok().and_then(|origin| origin.strip_prefix(scheme.as_str())?.strip_prefix("://"));
    of.is_some_and(|of| of.eq_ignore_ascii_case(host)) && origins.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_hosts_pass() {
        for (host, passes) in [
            ("127.0.0.1", true),
            ("127.0.0.1:3000", true),
            ("127.8.8.8:1", true),
            ("localhost:3000", true),
            ("LOCALHOST", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("::1", false),
            ("[127.0.0.1]", false),
            ("127.0.0.1:", false),
            ("127.0.0.1:80x", false),
            ("localhost.evil.example", false),
            ("evil.example:3000", false),
            ("192.168.0.2:3000", false),
            ("0.0.0.0:3000", false),
            ("127.1", false),
            ("", false),
        ] {
            assert_eq!(names_loopback(host), passes, "{host:?}");
        }
    }

    #[test]
    fn only_an_absent_or_the_same_origin_passes() {
        for (origin, passes) in [
            (None, true),
            (Some("http://127.0.0.1:3000"), true),
            (Some("http://127.0.0.1:3001"), false),
            (Some("http://localhost:3000"), false),
            (Some("https://127.0.0.1:3000"), false),
            (Some("http://evil.example"), false),
            (Some("null"), false),
            (Some(""), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let is_same = |scheme| is_same_origin(&headers, scheme, "127.0.0.1:3000");
            assert_eq!(is_same(Scheme::Http), passes, "{origin:?}");
            let over_tls = origin.is_none() || origin == Some("https://127.0.0.1:3000");
            assert_eq!(is_same(Scheme::Https), over_tls, "{origin:?}");
        }
    }
}
