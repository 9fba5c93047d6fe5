//! `berth account`: an account's money, and its way in and out.

use std::time::Duration;

use berth_client::Client;
use berth_settlement::chain::{Address, Handed, Key, Network};
use berth_settlement::contract::{deposit, request_withdraw};
use berth_wire::domain::Stroops;
use berth_wire::request::{DepositRequest, WithdrawalRequest};
use berth_wire::response::{Transfer, TransferState};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::fault::{Fault, While};
use crate::keys;
use crate::mandate::Mandate;
use crate::output::{self, Format};
use crate::remote::{Remote, fault, query};

/// The most that a transaction may cost beside what it moves, in stroops: 1 XLM.
const FEE_MAX: u32 = 10_000_000;

#[derive(Args)]
pub(crate) struct Account {
    #[command(flatten)]
    remote: Remote,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Shows an account and its money.
    Show {
        /// Which; that of --key when left out.
        address: Option<String>,
    },
    /// What it has paid for leases, by day, market or provider.
    Spend(Spend),
    /// What the log says of it, entry by entry.
    History(History),
    /// Pays into it: builds the deposit, signs it with --key and hands it in. On a
    /// node that runs with --open test money is given without a key.
    Deposit(Transfers),
    /// Pays out of it, to the same key on the chain.
    Withdraw(Transfers),
    /// What the escrow contract may lock of its money for leases, and for how long;
    /// without it no lease is opened for the account. Signs it with --key.
    Mandate(Mandate),
}

#[derive(Args)]
struct Spend {
    /// Whose; that of --key when left out.
    address: Option<String>,
    /// day, market or provider.
    #[arg(long)]
    by: Option<String>,
    /// The first day, such as 2026-11-22 (UTC).
    #[arg(long)]
    from: Option<String>,
    /// The last day.
    #[arg(long)]
    to: Option<String>,
}

#[derive(Args)]
struct History {
    /// Whose; that of --key when left out.
    address: Option<String>,
    /// The first entry wanted.
    #[arg(long)]
    from: Option<u64>,
    /// Types of events, such as lease.paid or deposit.*, separated by commas.
    #[arg(long = "type")]
    types: Option<String>,
}

#[derive(Args)]
struct Transfers {
    /// How much, in XLM.
    #[arg(long)]
    amount: String,
    /// Whose account; that of --key when left out.
    #[arg(long)]
    address: Option<String>,
    /// Do not wait until the exchange has seen it.
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for that, in seconds.
    #[arg(long, default_value_t = 60)]
    wait_seconds: u64,
}

/// Which way money goes.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
}

impl Account {
    pub(crate) async fn run(self, format: Format) -> Result<(), Fault> {
        let Self { remote, verb } = self;
        match verb {
            Verb::Show { address } => {
                let path = format!("/api/v1/accounts/{}", named(&remote, address)?);
                output::object(format, &remote.get(&path).await?);
            }
            Verb::Spend(spend) => {
                let by = spend.by.unwrap_or_else(|| "day".to_owned());
                let path = format!("/api/v1/accounts/{}/spend", named(&remote, spend.address)?);
                let parameters = [("by", Some(by.clone())), ("from", spend.from), ("to", spend.to)];
                let rows = remote.list(&query(&path, parameters)).await?;
                let column = if by == "provider" { "providerId" } else { &by };
                output::list(format, &rows, &[column, "leases", "paid"]);
            }
            Verb::History(history) => {
                let path = format!("/api/v1/accounts/{}/history", named(&remote, history.address)?);
                let parameters = [("cursor", history.from.map(|seq| seq.to_string())), ("type", history.types)];
                let entries = remote.list(&query(&path, parameters)).await?;
                let rows: Vec<Value> = if format == Format::Table { rows(&entries) } else { entries };
                output::list(format, &rows, &["seq", "at", "event", "what"]);
            }
            Verb::Deposit(transfer) => output::object(format, &transfer.carry_out(&remote, Way::In).await?),
            Verb::Mandate(mandate) => output::object(format, &mandate.carry_out(&remote).await?),
            Verb::Withdraw(transfer) => output::object(format, &transfer.carry_out(&remote, Way::Out).await?),
        }
        Ok(())
    }
}

/// The account that is named, else that of the key, as a part of a path.
fn named(remote: &Remote, name: Option<String>) -> Result<String, Fault> {
    let name = match (name, &remote.key) {
        (Some(name), _) => name,
        (None, Some(file)) => keys::address(&Key::read(file).or_fault("--key")?),
        (None, None) => return Err(Fault::CouldNotRun("name an account, or give --key".to_owned())),
    };
    Ok(named_path(&name))
}

/// A row for each event of some entries.
fn rows(entries: &[Value]) -> Vec<Value> {
    let row = |entry: &Value, event: &Value| {
        let mut what = event.clone();
        let kind = what.as_object_mut().and_then(|fields| fields.remove("type")).unwrap_or_default();
        json!({ "seq": entry["seq"], "at": entry["at"], "event": kind, "what": what.to_string() })
    };
    let events = |entry: &Value| entry["events"].as_array().cloned().unwrap_or_default();
    entries.iter().flat_map(|entry| events(entry).into_iter().map(|event| row(entry, &event))).collect()
}

impl Transfers {
    async fn carry_out(self, remote: &Remote, way: Way) -> Result<Value, Fault> {
        let amount: Stroops = self.amount.parse().or_fault("--amount")?;
        let key = remote.key.as_deref().map(Key::read).transpose().or_fault("--key")?;
        let signer = key.as_ref().map(keys::address);
        let address = self.address.clone().or_else(|| signer.clone());
        let address =
            address.ok_or_else(|| Fault::CouldNotRun("name an account by --address, or give --key".to_owned()))?;
        // What is signed for the chain shows who asks: the account need not be known
        // to the node yet.
        let client = Client::new(&remote.url, None).or_fault("--url")?;
        let seen = client.health().await.map_err(fault)?.seq;
        let asked = Asked { client: &client, way };
        let begun = asked.begin(&address, signer, amount).await?;
        let told = match begun.state {
            TransferState::ToSign => {
                let Some(key) = &key else {
                    let needed = format!("--key is needed: the node cannot sign for {address}");
                    return Err(Fault::CouldNotRun(needed));
                };
                asked.hand_in(sign(&begun, way, key, &address, amount)?).await?
            }
            TransferState::HandedIn | TransferState::Done => begun,
        };
        let mut answer = serde_json::to_value(&told).expect("texts and numbers are JSON");
        if !self.no_wait {
            let (event, account) = self.wait(&client, way, &address, seen).await?;
            answer["state"] = event.into();
            answer["balances"] = account["balances"].clone();
        }
        Ok(answer)
    }

    /// Waits until the exchange has seen it; gives the event that says so, and the
    /// account then.
    async fn wait(&self, client: &Client, way: Way, address: &str, seen: u64) -> Result<(String, Value), Fault> {
        let kind = match way {
            Way::In => "deposit.credited",
            Way::Out => "withdrawal.paid",
        };
        let path = format!("/api/v1/accounts/{}", named_path(address));
        let history = format!("{path}/history?type={kind}&cursor={}", seen + 1);
        let wait = Duration::from_secs(self.wait_seconds);
        let found = tokio::time::timeout(wait, async {
            loop {
                // An account that is not there yet has no history.
                let told = client.get::<Value>(&history).await;
                if told.is_ok_and(|told| told["items"].as_array().is_some_and(|items| !items.is_empty())) {
                    return client.get::<Value>(&path).await.map_err(fault);
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        });
        match found.await {
            Ok(account) => Ok((kind.to_owned(), account?)),
            Err(_) => Err(Fault::CouldNotRun(format!(
                "it is handed in, and the exchange has not seen it after {} s: look with berth account show",
                self.wait_seconds
            ))),
        }
    }
}

/// A name as a part of a path.
fn named_path(name: &str) -> String {
    let mut url = reqwest::Url::parse("http://node/").expect("it is a URL");
    url.path_segments_mut().expect("it has a path").clear().push(name);
    url.path().trim_start_matches('/').to_owned()
}

/// A node that is asked to move money.
struct Asked<'a> {
    client: &'a Client,
    way: Way,
}

impl Asked<'_> {
    async fn begin(&self, address: &str, signer: Option<String>, amount: Stroops) -> Result<Transfer, Fault> {
        let name = |name: &str| {
            berth_wire::address::Name::new(name).map_err(|why| Fault::CouldNotRun(format!("--address {why}")))
        };
        let address = Some(name(address)?);
        let begun = match self.way {
            Way::In => {
                let from = signer.as_deref().map(name).transpose()?;
                let request = DepositRequest { address, from, amount: Some(amount), transaction: None };
                self.client.deposit(&request).await
            }
            Way::Out => {
                let request = WithdrawalRequest { address, amount: Some(amount), transaction: None };
                self.client.withdraw(&request).await
            }
        };
        begun.map_err(fault)
    }

    async fn hand_in(&self, transaction: String) -> Result<Transfer, Fault> {
        let transaction = Some(transaction);
        let handed_in = match self.way {
            Way::In => self.client.deposit(&DepositRequest { transaction, ..Default::default() }).await,
            Way::Out => self.client.withdraw(&WithdrawalRequest { transaction, ..Default::default() }).await,
        };
        handed_in.map_err(fault)
    }
}

/// Signs what the node has built, when it is what was asked for and no more.
fn sign(begun: &Transfer, way: Way, key: &Key, address: &str, amount: Stroops) -> Result<String, Fault> {
    let wrong = |what: &str| Fault::CouldNotRun(format!("the node's transaction is not signed: it {what}"));
    let envelope = begun.transaction.as_deref().ok_or_else(|| wrong("is missing"))?;
    let handed = Handed::read(envelope).map_err(|why| wrong(&why.to_string()))?;
    let contract: Address = begun.contract.parse().map_err(|_| wrong("names no contract"))?;
    let account: Address = address.parse().map_err(|_| wrong("is for no account of the chain"))?;
    let network = Network { passphrase: begun.network_passphrase.clone(), friendbot: None };
    let token = network.native_token();
    let expected = match way {
        Way::In => deposit(contract, key.address(), account, token, amount),
        Way::Out => request_withdraw(contract, key.address(), token, amount),
    };
    if handed.call != expected || handed.source != key.address() {
        return Err(wrong("is another than what was asked for"));
    }
    if handed.fee > FEE_MAX {
        return Err(wrong("may cost more than 1 XLM"));
    }
    Ok(handed.signed_by(key, network.id()))
}
