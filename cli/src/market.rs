//! `berth market`: the markets, and what the operator says of them.

use std::path::PathBuf;

use berth_client::Client;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::output::{self, Format};
use crate::remote::{Remote, fault};

const COLUMNS: [&str; 6] = ["id", "name", "state", "unit", "bid", "order"];

#[derive(Args)]
pub(crate) struct Market {
    #[command(flatten)]
    remote: Remote,
    /// Where the node keeps its data: the operator's token is read from there.
    #[arg(long, global = true, default_value = "berth-data", env = "BERTH_DATA")]
    data: PathBuf,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Lists markets with their best rows.
    List,
    /// Opens a market, such as H100-80. The operator's.
    Open {
        /// Its name.
        market: String,
    },
    /// Stops trade in a market: what stands in it stays, and its leases go on. The
    /// operator's.
    Pause {
        /// Its name.
        market: String,
    },
    /// Lets trade in a market go on. The operator's.
    Resume {
        /// Its name.
        market: String,
    },
    /// Lets all that waits in a market enter it again, now. The operator's.
    Cycle {
        /// Its name.
        market: String,
    },
}

impl Market {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match &self.verb {
            Verb::List => output::list(format, &self.remote.list("/api/v1/markets").await?, &COLUMNS),
            Verb::Open { market } => {
                let opened = self.say("/api/v1/markets", &json!({ "market": market })).await?;
                output::object(format, &opened);
            }
            Verb::Pause { market } => output::object(format, &self.of(market, "pause").await?),
            Verb::Resume { market } => output::object(format, &self.of(market, "resume").await?),
            Verb::Cycle { market } => output::object(format, &self.of(market, "cycle").await?),
        }
        Ok(())
    }

    async fn of(&self, market: &str, what: &str) -> Result<Value, Fault> {
        // What is in a market's name needs no escape; anything else is none.
        let is_name = !market.is_empty() && market.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_name {
            return Err(Fault::CouldNotRun(format!("{market:?} is not a market's name such as H100-80")));
        }
        self.say(&format!("/api/v1/markets/{market}/{what}"), &json!({})).await
    }

    async fn say(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let file = self.data.join("operator.token");
        let token = std::fs::read_to_string(&file).or_fault(&format!("reading {}", file.display()))?;
        let client = Client::new(&self.remote.url, Some(token)).or_fault("--url")?;
        client.post(path, body).await.map_err(fault)
    }
}
