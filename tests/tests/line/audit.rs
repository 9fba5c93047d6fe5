//! What an auditor does with a node's data, while it runs and after it was
//! killed.

use serde_json::Value;

use crate::process::{Node, berth, get, json, run};

fn hashes(data: &str) -> String {
    let output = run(&["replay", "-o", "json", "--state-hash-every", "1", "--data", data]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

#[test]
fn replay_in_another_process_ends_in_the_nodes_state_at_every_batch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_str().expect("a temporary folder has a plain name");
    let node = Node::start(folder.path(), &["--open"]);
    for n in 1..=3 {
        let provider = format!(
            r#"{{"address":"p{n}","resources":{{"cpu":4,"memory":8192,"storage":100,"bandwidth":10}},"hostname":"h","port":1}}"#
        );
        let status = std::process::Command::new("curl")
            .args(["-sSf", "-m", "60", "-H", "Content-Type: application/json", "-d", &provider])
            .arg(format!("{}/api/v1/providers", node.url))
            .output()
            .expect("curl runs")
            .status;
        assert!(status.success());
    }
    let head: Value = get(&format!("{}/api/v1/log/head", node.url)).expect("the node tells its head");
    let seq = head["seq"].to_string();
    let replayed = json(&["replay", "-o", "json", "--data", data, "--to", &seq]);
    assert_eq!((&replayed["stateHash"], &replayed["toSeq"]), (&head["stateHash"], &head["seq"]), "{replayed} {head}");
    // An answer that did not go out is none.
    let full = std::fs::File::options().write(true).open("/dev/full").expect("every Linux has it");
    let cut = std::process::Command::new(berth()).args(["verify", "--data", data]).stdout(full).status();
    assert_eq!(cut.expect("the binary runs").code(), Some(2));
    // A log that is expected to end otherwise is a finding: exit code 1.
    let other = run(&["replay", "--data", data, "--expect", &"0".repeat(64)]);
    assert_eq!(other.status.code(), Some(1));

    node.kill();
    let (first, second) = (hashes(data), hashes(data));
    assert_eq!(first, second, "two processes replay one log differently");
    assert!(first.lines().filter(|line| line.contains("stateHash")).count() > 3, "{first}");

    // The same log under a second node goes on from the same state.
    let verified = json(&["verify", "-o", "json", "--data", data]);
    assert_eq!(verified["findings"], Value::Array(Vec::new()), "{verified}");
    let again = Node::start(folder.path(), &["--open"]);
    let health = get(&format!("{}/health", again.url)).expect("the node answers");
    assert_eq!(health["logId"], verified["logId"]);
}

#[test]
fn a_log_that_was_tampered_with_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().to_str().expect("a temporary folder has a plain name");
    Node::start(folder.path(), &["--open"]).kill();
    let log = folder.path().join("log");
    let mut flipped = false;
    for file in std::fs::read_dir(&log).expect("the log has files") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|end| end == "log" || end == "sst") {
            let mut bytes = std::fs::read(&path).expect("it can be read");
            let middle = bytes.len() / 3;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x40;
                flipped = true;
            }
            std::fs::write(&path, bytes).expect("it can be written");
        }
    }
    assert!(flipped, "the log has bytes to flip");
    let verified = run(&["verify", "--data", data]);
    assert!(!verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let served = run(&["serve", "--open", "--data", data, "--listen", "127.0.0.1:0"]);
    assert_eq!(served.status.code(), Some(2), "{}", String::from_utf8_lossy(&served.stderr));
}
