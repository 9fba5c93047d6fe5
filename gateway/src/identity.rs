//! Credentials: what a request or a socket shows, and whom that makes of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use berth_auth::{
    AHEAD_MAX_US, ChallengeError, DomainError, NONCE_BYTES, Once, OnceError, PublicKey, RECV_WINDOW_MS, SignedLogon,
    SignedRequest, Signers, SigningKey, Stale, Tokens, WebAuth, Window, is_signed, read_key, read_signature,
};
use berth_domain::{Address, Code, Scopes};
use berth_exchange::SIGNATURE_LIFE;
use berth_wire::errors::EdgeCode;
use thiserror::Error;

use crate::body;
use crate::caller::{Caller, Holder};
use crate::clock::now;
use crate::limits::{SEEN_MAX, SEEN_OF_KEY_MAX};
use crate::node::{App, Node};
use crate::problem::Refusal;
use crate::server::Scheme;
use crate::throttle::class_of;

const KEY: HeaderName = HeaderName::from_static("x-berth-key");
const TIMESTAMP: HeaderName = HeaderName::from_static("x-berth-timestamp");
const RECV_WINDOW: HeaderName = HeaderName::from_static("x-berth-recv-window");
const SIGNATURE: HeaderName = HeaderName::from_static("x-berth-signature");
/// The part of a challenge's random bytes that says which start of the node it
/// is of: what was answered before a start is not remembered behind it.
const BOOT_BYTES: usize = 16;

/// Why the signers of an account are not known.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ChainError(
    /// In words, for whoever asked.
    pub String,
);

/// What the chain says of an account's signers. The node's root implements it
/// with the settlement's means.
pub trait ChainSigners: Send + Sync + 'static {
    /// The signers of an account; `None` for one that the chain does not have.
    /// It has to end by itself in a bounded time.
    fn signers(
        &self,
        account: Address,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Signers>, ChainError>> + Send + '_>>;
}

/// With what the node says who it is, and knows who asks.
pub struct AuthConfig {
    /// Signs challenges: the `SIGNING_KEY` of `stellar.toml`.
    pub server_key: SigningKey,
    /// Signs bearer tokens.
    pub token_key: SigningKey,
    /// How long a bearer token is good, in seconds.
    pub token_seconds: u64,
    /// The network's passphrase.
    pub passphrase: String,
    /// The domain that accounts log in at, which is reached by HTTPS; without
    /// one, the address that the node listens on, by HTTPS where it has a
    /// certificate and else by HTTP.
    pub domain: Option<String>,
    /// Who signs for an account.
    pub signers: Arc<dyn ChainSigners>,
}

/// Who asks.
pub(crate) struct Identity {
    operator_token: String,
    server_key: SigningKey,
    pub(crate) web_auth: WebAuth,
    /// Where accounts log in.
    pub(crate) endpoint: String,
    tokens: Tokens,
    signers: Arc<dyn ChainSigners>,
    boot: [u8; BOOT_BYTES],
    /// What was signed before may have been accepted by the process before, in
    /// microseconds since 1970.
    started: u64,
    requests: Mutex<Once>,
    commands: Mutex<Once>,
    challenges: Mutex<Once>,
}

impl Identity {
    /// `listen` is where the node listens and by what, and `is_fresh` says that its log has no
    /// entry yet: then nobody has signed for it before.
    pub(crate) fn new(
        config: AuthConfig,
        operator_token: String,
        listen: (Scheme, &str),
        is_fresh: bool,
    ) -> Result<Self, DomainError> {
        let AuthConfig { server_key, token_key, token_seconds, passphrase, domain, signers } = config;
        let (scheme, domain) = match domain {
            Some(domain) => ("https", domain),
            None => (listen.0.as_str(), listen.1.to_owned()),
        };
        let endpoint = format!("{scheme}://{domain}/auth");
        let web_auth = WebAuth::new(server_key.verifying_key().to_bytes(), &passphrase, &domain, &domain)?;
        Ok(Self {
            operator_token,
            server_key,
            tokens: Tokens::new(&token_key, &endpoint, &domain, token_seconds),
            web_auth,
            endpoint,
            signers,
            boot: random(),
            started: if is_fresh { 0 } else { now().0 + AHEAD_MAX_US },
            requests: Mutex::new(Once::new(SEEN_OF_KEY_MAX, SEEN_MAX)),
            commands: Mutex::new(Once::new(SEEN_OF_KEY_MAX, SEEN_MAX)),
            challenges: Mutex::new(Once::new(SEEN_OF_KEY_MAX, SEEN_MAX)),
        })
    }

    /// A challenge for an account.
    pub(crate) fn challenge(&self, account: PublicKey) -> String {
        let mut nonce: [u8; NONCE_BYTES] = random();
        nonce[..BOOT_BYTES].copy_from_slice(&self.boot);
        self.web_auth.challenge(&self.server_key, account, nonce, seconds())
    }

    /// The token of whoever answers a challenge, which it may once.
    pub(crate) async fn log_in(&self, envelope: &str) -> Result<String, LoginError> {
        let answer = self.web_auth.read(envelope, seconds())?;
        if answer.nonce[..BOOT_BYTES] != self.boot {
            return Err(LoginError::OtherStart);
        }
        let signers = self.signers.signers(Address(answer.account)).await?;
        answer.check_signers(&signers.unwrap_or_else(|| Signers::master(answer.account)))?;
        let mut seen = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        seen.accept(seconds(), &answer.account, &answer.hash, answer.until)?;
        drop(seen);
        Ok(self.tokens.issue(&answer.account, &answer.hash, seconds()))
    }

    /// Who shows this value of `Authorization`.
    fn bearer(&self, shown: &[u8]) -> Result<Caller, Refusal> {
        let token = std::str::from_utf8(shown).ok().and_then(|shown| {
            let (scheme, token) = shown.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let token = token.ok_or_else(|| Refusal::unauthorized("Authorization is not Bearer and a token"))?;
        // Digests are compared in constant time, and have one length.
        let is_operators = || blake3::hash(token.as_bytes()) == blake3::hash(self.operator_token.as_bytes());
        if !self.operator_token.is_empty() && is_operators() {
            return Ok(Caller::Operator);
        }
        let account = self.tokens.account(token, seconds());
        let account = account.map_err(|why| Refusal::unauthorized(&why.to_string()))?;
        Ok(Caller::Account(Holder { address: Address(account), key: None, scopes: Scopes::ALL }))
    }

    /// Takes a command that a key signed, once, also where the exchange then refuses
    /// it: whoever holds the bytes could else have it carried out when things have
    /// changed, and fill the log meanwhile. What was signed before this start may
    /// have been refused by the process before.
    pub(crate) fn accept_command(&self, key: &PublicKey, nonce: u64) -> Result<(), Refusal> {
        if nonce <= self.started.saturating_sub(AHEAD_MAX_US) {
            let detail = "the command was signed before the node started; sign it anew";
            return Err(Refusal::new(EdgeCode::Unavailable, detail).at("nonce"));
        }
        let mut seen = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let expires = nonce.saturating_add(SIGNATURE_LIFE.micros());
        seen.accept(now().0, key, &nonce.to_le_bytes(), expires).map_err(|why| match why {
            OnceError::Seen => Refusal::from(Code::NonceUsed).at("nonce"),
            OnceError::Full => EdgeCode::Overloaded.into(),
        })
    }

    /// Accepts what a key signed, once.
    fn accept(&self, key: &PublicKey, text: &str, window: Window, signature: &[u8; 64]) -> Result<(), Refusal> {
        let now = now().0;
        let expires = window.check(now, self.started).map_err(|why| match why {
            Stale::BeforeStart => Refusal::new(EdgeCode::Unavailable, why.to_string()),
            _ => Refusal::unauthorized(&format!("{why}; the node's time is {now} µs, yours {}", window.timestamp)),
        })?;
        if !is_signed(key, text.as_bytes(), signature) {
            let detail = format!("the signature is not the key's over {text:?}");
            return Err(Refusal::unauthorized(&detail));
        }
        let mut seen = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        seen.accept(now, key, text.as_bytes(), expires).map_err(|why| match why {
            OnceError::Seen => {
                Refusal::unauthorized("this was signed and accepted before: sign with another timestamp")
            }
            OnceError::Full => EdgeCode::Overloaded.into(),
        })
    }
}

/// Why nobody is logged in.
#[derive(Debug, Error)]
pub(crate) enum LoginError {
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    #[error("the challenge is of an earlier start of the node: begin anew")]
    OtherStart,
    #[error("the challenge cannot be answered: {0}")]
    Once(#[from] OnceError),
    #[error("the chain does not say who signs for the account: {0}")]
    Chain(#[from] ChainError),
}

impl Node {
    /// Whom a key makes of who signs with it.
    fn holder(&self, key: PublicKey) -> Result<Holder, Refusal> {
        let own = Holder { address: Address(key), key: None, scopes: Scopes::ALL };
        let registered = self.view.read(|x| {
            if x.account_by_address(Address(key)).is_some() {
                return Some(own);
            }
            // Whether it has expired by the node's own clock, too: the log's stands
            // still while nobody says anything.
            let (account, known) = x.account_of_key(&key).filter(|(_, known)| known.is_live(now()))?;
            Some(Holder { address: x.account(account)?.address, key: Some(key), scopes: known.scopes })
        });
        match registered {
            Some(holder) => Ok(holder),
            // In open mode an account is made for whoever acts first.
            None if self.open => Ok(own),
            None => Err(Refusal::unauthorized(
                "the key is no account's own, and registered with none, or no longer, or it has expired",
            )),
        }
    }

    /// Whom a socket's logon makes of it.
    pub(crate) fn log_on(&self, key: PublicKey, window: Window, signature: &[u8; 64]) -> Result<Holder, Refusal> {
        let holder = self.holder(key)?;
        let text = SignedLogon { log: &self.log_id.0, key: &key, window }.text();
        self.identity.accept(&key, &text, window, signature)?;
        Ok(holder)
    }

    async fn caller(&self, request: Request) -> Result<(Caller, Request), Refusal> {
        let headers = request.headers();
        let signs = headers.contains_key(KEY);
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let caller = match (shown.next(), signs) {
            (None, false) => Caller::Anyone,
            (Some(_), true) => {
                return Err(Refusal::unauthorized("a request shows a bearer token, or is signed, and not both"));
            }
            (Some(_), false) if shown.next().is_some() => {
                return Err(Refusal::unauthorized("Authorization is there twice"));
            }
            (Some(shown), false) => self.identity.bearer(shown.as_bytes())?,
            (None, true) => return self.signed(request).await,
        };
        Ok((caller, request))
    }

    /// Who signed a request. Its body is read for that, and given on.
    async fn signed(&self, request: Request) -> Result<(Caller, Request), Refusal> {
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        let wrong = |name: HeaderName, what: &str| Refusal::unauthorized(&format!("{name} {what}"));
        let key = one(headers, KEY)?.and_then(read_key).ok_or_else(|| wrong(KEY, "is not a public key, G…"))?;
        let timestamp = one(headers, TIMESTAMP)?.and_then(|text| text.parse().ok());
        let timestamp = timestamp.ok_or_else(|| wrong(TIMESTAMP, "is not a time in microseconds since 1970"))?;
        let recv_window = match one(headers, RECV_WINDOW)? {
            None => RECV_WINDOW_MS,
            Some(text) => text.parse().map_err(|_| wrong(RECV_WINDOW, "is not a whole number of milliseconds"))?,
        };
        let signature = one(headers, SIGNATURE)?.and_then(read_signature);
        let signature = signature.ok_or_else(|| wrong(SIGNATURE, "is not the base 64 of 64 bytes"))?;

        let window = Window { timestamp, recv_window };
        let holder = self.holder(key)?;
        let body = body::read(&parts, body).await?;
        let target = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |target| target.as_str());
        let signed = SignedRequest { log: &self.log_id.0, method: parts.method.as_str(), target, window, body: &body };
        self.identity.accept(&key, &signed.text(), window, &signature)?;
        Ok((Caller::Account(holder), Request::from_parts(parts, Body::from(body))))
    }
}

/// Finds out who asks. Credentials that are wrong are refused whatever is asked
/// for: a caller who believes to be someone should not be served as no one.
pub(crate) async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let (caller, mut request) = app.caller(request).await?;
    request.extensions_mut().insert(caller);
    let class = (!request.method().is_safe()).then(|| class_of(request.method(), request.uri().path()));
    let response = next.run(request).await;
    if let Some(class) = class.filter(|_| response.status().is_client_error()) {
        app.count_refused(caller, class)?;
    }
    Ok(response)
}

/// The one value of a header.
fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(&name).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    if values.next().is_some() {
        return Err(Refusal::unauthorized(&format!("{name} is there twice")));
    }
    Ok(value)
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without randomness nobody can log in safely, nor can anything else go on.
    getrandom::fill(&mut bytes).expect("the system gives randomness");
    bytes
}

/// Unix seconds.
fn seconds() -> u64 {
    now().0 / 1_000_000
}
