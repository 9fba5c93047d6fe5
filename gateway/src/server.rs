//! The listener: bounded connections, bounded heads, and an orderly end.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use berth_wire::errors::EdgeCode;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::limits::{FAREWELLS_MAX, HANDSHAKE_TIME_MAX, HEAD_BYTES_MAX, HEADERS_MAX, Limits, SHUTDOWN_TIME_MAX};
use crate::metrics::Counted;
use crate::places::{NoPlace, Place, Places, counted_for};
use crate::socket::Socket;
use crate::turned_away::turn_away;

/// How long accepting pauses when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// From where a request comes, as far as it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The router, told with each request how and from where it comes and what
/// bounds it.
struct Peered {
    router: TowerToHyperService<Router>,
    peer: Peer,
    scheme: Scheme,
    limits: Limits,
}

impl Service<Request<Incoming>> for Peered {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.scheme);
        request.extensions_mut().insert(self.limits);
        self.router.call(request)
    }
}

/// Serves a router until it is told to stop.
pub(crate) struct Server {
    places: Places,
    accepting: Vec<JoinHandle<()>>,
}

/// An address that is taken and not served yet.
pub(crate) struct Listener {
    listener: TcpListener,
    local_addr: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(listen: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let local_addr = listener.local_addr()?;
        Ok(Self { listener, local_addr })
    }

    pub(crate) const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

impl Server {
    /// Begins to accept at each of these, with TLS where it has a certificate.
    /// `stop` turns true when it shall end.
    pub(crate) fn start(
        listeners: Vec<(Listener, Option<TlsAcceptor>)>,
        router: &Router,
        limits: Limits,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let (places, farewells) = (Places::new(&limits), Arc::new(Semaphore::new(FAREWELLS_MAX)));
        let accept = |(listener, tls): (Listener, Option<TlsAcceptor>)| {
            let (router, places, farewells) = (router.clone(), places.clone(), farewells.clone());
            let door = Door { router, tls, limits, places, farewells };
            tokio::spawn(door.accept(listener.listener, stop.clone()))
        };
        let accepting = listeners.into_iter().map(accept).collect();
        Self { places, accepting }
    }

    /// Waits until the last connection has ended, or their time is over. The
    /// caller has turned `stop`.
    pub(crate) async fn ended(self) {
        for accepting in self.accepting {
            // The task only ends by returning; a panic in it has nothing left to end.
            let _ = accepting.await;
        }
        if tokio::time::timeout(SHUTDOWN_TIME_MAX, self.places.empty()).await.is_err() {
            tracing::warn!("connections are cut that did not end by themselves");
        }
    }
}

/// Where connections come in.
struct Door {
    router: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    places: Places,
    /// Those who are turned away in words.
    farewells: Arc<Semaphore>,
}

impl Door {
    async fn accept(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stop) => return,
            };
            match accepted {
                Ok((stream, peer)) => self.enter(stream, peer.ip(), &stop),
                // The peer gave up between its knock and our answer.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn enter(&self, stream: TcpStream, peer: IpAddr, stop: &watch::Receiver<bool>) {
        let peer = counted_for(peer);
        match self.places.take(peer) {
            Ok(place) => {
                let router = TowerToHyperService::new(self.router.clone());
                let scheme = if self.tls.is_some() { Scheme::Https } else { Scheme::Http };
                let service = Peered { router, peer: Peer(peer), scheme, limits: self.limits };
                tokio::spawn(serve(stream, self.tls.clone(), place, service, stop.clone()));
            }
            Err(why) => self.turn_away(stream, peer, why),
        }
    }

    /// A flood of connections must not become a flood of tasks: beyond some, they
    /// are closed without a word.
    fn turn_away(&self, stream: TcpStream, peer: IpAddr, why: NoPlace) {
        let Limits { connections, connections_per_address, .. } = self.limits;
        let (code, detail) = match why {
            NoPlace::All => {
                tracing::warn!(limit = connections, "a connection is closed: there are as many as there may be");
                (EdgeCode::Overloaded, format!("there are {connections} connections, as many as there may be"))
            }
            NoPlace::OfAddress => {
                tracing::debug!(%peer, limit = connections_per_address, "a connection too many of one address");
                (EdgeCode::RateLimited, format!("one address may have {connections_per_address} connections"))
            }
        };
        // Words would have to be said in TLS, which is work for somebody who has
        // more than enough already.
        if self.tls.is_none()
            && let Ok(farewell) = self.farewells.clone().try_acquire_owned()
        {
            tokio::spawn(async move {
                turn_away(stream, code, &detail).await;
                drop(farewell);
            });
        }
    }
}

async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    place: Place,
    service: Peered,
    mut stop: watch::Receiver<bool>,
) {
    let _counted = Counted::connection();
    // Answers are small and someone waits for each.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    let Some(tls) = tls else { return converse(Socket::new(stream, place), service, stop).await };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIME_MAX, shake_hands(stream, &tls, place)) => shaken,
        () = stopped(&mut stop) => return,
    };
    // Who says nothing, or something else, holds nothing any more.
    if let Ok(Some(stream)) = shaken {
        converse(stream, service, stop).await;
    }
}

async fn shake_hands(stream: TcpStream, tls: &TlsAcceptor, place: Place) -> Option<TlsStream<Socket>> {
    /// The first byte of a handshake (RFC 8446 §5.1).
    const HANDSHAKE: u8 = 0x16;
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] != HANDSHAKE => {
            turn_away(stream, EdgeCode::TlsRequired, "this port speaks HTTPS: say https:// or wss://").await;
            None
        }
        Ok(1) => {
            let shaken = tls.accept(Socket::new(stream, place)).await;
            shaken.inspect_err(|error| tracing::debug!(%error, "a handshake came to nothing")).ok()
        }
        Ok(_) | Err(_) => None,
    }
}

async fn converse<S>(stream: S, service: Peered, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.limits.head_time)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
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
