//! `berth provider`: a host that offers what it has.

use std::path::PathBuf;
use std::time::Duration;

use berth_client::{Client, ClientError, Signer};
use berth_executor::docker::{self, EngineFacts};
use berth_executor::inventory::{Gpus, Inventory};
use berth_executor::{Agent, AgentConfig, Leases, ProviderId};
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use crate::fault::{Fault, While};
use crate::keys;
use crate::output::{self, Format};
use crate::process::asked_to_end;
use crate::remote::{Remote, fault};

/// How often the standing bid is looked after.
const BID_EVERY: Duration = Duration::from_secs(5);
/// How long to wait for a node that is just starting.
const NODE_TRIES: u32 = 120;
const NODE_PAUSE: Duration = Duration::from_millis(500);

#[derive(Args)]
pub(crate) struct Provider {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Registers this host, keeps a standing bid, and runs the leases that it wins.
    Run(Box<Run>),
    /// Whether this host can run leases, and what it has.
    Check {
        /// The Docker engine.
        #[arg(long, env = "DOCKER_HOST")]
        docker: Option<String>,
        /// Where results would be kept.
        #[arg(long, default_value = ".")]
        data: PathBuf,
    },
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    remote: Remote,
    /// Where the key and results are kept.
    #[arg(long, default_value = "berth-provider", env = "BERTH_PROVIDER_DATA")]
    data: PathBuf,
    /// The market to bid in, such as H100-80.
    #[arg(long, default_value = "CPU")]
    market: String,
    /// The lowest price of a unit-hour, in XLM.
    #[arg(long, value_parser = parse_price)]
    price: String,
    /// Units offered; by default all that the host has in that market.
    #[arg(long)]
    quantity: Option<u64>,
    /// The shortest lease, in seconds.
    #[arg(long)]
    min_duration: Option<u64>,
    /// The longest lease, in seconds.
    #[arg(long)]
    max_duration: Option<u64>,
    /// What the host is called.
    #[arg(long, default_value = "localhost")]
    hostname: String,
    /// Where it is reached.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Virtual CPUs to offer, instead of all.
    #[arg(long)]
    cpu: Option<u64>,
    /// Memory to offer in MiB, instead of all.
    #[arg(long)]
    memory: Option<u64>,
    /// Disk to offer in GiB, instead of all that is free.
    #[arg(long)]
    storage: Option<u64>,
    /// Network bandwidth in Mbit/s.
    #[arg(long, default_value_t = 1_000)]
    bandwidth: u32,
    /// GPUs, MODEL:VRAM:COUNT. May be repeated.
    #[arg(long = "gpu", value_parser = parse_gpus)]
    gpus: Vec<Gpus>,
    /// Something that orders may require, NAME=VALUE. May be repeated.
    #[arg(long = "attribute", value_parser = parse_attribute)]
    attributes: Vec<(String, String)>,
    /// The Docker engine, such as unix:///var/run/docker.sock.
    #[arg(long, env = "DOCKER_HOST")]
    docker: Option<String>,
    /// Ends when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Provider {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Run(run) => run.run().await,
            Verb::Check { docker, data } => {
                let facts = docker::check(docker.as_deref()).await.or_fault("the Docker engine")?;
                let inventory = Inventory::take(&facts, &data, Vec::new()).or_fault("the disk")?;
                output::object(
                    format,
                    &json!({
                        "engine": facts.host,
                        "engineVersion": facts.version,
                        "cpu": inventory.cpus,
                        "memory": inventory.memory_mib,
                        "storage": inventory.storage_gib,
                    }),
                );
                Ok(())
            }
        }
    }
}

impl Run {
    async fn run(self) -> Result<(), Fault> {
        let facts = docker::check(self.docker.as_deref()).await.or_fault("the Docker engine")?;
        let key = keys::kept(&self.data, "provider")?;
        let address = keys::address(&key);
        // It signs what it asks, with or without --open.
        let client = self.remote.client()?.with_key(key.signing_key());
        let id = self.register(&client, &address, &facts).await?;
        println!("provider {id} of {address}");

        let mut config = AgentConfig::new(&self.remote.url, Leases::Provider(ProviderId(id)), self.data.join("agent"));
        config.docker.clone_from(&self.docker);
        config.key = Some(key.signing_key());
        config.authorities = self.remote.authority.read()?;
        // What is paid rests on what the agent says: it says so by its own key.
        config.signer = Some(Signer::new(key.signing_key().as_bytes()));
        let agent = Agent::connect(config).await.or_fault("starting the agent")?;
        let bidding = async {
            loop {
                if let Err(error) = self.keep_bid(&client, id).await {
                    warn!(%error, "the bid could not be looked after");
                }
                tokio::time::sleep(BID_EVERY).await;
            }
        };
        let ends = async {
            if let Err(error) = asked_to_end(self.with_parent).await {
                warn!(%error, "ending");
            }
        };
        tokio::select! {
            () = agent.run(ends) => Ok(()),
            never = bidding => never,
        }
    }

    /// Registers this host at a node that may be starting at this moment.
    async fn register(&self, client: &Client, address: &str, facts: &EngineFacts) -> Result<u64, Fault> {
        let inventory = Inventory::take(facts, &self.data, self.gpus.clone()).or_fault("the disk")?;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.ensure_registered(client, address, &inventory).await {
                Ok(id) => return Ok(id),
                Err(error) if tries >= NODE_TRIES || !error.may_retry() => return Err(fault(error)),
                Err(_) => tokio::time::sleep(NODE_PAUSE).await,
            }
        }
    }

    /// Registers this host unless it is: a host is known by its owner and name.
    async fn ensure_registered(
        &self,
        client: &Client,
        address: &str,
        inventory: &Inventory,
    ) -> Result<u64, ClientError> {
        let known: Value = client.get(&format!("/api/v1/providers?address={address}")).await?;
        let mut known = known["items"].as_array().into_iter().flatten();
        if let Some(id) = known.find(|host| host["hostname"] == self.hostname.as_str()).and_then(|h| h["id"].as_u64()) {
            return Ok(id);
        }
        let gpus: Vec<Value> = inventory
            .gpus
            .iter()
            .map(|gpus| json!({ "model": gpus.model, "vram": gpus.vram_gib, "count": gpus.count }))
            .collect();
        let attributes: Map<String, Value> =
            self.attributes.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        let request = json!({
            "address": address,
            "resources": {
                "cpu": self.cpu.unwrap_or(inventory.cpus),
                "memory": self.memory.unwrap_or(inventory.memory_mib),
                "storage": self.storage.unwrap_or(inventory.storage_gib),
                "bandwidth": self.bandwidth,
                "gpus": gpus,
            },
            "hostname": self.hostname,
            "port": self.port,
            "attributes": attributes,
            "agent": "own",
        });
        let host: Value = client.post("/api/v1/providers", &request).await?;
        host["id"].as_u64().ok_or_else(|| ClientError::Protocol("a provider without an id".into()))
    }

    /// Places the standing bid unless one of this market is there that offers
    /// all that is free. A lease that closes gives back room and not quantity,
    /// so a bid that lags behind the room is replaced.
    async fn keep_bid(&self, client: &Client, provider: u64) -> Result<(), Fault> {
        let host: Value = client.get(&format!("/api/v1/providers/{provider}")).await.map_err(fault)?;
        let offered = self.quantity.unwrap_or_else(|| units(&host["resources"], &self.market));
        let room = units(&host["free"], &self.market).min(offered);
        for state in ["open", "parked"] {
            let path = format!("/api/v1/bids?providerId={provider}&state={state}");
            let bids: Value = client.get(&path).await.map_err(fault)?;
            let mut bids = bids["items"].as_array().into_iter().flatten();
            let of_market = |bid: &&Value| bid["market"] == self.market.as_str() && bid["orderId"].is_null();
            let Some(bid) = bids.find(of_market) else { continue };
            if bid["remaining"].as_u64().unwrap_or(0) >= room {
                return Ok(());
            }
            let _: Value = client.delete(&format!("/api/v1/bids/{}", bid["id"]), &json!({})).await.map_err(fault)?;
        }
        let mut request = json!({
            "providerId": provider,
            "market": self.market,
            "bidPrice": self.price,
            "quantity": offered,
        });
        for (name, value) in [("minDuration", self.min_duration), ("maxDuration", self.max_duration)] {
            if let Some(value) = value {
                request[name] = value.into();
            }
        }
        let bid: Value = client.post("/api/v1/bids", &request).await.map_err(fault)?;
        info!(bid = %bid["id"], market = self.market, price = self.price, "a standing bid");
        Ok(())
    }
}

/// The units of a market among a host's resources.
fn units(resources: &Value, market: &str) -> u64 {
    if market == "CPU" {
        return resources["cpu"].as_u64().unwrap_or(0);
    }
    let mut gpus = resources["gpus"].as_array().into_iter().flatten();
    let of_market = |gpus: &&Value| {
        let (model, vram) = (gpus["model"].as_str().unwrap_or_default(), gpus["vram"].as_u64().unwrap_or(0));
        let class = berth_domain::ResourceClass::gpu(model, u16::try_from(vram).unwrap_or(0));
        class.is_ok_and(|class| class.to_string() == market)
    };
    gpus.find(of_market).and_then(|gpus| gpus["count"].as_u64()).unwrap_or(0)
}

fn parse_gpus(text: &str) -> Result<Gpus, String> {
    let [model, vram, count] = text.split(':').collect::<Vec<_>>()[..] else {
        return Err("is not MODEL:VRAM:COUNT".into());
    };
    let vram_gib = vram.parse().map_err(|_| format!("{vram} is no number of GiB"))?;
    let count = count.parse().map_err(|_| format!("{count} is no number of GPUs"))?;
    Ok(Gpus { model: model.to_owned(), vram_gib, count })
}

fn parse_attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Checked before anything is registered; the node reads it again.
fn parse_price(text: &str) -> Result<String, String> {
    match text.parse::<berth_domain::Stroops>() {
        Ok(price) if price > berth_domain::Stroops::ZERO => Ok(text.to_owned()),
        Ok(_) => Err("is no price: it must be above zero".into()),
        Err(why) => Err(why.to_string()),
    }
}
