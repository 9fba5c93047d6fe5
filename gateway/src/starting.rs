//! The node's door before it serves: it reads its log, and whoever asks meanwhile
//! is told so instead of being refused a connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use berth_wire::errors::EdgeCode;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::StartError;
use crate::limits::FAREWELLS_MAX;
use crate::turned_away::{say, turn_away};

/// How long one may take to say what it wants.
const HEAD_TIME_MAX: Duration = Duration::from_secs(2);
/// How long accepting pauses when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// What of a request is looked at.
const LINE_BYTES: usize = 64;

/// An address at which a node starts. It is free again when this is dropped or
/// ended.
pub struct Starting {
    accepting: JoinHandle<()>,
}

impl Starting {
    /// Takes the address and answers there: `/health` that the node is starting,
    /// everything else that it cannot serve yet, both with 503.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn listen(listen: SocketAddr) -> Result<Self, StartError> {
        let fault = |why: io::Error| StartError::Listen(listen, why);
        let listener = TcpListener::bind(listen).await.map_err(fault)?;
        Ok(Self { accepting: tokio::spawn(accept(listener)) })
    }

    /// Gives the address free, for who serves there.
    pub async fn end(mut self) {
        self.accepting.abort();
        // It ends by being aborted, and has let the address go then.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener) {
    let at_once = Arc::new(Semaphore::new(FAREWELLS_MAX));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        if let Ok(turn) = at_once.clone().try_acquire_owned() {
            tokio::spawn(async move {
                answer(stream).await;
                drop(turn);
            });
        }
    }
}

async fn answer(mut stream: TcpStream) {
    let mut line = [0; LINE_BYTES];
    let Ok(Ok(len)) = timeout(HEAD_TIME_MAX, stream.read(&mut line)).await else { return };
    if line[..len].starts_with(b"GET /health ") {
        let health = json!({ "status": "starting", "version": env!("CARGO_PKG_VERSION") });
        say(stream, 503, "application/json", &health.to_string()).await;
    } else {
        turn_away(stream, EdgeCode::Unavailable, "the node is starting: it reads its log").await;
    }
}
