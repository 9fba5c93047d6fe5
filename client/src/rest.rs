//! REST: any path, with errors as the protocol names them.

use std::sync::Arc;
use std::time::Duration;

use berth_wire::errors::{Problem, Retry};
use berth_wire::frame::RateState;
use ed25519_dalek::SigningKey;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use crate::credentials::Credentials;
use crate::error::ClientError;
use crate::limiter::{Lane, Limiter};
use crate::socket::Endpoint;
use crate::tls;

/// From the start of a connection to its being there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// From the start of a request to the end of its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The wait after what was too much, where the node does not say.
const MOMENT: Duration = Duration::from_millis(100);
/// The longest answer.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A node, as its clients see it. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    endpoint: Endpoint,
    credentials: Option<Arc<Credentials>>,
    limiter: Arc<Limiter>,
}

impl Client {
    /// A client of the node at `url`, such as `http://127.0.0.1:3000` or
    /// `https://berth.example.com`, in the name of the bearer of `token`. Nothing
    /// is sent yet. With `https` the authorities of this machine are believed.
    ///
    /// # Errors
    /// [`ClientError::Url`] when the URL is not `http://host:port` or
    /// `https://host:port`, or the token cannot stand in a header.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, ClientError> {
        Self::believing(url, token, None)
    }

    /// The same, and with `https` the authorities are believed whose certificates
    /// `authorities` holds as PEM, and no others.
    ///
    /// # Errors
    /// As [`Client::new`], and when there is no certificate among them.
    pub fn believing(url: &str, token: Option<String>, authorities: Option<&[u8]>) -> Result<Self, ClientError> {
        let wrong = |why: &str| ClientError::Url(format!("{url:?} {why}"));
        let base = Url::parse(url).map_err(|_| wrong("is no URL such as http://127.0.0.1:3000"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(wrong("is neither http://host:port nor https://host:port"));
        }
        if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("names more than a host and a port"));
        }
        let mut headers = HeaderMap::new();
        let bearer = token
            .map(|token| {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
                    .map_err(|_| ClientError::Url("the token cannot stand in a header".to_owned()))?;
                value.set_sensitive(true);
                Ok(value)
            })
            .transpose()?;
        if let Some(bearer) = &bearer {
            headers.insert(AUTHORIZATION, bearer.clone());
        }
        tls::use_ring();
        let believed = authorities.map(tls::believing).transpose()?;
        let mut builder = reqwest::Client::builder();
        if let Some(believed) = &believed {
            builder = builder.tls_backend_preconfigured(believed.clone());
        }
        let http = builder
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|why| ClientError::Transport(why.to_string()))?;
        let endpoint = Endpoint::new(&base, bearer, believed.map(Arc::new))?;
        Ok(Self { http, base, endpoint, credentials: None, limiter: Arc::default() })
    }

    /// The same, in the name of the account whose own key this is, or with which
    /// it is registered: every request and every session is signed. Its clock must
    /// be right to a second.
    #[must_use]
    pub fn with_key(self, key: SigningKey) -> Self {
        let health = self.base.join("/health").expect("a path joins a URL of a host and a port");
        let credentials = Arc::new(Credentials::new(key, self.http.clone(), health));
        let endpoint = self.endpoint.signed_by(credentials.clone());
        Self { endpoint, credentials: Some(credentials), ..self }
    }

    /// The same, and all that a session has placed is cancelled when its
    /// connection ends, for whatever reason. Only with a key or a token.
    #[must_use]
    pub fn cancelling_on_disconnect(self) -> Self {
        Self { endpoint: self.endpoint.cancelling_on_disconnect(), ..self }
    }

    pub(crate) const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    /// What the node lets it do, over REST and in sessions.
    pub(crate) const fn limiter(&self) -> &Arc<Limiter> {
        &self.limiter
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Reads `path`, such as `/api/v1/leases/1`, its query included.
    ///
    /// # Errors
    /// See [`ClientError`]; a read is never [`ClientError::Unknown`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.get_url(self.url(path)?).await
    }

    /// Makes something at `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn post<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.change(Method::POST, path, body).await
    }

    /// Puts something at `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.change(Method::PUT, path, body).await
    }

    /// Changes something at `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn patch<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.change(Method::PATCH, path, body).await
    }

    /// Ends something at `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.change(Method::DELETE, path, body).await
    }

    /// The node's URL with this path and query.
    pub(crate) fn url(&self, path: &str) -> Result<Url, ClientError> {
        // Joining an address with a host of its own would leave the node.
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(ClientError::Url(format!("{path:?} is no path of the node")));
        }
        self.base.join(path).map_err(|why| ClientError::Url(format!("{path:?}: {why}")))
    }

    pub(crate) async fn get_url<T: DeserializeOwned>(&self, url: Url) -> Result<T, ClientError> {
        let response = self.asked(url).await?;
        read(response, ClientError::Transport).await
    }

    async fn asked(&self, url: Url) -> Result<Response, ClientError> {
        self.asked_within(url, REQUEST_TIMEOUT).await
    }

    /// Asks for what may take `time` to come.
    async fn asked_within(&self, url: Url, time: Duration) -> Result<Response, ClientError> {
        let end = Instant::now() + REQUEST_TIMEOUT;
        loop {
            let headers = self.headers(&Method::GET, &url, &[]).await?;
            let turn = self.turn(Lane::Reads, end).await;
            let sent = self.http.get(url.clone()).headers(headers).timeout(time).send().await;
            let answer = sent.map_err(|why| ClientError::Transport(words(&why)))?;
            match turn.too_much(&answer, end) {
                Some(wait) => sleep(wait).await,
                None => return Ok(answer),
            }
        }
    }

    /// A good answer whose body is still to be read, which may take `time`.
    pub(crate) async fn opened(&self, url: Url, time: Option<Duration>) -> Result<Response, ClientError> {
        let response = self.asked_within(url, time.unwrap_or(REQUEST_TIMEOUT)).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        match body(response, BODY_BYTES_MAX, ClientError::Transport).await {
            Err(refused) => Err(refused),
            Ok(_) => Err(ClientError::Protocol("an answer without a status".to_owned())),
        }
    }

    /// Waits until the node lets it ask; no longer than until `end`.
    async fn turn(&self, lane: Lane, end: Instant) -> Turn<'_> {
        loop {
            let wait = self.limiter.wait(lane, 1);
            if wait.is_zero() || Instant::now() + wait >= end {
                break;
            }
            sleep(wait).await;
        }
        self.limiter.sent(lane, 1);
        Turn { limiter: &self.limiter, lane, told: None }
    }

    /// What shows who asks, where a key does.
    async fn headers(&self, method: &Method, url: &Url, body: &[u8]) -> Result<HeaderMap, ClientError> {
        match &self.credentials {
            Some(credentials) => credentials.headers(method.as_str(), url, body).await,
            None => Ok(HeaderMap::new()),
        }
    }

    /// Reads what is no JSON: the headers, and a body of at most `bytes_max`.
    pub(crate) async fn bytes(&self, path: &str, bytes_max: usize) -> Result<(HeaderMap, Vec<u8>), ClientError> {
        let mut response = self.asked(self.url(path)?).await?;
        let headers = std::mem::take(response.headers_mut());
        Ok((headers, body(response, bytes_max, ClientError::Transport).await?))
    }

    async fn change<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|why| ClientError::Protocol(why.to_string()))?;
        self.send(method, self.url(path)?, "application/json", body).await
    }

    /// Sends bytes of a type.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        let ends = method == Method::DELETE || url.path().ends_with("/stop");
        let end = Instant::now() + REQUEST_TIMEOUT;
        loop {
            let headers = self.headers(&method, &url, &body).await?;
            let turn = self.turn(if ends { Lane::Ends } else { Lane::Begins }, end).await;
            let request = self.http.request(method.clone(), url.clone()).headers(headers);
            let sent = request.header(CONTENT_TYPE, kind).body(body.clone()).send().await;
            let answer = sent.map_err(|why| {
                let words = words(&why);
                if why.is_connect() || why.is_builder() {
                    ClientError::Transport(words)
                } else {
                    ClientError::Unknown(words)
                }
            })?;
            match turn.too_much(&answer, end) {
                // It was refused for the limits alone, so nothing was done.
                Some(wait) => sleep(wait).await,
                None => return read(answer, ClientError::Unknown).await,
            }
        }
    }
}

/// A request that is under way.
struct Turn<'a> {
    limiter: &'a Limiter,
    lane: Lane,
    told: Option<RateState>,
}

impl Turn<'_> {
    /// Takes in what an answer says of the limits; how long to wait when it was
    /// refused for them, and there is time to ask again.
    fn too_much(mut self, answer: &Response, end: Instant) -> Option<Duration> {
        self.told = rate_state(answer.headers());
        if answer.status() != StatusCode::TOO_MANY_REQUESTS {
            return None;
        }
        let wait = number(answer.headers(), "retry-after").map_or(MOMENT, Duration::from_secs);
        (Instant::now() + wait < end).then_some(wait)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.limiter.answered(self.lane, 1, self.told);
    }
}

/// A header that is a whole number.
fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// What an answer says of the tokens that are left.
fn rate_state(headers: &HeaderMap) -> Option<RateState> {
    Some(RateState {
        limit: number(headers, "x-ratelimit-limit")?,
        remaining: number(headers, "x-ratelimit-remaining")?,
        reset_ms: number(headers, "x-ratelimit-reset")?.saturating_mul(1_000),
    })
}

/// Reads an answer; `lost` says what it means when it breaks off.
pub(crate) async fn read<T: DeserializeOwned>(
    response: Response,
    lost: fn(String) -> ClientError,
) -> Result<T, ClientError> {
    let body = body(response, BODY_BYTES_MAX, lost).await?;
    // What answers nothing, 204, reads as null.
    let body = if body.is_empty() { b"null".as_slice() } else { &body };
    serde_json::from_slice(body).map_err(|why| ClientError::Protocol(why.to_string()))
}

/// The body of a good answer.
async fn body(
    mut response: Response,
    bytes_max: usize,
    lost: fn(String) -> ClientError,
) -> Result<Vec<u8>, ClientError> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|why| lost(words(&why)))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(ClientError::Protocol(format!("an answer of more than {bytes_max} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        return Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::problem(problem),
            // What `/health` says of a node that starts or stops is no problem.
            Err(_) if status == StatusCode::SERVICE_UNAVAILABLE => ClientError::Refused {
                code: "UNAVAILABLE".to_owned(),
                detail: "the node starts or stops".to_owned(),
                retry: Retry::After,
                field: None,
                status: Some(status.as_u16()),
            },
            Err(_) => ClientError::Protocol(format!("status {status} without a problem")),
        });
    }
    Ok(body)
}

/// An error with its causes: reqwest's own words stop at "error sending
/// request".
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_host_and_a_port() {
        for good in ["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000", "https://h"] {
            assert!(Client::new(good, None).is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1:3000", "https://h/api", "http://h/api", "http://h/?a", "ftp://h"] {
            assert!(matches!(Client::new(bad, None), Err(ClientError::Url(_))), "{bad}");
        }
        assert!(Client::new("http://h", Some("a\nb".to_owned())).is_err());
    }

    #[test]
    fn a_path_stays_on_the_node() {
        let client = Client::new("http://127.0.0.1:3000", None).expect("a URL");
        assert_eq!(client.url("/health").expect("a path").as_str(), "http://127.0.0.1:3000/health");
        for bad in ["health", "//elsewhere/health", "http://elsewhere/"] {
            assert!(client.url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let client = Client::new("http://127.0.0.1:3000", Some("secret-word".to_owned())).expect("a URL");
        assert!(!format!("{client:?}").contains("secret-word"));
    }
}
