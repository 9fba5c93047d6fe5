//! Money on its way in and out: on a node without `--open`, whose accounts sign what
//! they pay with keys that the node never sees, and on one with it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Node, berth, free_port, get, json as answer, run, until};

/// A ledger that outlives the node that deployed to it.
struct Ledger(Child, String);

impl Ledger {
    fn start(data: &Path) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(berth());
        command.args(["ledger", "--listen", &listen, "--data"]).arg(data);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary runs");
        let ledger = Self(child, format!("http://{listen}"));
        // Whatever it answers, it listens.
        until_listening(&ledger.1);
        ledger
    }

    /// Has its friendbot open an account with test money.
    fn fund(&self, address: &str) {
        let url = format!("{}/friendbot?addr={address}", self.1);
        let told = Command::new("curl").args(["-sS", "-f", "-m", "30", &url]).output().expect("curl runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }
}

fn until_listening(url: &str) {
    for _ in 0..600 {
        let told = Command::new("curl").args(["-sS", "-m", "5", url]).output().expect("curl runs");
        if told.status.success() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("nobody listens at {url}");
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a route answers, good or bad.
fn post(url: &str, body: &str) -> Value {
    let sent = ["-sS", "-m", "60", "-H", "Content-Type: application/json", "-d", body, url];
    let told = Command::new("curl").args(sent).output().expect("curl runs");
    serde_json::from_slice(&told.stdout).expect("it answers JSON")
}

fn balance(url: &str, address: &str, what: &str) -> Value {
    get(&format!("{url}/api/v1/accounts/{address}")).expect("it answers")["balances"][0][what].clone()
}

#[test]
fn an_account_pays_into_a_closed_node_and_out_again_with_a_key_of_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let ledger = Ledger::start(&folder.path().join("ledger"));
    // It deploys the contract and gives nobody money.
    drop(Node::start(&folder.path().join("node"), &["--open", "--rpc", &ledger.1]));
    let node = Node::start(&folder.path().join("node"), &["--rpc", &ledger.1, "--ballast", "64", "--stop-below", "2"]);
    let key = path("tenant.key");
    let address = answer(&["keys", "new", &key, "-o", "json"])["address"].as_str().expect("an address").to_owned();

    let account = |args: &[&str]| {
        let (verb, rest) = args.split_first().expect("a verb");
        let mut all = vec!["account", verb, "--url", &node.url, "--key", &key, "-o", "json"];
        all.extend(rest);
        run(&all)
    };
    // Whoever has nothing on the chain cannot pay, and is told so.
    let refused = account(&["deposit", "--amount", "100"]);
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CHAIN_REFUSED"));

    ledger.fund(&address);
    let paid = account(&["deposit", "--amount", "100.5"]);
    assert!(paid.status.success(), "{}", String::from_utf8_lossy(&paid.stderr));
    let paid: Value = serde_json::from_slice(&paid.stdout).expect("it prints JSON");
    assert_eq!((&paid["state"], &paid["balances"][0]["available"]), (&json!("deposit.credited"), &json!("100.5")));
    assert_eq!(balance(&node.url, &address, "available"), "100.5");

    // Another account is paid into as well.
    let other = answer(&["keys", "new", &path("other.key"), "-o", "json"])["address"].as_str().expect("one").to_owned();
    assert!(account(&["deposit", "--amount", "1", "--address", &other]).status.success());
    assert_eq!(balance(&node.url, &other, "available"), "1");

    // It signs what may be locked of it, and ends that again, without the node.
    let mandate = |args: &[&str]| {
        let told = account(&[&["mandate", "--rpc", &ledger.1], args].concat());
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice::<Value>(&told.stdout).expect("it prints JSON")
    };
    assert_eq!(mandate(&[])["perLease"], Value::Null);
    let signed = mandate(&["--per-lease", "20", "--per-day", "50", "--floor", "0.5", "--days", "7"]);
    let told = ["address", "perLease", "perDay", "spentToday", "floor"].map(|name| &signed[name]);
    assert_eq!(told, [&json!(address), &json!("20"), &json!("50"), &json!("0"), &json!("0.5")]);
    assert!(signed["until"].as_u64() > Some(1_000_000 * 1_700_000_000), "{signed}");
    assert_eq!(mandate(&[]), signed);
    let ended = mandate(&["--end"]);
    assert_eq!((&ended["perLease"], &ended["floor"]), (&Value::Null, &Value::Null));
    for half in [["--per-lease", "1"], ["--per-day", "1"]] {
        assert_eq!(account(&[&["mandate", "--rpc", &ledger.1], &half[..]].concat()).status.code(), Some(2));
    }

    let out = account(&["withdraw", "--amount", "40"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(
        (balance(&node.url, &address, "available"), balance(&node.url, &address, "withdrawing")),
        (json!("60.5"), json!("0"))
    );
    let more = account(&["withdraw", "--amount", "1000"]);
    assert_eq!(more.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&more.stderr).contains("INSUFFICIENT_FUNDS"));

    // What is not a signed deposit of this contract is not handed on.
    let begun =
        post(&format!("{}/api/v1/deposits", node.url), &json!({ "address": address, "amount": "1" }).to_string());
    assert_eq!(begun["state"], "toSign", "{begun}");
    for (route, transaction) in [
        ("deposits", begun["transaction"].clone()),
        ("withdrawals", begun["transaction"].clone()),
        ("deposits", json!("AAAA")),
    ] {
        let told = post(&format!("{}/api/v1/{route}", node.url), &json!({ "transaction": transaction }).to_string());
        assert_eq!((&told["status"], &told["field"]), (&json!(400), &json!("transaction")), "{told}");
    }
    let shown = account(&["history", "--type", "deposit.*,withdrawal.*"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for event in ["deposit.credited", "withdrawal.requested", "withdrawal.paid"] {
        assert!(shown.contains(event), "{event}: {shown}");
    }
    // The exchange's money and the contract's are the same, to the stroop.
    let data = path("node");
    let reconciled = run(&["settle", "reconcile", "--data", &data, "--rpc", &ledger.1, "-o", "json"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stderr));
}

#[test]
fn an_open_node_gives_test_money_and_pays_it_out_without_a_key() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    let named = |verb: &str, amount: &str| {
        run(&["account", verb, "--url", &node.url, "--address", "tenant", "--amount", amount, "-o", "json"])
    };
    let paid = named("deposit", "250");
    assert!(paid.status.success(), "{}", String::from_utf8_lossy(&paid.stderr));
    assert_eq!(balance(&node.url, "tenant", "available"), "250");
    let out = named("withdraw", "50");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    until("it is paid out", &format!("{}/api/v1/accounts/tenant", node.url), |account| {
        account["balances"][0]["available"] == "200" && account["balances"][0]["withdrawing"] == "0"
    });
    let too_much = named("deposit", "1000000000");
    assert_eq!(too_much.status.code(), Some(1), "{}", String::from_utf8_lossy(&too_much.stderr));
}
