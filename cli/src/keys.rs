//! Key files, those of a data directory, and `berth keys`.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use berth_auth::{key_proof, read_key, write_signature};
use berth_client::Client;
use berth_settlement::chain::Key;
use clap::{Args, Subcommand};
use ed25519_dalek::Signer;
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::remote::{Remote, fault};

/// `berth keys`: files with the keys of accounts and of programs.
#[derive(Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Makes a key and keeps it in a file that only its owner may read.
    New {
        /// Where.
        file: PathBuf,
    },
    /// Shows the address of a key file.
    Show {
        /// Which.
        file: PathBuf,
    },
    /// Registers a key with an account, so that it may act in its name.
    Register(Register),
    /// Lists the keys that are registered with an account.
    List(Of),
    /// Ends what a key may do in an account's name.
    Revoke {
        #[command(flatten)]
        of: Of,
        /// The key, `G…`.
        registered: String,
    },
}

/// The account, which logs in (SEP-10) with its own key.
#[derive(Args)]
struct Of {
    #[command(flatten)]
    remote: Remote,
    /// The file with the account's own key.
    #[arg(long)]
    account: PathBuf,
    /// What the node calls itself, where that is not the host and port of --url.
    #[arg(long)]
    domain: Option<String>,
}

#[derive(Args)]
struct Register {
    #[command(flatten)]
    of: Of,
    /// The file with the key to be registered.
    file: PathBuf,
    /// What it may do: read, trade, provide, withdraw.
    #[arg(long, value_delimiter = ',', default_value = "read,trade")]
    scopes: Vec<String>,
    /// How long it may, in seconds from now; for ever when left out.
    #[arg(long)]
    expires_in_seconds: Option<u64>,
}

impl Keys {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::New { file } => {
                let key = Key::create(&file).or_fault("making a key")?;
                output::object(format, &json!({ "address": address(&key), "file": file }));
            }
            Verb::Show { file } => {
                let key = Key::read(&file).or_fault("reading a key")?;
                output::object(format, &json!({ "address": address(&key), "file": file }));
            }
            Verb::Register(register) => output::object(format, &register.run().await?),
            Verb::List(of) => {
                let (client, path) = of.log_in().await?;
                let listed: Value = client.get(&path).await.map_err(fault)?;
                let keys = listed["items"].as_array().cloned().unwrap_or_default();
                output::list(format, &keys, &["key", "scopes", "expiresAt"]);
            }
            Verb::Revoke { of, registered } => {
                let (client, path) = of.log_in().await?;
                let path = format!("{path}/{registered}");
                let revoked: Value = client.delete(&path, &json!({})).await.map_err(fault)?;
                output::object(format, &revoked);
            }
        }
        Ok(())
    }
}

impl Of {
    /// A client in the account's name, and where its keys are.
    async fn log_in(&self) -> Result<(Client, String), Fault> {
        let own = Key::read(&self.account).or_fault("reading the account's key")?;
        let nobody = self.remote.authority.client(&self.remote.url, None)?;
        let token = nobody.log_in(&own.signing_key(), self.domain.as_deref()).await.map_err(fault)?;
        let client = self.remote.authority.client(&self.remote.url, Some(token))?;
        Ok((client, format!("/api/v1/accounts/{}/keys", address(&own))))
    }
}

impl Register {
    async fn run(self) -> Result<Value, Fault> {
        let own = Key::read(&self.of.account).or_fault("reading the account's key")?;
        let key = Key::read(&self.file).or_fault("reading the key")?;
        let (client, path) = self.of.log_in().await?;
        let health = client.health().await.map_err(fault)?;
        let mut log = [0; 32];
        hex::decode_to_slice(&health.log_id, &mut log).or_fault("reading the log's id")?;
        let account = read_key(&address(&own)).expect("an account's address is its key");
        // Shows that whoever registers the key has it.
        let proof = key.signing_key().sign(&key_proof(&log, &account)).to_bytes();
        let expires_at = self.expires_in_seconds.map(|seconds| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(now.saturating_add(Duration::from_secs(seconds)).as_micros()).unwrap_or(u64::MAX)
        });
        let mut body = json!({ "key": address(&key), "scopes": self.scopes, "proof": write_signature(&proof) });
        if let Some(at) = expires_at {
            body["expiresAt"] = at.into();
        }
        client.post(&path, &body).await.map_err(fault)
    }
}

/// The key in `dir/keys/NAME.key`, made when it is not there yet.
pub(crate) fn kept(dir: &Path, name: &str) -> Result<Key, Fault> {
    let keys = dir.join("keys");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).or_fault("making the folder for keys")?;
    Key::read_or_create(&keys.join(format!("{name}.key"))).or_fault("reading a key")
}

/// The key in `dir/keys/NAME.key`, which must be there.
pub(crate) fn known(dir: &Path, name: &str) -> Result<Key, Fault> {
    Key::read(&dir.join("keys").join(format!("{name}.key"))).or_fault("reading a key")
}

/// The `G…` address of a key.
pub(crate) fn address(key: &Key) -> String {
    key.address().to_string()
}
