//! Calls that are paid for one by one, with the official x402 client: on a node
//! without `--open`, by a key that has no account there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{Node, berth, free_port, get, json as answer, run, until};
use crate::secure::certificates;

/// The one network that the client knows and that gives money away.
const PASSPHRASE: &str = "Test SDF Network ; September 2015";
/// A job that no host is there for: it is given back after ten seconds.
const JOB: &str = r#"{"reward":"5","image":"none:here","durationSeconds":60}"#;
const CONFIG: &str =
    "[x402]\nprice = \"0.01\"\nmost = \"50\"\nwait_seconds = 10\n\n[disk]\nballast = 64\nstop_below = 2\n";

struct Ledger(Child, String);

impl Ledger {
    fn start(data: &Path) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(berth());
        command.args(["ledger", "--listen", &listen, "--passphrase", PASSPHRASE, "--data"]).arg(data);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the binary runs");
        Self(child, format!("http://{listen}"))
    }

    /// Has its friendbot open an account with test money.
    fn fund(&self, address: &str) {
        let url = format!("{}/friendbot?addr={address}", self.1);
        let told = Command::new("curl").args(["-sS", "-f", "-m", "30", &url]).output().expect("curl runs");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
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

/// A key in a file: its path, its address, its secret.
fn key(folder: &Path, name: &str) -> (String, String, String) {
    let path = folder.join(name).to_str().expect("a plain name").to_owned();
    let address = answer(&["keys", "new", &path, "-o", "json"])["address"].as_str().expect("an address").to_owned();
    let secret = std::fs::read_to_string(&path).expect("it was just written").trim().to_owned();
    (path, address, secret)
}

#[test]
fn the_official_client_pays_for_a_job_and_gets_back_what_it_did_not_cost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (data, job, config) = (text("node"), text("job.json"), text("node.toml"));
    std::fs::write(&job, JOB).expect("it can be written");
    std::fs::write(&config, CONFIG).expect("it can be written");
    let ledger = Ledger::start(&folder.path().join("ledger"));
    let (_, payer, secret) = key(folder.path(), "payer.key");
    let (_, other, other_secret) = key(folder.path(), "other.key");

    // It deploys the contract and gives nobody money.
    drop(Node::start(Path::new(&data), &["--open", "--rpc", &ledger.1]));
    ledger.fund(&payer);
    ledger.fund(&other);
    let node = Node::start(Path::new(&data), &["--rpc", &ledger.1, "--config", &config]);
    // Without capital the desk orders nothing, and so nothing is asked for.
    let early = Command::new("curl")
        .args(["-sS", "-m", "60", "-H", "Content-Type: application/json", "-d", JOB])
        .arg(format!("{}/api/v1/jobs", node.url))
        .output()
        .expect("curl runs");
    let early: Value = serde_json::from_slice(&early.stdout).expect("it answers JSON");
    assert_eq!(early["code"], "UNAVAILABLE", "{early}");
    let desk = format!("{data}/keys/desk.key");
    let deposit = || run(&["account", "deposit", "--url", &node.url, "--key", &desk, "--amount", "100", "-o", "json"]);
    // The network takes one transaction of an account at a time, and the desk may
    // be signing its mandate at this moment.
    let busy = |told: &Output| String::from_utf8_lossy(&told.stderr).contains("CHAIN_UNAVAILABLE");
    let paid_in = (0..40).find_map(|_| {
        let told = deposit();
        let is_busy = busy(&told);
        if is_busy {
            sleep(Duration::from_millis(500));
        }
        (!is_busy).then_some(told)
    });
    let paid_in = paid_in.expect("it is taken after a while");
    assert!(paid_in.status.success(), "{}", String::from_utf8_lossy(&paid_in.stderr));
    let desk = answer(&["keys", "show", &desk, "-o", "json"])["address"].clone();

    // The client asks its RPC by HTTPS alone.
    let [authority, certificate, tls_key] = certificates(folder.path());
    let script = format!("{}/tests/line/x402.mjs", env!("CARGO_MANIFEST_DIR"));
    let modules = target("node/node_modules");
    let modules = modules.to_str().expect("a plain name");
    let output = Command::new(target("node/node_modules/.bin/node"))
        .args([&script, modules, &node.url, &ledger.1, &secret, &other_secret, &job, &certificate, &tls_key])
        .env("NODE_EXTRA_CA_CERTS", &authority)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");

    let terms = &told["asked"]["required"]["accepts"][0];
    assert_eq!((&told["asked"]["status"], &told["asked"]["body"]["code"]), (&json!(402), &json!("PAYMENT_REQUIRED")));
    assert_eq!(told["asked"]["required"]["x402Version"], 2);
    assert_eq!(
        (&terms["scheme"], &terms["network"], &terms["amount"], &terms["payTo"], &terms["extra"]),
        (&json!("exact"), &json!("stellar:testnet"), &json!("50100000"), &desk, &json!({ "areFeesSponsored": true }))
    );

    let wrong = told["wrong"].as_object().expect("what was wrong");
    for (name, reason) in [
        ("amount", "invalid_exact_stellar_payload_wrong_amount"),
        ("recipient", "invalid_exact_stellar_payload_wrong_recipient"),
        ("timeout", "invalid_exact_stellar_signature_expiration_too_far"),
        ("expired", "invalid_exact_stellar_signature_expired"),
        ("scheme", "unsupported_scheme"),
        ("network", "network_mismatch"),
        ("version", "invalid_x402_version"),
        ("asset", "invalid_payment_requirements"),
        ("payload", "invalid_exact_stellar_payload_malformed"),
        ("other", "invalid_payment_requirements"),
    ] {
        let answer = &wrong[name];
        assert_eq!((&answer["status"], &answer["body"]["code"]), (&json!(402), &json!("PAYMENT_REFUSED")), "{name}");
        let settled = &answer["settled"];
        assert_eq!((&settled["success"], &settled["errorReason"]), (&json!(false), &json!(reason)), "{name}");
        assert_eq!(answer["required"]["error"], reason, "{name}");
    }
    let header = &wrong["header"];
    assert_eq!((&header["status"], &header["body"]["field"]), (&json!(400), &json!("PAYMENT-SIGNATURE")), "{header}");

    let paid = &told["paid"];
    assert_eq!((&paid["status"], &paid["body"]["status"]), (&json!(201), &json!("pending")), "{paid}");
    assert_eq!((&paid["settled"]["success"], &paid["settled"]["payer"]), (&json!(true), &json!(payer)), "{paid}");
    assert_eq!(paid["body"]["tenantAddress"], desk, "{paid}");
    let again = &told["again"];
    assert_eq!((&again["status"], &again["body"]["code"]), (&json!(409), &json!("PAYMENT_TAKEN")), "{again}");
    let mut twice: Vec<_> = told["twice"].as_array().expect("two").iter().map(|one| &one["status"]).collect();
    twice.sort_by_key(|status| status.as_u64());
    assert_eq!(twice, [&json!(201), &json!(409)], "{}", told["twice"]);

    // Nobody took it, so all but the price of the call is back.
    let id = paid["settled"]["transaction"].as_str().expect("a hash");
    let payment = format!("{}/api/v1/payments/{id}", node.url);
    let done = until("the payment is given back", &payment, |payment| payment["state"] == "done");
    assert_eq!((&done["payer"], &done["amount"], &done["returned"]), (&json!(payer), &json!("5.01"), &json!("5")));
    assert_eq!(done["orderId"], paid["body"]["id"]);
    let order = get(&format!("{}/api/v1/jobs/{}", node.url, paid["body"]["id"])).expect("it answers");
    assert_eq!((&order["status"], &order["tenantAddress"]), (&json!("cancelled"), &desk), "{order}");

    let deposit = &told["deposit"];
    assert_eq!(deposit["asked"]["required"]["accepts"][0]["amount"], "25100000", "{deposit}");
    assert_eq!((&deposit["paid"]["status"], &deposit["paid"]["body"]["account"]), (&json!(202), &json!(other)));
    until("the deposit is credited", &format!("{}/api/v1/accounts/{other}", node.url), |account| {
        account["balances"][0]["available"] == "2.5"
    });

    // A killed node knows its payments again.
    node.kill();
    let node = Node::start(Path::new(&data), &["--rpc", &ledger.1, "--config", &config]);
    let known = get(&format!("{}/api/v1/payments/{id}", node.url)).expect("it answers");
    assert_eq!(known, done);
    let reconciled = run(&["settle", "reconcile", "--data", &data, "--rpc", &ledger.1, "-o", "json"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stderr));
}
