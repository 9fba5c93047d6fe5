//! The demo: anew, from what an earlier run kept, and interrupted.

use std::path::Path;
use std::process::{Command, Stdio};

use berth_tests::dockerd::Dockerd;
use serde_json::Value;

use crate::process::{berth, containers, free_port, lines, log_id, run};

#[test]
fn the_demo_takes_a_lease_from_order_to_payment_and_again() {
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let data = data.to_str().expect("a temporary folder has a plain name");
    for round in 1..=2 {
        let listen = format!("127.0.0.1:{}", free_port());
        let output = run(&["demo", "--exit", "--data", data, "--listen", &listen, "--docker", docker.host()]);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "round {round}:\n{shown}\n{}", String::from_utf8_lossy(&output.stderr));
        for station in ["ledger", "provider-a", "deposit", "match", "escrow", "container", "paid", "replay", "proof"] {
            assert!(shown.contains(&format!(" {station:<10} ")), "round {round}, {station}:\n{shown}");
        }
        // The cheaper provider wins, although the other is trusted more.
        assert!(
            shown.contains(&format!("lease {round} with provider")) && shown.contains("(Four) at 72 XLM"),
            "{shown}"
        );
    }
    // What the agents said, they signed.
    let log = Path::new(data).join("node");
    let verified = run(&["verify", "-o", "json", "--data", log.to_str().expect("a plain name")]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let verified: Value = serde_json::from_slice(&verified.stdout).expect("JSON");
    assert!(verified["signed"].as_u64() >= Some(4), "two starts and two ends at least: {verified}");
    let said =
        run(&["log", "-o", "jsonl", "--data", log.to_str().expect("a plain name"), "cat", "--type", "lease.start"]);
    let said: Vec<Value> =
        String::from_utf8_lossy(&said.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(said.len(), 2);
    assert!(said.iter().all(|entry| entry["authority"] == "signed"), "{said:?}");
}

#[test]
fn a_demo_that_is_interrupted_leaves_its_lease_to_the_next_and_fresh_clears_it() {
    let docker = Dockerd::shared().expect("a Docker engine for the tests");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let listen = format!("127.0.0.1:{}", free_port());
    let mut demo = Command::new(berth())
        .args(["demo", "--listen", &listen, "--docker", docker.host(), "--data"])
        .arg(&data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let pid = demo.id().to_string();
    let folder_name = data.to_str().expect("a temporary folder has a plain name");
    let other = format!("127.0.0.1:{}", free_port());
    let fresh = ["demo", "--exit", "--fresh", "--data", folder_name, "--listen", &other, "--docker", docker.host()];
    let mut interrupted = false;
    let shown = lines(&mut demo, |line| {
        if line.contains(" container  ") && !interrupted {
            interrupted = true;
            // The folder is in use, so it is neither used nor deleted.
            let refused = run(&fresh);
            let told = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(2), "{told}");
            assert!(told.contains("another demo"), "{told}");
            let status = Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
            assert!(status.success(), "the demo was not there to be interrupted");
        }
    });
    assert_eq!(demo.wait().expect("the demo ends").code(), Some(2), "{shown}");
    assert!(shown.contains("lease 1 is left with its container"), "{shown}");
    assert_eq!(containers(docker.host(), &log_id(&data)), 1, "{shown}");

    let log = log_id(&data);
    let output = run(&fresh);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains("lease 1 on the Docker engine is removed"), "{shown}");
    assert_eq!(containers(docker.host(), &log), 0, "{shown}");
    assert_ne!(log_id(&data), log, "it did not begin anew");
}

#[test]
fn the_demo_deletes_nothing_that_is_not_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kept = folder.path().join("thesis.txt");
    std::fs::write(&kept, "years of work").expect("a file can be written");
    let data = folder.path().to_str().expect("a temporary folder has a plain name");
    let output = run(&["demo", "--exit", "--fresh", "--data", data]);
    assert_eq!(output.status.code(), Some(2));
    assert!(kept.exists());
}

#[test]
fn the_demo_says_how_to_get_an_engine_where_none_answers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let data = data.to_str().expect("a temporary folder has a plain name");
    let nobody = format!("unix://{}/nobody.sock", folder.path().display());
    let listen = format!("127.0.0.1:{}", free_port());
    let output = run(&["demo", "--exit", "--data", data, "--listen", &listen, "--docker", &nobody]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("Docker") && told.contains("install"), "{told}");
}
