//! A node that a verb talks to.

use std::path::PathBuf;

use berth_client::{Client, ClientError};
use berth_settlement::chain::Key;
use clap::Args;
use serde_json::Value;

use crate::fault::{Fault, While};
use crate::file;
use crate::output;

#[derive(Args, Clone, Debug)]
pub(crate) struct Remote {
    /// The node.
    #[arg(long, global = true, default_value = "http://127.0.0.1:3000", env = "BERTH_URL")]
    pub(crate) url: String,
    /// The file with the key that asks: an account's own, or one that is
    /// registered with it. Not needed where the node runs with --open.
    #[arg(long, global = true, env = "BERTH_KEY")]
    pub(crate) key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) authority: Authority,
}

/// Whose word is taken for who a node is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Authority {
    /// Certificates (PEM) of the authorities that are believed about who a node
    /// is, instead of this machine's.
    #[arg(long, global = true, value_name = "FILE", env = "BERTH_CA")]
    ca: Option<PathBuf>,
}

impl Authority {
    /// What the file holds, when one is named.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, Fault> {
        self.ca.as_deref().map(file::bytes).transpose()
    }

    /// A client that believes it.
    pub(crate) fn client(&self, url: &str, token: Option<String>) -> Result<Client, Fault> {
        Client::believing(url, token, self.read()?.as_deref()).or_fault("--url")
    }
}

impl Remote {
    pub(crate) fn client(&self) -> Result<Client, Fault> {
        let client = self.authority.client(&self.url, None)?;
        match &self.key {
            Some(file) => Ok(client.with_key(Key::read(file).or_fault("--key")?.signing_key())),
            None => Ok(client),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.client()?.get(path).await.map_err(fault)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.client()?.post(path, body).await.map_err(fault)
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.client()?.put(path, body).await.map_err(fault)
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        self.client()?.patch(path, body).await.map_err(fault)
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Fault> {
        self.client()?.delete(path, &serde_json::json!({})).await.map_err(fault)
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, Fault> {
        let client = self.client()?;
        let mut items = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let page = match &cursor {
                Value::Null => path.to_owned(),
                cursor => {
                    let cursor = cursor.as_str().map_or_else(|| cursor.to_string(), str::to_owned);
                    format!("{path}{}cursor={cursor}", if path.contains('?') { '&' } else { '?' })
                }
            };
            let mut page: Value = client.get(&page).await.map_err(fault)?;
            if let Some(more) = page["items"].as_array_mut() {
                items.append(more);
            }
            cursor = page["next"].take();
            if cursor.is_null() {
                return Ok(items);
            }
        }
    }
}

/// A request's body: the fields that were given.
pub(crate) fn given<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A path with the parameters that were given.
pub(crate) fn query<const N: usize>(path: &str, parameters: [(&str, Option<String>); N]) -> String {
    let mut url = path.to_owned();
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => url.push(byte.into()),
                other => url.push_str(&format!("%{other:02X}")),
            }
        }
    }
    url
}

/// A refusal of the exchange ends with 1, everything else with 2.
pub(crate) fn fault(error: ClientError) -> Fault {
    // The words are the node's.
    let words = output::plain(&error.to_string());
    match error {
        ClientError::Refused { .. } => Fault::Refused(words),
        _ => Fault::CouldNotRun(words),
    }
}
