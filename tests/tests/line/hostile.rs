//! Nodes that lie: whatever they serve as their log, a verb ends with clear words
//! and an exit code, and keeps no more of it than one answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use crate::process::{Node, run};

/// Serves answers to `GET /audit/log?from=…` for as long as the test runs.
fn serve(answer: impl Fn(u64, &mut TcpStream) + Send + 'static) -> String {
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
            let from = head.split_once("from=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
            answer(from.unwrap_or(0), &mut stream);
        }
    });
    url
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

/// The batches of a new log.
fn batches() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let node = Node::start(folder.path(), &["--open"]);
    let provider = r#"{"address":"p","resources":{"cpu":4,"memory":8192},"hostname":"h","port":1}"#;
    let status = Command::new("curl")
        .args(["-sSf", "-m", "60", "-o", "/dev/null", "-H", "Content-Type: application/json", "-d", provider])
        .arg(format!("{}/api/v1/providers", node.url))
        .status();
    assert!(status.expect("curl runs").success());
    let body = Command::new("curl").args(["-sSf", &format!("{}/audit/log", node.url)]).output().expect("curl runs");
    let (mut rest, mut batches) = (&body.stdout[..], Vec::new());
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
    let (ours, theirs) = (batches(), batches());
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
    let url = serve(move |from, stream| send(stream, "18446744073709551615", if from > end { &[] } else { &first }));
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
