//! Commands in a pipeline over one WebSocket that connects again by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use berth_wire::domain::Command;
use berth_wire::frame::RateState;
use berth_wire::json::Malformed;
use berth_wire::request::{Fact, FinishRequest, HeartbeatRequest, StartRequest, StopRequest};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::call::{Call, Reply};
use crate::error::ClientError;
use crate::limiter::{Lane, Limiter};
use crate::pipeline::{Driver, Lanes, QUEUE_MAX, Stage, Waiting};
use crate::rest::Client;
use crate::signing::{Pen, Signer};

/// A connection for commands. Clones share it; it closes when the last is
/// dropped.
///
/// Calls leave in the order in which they are begun, with one exception: those
/// that end something or keep it alive do not wait behind the others. When the
/// node has had as much as it takes, by what its answers say, calls wait here.
#[derive(Clone, Debug)]
pub struct Session {
    begins: mpsc::Sender<Waiting>,
    ends: mpsc::Sender<Waiting>,
    /// Numbers calls in the order in which they are begun.
    last: Arc<AtomicU64>,
    limiter: Arc<Limiter>,
    /// Whether what it reports is signed.
    signs: bool,
}

/// A call that is begun.
#[derive(Debug)]
pub struct Pending {
    deadline: Instant,
    stage: Arc<Stage>,
    answered: oneshot::Receiver<Result<Reply, ClientError>>,
    /// Whoever waits holds the session.
    _session: Session,
}

impl Client {
    /// A session. It connects by itself, now and after every disconnect.
    #[must_use]
    pub fn session(&self) -> Session {
        self.session_with(None)
    }

    /// A session that signs what it reports of leases, and every
    /// [`Call::signed`].
    #[must_use]
    pub fn signed_session(&self, signer: Signer) -> Session {
        self.session_with(Some(Pen::new(signer)))
    }

    fn session_with(&self, pen: Option<Pen>) -> Session {
        let (begins, begun) = mpsc::channel(QUEUE_MAX);
        let (ends, ended) = mpsc::channel(QUEUE_MAX);
        let (limiter, signs) = (Arc::clone(self.limiter()), pen.is_some());
        let lanes = Lanes::new(begun, ended, Arc::clone(&limiter));
        tokio::spawn(Driver::new(self.endpoint().clone(), lanes, pen).run());
        Session { begins, ends, last: Arc::default(), limiter, signs }
    }
}

impl Pending {
    /// Waits for the answer.
    ///
    /// # Errors
    /// See [`ClientError`]: [`ClientError::Unknown`] when the call was sent and the
    /// connection broke or the deadline passed before the answer.
    pub async fn answer(self) -> Result<Reply, ClientError> {
        match timeout_at(self.deadline, self.answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(gone())),
            Err(_) if self.stage.give_up() => Err(ClientError::Transport("it could not be sent in time".to_owned())),
            Err(_) => Err(ClientError::Unknown("no answer in time".to_owned())),
        }
    }
}

fn gone() -> ClientError {
    ClientError::Transport("the session has ended".to_owned())
}

impl Session {
    /// Calls a method once and gives its result.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        self.send(Call::new(method.to_owned(), params)).await?.result()
    }

    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// See [`Pending::answer`].
    pub async fn send(&self, call: Call) -> Result<Reply, ClientError> {
        self.begin(call).await?.answer().await
    }

    /// Begins a call: it has its place in the pipeline once this returns, and its
    /// answer can be waited for later. Waits only while 1,024 others wait to be
    /// sent. A call whose [`Pending`] is dropped before it left is not sent.
    ///
    /// # Errors
    /// [`ClientError::Transport`] when there is no place for it in time.
    pub async fn begin(&self, call: Call) -> Result<Pending, ClientError> {
        let deadline = Instant::now() + call.deadline;
        let (answer, answered) = oneshot::channel();
        let stage = Arc::new(Stage::default());
        let queue = if call.lane == Lane::Ends { &self.ends } else { &self.begins };
        let place = timeout_at(deadline, queue.reserve()).await;
        let place = place.map_err(|_| ClientError::Transport("it could not be sent in time".to_owned()))?;
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting { call, number, tries: 0, was_sent: false, stage: Arc::clone(&stage), answer };
        place.map_err(|_| gone())?.send(waiting);
        Ok(Pending { deadline, stage, answered, _session: self.clone() })
    }

    /// What was left of the tokens of commands that begin something, when the
    /// node said so last.
    #[must_use]
    pub fn limits(&self) -> Option<RateState> {
        self.limiter.told(Lane::Begins)
    }

    /// Reports that a lease's containers run.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn start_lease(&self, report: &StartRequest) -> Result<Reply, ClientError> {
        let parse = |report: StartRequest| report.parse().map(|(_, start)| start.into());
        self.repeatable("lease.start", report, parse).await
    }

    /// Reports that a lease's containers still run.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn heartbeat(&self, report: &HeartbeatRequest) -> Result<Reply, ClientError> {
        let parse = |report: HeartbeatRequest| Ok(report.parse().1.into());
        self.repeatable("lease.heartbeat", report, parse).await
    }

    /// Reports that a lease's containers have ended.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn finish_lease(&self, report: &FinishRequest) -> Result<Reply, ClientError> {
        let parse = |report: FinishRequest| report.parse().map(|(_, finish)| finish.into());
        self.repeatable("lease.finish", report, parse).await
    }

    /// Stops a lease; the request must name it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stop_lease(&self, request: &StopRequest) -> Result<Reply, ClientError> {
        let parse = |request: StopRequest| request.parse(None).map(|(_, stop)| stop.into());
        self.repeatable("lease.stop", request, parse).await
    }

    /// Reports a fact of the chain. `Ok` means that the exchange has it durably,
    /// be it that it had it before.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn report(&self, fact: &Fact) -> Result<Reply, ClientError> {
        self.send(Call::new(fact.method(), fact.params()).idempotent()).await
    }

    /// The exchange answers a repeated report as it answered the first.
    async fn repeatable<T: Serialize + Clone + Sync>(
        &self,
        method: &'static str,
        report: &T,
        command: impl FnOnce(T) -> Result<Command, Malformed>,
    ) -> Result<Reply, ClientError> {
        let call = if self.signs {
            Call::signed(command(report.clone()).map_err(|why| ClientError::Protocol(why.to_string()))?)
        } else {
            Call::with(method, report)
        };
        self.send(call.idempotent()).await
    }
}
