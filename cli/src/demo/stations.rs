//! The stations of the line, from an order to its payment. Each waits for what
//! really happened; each may be repeated, so that a demo that was cut off goes
//! on where it was.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use berth_client::{Client, ClientError};
use berth_domain::Stroops;
use berth_journal::DataDir;
use berth_settlement::chain::{Key, Sender};
use berth_settlement::contract::Escrow;
use berth_settlement::fund;
use berth_wire::proof::ProofChain;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::cast::Cast;
use super::feed::Feed;
use super::show::Show;
use super::{Demo, image, money};
use crate::fault::{Fault, While};
use crate::keys;
use crate::remote::fault;
use crate::serve::connect;
use crate::settle::Books;

const POLL: Duration = Duration::from_millis(100);
/// Room for a process that is killed on the way and comes back.
const STATION_TIME_MAX: Duration = Duration::from_secs(180);
/// How long the lease runs before the tenant stops it.
const SECONDS_TO_PAY: u64 = 5;
/// What the tenant deposits: the order holds about 2,778 XLM.
const DEPOSIT: &str = "5000";

pub(super) async fn play(demo: &Demo, cast: &mut Cast, show: &Arc<Show>) -> Result<(), Fault> {
    let engine = image::engine(demo.docker.as_deref()).await?;
    let image = match &demo.image {
        Some(image) => image.clone(),
        None => image::page(&engine).await?.to_owned(),
    };

    cast.start_ledger()?;
    let rpc = Arc::new(connect(cast.rpc_url()).await?);
    show.station(1, "ledger", &format!("{} at {}", rpc.network().passphrase, cast.rpc_url()));

    cast.start_node()?;
    let client = Client::new(&cast.node_url(), None).or_fault("the node's address")?;
    let health =
        until("the node is ready", || client.get::<Value>("/health"), |health| health["status"] == "ready").await?;
    let books = Books::read(&cast.node_data())?;
    let escrow = books.escrow(cast.rpc_url()).await?;
    show.station(1, "contract", &format!("the escrow, {}", escrow.id()));
    show.station(1, "node", &format!("{} on log {}…", cast.node_url(), &text(&health["logId"])[..12]));
    let seq = health["seq"].as_u64().unwrap_or(0);
    let _feed = Feed::follow(&client, seq, show.clone());

    cast.start_providers()?;
    for host in &cast.hosts {
        let address = keys::address(&host.key);
        let path = format!("/api/v1/providers?address={address}");
        let hosts = until("a provider has joined", || client.get::<Value>(&path), has_items).await?;
        let id = &hosts["items"][0]["id"];
        let path = format!("/api/v1/bids?providerId={id}&state=open");
        until("a provider bids", || client.get::<Value>(&path), has_items).await?;
        let what = format!("provider {id}, trust {}, asks {} XLM per vCPU-hour", host.level, host.price);
        show.station(2, host.name, &what);
    }

    let tenant = keys::address(&cast.tenant);
    let account = format!("/api/v1/accounts/{tenant}");
    until("the deposit is made", || deposit(&escrow, &cast.tenant), |()| true).await?;
    let funded = until(
        "the deposit is credited",
        || client.get::<Value>(&account),
        |account| !account["balances"][0]["available"].is_null(),
    )
    .await?;
    show.station(
        3,
        "deposit",
        &format!("tenant {}… has {} XLM", &tenant[..6], text(&funded["balances"][0]["available"])),
    );

    let run = kept_run(cast)?;
    let request = order(&tenant, &image, &format!("demo-{run}"));
    let order =
        until("the order is taken", || client.post::<Value, Value>("/api/v1/orders", &request), |_| true).await?;
    show.station(3, "order", &format!("order {}: {} for up to 100 XLM per vCPU-hour", order["id"], image));

    let path = format!("/api/v1/orders/{}", order["id"]);
    let filled = until(
        "the order is matched",
        || client.get::<Value>(&path),
        |order| order["leases"].as_array().is_some_and(|leases| !leases.is_empty()),
    )
    .await?;
    let lease_id = filled["leases"][0].as_u64().ok_or_else(|| Fault::CouldNotRun("an order without a lease".into()))?;
    let path = format!("/api/v1/leases/{lease_id}");
    let read = || client.get::<Value>(&path);
    let lease = until("the lease is there", read, |_| true).await?;
    show.station(
        4,
        "match",
        &format!(
            "lease {lease_id} with provider {} ({}) at {} XLM",
            lease["providerId"],
            text(&lease["trustLevel"]),
            text(&lease["price"])
        ),
    );

    let lease = until("the escrow is locked", read, |lease| {
        lease["escrowTx"].as_array().is_some_and(|tx| !tx.is_empty()) || lease["state"] == "closed"
    })
    .await?;
    if lease["state"] == "closed" && !lease["paid"].as_bool().unwrap_or(false) && lease["startedAt"].is_null() {
        return Err(Fault::Refused(format!("the lease closed: {} {}", text(&lease["reason"]), text(&lease["detail"]))));
    }
    show.station(
        5,
        "escrow",
        &format!("{} XLM locked by transaction {}…", text(&lease["escrow"]), &text(&lease["escrowTx"][0])[..12]),
    );

    let lease = until("the container runs", read, |lease| {
        matches!(lease["state"].as_str(), Some("running" | "closing" | "closed"))
    })
    .await?;
    if lease["startedAt"].is_null() {
        return Err(Fault::Refused(format!(
            "the lease did not start: {} {}",
            text(&lease["reason"]),
            text(&lease["detail"])
        )));
    }
    if lease["state"] == "running" {
        page(show, &lease, &read).await?;
        until("pay accrues", read, |lease| lease["evidencedSeconds"].as_u64() >= Some(SECONDS_TO_PAY)).await?;
    }
    let body = json!({ "tenantAddress": tenant });
    let stop = format!("{path}/stop");
    let stopped = until("the stop is taken", || client.post::<Value, Value>(&stop, &body), |_| true).await?;
    show.station(7, "stop", &format!("the tenant stops lease {lease_id} ({})", text(&stopped["state"])));

    let lease = until("the contract has paid", read, |lease| lease["paid"] == true).await?;
    let (cost, fee): (Stroops, Stroops) = (
        text(&lease["cost"]).parse().or_fault("reading the cost")?,
        text(&lease["fee"]).parse().or_fault("reading the fee")?,
    );
    let escrowed: Stroops = text(&lease["escrow"]).parse().or_fault("reading the escrow")?;
    show.station(
        7,
        "paid",
        &format!(
            "{} s: provider {} XLM, platform {} XLM, refund {} XLM",
            lease["evidencedSeconds"],
            cost - fee,
            fee,
            escrowed - cost
        ),
    );
    let node = cast.node_data();
    let compared = until(
        "the contract can be asked",
        || async { money::compare(cast, &node).await.map_err(Asked::from) },
        |_| true,
    );
    show.detail(&compared.await?);

    replayed(cast, show, &client).await?;
    let path = format!("{path}/proof");
    let proof: ProofChain = until("the proof is there", || client.get(&path), |_| true).await?;
    proof.check().map_err(|wrong| Fault::Refused(format!("the proof chain is wrong: {wrong}")))?;
    if proof.steps.len() != 9 {
        return Err(Fault::Refused(format!("the proof chain has {} steps, not 9", proof.steps.len())));
    }
    show.station(8, "proof", "nine steps, every hash recomputed from the lease's public record");
    fs::write(run_file(cast), (run + 1).to_string()).or_fault("counting the runs")
}

/// Pays into the contract what its tenant lacks there. It may be cut off and
/// repeated: what has arrived by then is not paid twice.
async fn deposit(escrow: &Escrow, tenant: &Key) -> Result<(), Asked> {
    let wanted: Stroops = DEPOSIT.parse().expect("the demo's deposit is an amount");
    let address = tenant.address();
    fund(escrow.rpc(), address).await.map_err(Asked::away)?;
    if escrow.balance(address).await.map_err(Asked::away)? < wanted {
        let call = escrow.deposit(address, address, wanted);
        Sender::new(escrow.rpc().clone(), tenant.clone()).call(call).await.map_err(Asked::away)?;
    }
    Ok(())
}

/// Fetches the container's page over its published port.
async fn page<F>(show: &Show, lease: &Value, read: &impl Fn() -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<Value, ClientError>>,
{
    let lease = if has_port(lease) { lease.clone() } else { until("the port is told", read, has_port).await? };
    let url = format!("http://127.0.0.1:{}/", lease["containers"][0]["ports"][0]["hostPort"]);
    let html = until("the page is served", || async { reqwest::get(&url).await?.text().await }, |_| true).await?;
    show.station(6, "container", &format!("{} serves {url}", &text(&lease["containers"][0]["id"])[..12]));
    show.detail(&readable(&html));
    Ok(())
}

fn has_port(lease: &Value) -> bool {
    lease["containers"][0]["ports"][0]["hostPort"].is_u64()
}

/// Replays the log in this process, from nothing, and compares with the node.
async fn replayed(cast: &Cast, show: &Show, client: &Client) -> Result<(), Fault> {
    let head: Value = until("the node tells its state hash", || client.get("/api/v1/log/head"), |_| true).await?;
    let seq = head["seq"].as_u64().unwrap_or(0);
    let mut found = None;
    berth_journal::replay(&DataDir::new(cast.node_data()), |_, replica| {
        if replica.exchange().head().0 == seq {
            found = Some(replica.exchange().state_hash().root().to_string());
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    })
    .or_fault("replaying the log")?;
    let found = found.ok_or_else(|| Fault::Refused(format!("no batch of the log ends at entry {seq}")))?;
    if found != text(&head["stateHash"]) {
        return Err(Fault::Refused(format!("replay ends in {found}, the node is at {}", text(&head["stateHash"]))));
    }
    show.station(8, "replay", &format!("{seq} entries from nothing: state hash {}… again", &found[..16]));
    Ok(())
}

/// The order of the first document: image, resources, a port and a variable.
fn order(tenant: &str, image: &str, client_order_id: &str) -> Value {
    json!({
        "tenantAddress": tenant,
        "maxPrice": "100",
        "trustLevels": ["Five", "Four"],
        "quantity": 1,
        "durationBlocks": 10_000,
        "clientOrderId": client_order_id,
        "specification": {
            "image": image,
            "cpu": 2,
            "memory": 1_024,
            "storage": 10,
            "ports": [{ "containerPort": 80, "hostPort": 8_080, "protocol": "tcp" }],
            "env": { "NGINX_HOST": "example.com", "PORT": "80" },
        },
    })
}

/// Asks again until the answer is as wanted. Somebody may be starting again at
/// this moment, so only time ends it, or a refusal.
async fn until<T, E, F>(what: &str, ask: impl Fn() -> F, wanted: impl Fn(&T) -> bool) -> Result<T, Fault>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Asked>,
{
    let deadline = Instant::now() + STATION_TIME_MAX;
    loop {
        let last = match ask().await.map_err(Into::into) {
            Ok(answer) if wanted(&answer) => return Ok(answer),
            Ok(_) => "it has not happened".to_owned(),
            Err(Asked::Refused(fault)) => return Err(fault),
            Err(Asked::Away(words)) => words,
        };
        if Instant::now() >= deadline {
            return Err(Fault::CouldNotRun(format!("waited {} s until {what}: {last}", STATION_TIME_MAX.as_secs())));
        }
        sleep(POLL).await;
    }
}

/// Why a question came to nothing this time.
enum Asked {
    /// No use asking again.
    Refused(Fault),
    /// Nobody there, or not yet.
    Away(String),
}

impl Asked {
    fn away(error: impl std::fmt::Display) -> Self {
        Self::Away(error.to_string())
    }
}

impl From<ClientError> for Asked {
    fn from(error: ClientError) -> Self {
        match &error {
            // What is not there yet may come; an overloaded or starting node
            // says that it should be asked again.
            ClientError::Refused { status, .. } if !error.may_retry() && *status != Some(404) => {
                Self::Refused(fault(error))
            }
            _ => Self::Away(error.to_string()),
        }
    }
}

impl From<Fault> for Asked {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(_) => Self::Refused(fault),
            Fault::CouldNotRun(words) => Self::Away(words),
        }
    }
}

impl From<reqwest::Error> for Asked {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(error.to_string())
    }
}

fn has_items(list: &Value) -> bool {
    list["items"].as_array().is_some_and(|items| !items.is_empty())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn run_file(cast: &Cast) -> std::path::PathBuf {
    cast.data().join("run")
}

/// Which run this is: one that was cut off is gone on with.
fn kept_run(cast: &Cast) -> Result<u64, Fault> {
    match fs::read_to_string(run_file(cast)) {
        Ok(text) => text.trim().parse().or_fault("reading the number of the run"),
        Err(_) => Ok(1),
    }
}

/// A page's text without its tags, a line a block.
fn readable(html: &str) -> String {
    let body = html.split("<body").nth(1).and_then(|body| body.split_once('>')).map_or(html, |(_, body)| body);
    let mut text = String::new();
    let mut in_tag = false;
    for c in body.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push('\n');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20).collect();
    lines.join(" · ")
}
