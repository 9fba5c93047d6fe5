//! HTTPS and secure WebSockets at a real node.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use berth_gateway::{Limits, TlsConfig};
use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

use crate::node::Node;

/// An authority of a test's own.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate for a name, and its key, into a folder.
    fn issue(&self, dir: &Path, name: &str) -> TlsConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        self.keep(dir, &certificate.pem(), &key.serialize_pem())
    }

    fn keep(&self, dir: &Path, certificate: &str, key: &str) -> TlsConfig {
        let config = TlsConfig::new(dir.join("node.pem"), dir.join("node.key"));
        std::fs::write(&config.certificate, certificate).unwrap();
        std::fs::write(&config.key, key).unwrap();
        TlsConfig { look_every: Duration::from_millis(100), ..config }
    }

    fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.0.der().to_vec())).unwrap();
        ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
    }

    /// Who believes this authority alone.
    fn http(&self) -> reqwest::Client {
        let http = reqwest::Client::builder().tls_backend_preconfigured(self.config()).tls_info(true);
        // Each request shakes hands anew.
        http.pool_max_idle_per_host(0).build().unwrap()
    }
}

/// A node whose certificate is of `localhost`.
async fn node() -> (TempDir, Node, Authority, TlsConfig) {
    // Without one, an HTTP client panics; another test may have been first.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = authority.issue(dir.path(), "localhost");
    let node = Node::with(&dir.path().join("data"), true, Limits::OPEN, Some(tls.clone())).await;
    (dir, node, authority, tls)
}

fn url(node: &Node, host: &str, path: &str) -> String {
    format!("https://{host}:{}{path}", node.addr().port())
}

/// The next frame that is no ping.
async fn text(socket: &mut (impl futures_util::Stream<Item = Result<Message, Error>> + Unpin)) -> String {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => return text.to_string(),
            Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn rest_and_websockets_are_served_over_tls() {
    let (_dir, node, authority, _) = node().await;
    let answer = authority.http().get(url(&node, "localhost", "/health")).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "ready");
    // A page of the node itself has its origin by HTTPS.
    for (origin, status) in [(url(&node, "localhost", ""), 200), (format!("http://{}", node.addr()), 403)] {
        let asked = authority.http().get(url(&node, "localhost", "/health")).header("origin", origin.clone());
        assert_eq!(asked.send().await.unwrap().status(), status, "{origin}");
    }

    let connector = Connector::Rustls(Arc::new(authority.config()));
    let at = url(&node, "localhost", "/ws/v1").replace("https", "wss");
    let (mut socket, _) = connect_async_tls_with_config(at, None, true, Some(connector)).await.unwrap();
    socket.send(Message::text(r#"{"id":1,"method":"ping"}"#)).await.unwrap();
    let said = text(&mut socket).await;
    assert!(said.starts_with(r#"{"id":1,"ok":true"#), "{said}");
    // It is told of the end like any other.
    let stop = tokio::spawn(node.stop());
    let said = text(&mut socket).await;
    assert!(said.contains("serverShutdown"), "{said}");
    let _ = socket.close(None).await;
    stop.await.unwrap();
}

#[tokio::test]
async fn a_client_does_not_believe_another_name_or_another_authority() {
    let (_dir, node, authority, _) = node().await;
    let refused = authority.http().get(url(&node, "127.0.0.1", "/health")).send().await;
    assert!(refused.unwrap_err().is_connect(), "the certificate is of localhost");
    let refused = Authority::new().http().get(url(&node, "localhost", "/health")).send().await;
    assert!(refused.unwrap_err().is_connect(), "another authority has not signed it");
    node.stop().await;
}

#[tokio::test]
async fn plain_http_is_told_to_come_by_https() {
    let (_dir, node, ..) = node().await;
    let mut stream = TcpStream::connect(node.addr()).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut said = String::new();
    timeout(Duration::from_secs(5), stream.read_to_string(&mut said)).await.unwrap().unwrap();
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("application/problem+json"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["code"], "TLS_REQUIRED");
    // The node's own followers are on loopback, in plain words.
    assert!(node.running().inner_addr().ip().is_loopback());
    node.stop().await;
}

#[tokio::test]
async fn who_begins_a_handshake_and_says_no_more_is_cut() {
    let (_dir, node, authority, _) = node().await;
    let mut silent = Vec::new();
    for begun in [&[][..], &[0x16], &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc]] {
        let mut stream = TcpStream::connect(node.addr()).await.unwrap();
        stream.write_all(begun).await.unwrap();
        silent.push(stream);
    }
    let begun = Instant::now();
    for stream in &mut silent {
        let mut rest = Vec::new();
        let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await.expect("closed in time");
    }
    assert!(begun.elapsed() > Duration::from_secs(5), "and not at once");
    let answer = authority.http().get(url(&node, "localhost", "/health")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    node.stop().await;
}

/// The certificate that a node shows.
async fn shown(authority: &Authority, node: &Node) -> Vec<u8> {
    let answer = authority.http().get(url(node, "localhost", "/health")).send().await.unwrap();
    let info: &reqwest::tls::TlsInfo = answer.extensions().get().unwrap();
    info.peer_certificate().unwrap().to_vec()
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart() {
    let (dir, node, authority, tls) = node().await;
    let first = shown(&authority, &node).await;
    assert_eq!(shown(&authority, &node).await, first);
    authority.issue(dir.path(), "localhost");
    let deadline = Instant::now() + Duration::from_secs(20);
    while shown(&authority, &node).await == first {
        assert!(Instant::now() < deadline, "the files are looked at");
        sleep(Duration::from_millis(50)).await;
    }

    // Asked to, it looks at once; and what is of no use changes nothing.
    let second = shown(&authority, &node).await;
    std::fs::write(&tls.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let refusal = node.running().renew_certificate().unwrap_err().to_string();
    assert!(refusal.contains("is not that of the certificate"), "{refusal}");
    assert_eq!(shown(&authority, &node).await, second);
    authority.issue(dir.path(), "localhost");
    node.running().renew_certificate().unwrap();
    assert_ne!(shown(&authority, &node).await, second);
    node.stop().await;
}

#[test]
fn what_is_wrong_with_a_certificate_is_said() {
    let (dir, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let dir = dir.path();
    let refusal = |tls: &TlsConfig| tls.check().unwrap_err().to_string();
    let tls = authority.issue(dir, "localhost");
    tls.check().unwrap();

    let none = TlsConfig::new(dir.join("none.pem"), tls.key.clone());
    assert!(refusal(&none).contains("none.pem cannot be read"), "{}", refusal(&none));
    let swapped = TlsConfig::new(tls.key.clone(), tls.certificate.clone());
    assert!(refusal(&swapped).contains("holds no certificate"), "{}", refusal(&swapped));
    let keyless = TlsConfig::new(tls.certificate.clone(), tls.certificate.clone());
    assert!(refusal(&keyless).contains("holds no private key"), "{}", refusal(&keyless));

    let dated = |from: i32, until: i32| {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &authority.0).unwrap();
        authority.keep(dir, &certificate.pem(), &key.serialize_pem())
    };
    assert!(refusal(&dated(2001, 2002)).contains("has expired: it was good until 2002-01-01T00:00:00Z"));
    assert!(refusal(&dated(2101, 2102)).contains("is not good before 2101-01-01T00:00:00Z"));
    std::fs::write(&tls.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(refusal(&tls).contains("cannot be used"), "{}", refusal(&tls));
}
