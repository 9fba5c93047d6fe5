//! One WebSocket connection: bounded frames, told apart as they come.

use std::time::Duration;

use berth_wire::errors::{Problem, Retry};
use berth_wire::frame::{Answer, PUSH_BYTES_MAX, Pong, Push, Request, Subscribe, Subscribed};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::error::ClientError;

/// From the start of a connection to the end of its upgrade.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Silence after which a ping is sent.
const PING_AFTER: Duration = Duration::from_secs(10);
/// Silence after which the connection is given up.
const SILENCE_MAX: Duration = Duration::from_secs(25);
/// From the sending of a connection's first request to its answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// Frames that wait to leave.
const FRAMES_MAX: usize = 64;
/// The longest time that one frame may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a node's WebSocket is, and in whose name it is asked.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    url: String,
    bearer: Option<HeaderValue>,
}

impl Endpoint {
    pub(crate) fn new(base: &Url, bearer: Option<HeaderValue>) -> Result<Self, ClientError> {
        let mut url = base.clone();
        url.set_scheme("ws").map_err(|()| ClientError::Url(format!("{base} is not http://host:port")))?;
        url.set_path("/ws/v1");
        Ok(Self { url: url.into(), bearer })
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the node answers and says no,
    /// [`ClientError::Transport`] otherwise.
    pub(crate) async fn connect(&self) -> Result<Socket, ClientError> {
        let mut request =
            self.url.as_str().into_client_request().map_err(|why| ClientError::Url(format!("{}: {why}", self.url)))?;
        if let Some(bearer) = &self.bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        let config =
            WebSocketConfig::default().max_message_size(Some(PUSH_BYTES_MAX)).max_frame_size(Some(PUSH_BYTES_MAX));
        // No delay: a request is one small frame, and its answer is waited for.
        match timeout(CONNECT_TIMEOUT, connect_async_with_config(request, Some(config), true)).await {
            Ok(Ok((stream, _))) => Ok(Socket::new(stream)),
            Ok(Err(tungstenite::Error::Http(response))) => Err(upgrade_refused(&response)),
            Ok(Err(why)) => Err(ClientError::Transport(why.to_string())),
            Err(_) => Err(ClientError::Transport("the connection took too long".to_owned())),
        }
    }
}

fn upgrade_refused(response: &tungstenite::http::Response<Option<Vec<u8>>>) -> ClientError {
    let status = response.status();
    let body = response.body().as_deref().unwrap_or_default();
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => ClientError::problem(problem),
        Err(_) if status.is_client_error() => ClientError::Refused {
            code: format!("HTTP_{}", status.as_u16()),
            detail: format!("the upgrade was answered {status}"),
            retry: if status.as_u16() == 429 { Retry::After } else { Retry::Never },
            field: None,
            status: Some(status.as_u16()),
        },
        Err(_) => ClientError::Transport(format!("the upgrade was answered {status}")),
    }
}

/// What came.
#[derive(Debug)]
pub(crate) enum Incoming {
    Answer(Answer),
    Push(Push),
}

impl Incoming {
    /// Reads a frame; `None` for one of a channel that this SDK does not know.
    fn read(text: &str) -> Result<Option<Self>, ClientError> {
        let wrong = |why: serde_json::Error| ClientError::Protocol(why.to_string());
        let value: Value = serde_json::from_str(text).map_err(wrong)?;
        match value.get("ch").and_then(Value::as_str) {
            Some("book" | "events" | "trades" | "orders" | "bids" | "leases" | "balances") => {
                serde_json::from_value(value).map(|push| Some(Self::Push(push))).map_err(wrong)
            }
            Some(_) => Ok(serde_json::from_value(value).ok().map(Self::Push)),
            None => serde_json::from_value(value).map(|answer| Some(Self::Answer(answer))).map_err(wrong),
        }
    }
}

/// A connection. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Socket {
    reader: SplitStream<Stream>,
    writer: mpsc::Sender<Message>,
    heard: Instant,
    pinged: bool,
}

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Writing has a task of its own: whoever waits until the node takes a frame
/// must go on reading, or both sides could wait for each other.
async fn write(mut sink: SplitSink<Stream, Message>, mut frames: mpsc::Receiver<Message>) {
    while let Some(frame) = frames.recv().await {
        match timeout(SEND_TIMEOUT, sink.send(frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
    // The other half is gone already, so there is nobody to tell of a failure.
    let _ = timeout(SEND_TIMEOUT, sink.close()).await;
}

impl Socket {
    fn new(stream: Stream) -> Self {
        let (sink, reader) = stream.split();
        let (writer, frames) = mpsc::channel(FRAMES_MAX);
        tokio::spawn(write(sink, frames));
        Self { reader, writer, heard: Instant::now(), pinged: false }
    }

    /// Where frames go that shall be sent. It is closed when the node takes no
    /// more.
    pub(crate) fn writer(&self) -> mpsc::Sender<Message> {
        self.writer.clone()
    }

    /// The next frame; waits for it, and pings when it has heard nothing for a
    /// while. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`ClientError::Transport`] when the connection is over or silent,
    /// [`ClientError::Protocol`] when a frame makes no sense.
    pub(crate) async fn next(&mut self) -> Result<Incoming, ClientError> {
        loop {
            let wait = if self.pinged { SILENCE_MAX } else { PING_AFTER };
            let message = tokio::select! {
                () = self.writer.closed() => return Err(ClientError::Transport("the node does not read".to_owned())),
                message = timeout_at(self.heard + wait, self.reader.next()) => message,
            };
            let message = match message {
                Err(_) if self.pinged => {
                    return Err(ClientError::Transport(format!("heard nothing for {} s", SILENCE_MAX.as_secs())));
                }
                Err(_) => {
                    self.pinged = true;
                    // When the queue is full, what stands in it will do.
                    let _ = self.writer.try_send(Message::Ping(Vec::new().into()));
                    continue;
                }
                Ok(None) => return Err(ClientError::Transport("the connection was closed".to_owned())),
                Ok(Some(Err(why))) => return Err(ClientError::Transport(why.to_string())),
                Ok(Some(Ok(message))) => message,
            };
            self.heard = Instant::now();
            self.pinged = false;
            match message {
                Message::Text(text) => {
                    if let Some(incoming) = Incoming::read(&text)? {
                        return Ok(incoming);
                    }
                }
                Message::Close(frame) => {
                    let why = frame.map_or_else(String::new, |frame| format!(": {} {}", frame.code, frame.reason));
                    return Err(ClientError::Transport(format!("the node closed the connection{why}")));
                }
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Subscribes, and waits for the answer to it.
    ///
    /// # Errors
    /// As [`Socket::next`], and [`ClientError::Refused`].
    pub(crate) async fn subscribe(&mut self, subscribe: &Subscribe) -> Result<Subscribed, ClientError> {
        let params = serde_json::to_value(subscribe).expect("texts and numbers are JSON");
        self.ask("subscribe", Some(params)).await
    }

    /// Asks for the log and the node's time, and waits for the answer.
    ///
    /// # Errors
    /// As [`Socket::next`], and [`ClientError::Refused`].
    pub(crate) async fn ping(&mut self) -> Result<Pong, ClientError> {
        self.ask("ping", None).await
    }

    /// The first request of a connection, with the id 1, and its answer.
    async fn ask<T: DeserializeOwned>(&mut self, method: &str, params: Option<Value>) -> Result<T, ClientError> {
        let request = Request { id: 1, method: method.to_owned(), params };
        let text = serde_json::to_string(&request).expect("a request is JSON");
        let gone = || ClientError::Transport("the node does not read".to_owned());
        self.writer.try_send(Message::text(text)).map_err(|_| gone())?;
        let deadline = Instant::now() + ASK_TIMEOUT;
        loop {
            let incoming = timeout_at(deadline, self.next())
                .await
                .map_err(|_| ClientError::Transport("no answer to the first request".to_owned()))??;
            match incoming {
                Incoming::Answer(answer) => {
                    return match (answer.error, answer.result) {
                        (Some(error), _) => Err(ClientError::frame(error)),
                        (None, Some(result)) => {
                            serde_json::from_value(result).map_err(|why| ClientError::Protocol(why.to_string()))
                        }
                        (None, None) => Err(ClientError::Protocol("an answer without a result".to_owned())),
                    };
                }
                // Nothing was subscribed yet, so this is to the connection.
                Incoming::Push(_) => {}
            }
        }
    }
}
