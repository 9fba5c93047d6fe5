//! Wallets log in with the official SDKs and trade on a node without `--open`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Node, berth, free_port, get, until};
use crate::questions::post;

/// The accounts of the two wallets, with the secrets of their keys: 32 times the
/// byte 1, and 32 times the byte 2.
const WALLETS: [(&str, &str); 2] = [
    (
        "GCFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYOJR",
        "SAAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQC5MY",
    ),
    (
        "GCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZI55U",
        "SABAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAFNE7",
    ),
];

const ORDER: &str =
    r#"{"maxPrice":"1","durationSeconds":3600,"specification":{"image":"none:here","cpu":1,"memory":64}}"#;

/// A ledger that outlives the node that deployed to it.
struct Ledger(Child, String);

impl Ledger {
    fn start(data: &Path) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(berth());
        command.args(["ledger", "--listen", &listen, "--data"]).arg(data);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary runs");
        Self(child, format!("http://{listen}"))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn target(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(path);
    assert!(path.exists(), "{} is not there: run scripts/setup test", path.display());
    path
}

/// What a wallet's program prints.
fn wallet(program: &Path, args: &[&str]) -> Value {
    let output = Command::new(program).args(args).output().expect("it runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

#[test]
fn wallets_of_both_sdks_log_in_and_trade() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("node");
    let order = folder.path().join("order.json");
    std::fs::write(&order, ORDER).expect("it can be written");
    let order = order.to_str().expect("a plain name");
    let ledger = Ledger::start(&folder.path().join("ledger"));

    // Money for the wallets, and the contract.
    let node = Node::start(&data, &["--open", "--rpc", &ledger.1]);
    for (address, _) in WALLETS {
        let named = ORDER.replace("{\"maxPrice", &format!("{{\"tenantAddress\":\"{address}\",\"maxPrice"));
        post(&format!("{}/api/v1/orders", node.url), &named);
    }
    drop(node);

    // A machine that tests has less room than one that trades.
    let node = Node::start(&data, &["--rpc", &ledger.1, "--ballast", "64", "--stop-below", "2"]);
    assert_eq!(get(&format!("{}/health", node.url)).expect("it answers")["mode"], "closed");
    let script = |name: &str| format!("{}/tests/line/{name}", env!("CARGO_MANIFEST_DIR"));
    let modules = target("node/node_modules");
    let [javascript, python] = WALLETS.map(|(_, secret)| secret);
    let answers = [
        wallet(
            &target("node/node_modules/.bin/node"),
            &[&script("login.mjs"), modules.to_str().expect("a plain name"), &node.url, javascript, order],
        ),
        wallet(&target("python/bin/python"), &[&script("login.py"), &node.url, python, order]),
    ];
    for (answer, (address, _)) in answers.iter().zip(WALLETS) {
        assert_eq!((&answer["account"], &answer["login"]), (&json!(address), &json!(200)), "{answer}");
        assert_eq!(answer["again"]["status"], 400, "a challenge is answered once: {answer}");
        assert!(answer["again"]["body"]["error"].is_string(), "{answer}");
        let placed = &answer["placed"]["body"];
        assert_eq!((&answer["placed"]["status"], &placed["tenantAddress"]), (&json!(201), &json!(address)), "{answer}");
        let path = format!("{}/api/v1/orders/{}", node.url, placed["id"]);
        until("the order is there", &path, |order| order["tenantAddress"] == address);
    }
}
