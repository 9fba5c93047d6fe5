//! HTTP, WebSocket and event streams in front of the sequencer.
//!
//! Requests are parsed once by `wire` and submitted as commands; what is durable
//! comes back through a [`Feed`] into a replica of the exchange, the view, which
//! answers all reads. So clients never touch the thread that matches, and who is
//! answered reads what they did. From the view, rings hold the newest events and
//! book updates; each reader has a cursor of its own, and one that does not read
//! costs nobody anything.
//!
//! Everything that a client can make large or slow has a bound: see `limits`. A
//! read holds the view, and the next batch waits for it: for a page of a list at
//! most, or for a walk over the whole state, which `kept` makes rare. Only when
//! `feed` is full of batches that wait does the sequencer wait, too.

mod answers;
mod asyncapi;
mod body;
mod book;
mod caller;
mod clock;
mod commands;
mod concern;
mod fanout;
mod feed;
mod frame;
mod guard;
mod identity;
mod kept;
mod limits;
mod live;
mod log;
mod metrics;
mod node;
mod openapi;
mod output;
mod past;
mod places;
mod problem;
mod provision;
mod query;
mod quote;
mod rate;
mod reasons;
mod routes;
mod sealed;
mod server;
mod session;
mod socket;
mod spends;
mod starting;
mod submit;
mod tape;
mod throttle;
mod till;
mod tls;
mod trace;
mod trade;
mod treasury;
mod turned_away;
mod vendored;
mod view;
mod ws;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use berth_auth::DomainError;
use berth_domain::Seq;
use berth_exchange::Exchange;
use berth_journal::{DataDir, EventStore, PrivateStore, SequencerHandle};
use thiserror::Error;
use tokio::sync::watch;

pub use feed::{Feed, Publisher, feed};
pub use identity::{AuthConfig, ChainError, ChainSigners};
pub use limits::Limits;
pub use node::Audit;
pub use provision::{Provision, ProvisionError};
pub use rate::{RateLimit, RateLimits};
pub use starting::Starting;
pub use till::{BooksFail, Call, Open, Paid, Purpose, Till, TillError};
pub use tls::{TlsConfig, TlsError};
pub use treasury::{Asked, Money, ToSign, Treasury, TreasuryError, Way};

use crate::identity::Identity;
use crate::kept::Kept;
use crate::limits::{PAST_ENTRIES_MAX, PROVISION_TIME_MAX};
use crate::log::Log;
use crate::node::Node;
use crate::output::Outputs;
use crate::past::Past;
use crate::provision::Provisioning;
use crate::rate::Limiter;
use crate::server::{Listener, Scheme, Server};
use crate::session::Sessions;
use crate::tls::Certificate;
use crate::treasury::Counter;
use crate::view::{Follower, View};

/// How the gateway shall behave.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// For trying out: believes the address that a request names.
    pub open: bool,
    /// The bearer token with which the settler reports facts of the chain. An
    /// empty one is nobody's.
    pub operator_token: String,
    /// How much clients may take.
    pub limits: Limits,
    /// With what HTTPS is spoken; without it, HTTP is.
    pub tls: Option<TlsConfig>,
    /// Whether requests are followed by spans of the process's tracer.
    pub traced: bool,
}

/// The parts of the node that stand behind the gateway.
pub struct Services {
    /// Where commands go.
    pub sequencer: SequencerHandle,
    /// What is durable comes from here: the other end is the sequencer's
    /// `on_committed`.
    pub feed: Feed,
    /// The exchange as it was before the first batch of `feed`.
    pub exchange: Exchange,
    /// Where the log lies: it is read beside its writer.
    pub dir: DataDir,
    /// All events, for readers who begin far back.
    pub events: EventStore,
    /// What orders run.
    pub private: PrivateStore,
    /// The Merkle tree over the log; without it `/audit` answers 404.
    pub audit: Option<Audit>,
    /// Who asks.
    pub auth: AuthConfig,
    /// Gives unknown addresses money in open mode; without it they are refused.
    pub provision: Option<Arc<dyn Provision>>,
    /// Moves money in and out; without it deposits and withdrawals are refused.
    pub treasury: Option<Arc<dyn Treasury>>,
    /// Takes payments for single calls; without it, or in open mode, none are.
    pub till: Option<Arc<dyn Till>>,
}

/// Why the gateway did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Open mode believes everybody, so nobody beyond this machine may ask.
    #[error("--open listens on loopback alone, such as 127.0.0.1:3000, and not on {0}")]
    OpenBeyondLoopback(SocketAddr),
    /// The address could not be bound.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// HTTPS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Nobody could log in.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// The operating system gave no thread.
    #[error("no thread: {0}")]
    Thread(io::Error),
}

/// The gateway.
pub struct Gateway;

/// A gateway that serves.
pub struct Running {
    local_addr: SocketAddr,
    inner: Option<SocketAddr>,
    certificate: Option<Arc<Certificate>>,
    server: Server,
    stop: watch::Sender<bool>,
    _follower: Follower,
}

impl Gateway {
    /// Starts to serve. The view has the log's first entry when this returns.
    ///
    /// # Errors
    /// When the address is none to listen on.
    pub async fn start(services: Services, config: GatewayConfig) -> Result<Running, StartError> {
        let GatewayConfig { listen, open, operator_token, limits, tls, traced } = config;
        if open && !guard::is_loopback(listen) {
            return Err(StartError::OpenBeyondLoopback(listen));
        }
        let Services { sequencer, feed, exchange, dir, events, private, audit, auth, provision, treasury, till } =
            services;
        let certificate = tls.map(Certificate::read).transpose()?;
        let bind = async |at| Listener::bind(at).await.map_err(|why| StartError::Listen(at, why));
        let listener = bind(listen).await?;
        let local_addr = listener.local_addr();
        let scheme = if certificate.is_some() { Scheme::Https } else { Scheme::Http };
        let identity =
            Identity::new(auth, operator_token, (scheme, &local_addr.to_string()), exchange.head() == Seq(0))?;
        let view = View::new(exchange);
        let limiter = Arc::new(Limiter::new(limits.rates));
        let follower = Follower::start(view.clone(), limiter.clone(), feed).map_err(StartError::Thread)?;
        view.reached(Seq(1)).await;

        let (stop, stopped) = watch::channel(false);
        let provisioning =
            provision.map(|provision| Provisioning::new(provision, view.clone(), stopped.clone(), PROVISION_TIME_MAX));
        // In open mode whoever is unknown is given an account with money.
        let till = till.filter(|_| !open);
        let log_id = sequencer.log_id();
        let log = Arc::new(Log::new(dir));
        let node = Node {
            open,
            identity,
            log_id,
            view: view.clone(),
            sequencer,
            limiter,
            limits,
            traced,
            past: Past::new(log.clone(), PAST_ENTRIES_MAX),
            log,
            events,
            private,
            audit,
            provisioning,
            treasury: treasury.map(Counter::new),
            till: till.clone(),
            stats: Kept::default(),
            log_head: Kept::default(),
            outputs: Outputs::default(),
            sessions: Sessions::new(),
            stop: stopped.clone(),
        };
        tokio::spawn(metrics::keep(stopped.clone()));
        if let Some(till) = till {
            tokio::spawn(till::keep(till, view, stopped.clone()));
        }
        let router = routes::router(Arc::new(node));
        let mut inner = None;
        let mut listeners = vec![(listener, certificate.as_ref().map(Certificate::acceptor))];
        if let Some(certificate) = &certificate {
            tokio::spawn(certificate.clone().watch(stopped.clone()));
            let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
            inner = Some(listener.local_addr());
            listeners.push((listener, None));
        }
        let server = Server::start(listeners, &router, limits, &stopped);
        Ok(Running { local_addr, inner, certificate, server, stop, _follower: follower })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Where those of this machine reach it by HTTP who need no proof of who it
    /// is: with a certificate, which is of another name, a port of loopback alone.
    #[must_use]
    pub fn inner_addr(&self) -> SocketAddr {
        self.inner.unwrap_or(self.local_addr)
    }

    /// Reads the certificate anew, when there is one. The one in use stays when
    /// that fails.
    ///
    /// # Errors
    /// When the files are of no use.
    pub fn renew_certificate(&self) -> Result<(), TlsError> {
        self.certificate.as_ref().map_or(Ok(()), |certificate| certificate.renew())
    }

    /// Stops: takes no more connections, tells WebSockets where to go on, and
    /// waits a bounded time until what is under way is answered. Stop the
    /// sequencer after this, so that commands under way still become durable.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        self.server.ended().await;
    }
}
