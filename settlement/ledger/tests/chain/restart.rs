//! What is still there after the process has ended.

use crate::client::{Network, pay};
use crate::contract::{Escrow, amount, native};
use berth_ledger::{Config, Error, Server};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_finds_the_same_chain() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path()).await;
    let (tenant, other) = (network.person().await, network.person().await);
    let escrow = Escrow::deploy(&network, &other).await;
    let deposit = |stroops| escrow.call("deposit", vec![tenant.value(), tenant.value(), native(), amount(stroops)]);
    let found = network.perform(&tenant, deposit(1_000)).await;
    let hash = found["txHash"].as_str().unwrap().to_owned();
    let facts = async |network: &Network| {
        let mut transaction = network.call("getTransaction", json!({ "hash": hash })).await;
        let mut events = network.call("getEvents", json!({ "startLedger": 1 })).await;
        let mut transactions = network.call("getTransactions", json!({ "startLedger": 1 })).await;
        // These name the head, which moves on.
        for answer in [&mut transaction, &mut events, &mut transactions] {
            for name in ["latestLedger", "latestLedgerCloseTime", "latestLedgerCloseTimestamp"] {
                answer[name] = Value::Null;
            }
        }
        events["cursor"] = Value::Null;
        let account = network.account(&tenant).await.unwrap();
        (transaction, events, transactions, account, escrow.balance(network, &tenant).await)
    };
    let before = facts(&network).await;
    let head = network.call("getLatestLedger", json!({})).await;
    network.shutdown().await;

    let network = Network::start(folder.path()).await;
    let after = facts(&network).await;
    assert_eq!(after, before);
    assert!(after.1["events"].as_array().unwrap().len() >= 2);
    let next = network.call("getLatestLedger", json!({})).await;
    assert!(next["sequence"].as_u64() >= head["sequence"].as_u64());
    let time = |head: &Value| head["closeTime"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time(&next) >= time(&head));
    // Compiled contracts and sequence numbers go on where they were.
    network.perform(&tenant, deposit(1)).await;
    assert_eq!(escrow.balance(&network, &tenant).await, 1_001);
    assert_eq!(
        network.settle(&tenant.sign(network.transaction(&tenant, pay(&other, 5)).await)).await["status"],
        "SUCCESS"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_kept_for_the_retention_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { close_ms: 10, retention_ledgers: 20, ..Config::new(folder.path()) };
    let server = Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let network = Network::over(server);
    let person = network.person().await;
    let born = network.call("getTransactions", json!({ "startLedger": 1 })).await;
    let hash = born["transactions"][0]["txHash"].as_str().unwrap().to_owned();
    let health = async || network.call("getHealth", json!({})).await;
    while health().await["oldestLedger"].as_u64().unwrap() < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let gone = network.call("getTransaction", json!({ "hash": hash })).await;
    assert_eq!(gone["status"], "NOT_FOUND");
    // State is not history.
    assert!(network.account(&person).await.is_some());
    let old = network.ask("getEvents", json!({ "startLedger": 2 })).await;
    assert_eq!(old["error"]["code"], -32600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_belongs_to_one_network_and_the_public_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let start = async |passphrase: &str| {
        let config = Config { passphrase: passphrase.to_owned(), ..Config::new(folder.path()) };
        Server::start(config, "127.0.0.1:0".parse().unwrap()).await
    };
    let public = start("Public Global Stellar Network ; September 2015").await;
    assert!(matches!(public, Err(Error::PublicPassphrase)));
    start("One Network").await.unwrap().shutdown().await.unwrap();
    assert!(matches!(start("Another Network").await, Err(Error::OtherNetwork)));
    start("One Network").await.unwrap().shutdown().await.unwrap();
}
