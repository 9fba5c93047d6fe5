//! A bare WebSocket on the node's own stack that sends back what it is sent, on a
//! thread of its own: what a round trip takes when nothing is done.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::Message as Heard;
use axum::response::Response;
use axum::routing::get;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Message;

use super::{While, fault};
use crate::measure::MeasureFault;

const DOING: &str = "echoing";

/// Where it listens. It ends with the process.
pub(super) struct Echo(SocketAddr);

impl Echo {
    pub(super) fn start() -> Result<Self, MeasureFault> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).or_fault(DOING)?;
        listener.set_nonblocking(true).or_fault(DOING)?;
        let address = listener.local_addr().or_fault(DOING)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().or_fault(DOING)?;
        let serve = async move {
            let listener = axum::serve::ListenerExt::tap_io(TcpListener::from_std(listener)?, |stream| {
                // As the node has it: an answer is one small frame.
                let _ = stream.set_nodelay(true);
            });
            axum::serve(listener, Router::new().route("/", get(upgrade))).await
        };
        thread::Builder::new().name("echo".into()).spawn(move || runtime.block_on(serve)).or_fault(DOING)?;
        Ok(Self(address))
    }

    /// Round trips of a text of so many bytes, one after the other, for a while.
    pub(super) async fn round_trips(&self, bytes: usize, spend: Duration) -> Result<Vec<Duration>, MeasureFault> {
        let url = format!("ws://{}/", self.0);
        let (mut socket, _) = connect_async_with_config(url, None, true).await.or_fault(DOING)?;
        let text = "x".repeat(bytes);
        let (mut spent, begun) = (Vec::new(), Instant::now());
        while begun.elapsed() < spend {
            let sent = Instant::now();
            socket.send(Message::text(text.clone())).await.or_fault(DOING)?;
            let echo = socket.next().await.ok_or_else(|| fault(DOING, "the socket has closed"))?.or_fault(DOING)?;
            spent.push(sent.elapsed());
            if echo.len() != bytes {
                return Err(fault(DOING, "what came back is not what was sent"));
            }
        }
        Ok(spent)
    }
}

async fn upgrade(socket: WebSocketUpgrade) -> Response {
    socket.on_upgrade(|mut socket| async move {
        while let Some(Ok(message @ Heard::Text(_))) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}
