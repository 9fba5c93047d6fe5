//! Nodes that lie: whatever they serve as their log, a verb ends with clear words
//! and an exit code, and keeps no more of it than one answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{Node, PATIENCE, get, run};
use crate::questions::post;

/// Serves answers to requests for paths for as long as the test runs.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            answer(head.split(' ').nth(1).unwrap_or("/"), &mut stream);
        }
    });
    url
}

/// Stands before a node and changes what it answers.
fn between(node: &Node, change: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + 'static) -> String {
    let url = node.url.clone();
    serve(move |path, stream| {
        let head = get(&format!("{url}/health")).expect("the node answers")["seq"].to_string();
        send(stream, &head, &change(path, fetch(&format!("{url}{path}"))));
    })
}

fn fetch(url: &str) -> Vec<u8> {
    Command::new("curl").args(["-sSf", "-m", "20", url]).output().expect("curl runs").stdout
}

/// An answer with these batches; whoever reads it may go away.
fn send(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nx-berth-head: {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(body);
}

fn framed(batch: &[u8]) -> Vec<u8> {
    let length = u32::try_from(batch.len()).expect("short");
    [&length.to_le_bytes()[..], batch].concat()
}

/// A node with a host.
fn node(data: &Path) -> Node {
    let node = Node::start(data, &["--open"]);
    let provider = r#"{"address":"p","resources":{"cpu":4,"memory":8192},"hostname":"h","port":1}"#;
    post(&format!("{}/api/v1/providers", node.url), provider);
    node
}

/// The batches of a log.
fn batches(node: &Node) -> Vec<Vec<u8>> {
    let body = fetch(&format!("{}/audit/log", node.url));
    let (mut rest, mut batches) = (&body[..], Vec::new());
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (batch, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
        batches.push(batch.to_vec());
        rest = behind;
    }
    assert!(batches.len() > 2, "{} batches", batches.len());
    batches
}

/// The last entry of a batch, by its header.
fn last(batch: &[u8]) -> u64 {
    let first = u64::from_le_bytes(batch[10..18].try_into().expect("eight bytes"));
    first + u64::from(u32::from_le_bytes(batch[18..22].try_into().expect("four bytes"))) - 1
}

#[test]
fn a_node_that_serves_no_log_is_told_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [ours, theirs] = ["ours", "theirs"].map(|name| batches(&node(&folder.path().join(name))));
    let first = framed(&ours[0]);
    let end = last(&ours[0]);
    let with = |body: Vec<u8>| [first.clone(), body].concat();
    let mut flipped = ours[0].clone();
    flipped[60] ^= 1;
    let same: Vec<u8> = theirs.iter().take(2).skip(1).flat_map(|batch| framed(batch)).collect();
    let plain: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("a batch of another log", "9", with(same), "following the log"),
        ("the same batch again", "9", with(first.clone()), "a batch with entries"),
        ("a flipped bit", "9", framed(&flipped), "batch hash"),
        ("a length beyond the body", "9", with(vec![255, 255, 255, 255, 1]), "breaks off within a batch"),
        ("half a length", "9", with(vec![1, 0]), "breaks off within a batch"),
        ("a batch of nothing", "9", with(vec![0; 4]), "a batch without bytes"),
        ("no batches", "9", Vec::new(), "nothing comes from 1 on"),
        ("no head", "many", first.clone(), "x-berth-head"),
        ("noise", "9", framed(&[7; 500]), "no batch"),
    ];
    for (what, head, body, told) in plain {
        let head = head.to_owned();
        let url = serve(move |_, stream| send(stream, &head, &body));
        check(what, &url, told);
    }
    // A log that goes on for ever, of which nothing more comes.
    let url = serve(move |path, stream| {
        let from: u64 = path.split_once("from=").expect("the log is asked for").1.parse().expect("a number");
        send(stream, "18446744073709551615", if from > end { &[] } else { &first });
    });
    check("a far end", &url, "nothing comes from");
    // A body that is cut, and one that never ends.
    let url = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-berth-head: 9\r\ncontent-length: 900\r\n\r\n\x08\0\0\0abc");
    });
    check("a cut body", &url, "cannot be reached");
    let url = serve(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-berth-head: 9\r\n\r\n");
        while stream.write_all(&[1; 65_536]).is_ok() {}
    });
    check("a body without an end", &url, "an answer of more than");
}

/// A verb of each kind says what is wrong; none panics.
#[track_caller]
fn check(what: &str, url: &str, told: &str) {
    for args in [&["log", "--url", url, "cat"][..], &["replay", "--url", url], &["fairness", "--url", url]] {
        let output = run(args);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{what}, {args:?}: {words}");
        let is_told = words.contains(told) || (told == "following the log" && words.contains("it follows batch"));
        assert!(is_told && !words.contains("panicked"), "{what}, {args:?}: {words}");
    }
}

/// Asks until there is a signed checkpoint.
fn signed(node: &Node) {
    let deadline = Instant::now() + PATIENCE;
    while fetch(&format!("{}/audit/checkpoint", node.url)).is_empty() {
        assert!(Instant::now() < deadline, "nothing is signed after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn findings(output: &Output) -> Vec<Value> {
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    report["findings"].as_array().expect("a list").clone()
}

#[test]
fn a_node_whose_tree_is_not_that_of_its_log_is_told_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [ours, theirs] = ["ours", "theirs"].map(|name| node(&folder.path().join(name)));
    signed(&ours);
    signed(&theirs);
    let proof = |url: &str| {
        let output = run(&["proof", "inclusion", "--url", url, "1"]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let verify = |url: &str| run(&["verify", "-o", "json", "--url", url]);

    // Nothing is changed on the way.
    let url = between(&ours, |_, body| body);
    assert_eq!(proof(&url).0, Some(0), "{}", proof(&url).1);
    assert_eq!(findings(&verify(&url)), Vec::<Value>::new());

    let of_tiles = |change: fn(&mut Vec<u8>)| {
        move |path: &str, mut body: Vec<u8>| {
            if path.starts_with("/audit/tile/") {
                change(&mut body);
            }
            body
        }
    };
    let (code, told) = proof(&between(&ours, of_tiles(|tile| tile[40] ^= 1)));
    assert!(code == Some(1) && told.contains("proves nothing"), "{told}");
    let (code, told) = proof(&between(&ours, of_tiles(|tile| tile.truncate(tile.len() - 1))));
    assert!(code == Some(1) && told.contains("not 32 for each hash"), "{told}");

    // A beginning of the log that holds together, and says that it is all.
    let (parts, of_node) = (batches(&ours), ours.url.clone());
    let (head, start) = (last(&parts[1]).to_string(), [framed(&parts[0]), framed(&parts[1])].concat());
    let url = serve(move |path, stream| match path.starts_with("/audit/log") {
        true => send(stream, &head, &start),
        false => send(stream, &head, &fetch(&format!("{of_node}{path}"))),
    });
    let output = verify(&url);
    assert_eq!(output.status.code(), Some(1));
    assert!(findings(&output)[0].as_str().expect("text").contains("says of none"), "{:?}", findings(&output));

    // A checkpoint that nobody signed so, and one of another log.
    let url = between(&ours, |path, mut body| {
        if path == "/audit/checkpoint" {
            let digit = body.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
            body[digit] = if body[digit] == b'9' { b'8' } else { body[digit] + 1 };
        }
        body
    });
    let output = verify(&url);
    assert_eq!(output.status.code(), Some(1));
    assert!(findings(&output)[0].as_str().expect("text").contains("signature"), "{:?}", findings(&output));
    let other = theirs.url.clone();
    let output = verify(&between(&ours, move |path, body| {
        if matches!(path, "/audit/checkpoint" | "/audit/key") { fetch(&format!("{other}{path}")) } else { body }
    }));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(findings(&output).len(), 1, "{:?}", findings(&output));
}
