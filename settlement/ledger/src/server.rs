//! The ledger behind HTTP: JSON-RPC at `/`, the faucet at `/friendbot`.

use crate::chain::Ledger;
use crate::codec::to_base64;
use crate::guard::only_this_machine;
use crate::pending::{Grant, Granted};
use crate::rpc::{RpcError, answer};
use crate::{Config, Error, Trouble, time};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use stellar_xdr::{AccountId, PublicKey, Uint256};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Bytes of a request: several of the largest transactions.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Calls that are being worked on at once; more wait their turn.
const CALLS_MAX: usize = 16;
/// How long connections may take to end when the server does.
const DRAIN: Duration = Duration::from_secs(5);
/// How long the faucet waits for its ledger.
const GRANT_WAIT: Duration = Duration::from_secs(120);

/// A ledger that runs in the background of this process.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl Server {
    /// Opens the ledger and serves it on `listen`; port 0 lets the system
    /// choose.
    ///
    /// # Errors
    /// When the address cannot be bound, or the ledger cannot be opened.
    pub async fn start(config: Config, listen: SocketAddr) -> Result<Self, Error> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (ledger, close_every) = open(config).await?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            // A dropped handle stops the server as well.
            let _dropped = stopped.await;
        };
        let task = tokio::spawn(run(ledger, close_every, listener, shutdown));
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its JSON-RPC.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops serving, then closing.
    ///
    /// # Errors
    /// When the ledger had failed before.
    pub async fn shutdown(self) -> Result<(), Error> {
        let _ended_before = self.stop.send(());
        self.task.await.map_err(|error| Error::Stopped(error.to_string()))?
    }
}

/// Opens the ledger and serves it on `listener` until `shutdown` completes.
///
/// # Errors
/// When the ledger cannot be opened, or fails: a close that cannot be written
/// ends it, since nothing may be shown that is not on disk.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let (ledger, close_every) = open(config).await?;
    run(ledger, close_every, listener, shutdown).await
}

async fn open(config: Config) -> Result<(Arc<Ledger>, Duration), Error> {
    let close_every = Duration::from_millis(config.close_ms);
    let ledger = spawn_blocking(move || Ledger::open(&config)).await;
    let ledger = ledger.map_err(|error| Error::Stopped(error.to_string()))??;
    Ok((Arc::new(ledger), close_every))
}

async fn run(
    ledger: Arc<Ledger>,
    close_every: Duration,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let address = listener.local_addr()?;
    let friendbot_url = format!("http://{address}/friendbot");
    let app = App { ledger: ledger.clone(), friendbot_url, calls: Arc::new(Semaphore::new(CALLS_MAX)) };
    let router = Router::new()
        .route("/", post(rpc))
        .route("/friendbot", get(friendbot).post(friendbot))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app);
    // Elsewhere whoever put it there decides who may come.
    let router = if address.ip().is_loopback() { router.layer(from_fn(only_this_machine)) } else { router };

    let (stop, mut stopped) = watch::channel(false);
    let http = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _sender_gone = stopped.wait_for(|stopped| *stopped).await;
    });
    let mut http = tokio::spawn(http.into_future());
    let (stop_closing, closing_stopped) = watch::channel(false);
    let mut closing = tokio::spawn(close_forever(ledger, close_every, closing_stopped));
    tracing::info!(%address, "the ledger listens");

    let outcome = tokio::select! {
        () = shutdown => Ok(()),
        ended = &mut closing => ended.unwrap_or_else(|error| Err(Error::Stopped(error.to_string()))),
        ended = &mut http => Err(Error::Stopped(format!("the server ended: {ended:?}"))),
    };
    let _no_one_listens = stop.send(true);
    // Ledgers go on closing meanwhile: the faucet's callers wait for one.
    if timeout(DRAIN, &mut http).await.is_err() {
        http.abort();
    }
    let _no_one_closes = stop_closing.send(true);
    if !closing.is_finished() {
        // The close in progress is finished: then the folder is free for the
        // next to open it.
        closing.await.map_err(|error| Error::Stopped(error.to_string()))??;
    }
    outcome
}

/// Closes ledgers in step with the wall clock until it is told to stop.
async fn close_forever(ledger: Arc<Ledger>, every: Duration, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    let Trouble { late_every, late_ms, .. } = ledger.trouble;
    let mut closes: u32 = 0;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, and there is a head already.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
        closes = closes.wrapping_add(1);
        if late_every > 0 && closes.is_multiple_of(late_every) {
            tokio::select! {
                // The next one comes its whole time after.
                () = sleep(Duration::from_millis(late_ms)) => ticks.reset(),
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
        let ledger = ledger.clone();
        let closed = spawn_blocking(move || ledger.close(time::now_seconds())).await;
        closed.map_err(|error| Error::Stopped(error.to_string()))??;
    }
}

#[derive(Clone)]
struct App {
    ledger: Arc<Ledger>,
    friendbot_url: String,
    calls: Arc<Semaphore>,
}

async fn rpc(State(app): State<App>, body: Bytes) -> Response {
    let Ok(permit) = app.calls.clone().acquire_owned().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let answered = spawn_blocking(move || {
        let _held = permit;
        answer(&app.ledger, &app.friendbot_url, &body)
    });
    match answered.await {
        Ok(Some(answer)) => Json(answer).into_response(),
        Ok(None) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(%error, "a call panicked");
            Json(RpcError::internal("internal error").answer(Value::Null)).into_response()
        }
    }
}

#[derive(Deserialize)]
struct FriendbotQuery {
    addr: Option<String>,
}

async fn friendbot(State(app): State<App>, Query(query): Query<FriendbotQuery>) -> Response {
    let key = query.addr.and_then(|address| stellar_strkey::ed25519::PublicKey::from_string(&address).ok());
    let Some(key) = key else {
        return problem(StatusCode::BAD_REQUEST, "addr must be the address (G…) of an account");
    };
    let account = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256(key.0)));
    let (reply, granted) = oneshot::channel();
    if !app.ledger.pending().ask(Grant { account, reply }) {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "too many accounts wait, try again later");
    }
    match timeout(GRANT_WAIT, granted).await {
        Ok(Ok(Granted::Created { transaction, ledger })) => {
            let record = spawn_blocking(move || app.ledger.chain().journal.transaction(transaction)).await;
            let record = record.ok().and_then(Result::ok).flatten();
            Json(json!({
                "successful": true,
                "hash": hex::encode(transaction),
                "ledger": ledger,
                "envelope_xdr": record.as_ref().map(|record| to_base64(&record.envelope)),
                "result_xdr": record.as_ref().map(|record| to_base64(&record.result)),
            }))
            .into_response()
        }
        Ok(Ok(Granted::Exists)) => problem(StatusCode::BAD_REQUEST, "account already funded to starting balance"),
        _ => problem(StatusCode::SERVICE_UNAVAILABLE, "the faucet's transaction did not succeed"),
    }
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    (status, Json(json!({ "title": title, "status": status.as_u16(), "detail": detail }))).into_response()
}
