//! Exported events, read by DuckDB, say what the log itself says.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::process::{Node, json, until};
use crate::questions::{BID, ORDER, PROVIDER, jsonl, post};

/// Orders, each at a limit and for a time of its own.
const ORDERS: u64 = 5;

/// What DuckDB says of a folder.
fn ask_duckdb(folder: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "{} is not there: run scripts/setup test", python.display());
    let script = root.join("tests/tests/line/export.py");
    let output = Command::new(python).arg(script).arg(folder).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// An amount in stroops.
fn stroops(amount: &str) -> u128 {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}{part:0<7}").parse().expect("an amount")
}

#[test]
fn duckdb_reads_exported_events_as_the_log_tells_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("node");
    let node = Node::start(&data, &["--open"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/providers"), PROVIDER);
    post(&format!("{api}/bids"), &BID.replace("\"quantity\":2", "\"quantity\":3"));
    for n in 0..ORDERS {
        let order = ORDER.replace("3600", &(3_601 + n * n).to_string());
        post(&format!("{api}/orders"), &order.replace("\"100\"", &format!("\"{}\"", 90 + n)));
    }
    until("three leases are there", &format!("{api}/leases/3"), |lease| lease["id"] == 3);
    // What is exported must be the log that is looked at.
    node.kill();

    let data = data.to_str().expect("a temporary folder has a plain name");
    let log = jsonl(&["log", "-o", "jsonl", "--data", data, "cat"]);
    let events: Vec<(&Value, &Value)> = log
        .iter()
        .flat_map(|line| line["events"].as_array().expect("a list").iter().map(move |it| (line, it)))
        .collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, event) in &events {
        *counts.entry(event["type"].as_str().expect("a type")).or_default() += 1;
    }
    let opened: Vec<&Value> =
        events.iter().map(|(_, event)| *event).filter(|it| it["type"] == "lease.opened").collect();
    let sum = |field: &str| opened.iter().map(|event| event[field].as_u64().expect("a number")).sum::<u64>();
    let escrow = opened.iter().map(|event| stroops(event["escrow"].as_str().expect("an amount"))).sum::<u128>();
    assert!(opened.len() == 3 && counts["order.accepted"] == ORDERS && escrow > 0, "{counts:?}");

    let out = folder.path().join("out");
    let out = out.to_str().expect("a temporary folder has a plain name");
    let told = json(&["export", "-o", "json", "--data", data, "parquet", out]);
    assert_eq!(told["events"], events.len(), "{told}");
    let read = ask_duckdb(out);
    assert_eq!(read["counts"], serde_json::json!(counts));
    assert_eq!((&read["distinct"], &read["files"]), (&told["events"], &told["files"]), "{read}");
    let (last, _) = events.last().expect("there are events");
    assert_eq!((&read["lastSeq"], &read["lastAt"]), (&last["seq"], &last["at"]), "{read}");
    for wrong in ["misplaced", "mistyped", "withoutOrder"] {
        assert_eq!(read[wrong], 0, "{wrong}: {read}");
    }
    assert_eq!((&read["leases"], &read["market"]), (&opened.len().into(), &"CPU".into()), "{read}");
    assert_eq!((&read["leaseSum"], &read["orderSum"]), (&sum("leaseId").into(), &sum("orderId").into()), "{read}");
    assert_eq!(stroops(read["escrow"].as_str().expect("an amount")), escrow, "{read}");
    let columns = serde_json::json!({
        "seq": "BIGINT", "index": "INTEGER", "at": "TIMESTAMP WITH TIME ZONE", "type": "VARCHAR", "market": "VARCHAR",
        "account": "BIGINT", "provider": "BIGINT", "order": "BIGINT", "bid": "BIGINT", "lease": "BIGINT",
        "payload": "VARCHAR",
    });
    assert_eq!(read["columns"], columns);
}
