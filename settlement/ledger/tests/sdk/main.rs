//! The ledger driven by the official SDKs of JavaScript and Python, as they
//! are: `scripts/setup test` installs them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use berth_ledger::{Config, DEFAULT_PASSPHRASE, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn installed(path: &str) -> PathBuf {
    let path = root().join("target").join(path);
    assert!(path.exists(), "{} is not there: run scripts/setup test", path.display());
    // The program is looked for from another folder.
    std::path::absolute(path).unwrap()
}

async fn ledger(folder: &Path, persistent_ttl_ledgers: u32) -> Server {
    let config = Config { close_ms: 50, persistent_ttl_ledgers, ..Config::new(folder) };
    Server::start(config, "127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// Runs a program in a folder of its own, with npm's modules beside it, and
/// answers what it prints.
async fn run(interpreter: &str, script: PathBuf, arguments: Vec<String>) -> String {
    let (interpreter, modules) = (installed(interpreter), installed("node/node_modules"));
    tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
        let copy = folder.path().join(script.file_name().unwrap());
        std::fs::copy(&script, &copy).unwrap();
        let output = Command::new(interpreter).arg(copy).args(arguments).output().unwrap();
        let (told, complained) = (String::from_utf8(output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}: {complained}", script.display());
        told.unwrap()
    })
    .await
    .unwrap()
}

/// Drives the escrow through two leases, and everything else that a program
/// does with a ledger.
async fn drive(interpreter: &str, script: &str) -> Value {
    let folders = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (lasting, brief) = (ledger(folders.0.path(), 2_073_600).await, ledger(folders.1.path(), 200).await);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk").join(script);
    let wasm = root().join("settlement/contracts/wasm/escrow.wasm");
    let wasm = std::path::absolute(wasm).unwrap().to_str().unwrap().to_owned();
    let told = run(interpreter, script, vec![lasting.url(), wasm, brief.url()]).await;
    lasting.shutdown().await.unwrap();
    brief.shutdown().await.unwrap();
    serde_json::from_str(&told).unwrap()
}

/// What every SDK sees alike.
fn check(seen: &Value) {
    let expected = json!({
        "passphrase": DEFAULT_PASSPHRASE,
        "feeBump": true,
        "innerFound": "SUCCESS",
        "received": "135000000",
        "trustLine": "1000000000",
        "deployedWasm": true,
        "locked": "14000000",
        "settled": ["40000000", "9500000", "500000"],
        "refunded": "40000000",
        "credit": "300000000",
        "opened": ["1", "2"],
        "listed": true,
        "health": "healthy",
        "fees": "100",
        "version": 27,
        "ledgers": [2, 3],
        "restoreFirst": true,
        "lives": [true, true],
        "events": ["deposit", "deposit", "tenant_mandate", "opened", "settled", "opened", "refunded"],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&seen[name], value, "{name}: {seen}");
    }
    assert_eq!(seen["protocolVersion"], json!(27));
    for (name, code) in [("tooEarly", "Error(Contract, #9)"), ("again", "Error(Contract, #7)")] {
        let told = if name == "again" { &seen["errors"]["again"] } else { &seen[name] };
        assert!(told.as_str().is_some_and(|error| error.contains(code)), "{name}: {told}");
    }
    assert_eq!(seen["errors"]["noSuchTransaction"], "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_javascript_lives_a_lease_and_more() {
    let seen = drive("node/node_modules/.bin/node", "escrow.mjs").await;
    check(&seen);
    let errors = &seen["errors"];
    for (name, code) in [
        ("wrongSigner", "txBadAuth"),
        ("lowFee", "txInsufficientFee"),
        ("tooMuch", "txFailed"),
        ("unsupported", "txFailed"),
    ] {
        assert_eq!(errors[name], code, "{errors}");
    }
    assert!(errors["noSuchAccount"].as_str().unwrap().starts_with("Account not found"), "{errors}");
    assert!(errors["badCursor"].as_str().unwrap().contains("invalid event id"), "{errors}");
    assert_eq!(errors["fundedTwice"], "account already funded to starting balance");
    // A payment is told as its asset's contract would tell it, with its memo.
    let told = json!([["fee", "100"], ["transfer", { "amount": "125000000", "to_muxed_id": "rent" }]]);
    assert_eq!(seen["paymentEvent"], told);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_python_lives_a_lease_and_more() {
    let seen = drive("python/bin/python", "escrow.py").await;
    check(&seen);
    let errors = &seen["errors"];
    for (name, code) in [
        ("wrongSigner", "txBAD_AUTH"),
        ("lowFee", "txINSUFFICIENT_FEE"),
        ("tooMuch", "txFAILED"),
        ("unsupported", "txFAILED"),
    ] {
        assert_eq!(errors[name], code, "{errors}");
    }
    assert_eq!((&errors["badCursor"], &seen["paymentEvent"]), (&json!(-32602), &json!(["fee", "transfer"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_programs_of_the_guide_run() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path(), 2_073_600).await;
    for (interpreter, script) in [("node/node_modules/.bin/node", "pay.mjs"), ("python/bin/python", "pay.py")] {
        let told = run(interpreter, root().join("docs/ledger").join(script), vec![ledger.url()]).await;
        assert_eq!(told, "SUCCESS 1000050000000\n", "{script}");
    }
}
