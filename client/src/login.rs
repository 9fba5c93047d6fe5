//! Logging in as SEP-10 has it, and registering keys.

use std::time::{SystemTime, UNIX_EPOCH};

use berth_auth::{WebAuth, read_key, write_key};
use berth_wire::errors::Retry;
use ed25519_dalek::SigningKey;
use reqwest::{Response, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ClientError;
use crate::rest::{Client, words};

/// The longest answer of a login, in bytes.
const ANSWER_BYTES_MAX: usize = 100 * 1024;

#[derive(Deserialize)]
struct Challenge {
    transaction: String,
}

#[derive(Deserialize)]
struct Granted {
    token: String,
}

impl Client {
    /// Logs an account in with its own key; gives the bearer token. The node has
    /// to call itself `domain`: it could otherwise pass on the challenge of
    /// another one, and log in there with the answer. Without it, that is the host
    /// and port of the client's URL.
    ///
    /// # Errors
    /// [`ClientError::Protocol`] when what the node asks to be signed is no
    /// challenge of its own for this account; else see [`ClientError`].
    pub async fn log_in(&self, key: &SigningKey, domain: Option<&str>) -> Result<String, ClientError> {
        let protocol = |why: String| ClientError::Protocol(why);
        let (_, toml) = self.bytes("/.well-known/stellar.toml", ANSWER_BYTES_MAX).await?;
        let toml = String::from_utf8(toml).map_err(|_| protocol("stellar.toml is no text".to_owned()))?;
        let said = |name: &str| said(&toml, name).ok_or_else(|| protocol(format!("stellar.toml does not say {name}")));
        let server = read_key(&said("SIGNING_KEY")?).ok_or_else(|| protocol("SIGNING_KEY is no key".to_owned()))?;
        let endpoint = said("WEB_AUTH_ENDPOINT")?;
        let named = Url::parse(&endpoint).map_err(|_| protocol("WEB_AUTH_ENDPOINT is no URL".to_owned()))?;
        let domain = domain.map_or_else(|| authority(self.base()), str::to_owned);
        let web_auth = WebAuth::new(server, &said("NETWORK_PASSPHRASE")?, &domain, &authority(&named));
        let web_auth = web_auth.map_err(|why| ClientError::Url(why.to_string()))?;

        // Asked where the client is connected: the endpoint may be a name of the
        // same node that is reached by HTTPS alone.
        let account = write_key(&key.verifying_key().to_bytes());
        let mut url = self.url("/auth")?;
        url.query_pairs_mut().append_pair("account", &account).append_pair("home_domain", &domain);
        let challenge: Challenge = answer(self.http().get(url).send().await).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let transaction = web_auth.answer(&challenge.transaction, key, now);
        let transaction = transaction.map_err(|why| protocol(format!("the challenge: {why}")))?;
        let body = json!({ "transaction": transaction });
        let granted: Granted = answer(self.http().post(self.url("/auth")?).json(&body).send().await).await?;
        Ok(granted.token)
    }
}

/// The host of a URL, with the port where it needs one.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The text that a line of the file gives a name.
fn said(toml: &str, name: &str) -> Option<String> {
    let value = toml.lines().find_map(|line| {
        let (named, value) = line.split_once('=')?;
        (named.trim() == name).then(|| value.trim())
    })?;
    // A basic string of TOML escapes as JSON does.
    serde_json::from_str(value).ok()
}

/// Reads an answer of `/auth`, whose errors are the standard's.
async fn answer<T: for<'a> Deserialize<'a>>(sent: Result<Response, reqwest::Error>) -> Result<T, ClientError> {
    let mut response = sent.map_err(|why| ClientError::Transport(words(&why)))?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|why| ClientError::Transport(words(&why)))? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ClientError::Protocol(format!("an answer of more than {ANSWER_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|why| ClientError::Protocol(why.to_string()));
    }
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let detail = said["error"].as_str().unwrap_or("the login was refused without a word").to_owned();
    let retry = if status.is_server_error() { Retry::After } else { Retry::Never };
    Err(ClientError::Refused { code: "LOGIN".to_owned(), detail, retry, field: None, status: Some(status.as_u16()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_a_line_of_it_says() {
        let toml = "# a = \"b\"\nNETWORK_PASSPHRASE = \"a \\\"quoted\\\" one\"\nSIGNING_KEY=\"G\"\n";
        assert_eq!(said(toml, "NETWORK_PASSPHRASE").as_deref(), Some("a \"quoted\" one"));
        assert_eq!(said(toml, "SIGNING_KEY").as_deref(), Some("G"));
        assert_eq!(said(toml, "WEB_AUTH_ENDPOINT"), None);
    }
}
