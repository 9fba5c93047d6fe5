//! `berth top` on a terminal of its own.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::process::{Node, berth, run};
use crate::questions::{BID, PROVIDER, post};

/// Runs it for some seconds, presses these keys, and gives what it drew and how it
/// ended: by itself or by SIGTERM.
fn top(url: &str, keys: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (before, after, code) = (file("before"), file("after"), file("code"));
    let berth = berth().display().to_string();
    let shell = format!(
        "stty rows 24 cols 90; stty -g > {before}; \
         timeout --foreground --preserve-status -s TERM 12 {berth} top --url {url} --market CPU; \
         echo $? > {code}; stty -g > {after}"
    );
    let mut child = Command::new("script")
        .args(["-qfec", &shell, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script of util-linux runs");
    let mut input = child.stdin.take().expect("it is piped");
    sleep(Duration::from_secs(6));
    // It may have ended by then.
    let _ = input.write_all(keys.as_bytes()).and_then(|()| input.flush());
    let output = child.wait_with_output().expect("it ends");
    drop(input);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_else(|why| panic!("{path}: {why}"));
    assert_eq!(read(&before), read(&after), "the terminal is not what it was");
    let drawn = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(read(&code).trim(), "0", "{drawn}");
    let opened = drawn.find("\u{1b}[?1049h").expect("it draws on a screen of its own");
    assert!(drawn.rfind("\u{1b}[?1049l").is_some_and(|closed| closed > opened), "{drawn}");
    assert!(drawn.rfind("\u{1b}[?25h").is_some(), "the cursor is shown again: {drawn}");
    drawn
}

#[test]
fn top_shows_a_market_and_gives_the_terminal_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    post(&format!("{}/api/v1/providers", node.url), PROVIDER);
    post(&format!("{}/api/v1/bids", node.url), BID);
    // Once told to quit by a key, and once by a signal.
    for keys in ["\tq", ""] {
        let drawn = top(&node.url, keys);
        for seen in ["ready", "CPU", "H100-80", "80", "Five", "leases", "tape"] {
            assert!(drawn.contains(seen), "{seen} is not in {drawn}");
        }
    }
}

#[test]
fn top_says_that_it_needs_a_terminal() {
    let output = run(&["top"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("terminal") && output.stdout.is_empty(), "{told}");
}
