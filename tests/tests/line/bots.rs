//! The bots of the documents, as somebody would run them.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{Node, get, until};
use crate::questions::{BID, PROVIDER, post};

#[test]
fn the_python_maker_undercuts_the_book_and_takes_its_quotes_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/providers"), PROVIDER);
    post(&format!("{api}/bids"), BID);
    let book = || get(&format!("{api}/markets/CPU/book")).expect("the book");
    let theirs: Vec<Value> = book()["bids"].as_array().expect("rows").clone();
    assert_eq!(theirs.len(), 1);
    let price: f64 = theirs[0][1].as_str().and_then(|price| price.parse().ok()).expect("a price");

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join("target/python/bin/python");
    assert!(python.exists(), "{} is not there: run scripts/setup test", python.display());
    let maker = Command::new(python)
        .arg(root.join("docs/bots/maker.py"))
        .args([&format!("{}/ws/v1", node.url.replace("http", "ws")), "maker", "CPU", "1", "2"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    // Its first quote is a step below the only other.
    let expected = format!("{}", price - 0.01);
    until("the maker quotes", &format!("{api}/markets/CPU/book"), |book| {
        book["bids"].as_array().is_some_and(|rows| rows.first().is_some_and(|row| row[1] == expected.as_str()))
    });
    // Somebody goes below it, and it goes below them: that was its last.
    post(&format!("{api}/bids"), &BID.replace(&format!("\"{price}\""), &format!("\"{}\"", price - 5.0)));
    let done = maker.wait_with_output().expect("it ends");
    let (said, told) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}{told}");
    let quotes: Vec<&str> = said.lines().filter_map(|line| line.split("quoting ").nth(1)).collect();
    assert_eq!(quotes.len(), 3, "{said}");
    assert!(quotes[1].starts_with(&format!("{}", price - 5.01)), "{said}");
    assert_eq!(quotes[2], "nothing", "{said}");
    assert_eq!(book()["bids"].as_array().map(Vec::len), Some(2), "its quotes are gone");
}
