//! The load generators run against a node of their own and say what they found.

use serde_json::Value;

use crate::process::run;

/// What a bench says on its last line.
#[track_caller]
fn told(args: &[&str]) -> Value {
    let output = run(&[&["bench"], args, &["--seconds", "2", "-o", "json"]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    let fault = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {fault}");
    serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or_else(|e| panic!("{args:?}: {e}\n{said}"))
}

#[track_caller]
fn positive(told: &Value, keys: &[&str]) {
    for key in keys {
        assert!(told[key].as_f64().is_some_and(|number| number > 0.0), "{key} in {told}");
    }
}

#[test]
fn a_loaded_node_is_measured_beside_disk_and_echo() {
    let alone = told(&["gateway"]);
    positive(&alone, &["ackedPerSecond", "p50Us", "p99Us", "fdatasyncP50Us", "echoP50Us", "ratio"]);
    assert_eq!((&alone["connections"], &alone["batch"]), (&Value::from(1), &Value::from(1)));
    // Every answer was of a synced entry.
    assert!(alone["p50Us"].as_f64() > alone["echoP50Us"].as_f64(), "{alone}");

    let mixed = ["gateway", "--connections", "3", "--in-flight", "4", "--batch", "50", "--mix", "3:1", "--rate", "200"];
    let mixed = told(&mixed);
    positive(&mixed, &["ackedPerSecond", "requestsPerSecond", "nodeProcessors", "clientProcessors"]);
    assert!(mixed["ackedPerSecond"].as_u64() > mixed["requestsPerSecond"].as_u64(), "quotes count: {mixed}");
}

#[test]
fn a_client_that_does_not_read_is_cut_beside_many_that_do() {
    let told = told(&["sockets", "--sockets", "200"]);
    positive(&told, &["kibEach", "p50Us", "p99Us", "stalledP99Us", "cutAfterSeconds"]);
    assert_eq!(told["sockets"], 200);
}
