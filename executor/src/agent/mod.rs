//! The agent: looks, plans, acts, and begins again.
//!
//! Each round asks the exchange which leases should run and the engine what
//! does, plans, and starts one task for each lease that has steps to take. A
//! lease whose task is at work is left out of the rounds until it is done, so
//! that a slow image holds up nobody else. Rounds come with every change of a
//! lease, with every finished task, and at an interval.
//!
//! When the exchange or the engine does not answer there is no round: what runs
//! goes on running. When the agent ends, it goes on running too; the next agent
//! finds it by its labels.

mod backoff;
mod beat;
mod look;
mod output;
mod service;
mod step;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use berth_client::{Signer, SigningKey};
use thiserror::Error;
use tokio::time::sleep;
use tracing::{info, warn};

use self::backoff::{Backoff, jittered};
use self::service::Service;
use crate::docker::{Engine, NoEngine};
use crate::exchange::{Exchange, ExchangeError, Node};
use crate::lease::Leases;
use crate::results::Results;

/// How an agent is set up.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// The exchange, such as `http://127.0.0.1:3000`.
    pub url: String,
    /// A bearer token for it, where it wants one.
    pub token: Option<String>,
    /// Certificates (PEM) of the authorities that are believed about who the
    /// exchange is, instead of this machine's.
    pub authorities: Option<Vec<u8>>,
    /// Shows who asks, where the exchange wants to know it: the owner's own key, or
    /// a registered one.
    pub key: Option<SigningKey>,
    /// Signs what the agent reports: the key of the provider's owner. Without it
    /// reports rest on the operator's word.
    pub signer: Option<Signer>,
    /// The engine, as in [`Engine::connect`].
    pub docker: Option<String>,
    /// Whose leases to serve.
    pub serves: Leases,
    /// The folder for results; made if it is not there.
    pub data: PathBuf,
    /// Between two heartbeats of a lease, and between two rounds.
    pub interval: Duration,
    /// How long a lease may take to be ready once its containers run.
    pub ready_time_max: Duration,
    /// How long a pull may take.
    pub pull_time_max: Duration,
    /// How long a container has to end by itself when it is stopped.
    pub stop_grace: Duration,
}

impl AgentConfig {
    /// The usual times: 2 s between heartbeats, 30 s to be ready, 5 minutes for
    /// a pull, 10 s to stop.
    #[must_use]
    pub fn new(url: &str, serves: Leases, data: PathBuf) -> Self {
        Self {
            url: url.to_owned(),
            token: None,
            authorities: None,
            key: None,
            signer: None,
            docker: None,
            serves,
            data,
            interval: Duration::from_secs(2),
            ready_time_max: Duration::from_secs(30),
            pull_time_max: Duration::from_secs(300),
            stop_grace: Duration::from_secs(10),
        }
    }
}

/// Why an agent could not begin.
#[derive(Debug, Error)]
pub enum AgentError {
    /// No engine answers.
    #[error(transparent)]
    NoEngine(#[from] NoEngine),
    /// The address of the exchange is none.
    #[error("{0}")]
    Exchange(#[from] ExchangeError),
    /// The data folder cannot be used.
    #[error("the data folder {folder} cannot be used: {cause}")]
    Data {
        /// Which.
        folder: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// An agent of one provider, or of the house.
#[derive(Debug)]
pub struct Agent<X = Node> {
    exchange: Arc<X>,
    engine: Arc<Engine>,
    config: AgentConfig,
    results: Results,
}

impl Agent {
    /// An agent that follows the exchange at `config.url`. The engine has to
    /// answer; the exchange need not yet.
    ///
    /// # Errors
    /// [`AgentError`], whose words can be shown to a user as they are.
    pub async fn connect(config: AgentConfig) -> Result<Self, AgentError> {
        let AgentConfig { url, token, authorities, key, signer, .. } = &config;
        let node = Node::new(url, token.clone(), authorities.as_deref(), key.clone(), signer.clone())?;
        Self::with(node, config).await
    }
}

impl<X: Exchange> Agent<X> {
    /// An agent that follows `exchange`.
    ///
    /// # Errors
    /// As [`Agent::connect`].
    pub async fn with(exchange: X, config: AgentConfig) -> Result<Self, AgentError> {
        let engine = Engine::connect(config.docker.as_deref()).await?;
        let data = |cause| AgentError::Data { folder: config.data.clone(), cause };
        std::fs::create_dir_all(&config.data).map_err(data)?;
        let results = Results::new(&config.data);
        Ok(Self { exchange: Arc::new(exchange), engine: Arc::new(engine), config, results })
    }

    /// The engine that this agent uses.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Serves leases until `shutdown` comes. Containers go on running then.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = shutdown => info!("the agent ends; containers go on running"),
            () = self.serve() => {}
        }
    }

    /// One log after the other: a node that was set up afresh is another
    /// exchange, whose lease numbers mean nothing to the former.
    async fn serve(&self) {
        let mut backoff = Backoff::default();
        loop {
            match self.exchange.head().await {
                Ok(head) => {
                    backoff = Backoff::default();
                    info!(log = head.log.short(), serves = ?self.config.serves, "following the exchange");
                    Service::new(self, head).run().await;
                }
                Err(error) => {
                    warn!("{error}");
                    sleep(jittered(backoff.next())).await;
                }
            }
        }
    }
}
