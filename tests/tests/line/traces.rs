//! Traces of a running node, at a collector that is this test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{Node, PATIENCE};

/// A span, as far as it is looked at here.
#[derive(Clone, Debug, Default)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    start: u64,
    end: u64,
}

/// A field of a message in the wire format of Protocol Buffers.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// Takes a message apart.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = bytes.split_first().expect("a number ends");
            *bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 | 5 => {
                let len = if key & 7 == 1 { 8 } else { 4 };
                let (digits, rest) = bytes.split_at(len);
                bytes = rest;
                Field::Number(digits.iter().rev().fold(0, |number, digit| number << 8 | u64::from(*digit)))
            }
            2 => {
                let len = usize::try_from(varint(&mut bytes)).expect("a length");
                let (content, rest) = bytes.split_at(len);
                bytes = rest;
                Field::Bytes(content)
            }
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, field));
    }
    found
}

/// The messages in a field.
fn inner(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let fields = fields(bytes).into_iter().filter(|(of, _)| *of == number);
    let bytes = fields.filter_map(|(_, field)| match field {
        Field::Bytes(bytes) => Some(bytes),
        Field::Number(_) => None,
    });
    bytes.collect()
}

/// The spans of an `ExportTraceServiceRequest`.
fn spans(request: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for scope in inner(request, 1).into_iter().flat_map(|resource| inner(resource, 2)) {
        for message in inner(scope, 2) {
            let mut span = Span::default();
            for (number, field) in fields(message) {
                match (number, field) {
                    (1, Field::Bytes(id)) => span.trace = id.to_vec(),
                    (2, Field::Bytes(id)) => span.id = id.to_vec(),
                    (4, Field::Bytes(id)) => span.parent = id.to_vec(),
                    (5, Field::Bytes(name)) => span.name = String::from_utf8_lossy(name).into_owned(),
                    (7, Field::Number(at)) => span.start = at,
                    (8, Field::Number(at)) => span.end = at,
                    _ => {}
                }
            }
            spans.push(span);
        }
    }
    spans
}

/// Takes one export, and the header that it has to come with.
fn export(stream: &TcpStream) -> Option<Vec<Span>> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut secret) = (String::new(), 0, false);
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length: ") {
            length = value.parse().expect("a length");
        }
        secret |= header == "x-token: word";
    }
    assert!(secret, "telemetry.headers are sent");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = stream;
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(answer).ok()?;
    Some(spans(&body))
}

fn collector() -> (String, Receiver<Span>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let at = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                while let Some(spans) = export(&stream) {
                    // Nobody may be left to look at them.
                    spans.into_iter().for_each(|span| sender.send(span).unwrap_or_default());
                }
            });
        }
    });
    (at, receiver)
}

#[test]
fn a_command_is_traced_from_its_request_to_its_answer() {
    let (at, spans) = collector();
    let dir = tempfile::tempdir().expect("a folder");
    let config = dir.path().join("node.toml");
    let text = format!("[telemetry]\nendpoint = \"{at}\"\nheaders = [\"X-Token=word\"]\n");
    std::fs::write(&config, text).expect("it is written");
    let config = config.to_str().expect("it is text").to_owned();
    let node = Node::start(&dir.path().join("data"), &["--open", "--config", &config]);

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01");
    let host = r#"{"address":"traced","resources":{"cpu":4,"memory":4096,"storage":10,"bandwidth":10},
                   "hostname":"traced.example.com","port":8080,"agent":"own"}"#;
    let url = format!("{}/api/v1/providers", node.url);
    let args = ["-sS", "-m", "60", "-H", "content-type: application/json", "-H", &parent, "-d", host, &url];
    let output = Command::new("curl").args(args).output().expect("curl runs");
    let made: Value = serde_json::from_slice(&output.stdout).expect("an answer");
    assert_eq!(made["id"], 1, "{made}");

    let trace: Vec<u8> =
        (0..16).map(|i| u8::from_str_radix(&TRACE[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect();
    let mut found: BTreeMap<String, Span> = BTreeMap::new();
    let wanted = ["POST /api/v1/providers", "answer", "apply", "journal", "queue"];
    let deadline = Instant::now() + PATIENCE;
    while !wanted.iter().all(|name| found.contains_key(*name)) {
        let left = deadline.saturating_duration_since(Instant::now());
        let span = spans.recv_timeout(left.max(Duration::from_millis(1))).unwrap_or_else(|_| panic!("{found:?}"));
        if span.trace == trace {
            found.insert(span.name.clone(), span);
        }
    }
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    let request = &found["POST /api/v1/providers"];
    assert_eq!(request.parent, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7], "the caller's span");
    let mut before = request.start;
    for name in ["queue", "journal", "apply", "answer"] {
        let step = &found[name];
        assert_eq!(step.parent, request.id, "{name}");
        assert!(before <= step.start && step.start <= step.end && step.end <= request.end, "{name}: {found:?}");
        before = step.end;
    }
}
