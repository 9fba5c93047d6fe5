//! The node's side of a test.

use std::net::SocketAddr;
use std::time::Duration;

use berth_client::Client;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Whatever a test waits for comes well within this.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A listener that a client is pointed at.
pub(crate) struct Node {
    listener: TcpListener,
    address: SocketAddr,
}

impl Node {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        Self { listener, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url(), None).expect("a URL")
    }

    pub(crate) async fn accept_raw(&self) -> TcpStream {
        let (stream, _) =
            timeout(PATIENCE, self.listener.accept()).await.expect("a client comes").expect("it connects");
        stream
    }

    /// The next WebSocket connection.
    pub(crate) async fn accept(&self) -> Peer {
        let stream = self.accept_raw().await;
        Peer { socket: tokio_tungstenite::accept_async(stream).await.expect("an upgrade") }
    }

    /// The next WebSocket connection and the subscription that it opens, which
    /// is answered as number 9 of `epoch`.
    pub(crate) async fn subscribed(&self, epoch: &str) -> (Peer, Value) {
        let mut peer = self.accept().await;
        let request = peer.request().await;
        assert_eq!(request["method"], "subscribe");
        peer.send(json!({"id": request["id"], "ok": true, "result": {"sub": 9, "epoch": epoch}})).await;
        (peer, request["params"].clone())
    }

    /// Answers one HTTP request with `response` and returns its head and body.
    pub(crate) async fn respond(&self, response: &str) -> String {
        let mut stream = self.accept_raw().await;
        let request = read_request(&mut stream).await;
        stream.write_all(response.as_bytes()).await.expect("the client reads");
        stream.shutdown().await.expect("the client reads");
        request
    }
}

/// Reads a head and as much body as it announces.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length:").map(str::trim).map(str::to_owned)
                })
                .map_or(0, |length| length.parse().expect("a length"));
            if body.len() >= length {
                return text;
            }
        }
        let mut chunk = [0; 4096];
        let n = timeout(PATIENCE, stream.read(&mut chunk)).await.expect("in time").expect("the client writes");
        assert!(n > 0, "the client broke off: {text}");
        bytes.extend_from_slice(&chunk[..n]);
    }
}

/// One client's connection. Dropping it breaks the connection off.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
}

impl Peer {
    /// The next request.
    pub(crate) async fn request(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a request comes");
            match message.expect("the client is there").expect("it speaks WebSocket") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no request: {other:?}"),
            }
        }
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        self.socket.send(Message::text(frame.to_string())).await.expect("the client is there");
    }

    /// Waits until the client is gone.
    pub(crate) async fn gone(&mut self) {
        while let Some(Ok(message)) = timeout(PATIENCE, self.socket.next()).await.expect("it goes") {
            if message.is_close() {
                return;
            }
        }
    }
}
