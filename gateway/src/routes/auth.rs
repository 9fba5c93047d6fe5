//! `/auth` and `/.well-known/stellar.toml`: logging in as SEP-10 has it. Errors
//! are the standard's here, `{"error": "…"}`, since its clients read them.

use axum::Json;
use axum::body::Body;
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use berth_auth::{read_key, write_key};
use berth_wire::request::LoginRequest;
use serde_json::json;

use crate::body;
use crate::identity::LoginError;
use crate::node::App;
use crate::problem::{RETRY_AFTER_SECONDS, Refusal};
use crate::query::Query;

/// Why there is no challenge, or no token.
pub(super) struct AuthError(StatusCode, String);

impl AuthError {
    fn wrong(why: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, why.into())
    }
}

impl From<LoginError> for AuthError {
    fn from(error: LoginError) -> Self {
        let status = match &error {
            LoginError::Chain(_) => StatusCode::SERVICE_UNAVAILABLE,
            LoginError::Once(berth_auth::OnceError::Full) => StatusCode::TOO_MANY_REQUESTS,
            LoginError::Challenge(_) | LoginError::OtherStart | LoginError::Once(_) => StatusCode::BAD_REQUEST,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        let mut response = (self.0, Json(json!({ "error": self.1 }))).into_response();
        if matches!(self.0, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

/// A challenge for an account.
#[utoipa::path(
    get,
    path = "/auth",
    tag = "login",
    summary = "A challenge for an account to sign (SEP-10).",
    params(("account" = String, Query, description = "The account that logs in, G…."), ("home_domain" = Option<String>, Query, description = "Where it believes to be.")),
    responses((status = 200, body = berth_wire::response::Challenge, description = "The challenge."), (status = 400, body = berth_wire::response::LoginError, description = "Why there is none.")),
)]
pub(super) async fn challenge(State(app): State<App>, query: Result<Query, Refusal>) -> Result<Response, AuthError> {
    let mut query =
        query.map_err(|_| AuthError::wrong("the query is not percent-encoded UTF-8, or names something twice"))?;
    let account = query.text("account").ok_or_else(|| AuthError::wrong("account is missing"))?;
    if account.starts_with('M') {
        return Err(AuthError::wrong("a muxed account (M…) cannot log in: an account here is a key and nothing more"));
    }
    let account = read_key(&account).ok_or_else(|| AuthError::wrong("account is not a Stellar public key, G…"))?;
    if query.text("memo").is_some() {
        return Err(AuthError::wrong("memo is not supported: an account here is a key and nothing more"));
    }
    let web_auth = &app.identity.web_auth;
    if query.text("home_domain").is_some_and(|domain| domain != web_auth.home_domain()) {
        return Err(AuthError::wrong(format!("the home domain here is {}", web_auth.home_domain())));
    }
    if account == web_auth.server() {
        return Err(AuthError::wrong("the server's own account cannot log in"));
    }
    // What else there is, client_domain above all, the standard lets a server
    // ignore that does not know it.
    let transaction = app.identity.challenge(account);
    Ok(Json(json!({ "transaction": transaction, "network_passphrase": web_auth.passphrase() })).into_response())
}

/// A token for whoever answers a challenge; as JSON or as a form.
#[utoipa::path(
    post,
    path = "/auth",
    tag = "login",
    summary = "A bearer token for a signed challenge (SEP-10).",
    request_body(content((berth_wire::request::LoginRequest = "application/json"), (berth_wire::request::LoginRequest = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = berth_wire::response::Token, description = "The token."), (status = 400, body = berth_wire::response::LoginError, description = "Why there is none."), (status = 415, body = berth_wire::response::LoginError, description = "The body is neither JSON nor a form.")),
)]
pub(super) async fn log_in(State(app): State<App>, request: Request) -> Result<Response, AuthError> {
    let (parts, body) = request.into_parts();
    let named = parts.headers.get(CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
    let is_form = named.starts_with("application/x-www-form-urlencoded");
    let is_json = named.starts_with("application/json");
    let body = body::read(&parts, body).await;
    let body = body.map_err(|_| AuthError::wrong("the body is too long, too slow or broken off"))?;
    let login = if is_form {
        let request = Request::from_parts(parts, Body::from(body));
        Form::<LoginRequest>::from_request(request, &()).await.ok().map(|form| form.0)
    } else if is_json {
        serde_json::from_slice(&body).ok()
    } else {
        let why = "the body is application/json or application/x-www-form-urlencoded";
        return Err(AuthError(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_owned()));
    };
    let login = login.ok_or_else(|| AuthError::wrong("the body does not have the field transaction"))?;
    let token = app.identity.log_in(&login.transaction).await?;
    Ok(Json(json!({ "token": token })).into_response())
}

/// What a wallet needs to know of this node (SEP-1).
#[utoipa::path(
    get,
    path = "/.well-known/stellar.toml",
    tag = "login",
    summary = "What a wallet needs to know of this node (SEP-1).",
    responses((status = 200, body = String, content_type = "text/plain", description = "NETWORK_PASSPHRASE, SIGNING_KEY and WEB_AUTH_ENDPOINT.")),
)]
pub(super) async fn stellar_toml(State(app): State<App>) -> Response {
    let identity = &app.identity;
    let (key, endpoint) = (write_key(&identity.web_auth.server()), &identity.endpoint);
    let passphrase = identity.web_auth.passphrase();
    let toml =
        format!("NETWORK_PASSPHRASE = {passphrase:?}\nSIGNING_KEY = {key:?}\nWEB_AUTH_ENDPOINT = {endpoint:?}\n");
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], toml).into_response()
}
