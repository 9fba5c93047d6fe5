//! Commands in a pipeline over one WebSocket that connects again by itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use berth_wire::domain::Command;
use berth_wire::frame::{Answer, REQUEST_BYTES_MAX, Request};
use berth_wire::json::Malformed;
use berth_wire::request::{Fact, FinishRequest, HeartbeatRequest, StartRequest, StopRequest};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tracing::debug;

use crate::backoff::Backoff;
use crate::call::{Call, Reply};
use crate::error::ClientError;
use crate::rest::Client;
use crate::signing::{Pen, Signer};
use crate::socket::{Endpoint, Incoming, Socket};

/// Calls that wait to be sent; beyond that [`Session::send`] waits.
const QUEUE_MAX: usize = 1_024;
/// Calls that are sent and not answered.
const PENDING_MAX: usize = 1_024;
/// How often calls are forgotten whose callers no longer wait.
const SWEEP: Duration = Duration::from_secs(1);
/// How often a command is signed anew whose signature's time was refused.
const SIGNINGS_MAX: u8 = 3;

/// A connection for commands. Clones share it; it closes when the last is
/// dropped.
#[derive(Clone, Debug)]
pub struct Session {
    queue: mpsc::Sender<Waiting>,
    /// Whether what it reports is signed.
    signs: bool,
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
        let (queue, calls) = mpsc::channel(QUEUE_MAX);
        let signs = pen.is_some();
        tokio::spawn(Driver::new(self.endpoint().clone(), calls, pen).run());
        Session { queue, signs }
    }
}

impl Session {
    /// Calls a method once and gives its result.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, ClientError> {
        self.send(Call::new(method, params)).await.map(|reply| reply.result)
    }

    /// Makes a call.
    ///
    /// # Errors
    /// See [`ClientError`]: [`ClientError::Unknown`] when it was sent and the
    /// connection broke or the deadline passed before the answer.
    pub async fn send(&self, call: Call) -> Result<Reply, ClientError> {
        let deadline = call.deadline;
        let stage = Arc::new(Stage::default());
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { call, tries: 0, stage: Arc::clone(&stage), answer };
        let done = async {
            let gone = || ClientError::Transport("the session has ended".to_owned());
            self.queue.send(waiting).await.map_err(|_| gone())?;
            answered.await.map_err(|_| gone())?
        };
        match timeout(deadline, done).await {
            Ok(answer) => answer,
            Err(_) if stage.give_up() => Err(ClientError::Transport("no connection in time".to_owned())),
            Err(_) => Err(ClientError::Unknown("no answer in time".to_owned())),
        }
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
        method: &str,
        report: &T,
        command: impl FnOnce(T) -> Result<Command, Malformed>,
    ) -> Result<Reply, ClientError> {
        let call = if self.signs {
            Call::signed(command(report.clone()).map_err(|why| ClientError::Protocol(why.to_string()))?)
        } else {
            Call::new(method, serde_json::to_value(report).expect("reports are plain data"))
        };
        self.send(call.idempotent()).await
    }
}

/// Whether a call has left, decided once between its caller, whose time runs
/// out, and the driver, who is about to send it.
#[derive(Debug, Default)]
struct Stage(AtomicU8);

impl Stage {
    const QUEUED: u8 = 0;
    const SENT: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// The caller gives up: true when the call has not left and will not.
    fn give_up(&self) -> bool {
        self.0.compare_exchange(Self::QUEUED, Self::GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The driver is about to send: false when the caller has given up.
    fn leave(&self) -> bool {
        let was = self.0.compare_exchange(Self::QUEUED, Self::SENT, Ordering::AcqRel, Ordering::Acquire);
        was != Err(Self::GIVEN_UP)
    }
}

/// A call whose caller waits.
#[derive(Debug)]
struct Waiting {
    call: Call,
    /// How often it was signed and refused for its time.
    tries: u8,
    stage: Arc<Stage>,
    answer: oneshot::Sender<Result<Reply, ClientError>>,
}

impl Waiting {
    fn answer(self, answer: Result<Reply, ClientError>) {
        // Whoever no longer waits has been told another way.
        let _ = self.answer.send(answer);
    }
}

/// The task behind a session.
struct Driver {
    endpoint: Endpoint,
    /// What commands are signed with.
    pen: Option<Pen>,
    calls: mpsc::Receiver<Waiting>,
    /// Sent before a disconnect and to be sent again, oldest first.
    again: VecDeque<Waiting>,
    pending: HashMap<u64, Waiting>,
    last_id: u64,
    /// Whether this connection brought an answer.
    heard: bool,
}

/// Why a connection is no longer served.
enum Over {
    /// Nobody can call any more.
    Unused,
    /// It broke.
    Broken(ClientError),
}

impl Driver {
    fn new(endpoint: Endpoint, calls: mpsc::Receiver<Waiting>, pen: Option<Pen>) -> Self {
        // The pen's own question is the first of a connection.
        Self { endpoint, pen, calls, again: VecDeque::new(), pending: HashMap::new(), last_id: 1, heard: false }
    }

    async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            match self.endpoint.connect().await {
                Ok(socket) => {
                    self.heard = false;
                    match self.serve(socket).await {
                        Over::Unused => return,
                        Over::Broken(why) => {
                            debug!(%why, "the session's connection is over");
                            self.disconnected(&why);
                        }
                    }
                    if self.heard {
                        backoff.reset();
                    }
                }
                Err(why @ ClientError::Refused { .. }) if !why.may_retry() => self.refuse_all(&why),
                Err(why) => debug!(%why, "no connection for the session"),
            }
            if self.calls.is_closed() && self.calls.is_empty() && self.again.is_empty() {
                return;
            }
            sleep(backoff.next()).await;
        }
    }

    async fn serve(&mut self, mut socket: Socket) -> Over {
        if let Some(pen) = &mut self.pen {
            match socket.ping().await {
                Ok(pong) => pen.learn(pong),
                Err(why) => return Over::Broken(why),
            }
        }
        let writer = socket.writer();
        let mut sweep = interval(SWEEP);
        loop {
            let may_send = self.pending.len() < PENDING_MAX;
            tokio::select! {
                incoming = socket.next() => match incoming {
                    Ok(Incoming::Answer(answer)) => if let Err(over) = self.answered(answer) {
                        return over;
                    },
                    Ok(Incoming::Push(_)) => {}
                    Err(why) => return Over::Broken(why),
                },
                next = next_call(&writer, &mut self.again, &mut self.calls), if may_send => match next {
                    Next::Call(waiting, permit) => self.send(waiting, permit),
                    // A caller holds the session while it waits, so nobody does.
                    Next::Unused => return Over::Unused,
                    Next::Broken => return Over::Broken(ClientError::Transport("the node does not read".to_owned())),
                },
                _ = sweep.tick() => self.pending.retain(|_, waiting| !waiting.answer.is_closed()),
            }
        }
    }

    fn send(&mut self, waiting: Waiting, permit: mpsc::OwnedPermit<Message>) {
        self.last_id += 1;
        let id = self.last_id;
        let params = match (&waiting.call.command, &mut self.pen) {
            (None, _) => waiting.call.params.clone(),
            (Some(command), Some(pen)) => {
                serde_json::to_value(pen.sign(command)).expect("a signed command is plain data")
            }
            (Some(_), None) => {
                let why = "the session has no key to sign with".to_owned();
                return waiting.answer(Err(ClientError::Protocol(why)));
            }
        };
        let request = Request { id, method: waiting.call.method.clone(), params: Some(params) };
        let text = serde_json::to_string(&request).expect("a request is JSON");
        if text.len() > REQUEST_BYTES_MAX {
            let why = format!("a request of {} bytes; a node takes {REQUEST_BYTES_MAX}", text.len());
            return waiting.answer(Err(ClientError::Protocol(why)));
        }
        if waiting.answer.is_closed() || !waiting.stage.leave() {
            return;
        }
        permit.send(Message::text(text));
        self.pending.insert(id, waiting);
    }

    /// Hands an answer on. A signature that was refused for its time alone is
    /// made anew: nothing was done, and another command of the key, or a step of
    /// a clock, came between.
    fn answered(&mut self, answer: Answer) -> Result<(), Over> {
        self.heard = true;
        let Some(mut waiting) = answer.id.and_then(|id| self.pending.remove(&id)) else {
            debug!(id = answer.id, "an answer that nobody waits for");
            return Ok(());
        };
        if let Some(error) = &answer.error
            && waiting.call.command.is_some()
            && waiting.tries < SIGNINGS_MAX
            && let "NONCE_USED" | "SIGNATURE_EXPIRED" = error.code.as_str()
        {
            waiting.tries += 1;
            self.again.push_back(waiting);
            if error.code == "SIGNATURE_EXPIRED" {
                // The next connection begins with the node's time.
                return Err(Over::Broken(ClientError::frame(error.clone())));
            }
            return Ok(());
        }
        waiting.answer(match answer.error {
            Some(error) => Err(ClientError::frame(error)),
            None if answer.ok => Ok(Reply { seq: answer.seq, result: answer.result.unwrap_or(Value::Null) }),
            None => Err(ClientError::Protocol("a refusal without an error".to_owned())),
        });
        Ok(())
    }

    /// What was sent and not answered may have been done.
    fn disconnected(&mut self, why: &ClientError) {
        let mut pending: Vec<_> = self.pending.drain().collect();
        pending.sort_by_key(|(id, _)| *id);
        for (_, waiting) in pending {
            if waiting.answer.is_closed() {
                continue;
            }
            if waiting.call.idempotent {
                self.again.push_back(waiting);
            } else {
                waiting.answer(Err(ClientError::Unknown(why.to_string())));
            }
        }
    }

    /// The node does not want this client, which waiting does not change.
    fn refuse_all(&mut self, why: &ClientError) {
        while let Some(waiting) = self.again.pop_front().or_else(|| self.calls.try_recv().ok()) {
            waiting.answer(Err(why.clone()));
        }
    }
}

enum Next {
    Call(Waiting, mpsc::OwnedPermit<Message>),
    Unused,
    Broken,
}

/// The next call to send and room to send it. Dropping the future loses
/// nothing: what it has taken it returns without waiting again.
async fn next_call(
    writer: &mpsc::Sender<Message>,
    again: &mut VecDeque<Waiting>,
    calls: &mut mpsc::Receiver<Waiting>,
) -> Next {
    let Ok(permit) = writer.clone().reserve_owned().await else { return Next::Broken };
    match again.pop_front() {
        Some(waiting) => Next::Call(waiting, permit),
        None => calls.recv().await.map_or(Next::Unused, |waiting| Next::Call(waiting, permit)),
    }
}
