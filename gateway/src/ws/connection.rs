//! One socket from its first frame to its last.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use berth_wire::frame::{Answer, Request};
use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream::FuturesUnordered;
use opentelemetry::Context;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use super::login::Login;
use super::methods::{Call, call, known};
use super::subscriptions::Subscriptions;
use crate::caller::Caller;
use crate::limits::{BEAT, FAREWELL_TIME_MAX, PING_EVERY, REQUESTS_PENDING_MAX, SEND_TIME_MAX, SILENCE_MAX};
use crate::metrics::{self, Counted};
use crate::node::App;
use crate::problem::Refusal;
use crate::rate::{Class, observed};
use crate::server::stopped;
use crate::submit::Turn;
use crate::trace;

/// WebSocket close codes (RFC 6455 §7.4).
const CLOSE_AWAY: u16 = 1001;
const CLOSE_IMPROPER: u16 = 1002;
const CLOSE_NO_TEXT: u16 = 1003;
const CLOSE_NO_UTF8: u16 = 1007;
const CLOSE_TOO_LONG: u16 = 1009;
const CLOSE_BROKEN: u16 = 1011;
/// The reader was too slow; the reason says from where to go on.
const CLOSE_FELL_BEHIND: u16 = 4008;

/// Why a socket is no longer served.
enum End {
    /// The client has left, or the connection is broken.
    Gone,
    /// The client says nothing any more, not even to a ping.
    Silent,
    /// The client sends what is no text.
    NoText,
    /// The client sends what breaks the protocol.
    Improper(Improper),
    /// The client took too long for a frame.
    Slow,
    /// The node stops.
    Stopping,
    /// The node cannot read its own log.
    Broken,
}

/// How a client breaks the protocol.
#[derive(Clone, Copy)]
enum Improper {
    /// A request is longer than one may be.
    TooLong,
    /// A text is no UTF-8.
    NoUtf8,
    /// A frame is none.
    Frame,
}

impl End {
    /// What it means that reading failed.
    fn of_error(error: axum::Error) -> Self {
        match error.into_inner().downcast::<tungstenite::Error>().map(|error| *error) {
            Ok(tungstenite::Error::Capacity(_)) => Self::Improper(Improper::TooLong),
            Ok(tungstenite::Error::Utf8(_)) => Self::Improper(Improper::NoUtf8),
            // A connection that just ends is reported as one, too.
            Ok(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) | Err(_) => Self::Gone,
            Ok(tungstenite::Error::Protocol(_)) => Self::Improper(Improper::Frame),
            Ok(_) => Self::Gone,
        }
    }
}

impl Improper {
    /// Close code and reason.
    const fn told(self) -> (u16, &'static str) {
        match self {
            Self::TooLong => (CLOSE_TOO_LONG, "a request is at most 64 KiB"),
            Self::NoUtf8 => (CLOSE_NO_UTF8, "the text is no UTF-8"),
            Self::Frame => (CLOSE_IMPROPER, "that is no frame of RFC 6455"),
        }
    }
}

type Pending = Pin<Box<dyn Future<Output = Answer> + Send>>;

struct Connection {
    app: App,
    /// From where it comes.
    peer: IpAddr,
    /// The trace that its commands belong to.
    parent: Context,
    login: Login,
    socket: WebSocket,
    subscriptions: Subscriptions,
    /// Requests that wait for their answers.
    pending: FuturesUnordered<Pending>,
    /// What its orders and bids are placed in.
    session: u64,
    /// When the newest of the commands is submitted.
    last_turn: Option<oneshot::Receiver<()>>,
    heard: Instant,
}

pub(super) async fn serve(app: App, peer: IpAddr, parent: Context, caller: Caller, socket: WebSocket) {
    let _counted = Counted::socket();
    let subscriptions = Subscriptions::new(&app);
    let pending = FuturesUnordered::new();
    let heard = Instant::now();
    let session = app.sessions.open();
    let (login, last_turn) = (Login::new(caller), None);
    let mut connection =
        Connection { app, peer, parent, login, socket, subscriptions, pending, session, last_turn, heard };
    let Err(end) = connection.run().await;
    connection.wind_up(&end).await;
    connection.farewell(end).await;
}

impl Connection {
    async fn run(&mut self) -> Result<std::convert::Infallible, End> {
        let mut applied = self.app.view.applied();
        let mut stop = self.app.stop.clone();
        let mut pings = interval(PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = interval(BEAT);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // What comes from here on wakes the loop again.
            applied.borrow_and_update();
            let more = self.push().await?;
            tokio::select! {
                message = self.socket.recv(), if self.pending.len() < REQUESTS_PENDING_MAX => self.take(message).await?,
                Some(answer) = self.pending.next(), if !self.pending.is_empty() => self.answer(&answer).await?,
                _ = applied.changed(), if self.subscriptions.follow_the_log() => {}
                _ = beats.tick(), if self.subscriptions.have_beat() => self.subscriptions.beat(),
                _ = pings.tick() => self.ping().await?,
                () = stopped(&mut stop) => return Err(End::Stopping),
                () = ready(()), if more => {}
            }
        }
    }

    /// Sends the subscriptions their next frames; whether there is more.
    async fn push(&mut self) -> Result<bool, End> {
        let app = self.app.clone();
        let mut more = false;
        for id in self.subscriptions.ids() {
            let Some(subscription) = self.subscriptions.get(id) else { continue };
            let batch = subscription.next(&app).await.map_err(|_: Refusal| End::Broken)?;
            more |= batch.more;
            for frame in batch.frames {
                if let Err(end) = self.send(Message::Text(frame.text.into())).await {
                    self.subscriptions.rewind(id, frame.resume);
                    return Err(end);
                }
            }
            if batch.ended {
                self.subscriptions.remove(id);
            }
        }
        Ok(more)
    }

    async fn take(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let message = message.ok_or(End::Gone)?.map_err(End::of_error)?;
        self.heard = Instant::now();
        match message {
            Message::Text(text) => self.request(text.as_bytes()).await,
            Message::Binary(_) => Err(End::NoText),
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn request(&mut self, text: &[u8]) -> Result<(), End> {
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err(malformed) => return self.answer(&Refusal::from(malformed).into_answer(None)).await,
        };
        let (id, method, begun) = (request.id, known(&request.method), Instant::now());
        let deadline = request.deadline;
        let (taken, limits) =
            observed(async { self.app.limiter.request(self.peer, Class::of_method(&request.method)) }).await;
        if let Err(throttled) = taken {
            return self.answer(&throttled.into_answer(Some(id)).with_limits(limits)).await;
        }
        if request.method == Login::METHOD {
            let answer = match self.login.log_on(&self.app, self.session, request.take_params()) {
                Ok(told) => Answer::done(id, None, serde_json::to_value(told).expect("texts and numbers are JSON")),
                Err(refusal) => refusal.into_answer(Some(id)),
            };
            metrics::answered(method, begun, answer.ok);
            return self.answer(&answer.with_limits(limits)).await;
        }
        let called = {
            let last_turn = &mut self.last_turn;
            let mut turn = || Turn::after(last_turn, self.session, deadline);
            let caller = self.login.caller();
            call(&self.app, caller, &mut self.subscriptions, self.session, &mut turn, request)
        };
        match called {
            Ok(Call::Done(result)) => {
                metrics::answered(method, begun, true);
                self.answer(&Answer::done(id, None, result)).await
            }
            Ok(Call::Later(later)) => {
                let (app, caller, class) = (self.app.clone(), self.login.caller(), Class::of_method(method));
                let refusing = app.clone();
                let later = async move {
                    let done = later.await;
                    if done.is_err() {
                        refusing.count_refused(caller, class)?;
                    }
                    done
                };
                let parent = self.parent.clone();
                let work = async move {
                    let (done, of_account) = observed(later).await;
                    let answer = match done {
                        Ok((seq, result)) => Answer::done(id, seq, result),
                        Err(refusal) => refusal.into_answer(Some(id)),
                    };
                    metrics::answered(method, begun, answer.ok);
                    answer.with_limits(of_account.or(limits))
                };
                self.pending.push(Box::pin(async move { trace::follow_command(&app, &parent, method, work).await }));
                Ok(())
            }
            Err(refusal) => {
                metrics::answered(method, begun, false);
                self.answer(&refusal.into_answer(Some(id))).await
            }
        }
    }

    async fn answer(&mut self, answer: &Answer) -> Result<(), End> {
        let text = serde_json::to_string(answer).expect("texts and numbers are JSON");
        self.send(Message::Text(text.into())).await
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE_MAX {
            return Err(End::Silent);
        }
        self.send(Message::Ping(Default::default())).await
    }

    /// Sends under a deadline. A client that stops reading would otherwise hold
    /// this task, and with it what it keeps in memory, for ever.
    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND_TIME_MAX, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Ends what the client wants to end with the connection. What it sent is
    /// done before, or not at all.
    async fn wind_up(&mut self, end: &End) {
        if matches!(end, End::Stopping) {
            self.finish_pending().await;
        }
        if self.login.cancels() {
            self.pending.clear();
            self.login.cancel(&self.app, self.session).await;
        }
    }

    /// Says why, as well as can be done in a moment, and closes.
    async fn farewell(mut self, end: End) {
        let resume = self.subscriptions.resume().unwrap_or_else(|| self.app.view.head().next());
        let (words, code, reason, time) = match end {
            End::Gone => return,
            End::Silent => (Vec::new(), CLOSE_AWAY, "no answer to a ping".to_owned(), FAREWELL_TIME_MAX),
            End::NoText => (Vec::new(), CLOSE_NO_TEXT, "requests are text frames".to_owned(), FAREWELL_TIME_MAX),
            End::Improper(improper) => {
                let (code, reason) = improper.told();
                (Vec::new(), code, reason.to_owned(), FAREWELL_TIME_MAX)
            }
            End::Broken => {
                let reason = "the log cannot be read".to_owned();
                (Vec::new(), CLOSE_BROKEN, reason, FAREWELL_TIME_MAX)
            }
            End::Slow => {
                let reason = format!(r#"{{"resumeSeq":{resume}}}"#);
                (self.subscriptions.fell_behind(), CLOSE_FELL_BEHIND, reason, FAREWELL_TIME_MAX)
            }
            End::Stopping => {
                let words = format!(r#"{{"ch":"status","type":"serverShutdown","resumeSeq":{resume}}}"#);
                (vec![words], CLOSE_AWAY, "the node stops".to_owned(), SEND_TIME_MAX)
            }
        };
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let words = words.into_iter().map(|text| Message::Text(text.into()));
        let say = async {
            for message in words.chain([close]) {
                if self.socket.send(message).await.is_err() {
                    return;
                }
            }
        };
        if timeout(time, say).await.is_ok() {
            // Waits a moment for the client's own close: a kernel that holds
            // unread requests would throw away what was just said.
            let hear = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = timeout(FAREWELL_TIME_MAX, hear).await;
        }
    }

    /// Gives commands that are under way the time to become durable, so that
    /// their clients are told.
    async fn finish_pending(&mut self) {
        let answers = async {
            while let Some(answer) = self.pending.next().await {
                if self.answer(&answer).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(Duration::from_secs(2), answers).await;
    }
}
