//! A client that asks for everything and reads nothing.

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use super::node::Node;
use super::{While, fault};
use crate::measure::MeasureFault;

const STALLING: &str = "asking for what is not read";
/// Bytes that the kernel may keep for it; it rounds up.
const BUFFER_BYTES: u32 = 4_096;
/// Subscriptions, as many as the node allows one socket.
const SUBSCRIPTIONS: u32 = 64;

/// It stays until it is dropped, whatever the node does.
pub(super) struct Stalled(#[expect(dead_code, reason = "held open")] TcpStream);

impl Stalled {
    /// Connects and subscribes to the log from its beginning, again and again.
    pub(super) async fn connect(address: &str) -> Result<Self, MeasureFault> {
        let socket = TcpSocket::new_v4().or_fault(STALLING)?;
        socket.set_recv_buffer_size(BUFFER_BYTES).or_fault(STALLING)?;
        let mut stream = socket.connect(address.parse().or_fault(STALLING)?).await.or_fault(STALLING)?;
        let upgrade = format!(
            "GET /ws/v1 HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(upgrade.as_bytes()).await.or_fault(STALLING)?;
        for id in 0..SUBSCRIPTIONS {
            let subscribe = format!(r#"{{"id":{id},"method":"subscribe","params":{{"ch":"events","fromSeq":1}}}}"#);
            stream.write_all(&frame(&subscribe)?).await.or_fault(STALLING)?;
        }
        Ok(Self(stream))
    }
}

/// A text frame of a client, masked with zeros (RFC 6455 §5.2).
fn frame(text: &str) -> Result<Vec<u8>, MeasureFault> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126);
    let length = length.ok_or_else(|| fault(STALLING, "the request is too long for a short frame"))?;
    Ok([&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat())
}

/// WebSockets that the node serves now, by its own metrics.
pub(super) async fn open_sockets(node: &Node) -> Result<u64, MeasureFault> {
    const ASKING: &str = "reading the node's metrics";
    let text = node.metrics().await.or_fault(ASKING)?;
    let line = text.lines().find_map(|line| line.strip_prefix("berth_sockets "));
    let number = line.and_then(|number| number.trim().parse::<f64>().ok());
    number.map(|number| number as u64).ok_or_else(|| fault(ASKING, "berth_sockets is not among them"))
}
