//! What the OpenAPI document says of REST, held against a running node by
//! Schemathesis: requests that it makes up from the document, sound and unsound,
//! are answered as the document says, and never with a fault of the node.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::Node;
use crate::questions::{BID, ORDER, PROVIDER, post};

/// What every answer is held against.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// Made-up requests of each operation, beside those at the bounds of every
/// parameter. `BERTH_EXAMPLES` says how many.
fn examples() -> String {
    std::env::var("BERTH_EXAMPLES").unwrap_or_else(|_| "10".to_owned())
}

#[test]
fn made_up_requests_are_answered_as_the_document_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // No engine: what runs on this machine is none of this test's.
    let engine = format!("unix://{}", folder.path().join("none.sock").display());
    let node = Node::start(&folder.path().join("node"), &["--open", "--docker", &engine]);
    let api = format!("{}/api/v1", node.url);
    // So that the first of each kind is there.
    post(&format!("{api}/providers"), PROVIDER);
    post(&format!("{api}/bids"), BID);
    post(&format!("{api}/orders"), ORDER);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let schemathesis = root.join("target/python/bin/schemathesis");
    assert!(schemathesis.exists(), "{} is not there: run scripts/setup test", schemathesis.display());
    let output = Command::new(schemathesis)
        .arg("run")
        .arg(format!("{}/openapi.json", node.url))
        .args(["--url", &node.url, "--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", &examples(), "--seed", "1", "--continue-on-failure"])
        // It does not end by itself.
        .args(["--exclude-path", "/api/v1/events/stream"])
        .args(["--request-timeout", "60", "--suppress-health-check", "all", "--warnings", "off", "--no-color"])
        // It keeps what it found in its folder.
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("Schemathesis runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let tested = said.lines().find_map(|line| line.trim().strip_prefix("Tested: ")?.parse::<u32>().ok());
    assert!(tested.is_some_and(|tested| tested > 30), "{said}");
}
