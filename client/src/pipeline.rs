//! The task behind a session.

mod lanes;
mod waiting;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use berth_wire::frame::REQUEST_BYTES_MAX;
use tokio::sync::mpsc;
use tokio::time::{interval, sleep};
use tokio_tungstenite::tungstenite::Message;
use tracing::debug;

pub(crate) use self::lanes::{Lanes, QUEUE_MAX};
pub(crate) use self::waiting::{Stage, Waiting};
use crate::backoff::Backoff;
use crate::call::Reply;
use crate::error::ClientError;
use crate::limiter::Lane;
use crate::signing::Pen;
use crate::socket::{Endpoint, Incoming, Socket, Told};

/// Calls that are sent and not answered.
const PENDING_MAX: usize = 1_024;
/// Those among them that begin something: a node reads no more than 64 requests
/// of a connection before it has answered one, and what ends something shall not
/// wait unread behind what begins something.
const BEGUN_MAX: usize = 56;
/// How often calls are forgotten whose callers no longer wait.
const SWEEP: Duration = Duration::from_secs(1);
/// How often a command is signed anew whose signature's time was refused.
const SIGNINGS_MAX: u8 = 3;

/// The task behind a session.
pub(crate) struct Driver {
    endpoint: Endpoint,
    /// What commands are signed with.
    pen: Option<Pen>,
    lanes: Lanes,
    pending: HashMap<u64, Waiting>,
    /// Those of them that begin something.
    begun: usize,
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
    pub(crate) fn new(endpoint: Endpoint, lanes: Lanes, pen: Option<Pen>) -> Self {
        // The pen's own question is the first of a connection.
        Self { endpoint, pen, lanes, pending: HashMap::new(), begun: 0, last_id: 1, heard: false }
    }

    pub(crate) async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            match self.endpoint.connect_for_commands().await {
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
                Err(why @ ClientError::Refused { .. }) if !why.may_retry() => self.lanes.refuse_all(&why),
                Err(why) => debug!(%why, "no connection for the session"),
            }
            if self.lanes.are_over() {
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
            let (may_end, may_begin) = (self.pending.len() < PENDING_MAX, self.begun < BEGUN_MAX);
            tokio::select! {
                incoming = socket.next() => match incoming {
                    Ok(Incoming::Answer(answer)) => if let Err(over) = self.answered(answer) {
                        return over;
                    },
                    Ok(Incoming::Push(_)) => {}
                    Err(why) => return Over::Broken(why),
                },
                next = next_call(&writer, &mut self.lanes, may_begin), if may_end => match next {
                    Next::Call(waiting, permit) => self.send(waiting, permit),
                    // A caller holds the session while it waits, so nobody does.
                    Next::Unused => return Over::Unused,
                    Next::Broken => return Over::Broken(ClientError::Transport("the node does not read".to_owned())),
                },
                _ = sweep.tick() => self.forget(),
            }
        }
    }

    /// Forgets those that nobody waits for.
    fn forget(&mut self) {
        let given_up: Vec<u64> =
            self.pending.iter().filter(|(_, waiting)| waiting.answer.is_closed()).map(|(id, _)| *id).collect();
        for id in given_up {
            if let Some(waiting) = self.take(id) {
                self.lanes.limiter().answered(waiting.call.lane, waiting.call.cost, None);
            }
        }
    }

    fn take(&mut self, id: u64) -> Option<Waiting> {
        let waiting = self.pending.remove(&id)?;
        self.begun -= usize::from(waiting.call.lane != Lane::Ends);
        Some(waiting)
    }

    fn send(&mut self, mut waiting: Waiting, permit: mpsc::OwnedPermit<Message>) {
        self.last_id += 1;
        let id = self.last_id;
        let signed = match (&waiting.call.command, &mut self.pen) {
            (None, _) => None,
            (Some(command), Some(pen)) => {
                Some(serde_json::to_string(&pen.sign(command)).expect("a signed command is plain data"))
            }
            (Some(_), None) => {
                let why = "the session has no key to sign with".to_owned();
                return waiting.answer(Err(ClientError::Protocol(why)));
            }
        };
        let params = signed.as_deref().unwrap_or(&waiting.call.params);
        let method = serde_json::to_string(&waiting.call.method).expect("text is JSON");
        let mut text = String::with_capacity(params.len() + 64);
        write!(text, "{{\"id\":{id},\"method\":{method},\"params\":{params}}}").expect("a String takes all");
        if text.len() > REQUEST_BYTES_MAX {
            let why = format!("a request of {} bytes; a node takes {REQUEST_BYTES_MAX}", text.len());
            return waiting.answer(Err(ClientError::Protocol(why)));
        }
        if waiting.answer.is_closed() || !waiting.stage.leave() {
            return;
        }
        if waiting.call.is_cancel_all() {
            self.lanes.overtake(waiting.number);
        }
        waiting.was_sent = true;
        permit.send(Message::text(text));
        self.lanes.limiter().sent(waiting.call.lane, waiting.call.cost);
        self.begun += usize::from(waiting.call.lane != Lane::Ends);
        self.pending.insert(id, waiting);
    }

    /// Hands an answer on. What was refused for the limits alone waits and is sent
    /// again, and a signature that was refused for its time alone is made anew:
    /// nothing was done, and another command of the key, or a step of a clock, came
    /// between.
    fn answered(&mut self, answer: Told) -> Result<(), Over> {
        self.heard = true;
        let Some(mut waiting) = answer.id.and_then(|id| self.take(id)) else {
            debug!(id = answer.id, "an answer that nobody waits for");
            return Ok(());
        };
        self.lanes.limiter().answered(waiting.call.lane, waiting.call.cost, answer.limits);
        let Some(error) = answer.error else {
            waiting.answer(if answer.ok {
                Ok(Reply { seq: answer.seq, limits: answer.limits, text: answer.text })
            } else {
                Err(ClientError::Protocol("a refusal without an error".to_owned()))
            });
            return Ok(());
        };
        let is_signed = waiting.call.command.is_some() && waiting.tries < SIGNINGS_MAX;
        match error.code.as_str() {
            // What costs more than there ever is would be refused for ever.
            "RATE_LIMITED" if answer.limits.is_some_and(|limits| limits.limit >= waiting.call.cost.into()) => {
                waiting.was_sent = false;
                self.lanes.again(waiting);
            }
            "NONCE_USED" if is_signed => {
                waiting.tries += 1;
                self.lanes.again(waiting);
            }
            "SIGNATURE_EXPIRED" if is_signed => {
                waiting.tries += 1;
                self.lanes.again(waiting);
                // The next connection begins with the node's time.
                return Err(Over::Broken(ClientError::frame(error)));
            }
            _ => waiting.answer(Err(ClientError::frame(error))),
        }
        Ok(())
    }

    /// What was sent and not answered may have been done.
    fn disconnected(&mut self, why: &ClientError) {
        self.begun = 0;
        let mut pending: Vec<_> = self.pending.drain().collect();
        pending.sort_by_key(|(id, _)| *id);
        for (_, waiting) in pending {
            self.lanes.limiter().answered(waiting.call.lane, waiting.call.cost, None);
            if waiting.answer.is_closed() {
                continue;
            }
            if waiting.call.idempotent {
                self.lanes.again(waiting);
            } else {
                waiting.answer(Err(ClientError::Unknown(why.to_string())));
            }
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
async fn next_call(writer: &mpsc::Sender<Message>, lanes: &mut Lanes, may_begin: bool) -> Next {
    let Ok(permit) = writer.clone().reserve_owned().await else { return Next::Broken };
    lanes.next(may_begin).await.map_or(Next::Unused, |waiting| Next::Call(waiting, permit))
}
