//! A key that shows itself with every request and every session.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use berth_auth::{RECV_WINDOW_MS, SignedLogon, SignedRequest, Window, write_key, write_signature};
use berth_wire::address::Name;
use berth_wire::request::LogonRequest;
use berth_wire::response::Health;
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::OnceCell;

use crate::error::ClientError;
use crate::rest::{read, words};

/// The key of an account, or one that is registered with it.
pub(crate) struct Credentials {
    key: SigningKey,
    http: reqwest::Client,
    health: Url,
    /// The log's id, which signatures are for. It is asked for once.
    log: OnceCell<[u8; 32]>,
    last: AtomicU64,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.address())
    }
}

impl Credentials {
    /// `health` is where the node says which log it has.
    pub(crate) fn new(key: SigningKey, http: reqwest::Client, health: Url) -> Self {
        Self { key, http, health, log: OnceCell::new(), last: AtomicU64::new(0) }
    }

    fn address(&self) -> String {
        write_key(&self.key.verifying_key().to_bytes())
    }

    /// The log's id.
    ///
    /// # Errors
    /// When the node is not reached, or says no such thing.
    async fn log(&self) -> Result<&[u8; 32], ClientError> {
        let ask = || async {
            let sent = self.http.get(self.health.clone()).send().await;
            let answer = sent.map_err(|why| ClientError::Transport(words(&why)))?;
            let health: Health = read(answer, ClientError::Transport).await?;
            let mut log = [0; 32];
            let read = hex::decode_to_slice(&health.log_id, &mut log);
            read.map(|()| log).map_err(|_| ClientError::Protocol("the log's id is not 32 bytes".to_owned()))
        };
        self.log.get_or_try_init(ask).await
    }

    /// The headers of a request to `url`.
    ///
    /// # Errors
    /// When the node does not say which log it has.
    pub(crate) async fn headers(&self, method: &str, url: &Url, body: &[u8]) -> Result<HeaderMap, ClientError> {
        let log = self.log().await?;
        let window = self.window();
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let signed = SignedRequest { log, method, target: &target, window, body };
        let signature = write_signature(&self.key.sign(signed.text().as_bytes()).to_bytes());
        let fields = [
            ("x-berth-key", self.address()),
            ("x-berth-timestamp", window.timestamp.to_string()),
            ("x-berth-recv-window", window.recv_window.to_string()),
            ("x-berth-signature", signature),
        ];
        let field = |(name, value): (&'static str, String)| {
            let value = HeaderValue::try_from(value).expect("keys, numbers and base 64 are plain text");
            (HeaderName::from_static(name), value)
        };
        Ok(fields.into_iter().map(field).collect())
    }

    /// What makes a connection this key's.
    ///
    /// # Errors
    /// When the node does not say which log it has.
    pub(crate) async fn logon(&self, cancel_on_disconnect: bool) -> Result<LogonRequest, ClientError> {
        let log = self.log().await?;
        let (key, window) = (self.key.verifying_key().to_bytes(), self.window());
        let text = SignedLogon { log, key: &key, window }.text();
        Ok(LogonRequest {
            key: Some(Name::new(&write_key(&key)).expect("a key is a name")),
            ts: Some(window.timestamp),
            recv_window: Some(window.recv_window.into()),
            sig: Some(write_signature(&self.key.sign(text.as_bytes()).to_bytes())),
            cancel_on_disconnect,
        })
    }

    /// Now, and never the same time twice: a node accepts each signature once.
    fn window(&self) -> Window {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX - 1);
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(now.max(last + 1)));
        // It gives what was there before.
        let timestamp = now.max(last.unwrap_or(0) + 1);
        Window { timestamp, recv_window: RECV_WINDOW_MS }
    }
}
