//! `berth order`: what a tenant asks for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use berth_wire::sdl;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::fault::{Fault, While};
use crate::file;
use crate::output::{self, Format};
use crate::reasons;
use crate::remote::{Remote, given, query};

const COLUMNS: [&str; 8] = ["id", "state", "market", "quantity", "remaining", "hold", "leases", "tenantAddress"];

#[derive(Args)]
pub(crate) struct Order {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Places an order from a file, from flags, or from both: flags win.
    Create(Box<Create>),
    /// Lists orders.
    List(List),
    /// Shows one order.
    Show {
        /// Its number.
        id: u64,
    },
    /// Why an order has not traded, or not all of it: provider by provider.
    Explain {
        /// Its number.
        id: u64,
        /// As it was behind this entry of the log.
        #[arg(long)]
        at_seq: Option<u64>,
    },
    /// Changes an order; what is not named stays. Fewer replicas alone keep its
    /// age.
    Amend(Amend),
    /// Cancels what is left of an order.
    Cancel {
        /// Its number.
        id: u64,
    },
}

#[derive(Args)]
struct List {
    /// Only those of this tenant.
    #[arg(long)]
    tenant_address: Option<String>,
    /// Only those of this market.
    #[arg(long)]
    market: Option<String>,
    /// Only those in one of these states, such as open,parked.
    #[arg(long)]
    state: Option<String>,
}

/// The flags are the JSON's names in kebab case.
#[derive(Args)]
pub(crate) struct Create {
    /// Only say what it would do: what would match, cost and hold, and why each
    /// provider does not match that does not.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The request as JSON, or as an Akash SDL 2.0 document where the file's name
    /// ends in .yaml or .yml; `-` is standard input, with JSON.
    #[arg(short, long)]
    file: Option<PathBuf>,
    /// Who rents.
    #[arg(long)]
    tenant_address: Option<String>,
    /// The highest price of a unit, in XLM.
    #[arg(long)]
    max_price: Option<String>,
    /// What the price is for: second, minute, hour or block.
    #[arg(long)]
    per: Option<String>,
    /// Accepted trust levels, such as Five,Four.
    #[arg(long, value_delimiter = ',')]
    trust_levels: Vec<String>,
    /// Replicas.
    #[arg(long)]
    quantity: Option<u32>,
    /// How long a lease runs, in blocks of 5 s.
    #[arg(long, conflicts_with = "duration_seconds")]
    duration_blocks: Option<u64>,
    /// How long a lease runs.
    #[arg(long)]
    duration_seconds: Option<u64>,
    /// auto, manual or auction.
    #[arg(long)]
    mode: Option<String>,
    /// When an auction clears: microseconds since 1970.
    #[arg(long, conflicts_with = "auction_seconds")]
    closes_at: Option<u64>,
    /// When an auction clears, in seconds from now.
    #[arg(long)]
    auction_seconds: Option<u64>,
    /// gtc, ioc, fok or gtd.
    #[arg(long)]
    time_in_force: Option<String>,
    /// When gtd ends: microseconds since 1970.
    #[arg(long)]
    expires_at: Option<u64>,
    /// Refuse it where it would take what rests.
    #[arg(long)]
    post_only: bool,
    /// Where it would meet your own bid: expireTaker, expireMaker or skip.
    #[arg(long)]
    self_trade: Option<String>,
    /// Your own id for it: a repeat answers the first order.
    #[arg(long)]
    client_order_id: Option<String>,
    /// What hold and escrow cover.
    #[arg(long)]
    prepay_seconds: Option<u64>,
    /// The container's image.
    #[arg(long)]
    image: Option<String>,
    /// Virtual CPUs.
    #[arg(long)]
    cpu: Option<u32>,
    /// Memory in MiB.
    #[arg(long)]
    memory: Option<u64>,
    /// Disk in GiB.
    #[arg(long)]
    storage: Option<u64>,
    /// A published port, CONTAINER:HOST or CONTAINER:HOST/udp. May be repeated.
    #[arg(long = "port", value_parser = parse_port)]
    ports: Vec<Value>,
    /// A variable of the container's environment, NAME=VALUE. May be repeated.
    #[arg(long = "env", value_parser = parse_variable)]
    env: Vec<(String, String)>,
}

#[derive(Args)]
struct Amend {
    /// Its number.
    id: u64,
    /// The highest price of a unit, in XLM.
    #[arg(long)]
    max_price: Option<String>,
    /// What the price is for: second, minute, hour or block.
    #[arg(long)]
    per: Option<String>,
    /// Accepted trust levels, such as Five,Four.
    #[arg(long, value_delimiter = ',')]
    trust_levels: Vec<String>,
    /// The new total of replicas, those with leases among them.
    #[arg(long)]
    quantity: Option<u32>,
    /// When gtd ends: microseconds since 1970.
    #[arg(long)]
    expires_at: Option<u64>,
}

impl Order {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        match self.verb {
            Verb::Create(create) if create.dry_run => {
                let told = self.remote.post("/api/v1/orders?dryRun=true", &create.request()?).await?;
                reasons::print(format, told);
            }
            Verb::Create(create) => {
                let order = self.remote.post("/api/v1/orders", &create.request()?).await?;
                output::object(format, &order);
            }
            Verb::List(list) => {
                let path = query(
                    "/api/v1/orders",
                    [("tenantAddress", list.tenant_address), ("market", list.market), ("state", list.state)],
                );
                output::list(format, &self.remote.list(&path).await?, &COLUMNS);
            }
            Verb::Explain { id, at_seq } => {
                reasons::print(format, reasons::explain(&self.remote, id, at_seq).await?);
            }
            Verb::Show { id } => output::object(format, &self.remote.get(&format!("/api/v1/orders/{id}")).await?),
            Verb::Amend(amend) => {
                let path = format!("/api/v1/orders/{}", amend.id);
                output::object(format, &self.remote.patch(&path, &amend.request()).await?);
            }
            Verb::Cancel { id } => output::object(format, &self.remote.delete(&format!("/api/v1/orders/{id}")).await?),
        }
        Ok(())
    }
}

impl Create {
    pub(crate) fn request(self) -> Result<Value, Fault> {
        let mut request = match &self.file {
            Some(path) => read(path)?,
            None => Map::new(),
        };
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                request.insert(name.to_owned(), value);
            }
        };
        set("tenantAddress", self.tenant_address.map(Value::from));
        set("maxPrice", self.max_price.map(Value::from));
        set("per", self.per.map(Value::from));
        set("trustLevels", (!self.trust_levels.is_empty()).then(|| json!(self.trust_levels)));
        set("quantity", self.quantity.map(Value::from));
        set("durationBlocks", self.duration_blocks.map(Value::from));
        set("durationSeconds", self.duration_seconds.map(Value::from));
        set("mode", self.mode.map(Value::from));
        set("closesAt", self.closes_at.map(Value::from));
        set("auctionSeconds", self.auction_seconds.map(Value::from));
        set("timeInForce", self.time_in_force.map(Value::from));
        set("expiresAt", self.expires_at.map(Value::from));
        set("postOnly", self.post_only.then_some(true.into()));
        set("selfTrade", self.self_trade.map(Value::from));
        set("clientOrderId", self.client_order_id.map(Value::from));
        set("prepaySeconds", self.prepay_seconds.map(Value::from));

        let mut specification = match request.remove("specification") {
            Some(Value::Object(given)) => given,
            Some(other) => return Err(Fault::CouldNotRun(format!("specification is no object but {other}"))),
            None => Map::new(),
        };
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                specification.insert(name.to_owned(), value);
            }
        };
        set("image", self.image.map(Value::from));
        set("cpu", self.cpu.map(Value::from));
        set("memory", self.memory.map(Value::from));
        set("storage", self.storage.map(Value::from));
        set("ports", (!self.ports.is_empty()).then(|| json!(self.ports)));
        let env: BTreeMap<String, String> = self.env.into_iter().collect();
        set("env", (!env.is_empty()).then(|| json!(env)));
        request.insert("specification".to_owned(), specification.into());
        Ok(request.into())
    }
}

impl Amend {
    fn request(self) -> Value {
        given([
            ("maxPrice", self.max_price.map(Value::from)),
            ("per", self.per.map(Value::from)),
            ("trustLevels", (!self.trust_levels.is_empty()).then(|| json!(self.trust_levels))),
            ("quantity", self.quantity.map(Value::from)),
            ("expiresAt", self.expires_at.map(Value::from)),
        ])
    }
}

fn read(path: &std::path::Path) -> Result<Map<String, Value>, Fault> {
    let is_yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
    if is_yaml {
        let order = sdl::order(file::text(path)?.as_bytes());
        let order = order.map_err(|why| Fault::CouldNotRun(format!("{}: {why}", path.display())))?;
        return match serde_json::to_value(order) {
            Ok(Value::Object(order)) => Ok(order),
            _ => unreachable!("an order is an object"),
        };
    }
    serde_json::from_str(&file::text(path)?).or_fault(&path.display().to_string())
}

fn parse_port(text: &str) -> Result<Value, String> {
    let (ports, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (container, host) = ports.split_once(':').ok_or("is not CONTAINER:HOST")?;
    let number = |port: &str| port.parse::<u16>().map_err(|_| format!("{port} is no port"));
    Ok(json!({ "containerPort": number(container)?, "hostPort": number(host)?, "protocol": protocol }))
}

pub(crate) fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("is not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
