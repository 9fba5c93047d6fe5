//! One WebSocket connection: bounded frames, told apart as they come.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use berth_wire::errors::{Problem, Retry};
use berth_wire::frame::{BookFrame, FrameError, PUSH_BYTES_MAX, Pong, Push, RateState, Request, Subscribe, Subscribed};
use berth_wire::request::LogonRequest;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::rustls::ClientConfig;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::call::Reply;
use crate::credentials::Credentials;
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
    /// Whose word is taken for who the node is, where it is not that of this
    /// machine's authorities.
    believed: Option<Arc<ClientConfig>>,
    credentials: Option<Arc<Credentials>>,
    cancel_on_disconnect: bool,
}

impl Endpoint {
    pub(crate) fn new(
        base: &Url,
        bearer: Option<HeaderValue>,
        believed: Option<Arc<ClientConfig>>,
    ) -> Result<Self, ClientError> {
        let mut url = base.clone();
        let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
        url.set_scheme(scheme).map_err(|()| ClientError::Url(format!("{base} is not http://host:port")))?;
        url.set_path("/ws/v1");
        Ok(Self { url: url.into(), bearer, believed, credentials: None, cancel_on_disconnect: false })
    }

    pub(crate) fn signed_by(&self, credentials: Arc<Credentials>) -> Self {
        Self { credentials: Some(credentials), ..self.clone() }
    }

    pub(crate) fn cancelling_on_disconnect(self) -> Self {
        Self { cancel_on_disconnect: true, ..self }
    }

    /// Connects for commands, in the name of whoever has the key.
    ///
    /// # Errors
    /// As [`Endpoint::connect`], and when the logon is refused.
    pub(crate) async fn connect_for_commands(&self) -> Result<Socket, ClientError> {
        self.log_on(self.cancel_on_disconnect).await
    }

    /// Connects to read, in the name of whoever has the key.
    ///
    /// # Errors
    /// As [`Endpoint::connect`], and when the logon is refused.
    pub(crate) async fn connect_to_read(&self) -> Result<Socket, ClientError> {
        self.log_on(false).await
    }

    async fn log_on(&self, cancel_on_disconnect: bool) -> Result<Socket, ClientError> {
        let logon = match &self.credentials {
            Some(credentials) => credentials.logon(cancel_on_disconnect).await?,
            None => LogonRequest { cancel_on_disconnect, ..LogonRequest::default() },
        };
        let mut socket = self.connect().await?;
        if logon != LogonRequest::default() {
            let params = serde_json::to_value(logon).expect("texts and numbers are JSON");
            socket.ask::<Value>("session.logon", Some(params)).await?;
        }
        Ok(socket)
    }

    /// Connects.
    ///
    /// # Errors
    /// [`ClientError::Refused`] when the node answers and says no,
    /// [`ClientError::Transport`] otherwise.
    async fn connect(&self) -> Result<Socket, ClientError> {
        let mut request =
            self.url.as_str().into_client_request().map_err(|why| ClientError::Url(format!("{}: {why}", self.url)))?;
        if let Some(bearer) = &self.bearer {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
        }
        let config =
            WebSocketConfig::default().max_message_size(Some(PUSH_BYTES_MAX)).max_frame_size(Some(PUSH_BYTES_MAX));
        // No delay: a request is one small frame, and its answer is waited for.
        let believed = self.believed.clone().map(Connector::Rustls);
        match timeout(CONNECT_TIMEOUT, connect_async_tls_with_config(request, Some(config), true, believed)).await {
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
    Answer(Told),
    Push(Push),
}

/// An answer. Its result stays text until somebody asks for it.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) id: Option<u64>,
    pub(crate) ok: bool,
    pub(crate) seq: Option<u64>,
    pub(crate) error: Option<FrameError>,
    pub(crate) limits: Option<RateState>,
    pub(crate) text: Utf8Bytes,
}

/// What tells a frame from others. All else is passed over without being kept.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    ch: Option<Cow<'a, str>>,
    #[serde(default)]
    id: Option<u64>,
    ok: Option<bool>,
    seq: Option<u64>,
    error: Option<FrameError>,
    limits: Option<RateState>,
}

impl Incoming {
    /// Reads a frame; `None` for one of a channel that this SDK does not know.
    fn read(text: Utf8Bytes) -> Result<Option<Self>, ClientError> {
        let wrong = |why: serde_json::Error| ClientError::Protocol(why.to_string());
        let head: Head<'_> = serde_json::from_str(&text).map_err(wrong)?;
        let push = match head.ch.as_deref() {
            // The most frequent by far is read straight into its shape.
            Some("book") => serde_json::from_str::<BookFrame>(&text).map(Push::Book),
            Some("events" | "trades" | "orders" | "bids" | "leases" | "balances") => serde_json::from_str(&text),
            Some(_) => return Ok(serde_json::from_str(&text).ok().map(Self::Push)),
            None => {
                let Head { id, seq, error, limits, ok, .. } = head;
                let ok = ok.ok_or_else(|| ClientError::Protocol("a frame that is neither of both".to_owned()))?;
                return Ok(Some(Self::Answer(Told { id, ok, seq, error, limits, text })));
            }
        };
        push.map(|push| Some(Self::Push(push))).map_err(wrong)
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
                    if let Some(incoming) = Incoming::read(text)? {
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

    /// A request before all others of a connection, with the id 1, and its answer.
    async fn ask<T: DeserializeOwned>(&mut self, method: &str, params: Option<Value>) -> Result<T, ClientError> {
        let request = Request { id: 1, method: method.to_owned(), params, deadline: None };
        let text = serde_json::to_string(&request).expect("a request is JSON");
        let gone = || ClientError::Transport("the node does not read".to_owned());
        self.writer.try_send(Message::text(text)).map_err(|_| gone())?;
        let deadline = Instant::now() + ASK_TIMEOUT;
        loop {
            let incoming = timeout_at(deadline, self.next())
                .await
                .map_err(|_| ClientError::Transport(format!("no answer to {method}")))??;
            match incoming {
                Incoming::Answer(answer) => {
                    return match answer.error {
                        Some(error) => Err(ClientError::frame(error)),
                        None => Reply { seq: answer.seq, limits: answer.limits, text: answer.text }.result(),
                    };
                }
                // Nothing was subscribed yet, so this is to the connection.
                Incoming::Push(_) => {}
            }
        }
    }
}
