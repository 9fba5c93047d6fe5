//! The bots of the command line against a real node.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use berth_client::Client;
use berth_client::wire::domain::ResourceClass;
use berth_client::wire::json::parse;
use serde_json::Value;

use crate::process::{Node, PATIENCE, berth, get, run, until};
use crate::questions::{PROVIDER, post};

/// A bot that runs.
struct Bot {
    child: Child,
    lines: Receiver<Value>,
}

impl Bot {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(berth())
            .args(["bot", "-o", "jsonl"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{line}: {why}"));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Waits for a line of this kind.
    fn tells(&self, event: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).unwrap_or_else(|why| panic!("it does not tell {event}: {why}"));
            if line["event"] == event {
                return line;
            }
        }
    }

    fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    }

    fn ends(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn supply(book: &Value) -> Vec<(String, u64)> {
    let rows = book["bids"].as_array().into_iter().flatten();
    rows.map(|row| (row[1].as_str().unwrap_or_default().to_owned(), row[2].as_u64().unwrap_or_default())).collect()
}

#[test]
fn a_maker_quotes_a_tenant_bot_fills_against_it_and_both_take_back_what_is_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/providers"), PROVIDER);
    let maker = ["maker", "--url", &node.url, "--address", "p", "--provider-id", "1", "--market", "CPU"];
    let mut maker = Bot::start(&[&maker[..], &["--cost", "1", "--dead-man-ms", "60000"]].concat());
    let quoted = maker.tells("quoted");
    // Four units in two quotes: 1 with 10 %, and a quarter on that.
    assert_eq!(quoted["quotes"], serde_json::json!([["1.375", 2], ["1.385", 2]]), "{quoted}");
    let book = format!("{api}/markets/CPU/book");
    until("the quotes are in the book", &book, |book| supply(book).len() == 2);

    let tenant =
        ["tenant", "--url", &node.url, "--tenant-address", "t", "--max-price", "5", "--duration-seconds", "600"];
    let what = ["--image", "none:here", "--cpu", "1", "--memory", "64", "--storage", "1"];
    let budget = ["--per-lease", "1", "--per-day", "10", "--pause-ms", "100000"];
    let mut tenant = Bot::start(&[&tenant[..], &what, &budget].concat());
    assert_eq!(tenant.tells("ordered")["offered"], "1.375");
    let leased = tenant.tells("leased");
    assert_eq!((&leased["price"], &leased["providerId"]), (&"1.375".into(), &1.into()), "{leased}");
    assert_eq!(maker.tells("leased")["leaseId"], leased["leaseId"]);
    // What is left is dearer now, and all of it is quoted.
    until("the maker quotes again", &book, |book| {
        let rows = supply(book);
        rows.iter().map(|(_, units)| units).sum::<u64>() == 3 && rows.iter().all(|(price, _)| price != "1.375")
    });
    tenant.interrupt();
    tenant.tells("stopping");
    assert_eq!(tenant.tells("ended")["why"], "stopped");
    assert_eq!(tenant.ends(), Some(0));
    maker.interrupt();
    maker.tells("ended");
    assert_eq!(maker.ends(), Some(0));
    assert_eq!(supply(&get(&book).expect("the book")), [], "its quotes were gone before it ended");
}

#[test]
fn a_maker_that_is_killed_leaves_no_quotes_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    let api = format!("{}/api/v1", node.url);
    post(&format!("{api}/providers"), PROVIDER);
    let maker = ["maker", "--url", &node.url, "--address", "p", "--provider-id", "1", "--market", "CPU"];
    let mut maker = Bot::start(&[&maker[..], &["--cost", "1", "--dead-man-ms", "5000"]].concat());
    let book = format!("{api}/markets/CPU/book");
    until("the maker quotes", &book, |book| supply(book).len() == 2);
    // It lives, and so do its quotes, longer than the timer is.
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(supply(&get(&book).expect("the book")).len(), 2);
    maker.child.kill().expect("it runs");
    let killed = Instant::now();
    maker.ends();
    until("the quotes are gone", &book, |book| supply(book).is_empty());
    assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", killed.elapsed());
    drop(node);
}

#[test]
fn what_a_bot_cannot_do_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    post(&format!("{}/api/v1/providers", node.url), PROVIDER);
    let told = |args: &[&str]| {
        let output = run(&[&["bot", "-o", "jsonl", "--url", &node.url], args].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let maker = ["maker", "--provider-id", "1", "--market", "CPU", "--cost", "1"];
    let (code, why) = told(&maker);
    assert!(code == Some(2) && why.contains("--key"), "{why}");
    let (code, why) = told(&[&maker[..], &["--address", "somebody-else"]].concat());
    assert!(code == Some(1) && why.contains("host 1 is not the account's"), "{why}");
    let (code, why) = told(&["maker", "--provider-id", "9", "--market", "CPU", "--cost", "1", "--address", "p"]);
    assert!(code == Some(1) && why.contains("UNKNOWN_PROVIDER"), "{why}");
    let (code, why) = told(&["maker", "--provider-id", "1", "--market", "CPU", "--cost", "0", "--address", "p"]);
    assert!(code == Some(2) && why.contains("--cost"), "{why}");
    let (code, why) =
        told(&["tenant", "--tenant-address", "t", "--per-lease", "1", "--per-day", "1", "--max-price", "1"]);
    assert!(code == Some(2) && why.contains("the order: "), "{why}");
    let nobody = run(&[
        "bot",
        "--url",
        "http://127.0.0.1:9",
        "maker",
        "--address",
        "p",
        "--provider-id",
        "1",
        "--market",
        "CPU",
        "--cost",
        "1",
    ]);
    assert_eq!(nobody.status.code(), Some(2), "{}", String::from_utf8_lossy(&nobody.stderr));
}

/// A book that is kept from updates, checked by CRC after each, is the node's.
#[test]
fn a_book_that_is_kept_from_updates_is_the_node_s() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(&folder.path().join("node"), &["--open"]);
    post(&format!("{}/api/v1/providers", node.url), PROVIDER);
    let client = Client::new(&node.url, None).expect("a URL");
    let market: ResourceClass = "CPU".parse().expect("a market");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut books = client.book_stream(market.clone());
        let session = client.session();
        let quoting = async {
            for round in 0..300_u64 {
                let quotes = (0..round % 13).map(|i| {
                    let cents = 100 + (round * 7 + i * 31) % 97;
                    let price = format!("{}.{:02}", cents / 100, cents % 100);
                    format!(r#"{{"providerId":1,"market":"CPU","price":"{price}","quantity":{}}}"#, 1 + i % 4)
                });
                let quotes: Vec<String> = quotes.collect();
                let request = format!(r#"{{"address":"p","quoteSetId":1,"quotes":[{}]}}"#, quotes.join(","));
                let request = parse(request.as_bytes()).expect("a mass quote");
                session.mass_quote(&request).await.expect("it is taken");
            }
        };
        let following = async {
            let (mut seen, mut last) = (0, 0);
            while let Ok(Ok(book)) = tokio::time::timeout(Duration::from_secs(5), books.next()).await {
                assert!(book.seq >= last, "entry {} came after {last}", book.seq);
                (seen, last) = (seen + 1, book.seq);
            }
            seen
        };
        let ((), seen) = tokio::join!(quoting, following);
        assert!(seen > 20, "{seen} books");
        // 299 % 13 is 0: the last took all back. One more, to compare what there is.
        let last = br#"{"address":"p","quoteSetId":1,"quotes":[
            {"providerId":1,"market":"CPU","price":"1.5","quantity":2},
            {"providerId":1,"market":"CPU","price":"1.6","quantity":1}]}"#;
        let quoted = session.mass_quote(&parse(last).expect("a mass quote")).await.expect("it is taken");
        let book = loop {
            let book = tokio::time::timeout(PATIENCE, books.next()).await.expect("in time").expect("a book");
            if book.seq >= quoted.seq {
                break book;
            }
        };
        let view = client.book(&market, None).await.expect("the book");
        assert_eq!((book.picture.bids(), book.picture.orders()), (&view.bids[..], &view.orders[..]));
        assert_eq!((book.picture.crc(), book.picture.bids().len()), (view.crc, 2));
        assert!(session.limits().is_some_and(|limits| limits.remaining > 0));
    });
}
