//! The listener: bounded connections, bounded heads, and an orderly end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::limits::{CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_TIME_MAX, HEADERS_MAX, SHUTDOWN_TIME_MAX};
use crate::metrics::Counted;
use crate::socket::Socket;

/// How long accepting pauses when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// From where a request comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The router, told with each request from where it comes.
struct Peered {
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl Service<Request<Incoming>> for Peered {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.router.call(request)
    }
}

/// Serves a router until it is told to stop.
pub(crate) struct Server {
    local_addr: SocketAddr,
    places: Arc<Semaphore>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Binds and begins to accept. `stop` turns true when it shall end.
    pub(crate) async fn start(listen: SocketAddr, router: Router, stop: watch::Receiver<bool>) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let local_addr = listener.local_addr()?;
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
        let accepting = tokio::spawn(accept(listener, router, places.clone(), stop));
        Ok(Self { local_addr, places, accepting })
    }

    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Waits until the last connection has ended, or their time is over. The
    /// caller has turned `stop`.
    pub(crate) async fn ended(self) {
        // The task only ends by returning; a panic in it has nothing left to end.
        let _ = self.accepting.await;
        let all = self.places.acquire_many(CONNECTIONS_MAX);
        if tokio::time::timeout(SHUTDOWN_TIME_MAX, all).await.is_err() {
            tracing::warn!("connections are cut that did not end by themselves");
        }
    }
}

async fn accept(listener: TcpListener, router: Router, places: Arc<Semaphore>, mut stop: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Ok(place) = places.clone().try_acquire_owned() else {
                    tracing::warn!(
                        limit = CONNECTIONS_MAX,
                        "a connection is closed: there are as many as there may be"
                    );
                    continue;
                };
                let service = Peered { router: TowerToHyperService::new(router.clone()), peer: Peer(peer.ip()) };
                tokio::spawn(serve(stream, place, service, stop.clone()));
            }
            // The peer gave up between its knock and our answer.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, place: OwnedSemaphorePermit, service: Peered, mut stop: watch::Receiver<bool>) {
    let _counted = Counted::connection();
    // Answers are small and someone waits for each.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Socket::new(stream, place)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(SHUTDOWN_TIME_MAX, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Waits until the gateway stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone has stopped, too.
    let _ = stop.wait_for(|stop| *stop).await;
}
