//! A client of `/ws/v1`.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::node::TOKEN;

/// How long a frame may take that must come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames of subscriptions that came while an answer was waited for.
    pushed: VecDeque<Value>,
    last_id: u64,
}

impl Socket {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::with(addr, &[]).await.unwrap()
    }

    pub(crate) async fn operator(addr: SocketAddr) -> Self {
        Self::with(addr, &[("authorization", format!("Bearer {TOKEN}"))]).await.unwrap()
    }

    pub(crate) async fn with(addr: SocketAddr, headers: &[(&'static str, String)]) -> Result<Self, Error> {
        let mut request = format!("ws://{addr}/ws/v1").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (stream, _) = connect_async(request).await?;
        Ok(Self { stream, pushed: VecDeque::new(), last_id: 0 })
    }

    /// Sends a request without waiting; gives its id.
    pub(crate) async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let request = json!({ "id": self.last_id, "method": method, "params": params });
        self.text(&request.to_string()).await;
        self.last_id
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// The answer to a request; keeps what comes in between.
    pub(crate) async fn answer(&mut self, id: u64) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["id"] == id && frame.get("ok").is_some() {
                return frame;
            }
            self.pushed.push_back(frame);
        }
    }

    /// The answer to one of several requests that wait.
    pub(crate) async fn answer_in_any_order(&mut self, id: u64) -> Value {
        match self.pushed.iter().position(|frame| frame["id"] == id) {
            Some(place) => self.pushed.remove(place).unwrap(),
            None => self.answer(id).await,
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.answer(id).await
    }

    /// Calls a method that must succeed; gives its result.
    pub(crate) async fn ok(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next frame of a subscription.
    pub(crate) async fn pushed(&mut self) -> Value {
        match self.pushed.pop_front() {
            Some(frame) => frame,
            None => self.frame().await,
        }
    }

    /// The next frame as it comes.
    pub(crate) async fn frame(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("a frame in time").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The close frame with which the node ends the connection.
    pub(crate) async fn closed(mut self) -> Option<CloseFrame> {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("a close in time")? {
                Ok(Message::Close(frame)) => return frame,
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
