//! The demo's workload: a page that shows the lease it runs under.
//!
//! A static binary from the standard library alone, so that its image is
//! `FROM scratch` and needs no registry. It answers `GET /` with a small page,
//! `GET /health` with JSON, and nothing else. Every connection is bounded in
//! time, in header size and in number, and is closed after its answer: a
//! workload that faces strangers should be hard to hold on to.

use std::env;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes of request line and headers that are read at most.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Connections served at once; one more is closed unanswered.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may take for its request as a whole.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(5);
/// How long one write of the answer may block.
const WRITE_TIME_MAX: Duration = Duration::from_secs(5);
/// The port where the environment names none.
const PORT_DEFAULT: u16 = 8080;

fn main() -> ExitCode {
    match serve() {
        Ok(never) => match never {},
        Err(error) => {
            eprintln!("page: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<std::convert::Infallible> {
    let port = port()?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
        .map_err(|e| io::Error::new(e.kind(), format!("cannot listen on port {port}: {e}")))?;
    let page = Arc::new(Page::from_environment());
    println!("page: lease {} on port {port}", page.lease);
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        // A connection that broke before it was accepted is its client's affair.
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let slot = Slot::take(&open);
        if open.load(Ordering::Relaxed) > CONNECTIONS_MAX {
            continue;
        }
        let page = Arc::clone(&page);
        // A thread that the limits refuse is a connection refused, not an end:
        // the closure is dropped, and the slot and the stream with it.
        let _ = thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            let _slot = slot;
            let _ = answer(stream, &page);
        });
    }
}

/// `PORT`, else the first port that the lease publishes, else 8080.
fn port() -> io::Result<u16> {
    for name in ["PORT", "BERTH_PORT"] {
        if let Ok(text) = env::var(name) {
            return text
                .parse()
                .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is no port: {text}")));
        }
    }
    Ok(PORT_DEFAULT)
}

/// One of the served connections; given back when dropped.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the agent told this container about its lease.
struct Page {
    lease: String,
    order: String,
    provider: String,
    tenant: String,
    image: String,
    replica: String,
    started: Instant,
    started_at: u64,
    hits: AtomicU64,
}

impl Page {
    fn from_environment() -> Self {
        let var = |name| env::var(name).unwrap_or_else(|_| "unknown".to_owned());
        Self {
            lease: var("BERTH_LEASE_ID"),
            order: var("BERTH_ORDER_ID"),
            provider: var("BERTH_PROVIDER_ID"),
            tenant: var("BERTH_TENANT_ADDRESS"),
            image: var("BERTH_IMAGE"),
            replica: var("BERTH_REPLICA"),
            started: Instant::now(),
            started_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            hits: AtomicU64::new(0),
        }
    }

    fn html(&self, hits: u64) -> String {
        let rows = [
            ("Order", escape_html(&self.order)),
            ("Provider", escape_html(&self.provider)),
            ("Replica", escape_html(&self.replica)),
            ("Tenant", escape_html(&self.tenant)),
            ("Image", escape_html(&self.image)),
            ("Started", utc(self.started_at)),
            ("Up", format!("{} s", self.started.elapsed().as_secs())),
            ("Visits", hits.to_string()),
        ];
        let rows: String =
            rows.iter().map(|(name, value)| format!("<tr><th>{name}</th><td>{value}</td></tr>\n")).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Berth lease {lease}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <h1>Berth lease {lease}</h1>\n\
             <p>This page is served from inside the container that the lease pays for.</p>\n\
             <table>\n{rows}</table>\n</body>\n</html>\n",
            lease = escape_html(&self.lease),
        )
    }

    fn health(&self) -> String {
        format!(
            "{{\"status\":\"ok\",\"leaseId\":{},\"startedAt\":{},\"uptimeSeconds\":{},\"hits\":{}}}\n",
            quote_json(&self.lease),
            self.started_at,
            self.started.elapsed().as_secs(),
            self.hits.load(Ordering::Relaxed),
        )
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;\
padding:0 1rem;color:#123;background:#f6f8fa}th{text-align:left;padding-right:1.5rem;\
font-weight:600;vertical-align:top}td{word-break:break-all}";

/// Reads one request and answers it; the connection ends with it.
fn answer(mut stream: TcpStream, page: &Page) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_TIME_MAX))?;
    let head = match read_head(&mut stream) {
        Ok(head) => head,
        Err(Unread::Gone) => return Ok(()),
        Err(Unread::Slow) => return send(&mut stream, "408 Request Timeout", TEXT, "too slow\n", true),
        Err(Unread::Large) => {
            let status = "431 Request Header Fields Too Large";
            return send(&mut stream, status, TEXT, "headers too large\n", true);
        }
    };
    let mut words = head.split(|byte| *byte == b'\r').next().unwrap_or(&[]).split(|b| *b == b' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let (Some(method), Some(target), Some(b"HTTP/1.1" | b"HTTP/1.0"), None) = (method, target, version, words.next())
    else {
        return send(&mut stream, "400 Bad Request", TEXT, "not an HTTP/1 request\n", true);
    };
    let body = match method {
        b"GET" => true,
        b"HEAD" => false,
        _ => return send(&mut stream, "405 Method Not Allowed", TEXT, "GET or HEAD\n", true),
    };
    let path = target.split(|byte| *byte == b'?').next().unwrap_or(&[]);
    match path {
        b"/" => {
            let hits = page.hits.fetch_add(1, Ordering::Relaxed) + 1;
            send(&mut stream, "200 OK", "text/html; charset=utf-8", &page.html(hits), body)
        }
        b"/health" => send(&mut stream, "200 OK", "application/json", &page.health(), body),
        _ => send(&mut stream, "404 Not Found", TEXT, "there is / and /health\n", body),
    }
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Why a request could not be read.
enum Unread {
    Gone,
    Slow,
    Large,
}

/// The bytes up to the empty line. The deadline is of the whole, so that a
/// client cannot stay by sending one byte now and then.
fn read_head(stream: &mut TcpStream) -> Result<Vec<u8>, Unread> {
    let deadline = Instant::now() + REQUEST_TIME_MAX;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Unread::Slow);
        }
        stream.set_read_timeout(Some(left)).map_err(|_| Unread::Gone)?;
        match stream.read(&mut chunk) {
            Ok(0) => return Err(Unread::Gone),
            Ok(read) => head.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(Unread::Slow);
            }
            Err(_) => return Err(Unread::Gone),
        }
        if head.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
            return Ok(head);
        }
        if head.len() > HEAD_BYTES_MAX {
            return Err(Unread::Large);
        }
    }
}

fn send(stream: &mut TcpStream, status: &str, kind: &str, text: &str, body: bool) -> io::Result<()> {
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n{allow}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        text.len(),
    );
    if body {
        answer.push_str(text);
    }
    stream.write_all(answer.as_bytes())?;
    stream.flush()
}

fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn quote_json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// `2026-11-21 09:30:00 UTC`, by Hinnant's civil-from-days algorithm: the
/// standard library has no calendar.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let day = days + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // March is month 0 here, which puts the leap day at the end of the year.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day_of_month:02} {:02}:{:02}:{:02} UTC",
        second / 3_600,
        second / 60 % 60,
        second % 60,
    )
}
