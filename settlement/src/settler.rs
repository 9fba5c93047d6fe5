use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch as channel;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use crate::chain::{Address, Rpc, RpcError, Signer};
use crate::channels::{Channels, ChannelsConfig, tend};
use crate::contract::{Escrow, ViewError};
use crate::exchange::{Exchange, ExchangeError};
use crate::follower::{Backoff, Desk, follow, tell_failures};
use crate::metrics;
use crate::operator::Operator;
use crate::outbox::Outbox;
use crate::status::{Board, Status};
use crate::store::{Changes, StoreError};
use crate::watcher::{WatchError, watch};
use crate::worker::work;

/// What a settler needs to know.
#[derive(Clone, Debug)]
pub struct SettlerConfig {
    /// The RPC of the network to settle on.
    pub rpc_url: String,
    /// The escrow contract.
    pub contract: Address,
    /// Who signs for the contract's operator.
    pub operator: Signer,
    /// The accounts that pay for its transactions.
    pub channels: ChannelsConfig,
    /// Where the outbox is kept.
    pub data_dir: PathBuf,
    /// How often to ask for the contract's events, in milliseconds (at least 10).
    pub poll_ms: u64,
}

/// Why a settler stopped.
#[derive(Debug, Error)]
pub enum SettlerError {
    /// Its database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is not the operator's.
    #[error("{key} does not operate the contract, {operator} does")]
    NotOperator {
        /// Whose key it is.
        key: Address,
        /// Who operates the contract.
        operator: Address,
    },
    /// This log settles elsewhere.
    #[error("this log has been settled on {was:?} so far, and is now to be settled on {is:?}")]
    OtherChain {
        /// Network and contract so far.
        was: String,
        /// Network and contract as configured.
        is: String,
    },
    /// The exchange has another log now. A new settler follows that one.
    #[error("the exchange's log cannot be followed any further: {0}")]
    OtherLog(String),
    /// It panicked, or was cut off.
    #[error("the settler ended: {0}")]
    Ended(String),
}

/// The settler: follows the exchange, acts on the chain, reports facts.
///
/// It may be dropped, or its process killed, at any moment: what it was about
/// to do is in its outbox.
#[derive(Debug)]
pub struct Settler {
    board: Arc<Board>,
    stop: channel::Sender<bool>,
    task: Option<JoinHandle<Result<(), SettlerError>>>,
}

impl Settler {
    /// Starts settling in a task of the current runtime. It waits for the
    /// exchange and the RPC as long as they take to answer.
    #[must_use]
    pub fn start<E: Exchange>(config: SettlerConfig, exchange: E) -> Self {
        let board = Arc::new(Board::default());
        let (stop, mut stopped) = channel::channel(false);
        let notes = Arc::clone(&board);
        let task = tokio::spawn(async move {
            let ended = tokio::select! {
                ended = run(config, exchange, Arc::clone(&notes)) => ended.map(|never| match never {}),
                _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            };
            if let Err(error) = &ended {
                error!(%error, "the settler has stopped");
                notes.write().halted = Some(error.to_string());
            }
            ended
        });
        Self { board, stop, task: Some(task) }
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        self.board.read()
    }

    /// Stops it between two steps, and waits until its database is closed.
    ///
    /// # Errors
    /// What stopped it before.
    pub async fn stop(mut self) -> Result<(), SettlerError> {
        // Fails only if the task is over already, and then there is nothing to stop.
        let _ = self.stop.send(true);
        self.wait().await
    }

    /// Waits until it stops by itself, which it does only when it cannot go on.
    /// It may be given up and called again.
    ///
    /// # Errors
    /// Why it stopped; the first call after it did tells.
    pub async fn wait(&mut self) -> Result<(), SettlerError> {
        let Some(task) = &mut self.task else { return Ok(()) };
        let ended = task.await;
        self.task = None;
        ended.unwrap_or_else(|error| Err(SettlerError::Ended(error.to_string())))
    }
}

impl Drop for Settler {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn run<E: Exchange>(config: SettlerConfig, exchange: E, board: Arc<Board>) -> Result<Infallible, SettlerError> {
    let escrow = connect(&config, &board).await;
    let token = check_operator(&config, &escrow, &board).await?;
    let log = log_id(&exchange, &board).await;
    let outbox = Outbox::open(&config.data_dir, &log)?;
    check_chain(&outbox, &escrow)?;
    info!(log, contract = %escrow.id(), network = escrow.rpc().network().passphrase, "settling");

    let desk = Desk::new(outbox, exchange, board);
    let channels = Arc::new(Channels::new(&config.channels, escrow.rpc().network()));
    let operator =
        Operator { escrow: escrow.clone(), signer: config.operator.clone(), channels: Arc::clone(&channels), token };
    let poll = Duration::from_millis(config.poll_ms.max(10));
    tokio::try_join!(
        follow(&desk),
        async { Ok(work(&desk, &operator, channels.as_ref(), poll).await?) },
        async { Ok(tend(&desk, &channels, escrow.rpc(), &config.operator).await?) },
        async { Ok(tell_failures(&desk, poll).await?) },
        watch_or_halt(&desk, &escrow, token, poll),
    )
    .map(|(never, _, _, _, _)| never)
}

async fn connect(config: &SettlerConfig, board: &Board) -> Escrow {
    let mut backoff = Backoff::new();
    loop {
        match Rpc::connect(&config.rpc_url).await {
            Ok(rpc) => return Escrow::new(Arc::new(rpc), config.contract),
            Err(error) => wait(board, &mut backoff, &error).await,
        }
    }
}

async fn wait(board: &Board, backoff: &mut Backoff, error: &RpcError) {
    warn!(%error, "waiting for the RPC");
    board.write().chain_error = Some(error.to_string());
    backoff.wait().await;
}

/// What the contract settles in, when the key is its operator's.
async fn check_operator(config: &SettlerConfig, escrow: &Escrow, board: &Board) -> Result<Address, SettlerError> {
    let key = config.operator.address();
    let mut backoff = Backoff::new();
    loop {
        let error: ViewError = match escrow.config().await {
            Ok(fixed) if fixed.operator == key => return Ok(fixed.token()),
            Ok(fixed) => {
                return Err(SettlerError::NotOperator { key, operator: fixed.operator });
            }
            Err(error) => error,
        };
        warn!(%error, "waiting for the contract");
        board.write().chain_error = Some(error.to_string());
        backoff.wait().await;
    }
}

async fn log_id<E: Exchange>(exchange: &E, board: &Board) -> String {
    let mut backoff = Backoff::new();
    loop {
        let error: ExchangeError = match exchange.log_id().await {
            Ok(id) => return id,
            Err(error) => error,
        };
        warn!(%error, "waiting for the exchange");
        board.write().exchange_error = Some(error.to_string());
        backoff.wait().await;
    }
}

/// A log's leases are locked in one contract: going on in another would settle
/// what was never opened there.
fn check_chain(outbox: &Outbox, escrow: &Escrow) -> Result<(), SettlerError> {
    let is = format!("{} in {}", escrow.id(), escrow.rpc().network().passphrase);
    let key = outbox.store.keys.chain();
    match outbox.store.get::<String>(&key)? {
        Some(was) if was == is => Ok(()),
        Some(was) => Err(SettlerError::OtherChain { was, is }),
        None => {
            let mut changes = Changes::default();
            changes.put(&key, &is);
            Ok(outbox.store.commit(changes)?)
        }
    }
}

/// Leases must be settled before their deadlines even when the chain's events
/// cannot be followed any more: that halt is told, and the rest goes on.
async fn watch_or_halt<E: Exchange>(
    desk: &Desk<E>,
    escrow: &Escrow,
    token: Address,
    poll: Duration,
) -> Result<Infallible, SettlerError> {
    match watch(desk, escrow, token, poll).await {
        Ok(never) => match never {},
        Err(WatchError::Store(error)) => Err(error.into()),
        Err(halt) => loop {
            error!(%halt, "the contract is not watched any more");
            desk.board.write().halted = Some(halt.to_string());
            metrics::watched(0, true);
            tokio::time::sleep(Duration::from_secs(60)).await;
        },
    }
}
