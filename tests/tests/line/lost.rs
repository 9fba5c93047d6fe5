//! A data directory that lost a part of itself.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{Node, berth, free_port};
use crate::questions::post;

const ORDER: &str = r#"{
    "tenantAddress": "t", "maxPrice": "1", "quantity": 1, "durationSeconds": 3600,
    "specification": { "image": "nginx:latest", "cpu": 2, "memory": 1024, "storage": 10 }
  }"#;

/// A node that is to refuse; what it says.
fn refused(data: &Path, args: &[&str]) -> String {
    let listen = format!("127.0.0.1:{}", free_port());
    let mut command = Command::new(berth());
    command.args(["serve", "--open", "--listen", &listen, "--data"]).arg(data).args(args);
    let output = command.stdin(Stdio::null()).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_node_whose_specifications_are_gone_starts_only_when_that_is_accepted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    let node = Node::start(&data, &["--open"]);
    post(&format!("{}/api/v1/orders", node.url), ORDER);
    node.kill();

    let private = data.join("private");
    let aside = data.join("private-aside");
    std::fs::rename(&private, &aside).expect("the store can be moved");
    for _ in 0..2 {
        let told = refused(&data, &[]);
        for part in ["/private: ", "1 of 1 open orders", "orders 1,", "Restore", "--accept-lost-specifications"] {
            assert!(told.contains(part), "{part:?} is not in {told}");
        }
    }
    // With the folder back there is nothing to accept, and with the loss accepted
    // the node starts without.
    std::fs::remove_dir_all(&private).expect("it was made anew");
    std::fs::rename(&aside, &private).expect("the store can be moved back");
    Node::start(&data, &["--open"]).kill();
    std::fs::remove_dir_all(&private).expect("the store can be removed");
    Node::start(&data, &["--open", "--accept-lost-specifications"]).kill();
}
