//! The ledger in a process of its own, killed without warning.

use crate::client::{Network, pay};
use berth_ledger::{Config, Server};
use serde_json::json;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const FOLDER: &str = "BERTH_LEDGER_TEST_FOLDER";

/// Not a test: what the child process runs. It ends when it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run as a child by the tests here"]
async fn serve_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let config = Config { close_ms: 20, ..Config::new(folder.join("ledger")) };
    let server = Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let file = folder.join("url.new");
    std::fs::write(&file, server.url()).unwrap();
    std::fs::rename(file, folder.join("url")).unwrap();
    // Longer than any test here takes; a child is never left behind for ever.
    tokio::time::sleep(Duration::from_secs(120)).await;
}

struct Process(Child);

impl Process {
    async fn start(folder: &Path) -> (Self, Network) {
        let _none_at_first = std::fs::remove_file(folder.join("url"));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::serve_until_killed", "--ignored"])
            .env(FOLDER, folder)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let url = loop {
            match std::fs::read_to_string(folder.join("url")) {
                Ok(url) => break url,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        (Self(child), Network::at(url))
    }

    /// SIGKILL.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_seen_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut process, mut network) = Process::start(folder.path()).await;
    let (payer, payee) = (network.person().await, network.person().await);
    let start = network.account(&payee).await.unwrap().balance;
    let mut seen = Vec::new();
    for round in 0..5 {
        // Some that are seen in a ledger, and one that may or may not enter.
        for _ in 0..3 {
            let tx = network.transaction(&payer, pay(&payee, 1)).await;
            let found = network.settle(&payer.sign(tx)).await;
            seen.push((found["txHash"].clone(), found["ledger"].clone(), found["resultMetaXdr"].clone()));
        }
        let last = payer.sign(network.transaction(&payer, pay(&payee, 1)).await);
        let sent = network.send(&last).await;
        assert_eq!(sent["status"], "PENDING");
        tokio::time::sleep(Duration::from_millis(7 * round)).await;
        let head = network.call("getLatestLedger", json!({})).await;
        process.kill();

        (process, network) = Process::start(folder.path()).await;
        let after = network.call("getLatestLedger", json!({})).await;
        assert!(after["sequence"].as_u64() >= head["sequence"].as_u64());
        let time = |head: &serde_json::Value| head["closeTime"].as_str().unwrap().parse::<u64>().unwrap();
        assert!(time(&after) >= time(&head));
        for (hash, ledger, meta) in &seen {
            let found = network.call("getTransaction", json!({ "hash": hash })).await;
            assert_eq!((&found["ledger"], &found["resultMetaXdr"]), (ledger, meta));
        }
        // The last one entered whole or not at all; sending it again settles it.
        let again = network.send(&last).await;
        assert!(again["status"] == "PENDING" || again["status"] == "ERROR", "{again}");
        let found = network.find(again["hash"].as_str().unwrap()).await;
        assert_eq!(found["status"], "SUCCESS");
        seen.push((found["txHash"].clone(), found["ledger"].clone(), found["resultMetaXdr"].clone()));
        let balance = network.account(&payee).await.unwrap().balance;
        assert_eq!(balance, start + seen.len() as i64);
    }
    process.kill();
}
