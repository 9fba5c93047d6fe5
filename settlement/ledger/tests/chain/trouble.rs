//! What goes wrong on purpose.

use crate::client::{Network, pay};
use berth_ledger::{Config, Server, Trouble};
use serde_json::json;
use std::time::{Duration, Instant};

async fn troubled(folder: &std::path::Path, change: impl FnOnce(&mut Config)) -> Network {
    let mut config = Config { close_ms: 20, ..Config::new(folder) };
    change(&mut config);
    Network::over(Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_third_transaction_is_told_to_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let trouble = Trouble { try_again_every: 3, ..Trouble::default() };
    let network = troubled(folder.path(), |config| config.trouble = trouble).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let before = network.account(&payee).await.unwrap().balance;
    let mut told = Vec::new();
    for _ in 0..6 {
        let envelope = payer.sign(network.transaction(&payer, pay(&payee, 1)).await);
        let sent = network.send(&envelope).await;
        told.push(sent["status"].as_str().unwrap().to_owned());
        match told.last().unwrap().as_str() {
            "PENDING" => assert_eq!(network.find(sent["hash"].as_str().unwrap()).await["status"], "SUCCESS"),
            // It was forgotten, not kept.
            _ => {
                let from = network.sequence().await;
                while network.sequence().await < from + 3 {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let found = network.call("getTransaction", json!({ "hash": sent["hash"] })).await;
                assert_eq!(found["status"], "NOT_FOUND");
            }
        }
    }
    let (pending, later) = ("PENDING", "TRY_AGAIN_LATER");
    assert_eq!(told, [pending, pending, later, pending, pending, later]);
    assert_eq!(network.account(&payee).await.unwrap().balance, before + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fourth_ledger_closes_late() {
    let folder = tempfile::tempdir().unwrap();
    let trouble = Trouble { late_every: 4, late_ms: 500, ..Trouble::default() };
    let network = troubled(folder.path(), |config| config.trouble = trouble).await;
    let (mut last, mut since, mut waits) = (network.sequence().await, Instant::now(), Vec::new());
    // Twelve ledgers hold two late ones at least and three at most, unless this
    // machine is slow by itself.
    let first = last;
    while last < first + 12 {
        let now = network.sequence().await;
        if now > last {
            waits.push(since.elapsed());
            (last, since) = (now, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let late = waits.iter().filter(|wait| **wait >= Duration::from_millis(450)).count();
    assert!((2..=6).contains(&late) && waits.len() > late, "{waits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_retention_is_kept_to() {
    let folder = tempfile::tempdir().unwrap();
    let network = troubled(folder.path(), |config| config.retention_ledgers = 8).await;
    let health = async || network.call("getHealth", json!({})).await;
    while health().await["latestLedger"].as_u64().unwrap() < 30 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let health = health().await;
    let kept = health["latestLedger"].as_u64().unwrap() + 1 - health["oldestLedger"].as_u64().unwrap();
    assert!((8..=10).contains(&kept), "{health}");
    assert_eq!(health["ledgerRetentionWindow"], 8);
    let gone = network.ask("getEvents", json!({ "startLedger": 2 })).await;
    assert_eq!(gone["error"]["code"], -32600);
    assert!(gone["error"]["message"].as_str().unwrap().starts_with("startLedger must be within the ledger range: "));
}
