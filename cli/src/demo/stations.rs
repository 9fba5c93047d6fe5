//! The stations of the line, from an order to its payment. Each waits for what
//! really happened; each may be repeated, so that a demo that was cut off goes
//! on where it was.

use std::sync::Arc;

use berth_client::Client;
use berth_domain::Stroops;
use berth_executor::docker::Engine;
use berth_journal::DataDir;
use berth_settlement::contract::Escrow;
use berth_wire::proof::ProofChain;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::asking::{Asked, begin, text, until};
use super::cast::Cast;
use super::feed::Feed;
use super::folder::Folder;
use super::show::Show;
use super::{Demo, image, money, page};
use crate::fault::{Fault, While};
use crate::keys;
use crate::serve::connect;
use crate::settle::Books;

/// How long the lease runs before the tenant stops it.
const SECONDS_TO_PAY: u64 = 5;

/// Plays all stations and answers the lease's number.
pub(super) async fn play(
    demo: &Demo,
    engine: &Engine,
    folder: &Folder,
    cast: &mut Cast,
    show: &Arc<Show>,
) -> Result<u64, Fault> {
    let image = match &demo.image {
        Some(image) => image.clone(),
        None => image::page(engine).await?.to_owned(),
    };
    cast.start_ledger()?;
    let rpc = connect(cast.rpc_url()).await?;
    show.station(1, "ledger", &format!("{} at {}", rpc.network().passphrase, cast.rpc_url()));

    cast.start_node()?;
    let client = Client::new(&cast.node_url(), None).or_fault("the node's address")?;
    let health =
        until("the node is ready", || client.get::<Value>("/health"), |health| health["status"] == "ready").await?;
    folder.keep_log(text(&health["logId"]))?;
    let books = Books::read(&cast.node_data())?;
    let escrow = books.escrow(cast.rpc_url()).await?;
    show.station(1, "contract", &format!("the escrow, {}", escrow.id()));
    show.station(1, "node", &format!("{} on log {}…", cast.node_url(), begin(text(&health["logId"]))));
    let mut feed = Feed::follow(&client, health["seq"].as_u64().unwrap_or(0), show.clone());

    cast.start_providers()?;
    join(cast, show, &client).await?;

    let run = folder.run()?;
    let order = order(&keys::address(&cast.tenant), &image, run);
    deposit(cast, show, &client, &escrow, &books, text(&order["clientOrderId"])).await?;
    let order: Value = until("the order is taken", || client.post("/api/v1/orders", &order), |_| true).await?;
    let most = text(&order["maxPrice"]);
    show.station(3, "order", &format!("order {}: {image} for up to {most} XLM per vCPU-hour", order["id"]));

    let lease = lease(show, &client, &order, &keys::address(&cast.tenant)).await;
    // Whether it went well or ended otherwise: there is nothing to go on with.
    // A lease that only takes longer than the demo waits is gone on with.
    if !matches!(lease, Err(Fault::CouldNotRun(_))) {
        folder.end_run(run)?;
    }
    let lease = lease?;
    feed.shows_paid(lease).await;

    let node = cast.node_data();
    let compared = until(
        "the contract can be asked",
        || async { money::compare(cast, &node).await.map_err(Asked::from) },
        |_| true,
    );
    show.detail(&compared.await?);
    replayed(cast, show, &client).await?;
    proven(show, &client, lease).await?;
    Ok(lease)
}

/// Two providers of different price and trust.
async fn join(cast: &Cast, show: &Show, client: &Client) -> Result<(), Fault> {
    for host in &cast.hosts {
        let path = format!("/api/v1/providers?address={}", keys::address(&host.key));
        let hosts = until("a provider has joined", || client.get::<Value>(&path), has_items).await?;
        let joined = &hosts["items"][0];
        let (id, level) = (&joined["id"], text(&joined["trustLevel"]));
        let path = format!("/api/v1/bids?providerId={id}&state=open");
        let bids = until("a provider bids", || client.get::<Value>(&path), has_items).await?;
        let price = text(&bids["items"][0]["bidPrice"]);
        show.station(2, host.name, &format!("provider {id}, trust {level}, asks {price} XLM per vCPU-hour"));
    }
    Ok(())
}

/// The tenant pays in, unless the order of this run is placed already.
async fn deposit(
    cast: &Cast,
    show: &Show,
    client: &Client,
    escrow: &Escrow,
    books: &Books,
    client_order_id: &str,
) -> Result<(), Fault> {
    let tenant = cast.tenant.address();
    let account = || money::account(client, tenant);
    let account = if books.has_order(tenant, client_order_id) {
        until("the tenant's account is told", account, |_| true).await?
    } else {
        let held = books.held(tenant);
        until("the deposit is made", || money::deposit(escrow, &cast.tenant, held), |()| true).await?;
        let both = || async {
            let there = money::balance(escrow, tenant).await.map_err(Asked::away)?;
            Ok::<_, Asked>((account().await?, there))
        };
        until("the deposit is credited", both, |(here, there)| here.available + here.held >= *there).await?.0
    };
    let (held, available) = (account.held, account.available);
    let also = if held == Stroops::ZERO { String::new() } else { format!(", and {held} XLM held for orders") };
    show.station(3, "deposit", &format!("tenant {}… has {available} XLM{also}", &tenant.to_string()[..6]));
    Ok(())
}

/// The order's lease, from its match to its payment. A fault of the kind
/// [`Fault::Refused`] says that the lease is over and was not what was wanted.
async fn lease(show: &Show, client: &Client, order: &Value, tenant: &str) -> Result<u64, Fault> {
    let path = format!("/api/v1/orders/{}", order["id"]);
    let matched = |order: &Value| order["leases"][0].is_u64() || order["state"] != "open";
    let order = until("the order is matched", || client.get::<Value>(&path), matched).await?;
    let Some(id) = order["leases"][0].as_u64() else {
        return Err(Fault::Refused(format!("the order is {} without a lease", text(&order["state"]))));
    };
    let path = format!("/api/v1/leases/{id}");
    let read = || client.get::<Value>(&path);
    let lease = until("the lease is there", read, |_| true).await?;
    let (provider, level) = (&lease["providerId"], text(&lease["trustLevel"]));
    let price = text(&lease["price"]);
    show.station(4, "match", &format!("lease {id} with provider {provider} ({level}) at {price} XLM"));

    let locked = |lease: &Value| lease["escrowTx"][0].is_string() || lease["state"] == "closed";
    let lease = until("the escrow is locked", read, locked).await?;
    if !lease["escrowTx"][0].is_string() {
        return Err(over(&lease));
    }
    let (escrow, tx) = (text(&lease["escrow"]), begin(text(&lease["escrowTx"][0])));
    show.station(5, "escrow", &format!("{escrow} XLM locked by transaction {tx}…"));

    let runs = |lease: &Value| matches!(text(&lease["state"]), "running" | "closing" | "closed");
    let lease = until("the container runs", read, runs).await?;
    if lease["startedAt"].is_null() && lease["state"] == "closed" {
        return Err(over(&lease));
    }
    let stop = async || {
        let (path, body) = (format!("{path}/stop"), json!({ "tenantAddress": tenant }));
        until("the stop is taken", || client.post::<Value, Value>(&path, &body), |_| true).await
    };
    if lease["state"] == "running" {
        if let Err(fault) = page::visit(show, &read).await {
            // The next run would not fare better with it.
            show.note("the container serves no page: its lease is stopped");
            stop().await?;
            until("the contract has paid", read, |lease| lease["paid"] == true).await?;
            return Err(Fault::Refused(fault.to_string()));
        }
        let paid_for = |lease: &Value| lease["evidencedSeconds"].as_u64() >= Some(SECONDS_TO_PAY);
        until("pay accrues", read, |lease| paid_for(lease) || lease["state"] == "closed").await?;
    }
    let lease = until("the lease is told", read, |_| true).await?;
    if lease["state"] == "closed" {
        show.station(7, "stop", &format!("lease {id} is closed ({})", text(&lease["reason"])));
    } else {
        let stopped = stop().await?;
        show.station(7, "stop", &format!("the tenant stops lease {id} ({})", text(&stopped["state"])));
    }

    let lease = until("the contract has paid", read, |lease| lease["paid"] == true).await?;
    if lease["startedAt"].is_null() {
        return Err(over(&lease));
    }
    let amount = |name: &str| text(&lease[name]).parse::<Stroops>().or_fault("reading the payment");
    let (escrow, cost, fee) = (amount("escrow")?, amount("cost")?, amount("fee")?);
    let (provider, refund) = (cost - fee, escrow - cost);
    let seconds = &lease["evidencedSeconds"];
    show.station(7, "paid", &format!("{seconds} s: provider {provider} XLM, platform {fee} XLM, refund {refund} XLM"));
    Ok(id)
}

/// A lease that closed too early to be the demo's.
fn over(lease: &Value) -> Fault {
    let (reason, detail) = (text(&lease["reason"]), text(&lease["detail"]));
    Fault::Refused(format!("lease {} closed before its time ({reason}) {detail}", lease["id"]))
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
    show.station(8, "replay", &format!("{seq} entries from nothing: state hash {}… again", begin(&found)));
    Ok(())
}

/// Checks the lease's proof chain from its public record.
async fn proven(show: &Show, client: &Client, lease: u64) -> Result<(), Fault> {
    let path = format!("/api/v1/leases/{lease}/proof");
    let proof: ProofChain = until("the proof is there", || client.get(&path), |_| true).await?;
    proof.check().map_err(|wrong| Fault::Refused(format!("the proof chain is wrong: {wrong}")))?;
    if proof.steps.len() != 9 {
        return Err(Fault::Refused(format!("the proof chain has {} steps, not 9", proof.steps.len())));
    }
    show.station(8, "proof", "nine steps, every hash recomputed from the lease's public record");
    Ok(())
}

/// The order of the first document: image, resources, a port and a variable.
/// Its own id is of the run and of what it asks for, so that going on with a
/// run repeats it and another image is another order.
fn order(tenant: &str, image: &str, run: u64) -> Value {
    let mut order = json!({
        "tenantAddress": tenant,
        "maxPrice": "100",
        "trustLevels": ["Five", "Four"],
        "quantity": 1,
        "durationBlocks": 10_000,
        "specification": {
            "image": image,
            "cpu": 2,
            "memory": 1_024,
            "storage": 10,
            "ports": [{ "containerPort": 80, "hostPort": 8_080, "protocol": "tcp" }],
            "env": { "NGINX_HOST": "example.com", "PORT": "80" },
        },
    });
    let hash = hex::encode(Sha256::digest(order.to_string()));
    order["clientOrderId"] = format!("demo-{run}-{}", &hash[..8]).into();
    order
}

fn has_items(list: &Value) -> bool {
    list["items"].as_array().is_some_and(|items| !items.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_repeated_within_its_run_and_another_image_is_another() {
        let id = |image, run| text(&order("G", image, run)["clientOrderId"]).to_owned();
        assert_eq!(id("nginx", 1), id("nginx", 1));
        assert_ne!(id("nginx", 1), id("nginx", 2));
        assert_ne!(id("nginx", 1), id("caddy", 1));
        // The longest id that the exchange takes.
        assert!(id("nginx", u64::MAX).len() <= 36);
    }
}
