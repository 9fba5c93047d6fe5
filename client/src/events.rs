//! The log's events and trades, without a gap, over as many connections as it
//! takes.

use berth_wire::address::Name;
use berth_wire::channel::{OwnBody, OwnState, TradeFrame};
use berth_wire::domain::ResourceClass;
use berth_wire::event::EventFrame;
use berth_wire::frame::{LogBody, Push, StatusFrame, Subscribe};
use berth_wire::response::Balance;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::backoff::Backoff;
use crate::error::ClientError;
use crate::rest::Client;
use crate::socket::{Endpoint, Incoming, Socket};

/// Frames that wait for their reader. When they are that many the socket is
/// read no further, and the node falls back to reading its log.
const FRAMES_MAX: usize = 256;
/// Connections in a row that brought a gap and nothing else, before the stream
/// ends with an error: trying again does not help against a wrong node.
const GAPS_MAX: u32 = 3;

/// What entries of the log did, in order. Every entry that did something that is
/// asked for comes once, as one frame. After a disconnect it goes on where it was.
#[derive(Debug)]
pub struct LogStream<F> {
    frames: mpsc::Receiver<Result<F, ClientError>>,
    ended: Option<ClientError>,
}

/// Events of the log.
pub type EventStream = LogStream<EventFrame>;

/// Trades: the leases that are opened.
pub type TradeStream = LogStream<TradeFrame>;

/// What an account's own entries did.
pub type OwnStream = LogStream<OwnEvents>;

/// What an account has and what becomes of it, from now on.
pub type OwnChanges = LogStream<OwnChange>;

/// What an account has, or what an entry made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnChange {
    /// The entry that this is the state after, or whose events these are.
    pub seq: u64,
    /// All that there is: the first that comes, and nothing after it.
    pub state: Option<OwnState>,
    /// The entry's events.
    pub events: Vec<Value>,
    /// On [`OwnChannel::Balances`]: the money after it.
    pub balances: Option<Vec<Balance>>,
}

/// The events of an entry that are an account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEvents(pub EventFrame);

/// One of an account's own channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnChannel {
    /// Its orders.
    Orders,
    /// Its bids.
    Bids,
    /// Leases that it rents or provides.
    Leases,
    /// What moves its money.
    Balances,
}

impl OwnChannel {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Bids => "bids",
            Self::Leases => "leases",
            Self::Balances => "balances",
        }
    }
}

/// A frame of a lossless channel.
trait OfLog: Send + Sized + 'static {
    /// The subscription and what it brings; `None` for another channel's.
    fn of(push: Push) -> Option<(u64, LogBody<Self>)>;

    fn seq(&self) -> u64;
}

impl OfLog for EventFrame {
    fn of(push: Push) -> Option<(u64, LogBody<Self>)> {
        if let Push::Events(frame) = push { Some((frame.sub, frame.body)) } else { None }
    }

    fn seq(&self) -> u64 {
        self.seq
    }
}

impl OfLog for TradeFrame {
    fn of(push: Push) -> Option<(u64, LogBody<Self>)> {
        if let Push::Trades(frame) = push { Some((frame.sub, frame.body)) } else { None }
    }

    fn seq(&self) -> u64 {
        self.seq
    }
}

impl OfLog for OwnEvents {
    fn of(push: Push) -> Option<(u64, LogBody<Self>)> {
        let (Push::Orders(own) | Push::Bids(own) | Push::Leases(own) | Push::Balances(own)) = push else { return None };
        let body = match own.body {
            // Only who names no first entry is sent one.
            OwnBody::Snapshot { .. } => return None,
            OwnBody::Replay { prev_seq, frame } => LogBody::Replay { prev_seq, frame: Self(frame) },
            OwnBody::Update { prev_seq, frame, .. } => LogBody::Update { prev_seq, frame: Self(frame) },
            OwnBody::CaughtUp { seq, .. } => LogBody::CaughtUp { seq },
            OwnBody::CursorExpired { oldest_seq } => LogBody::CursorExpired { oldest_seq },
            OwnBody::FutureCursor { seq } => LogBody::FutureCursor { seq },
            OwnBody::EpochChanged { epoch } => LogBody::EpochChanged { epoch },
            OwnBody::Ended { code } => LogBody::Ended { code },
            OwnBody::FellBehind { resume_seq } => LogBody::FellBehind { resume_seq },
        };
        Some((own.sub, body))
    }

    fn seq(&self) -> u64 {
        self.0.seq
    }
}

impl OfLog for OwnChange {
    fn of(push: Push) -> Option<(u64, LogBody<Self>)> {
        let (Push::Orders(own) | Push::Bids(own) | Push::Leases(own) | Push::Balances(own)) = push else { return None };
        let events = |frame: EventFrame, balances| Self { seq: frame.seq, state: None, events: frame.events, balances };
        let body = match own.body {
            OwnBody::Snapshot { seq, prev_seq, state } => {
                let balances = state.balances.clone();
                LogBody::Replay { prev_seq, frame: Self { seq, state: Some(state), events: Vec::new(), balances } }
            }
            OwnBody::Replay { prev_seq, frame } => LogBody::Replay { prev_seq, frame: events(frame, None) },
            OwnBody::Update { prev_seq, frame, balances } => {
                LogBody::Update { prev_seq, frame: events(frame, balances) }
            }
            OwnBody::CaughtUp { seq, .. } => LogBody::CaughtUp { seq },
            OwnBody::CursorExpired { oldest_seq } => LogBody::CursorExpired { oldest_seq },
            OwnBody::FutureCursor { seq } => LogBody::FutureCursor { seq },
            OwnBody::EpochChanged { epoch } => LogBody::EpochChanged { epoch },
            OwnBody::Ended { code } => LogBody::Ended { code },
            OwnBody::FellBehind { resume_seq } => LogBody::FellBehind { resume_seq },
        };
        Some((own.sub, body))
    }

    fn seq(&self) -> u64 {
        self.seq
    }
}

impl Client {
    /// The events of the log from entry `from_seq` on (1 is its beginning),
    /// those that are still to come included. `types` are names such as
    /// `lease.opened` or kinds such as `lease.*`; empty for all.
    #[must_use]
    pub fn events(&self, from_seq: u64, types: Vec<String>) -> EventStream {
        self.stream(Some(from_seq), types, None)
    }

    /// The same, of one market; or from the next entry on when `from_seq` is
    /// `None`.
    #[must_use]
    pub fn stream(&self, from_seq: Option<u64>, types: Vec<String>, market: Option<ResourceClass>) -> EventStream {
        self.follow(Subscribe { ch: "events".to_owned(), market, from_seq, types, ..Subscribe::default() })
    }

    /// The trades of a market, or of all, from entry `from_seq` on; or from the
    /// next entry on when it is `None`.
    #[must_use]
    pub fn trades(&self, from_seq: Option<u64>, market: Option<ResourceClass>) -> TradeStream {
        self.follow(Subscribe { ch: "trades".to_owned(), market, from_seq, ..Subscribe::default() })
    }

    /// What is an account's own, from entry `from_seq` on. `address` names the
    /// account in open mode; who shows credentials may leave it out.
    #[must_use]
    pub fn own(&self, channel: OwnChannel, address: Option<Name>, from_seq: u64) -> OwnStream {
        let (ch, from_seq) = (channel.as_str().to_owned(), Some(from_seq));
        self.follow(Subscribe { ch, address, from_seq, ..Subscribe::default() })
    }

    /// What is an account's own: first what there is, then what becomes of it,
    /// each entry once, over disconnects. `address` as in [`Client::own`].
    #[must_use]
    pub fn own_changes(&self, channel: OwnChannel, address: Option<Name>) -> OwnChanges {
        self.follow(Subscribe { ch: channel.as_str().to_owned(), address, ..Subscribe::default() })
    }

    fn follow<F: OfLog>(&self, subscribe: Subscribe) -> LogStream<F> {
        let (sender, frames) = mpsc::channel(FRAMES_MAX);
        let follower = Follower { endpoint: self.endpoint().clone(), subscribe, frames: sender };
        tokio::spawn(follower.run());
        LogStream { frames, ended: None }
    }
}

impl<F> LogStream<F> {
    /// The next frame; waits for it as long as it takes, over disconnects.
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the stream can never go on: [`ClientError::CursorExpired`],
    /// [`ClientError::FutureCursor`], [`ClientError::EpochChanged`],
    /// [`ClientError::Refused`] or [`ClientError::Protocol`]. It stays so.
    pub async fn next(&mut self) -> Result<F, ClientError> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let next = self.frames.recv().await;
        let next = next.unwrap_or_else(|| Err(ClientError::Protocol("the stream's task has ended".to_owned())));
        if let Err(why) = &next {
            self.ended = Some(why.clone());
        }
        next
    }
}

/// The task behind a stream.
struct Follower<F> {
    endpoint: Endpoint,
    /// What to ask for next: `from_seq` moves on with every frame.
    subscribe: Subscribe,
    frames: mpsc::Sender<Result<F, ClientError>>,
}

/// Why a connection is no longer read.
enum Over {
    /// Nobody reads the stream any more.
    Unread,
    /// It broke, and the next one goes on.
    Broken(ClientError),
    /// A frame is missing: the next one asks for it again.
    Gap(String),
    /// The stream can never go on.
    Ended(ClientError),
}

impl<F: OfLog> Follower<F> {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut gaps = 0;
        let reader = self.frames.clone();
        loop {
            let before = self.subscribe.from_seq;
            let over = tokio::select! {
                over = self.follow() => over,
                () = reader.closed() => Over::Unread,
            };
            if self.subscribe.from_seq != before {
                backoff.reset();
                gaps = 0;
            }
            match over {
                Over::Unread => return,
                Over::Ended(why) => return self.end(why).await,
                Over::Broken(why) => debug!(%why, "the event stream's connection is over"),
                Over::Gap(why) => {
                    gaps += 1;
                    warn!(%why, "the event stream has a gap and goes back to it");
                    if gaps >= GAPS_MAX {
                        return self.end(ClientError::Protocol(why)).await;
                    }
                }
            }
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = reader.closed() => return,
            }
        }
    }

    async fn end(&self, why: ClientError) {
        // Without a reader there is nobody to tell.
        let _ = self.frames.send(Err(why)).await;
    }

    /// One connection, from its start to its end.
    async fn follow(&mut self) -> Over {
        let (mut socket, sub) = match self.connect().await {
            Ok(connected) => connected,
            Err(over) => return over,
        };
        // The last frame with events on this subscription.
        let mut last = None;
        loop {
            let body = match socket.next().await {
                Ok(Incoming::Push(Push::Status(StatusFrame::ServerShutdown { .. }))) => {
                    return Over::Broken(ClientError::Transport("the node stops".to_owned()));
                }
                Ok(Incoming::Push(push)) => match F::of(push) {
                    Some((of, body)) if of == sub => body,
                    _ => continue,
                },
                Ok(Incoming::Answer(_)) => continue,
                Err(why @ ClientError::Protocol(_)) => return Over::Ended(why),
                Err(why) => return Over::Broken(why),
            };
            match body {
                LogBody::Replay { prev_seq, frame } | LogBody::Update { prev_seq, frame } => {
                    if prev_seq != last {
                        return Over::Gap(format!("entry {} follows {prev_seq:?}, not {last:?}", frame.seq()));
                    }
                    if self.subscribe.from_seq.is_some_and(|from| frame.seq() < from) {
                        return Over::Gap(format!("entry {} came again", frame.seq()));
                    }
                    let seq = frame.seq();
                    if self.frames.send(Ok(frame)).await.is_err() {
                        return Over::Unread;
                    }
                    last = Some(seq);
                    self.subscribe.from_seq = Some(seq + 1);
                }
                LogBody::CaughtUp { seq } => {
                    // Nothing up to here is missing, so what was filtered out
                    // need not be looked through again.
                    self.subscribe.from_seq = self.subscribe.from_seq.max(Some(seq + 1));
                }
                // The node reads its log for us from here on; nothing is lost.
                LogBody::FellBehind { .. } => {}
                LogBody::CursorExpired { oldest_seq } => {
                    return Over::Ended(ClientError::CursorExpired { oldest_seq });
                }
                LogBody::FutureCursor { seq } => return Over::Ended(ClientError::FutureCursor { seq }),
                LogBody::EpochChanged { epoch } => return Over::Ended(ClientError::EpochChanged { epoch }),
                LogBody::Ended { code } => return Over::Ended(ClientError::ended(code)),
            }
        }
    }

    async fn connect(&mut self) -> Result<(Socket, u64), Over> {
        let over = |why: ClientError| match why {
            ClientError::Transport(_) => Over::Broken(why),
            ClientError::Refused { .. } if why.may_retry() => Over::Broken(why),
            other => Over::Ended(other),
        };
        let mut socket = self.endpoint.connect_to_read().await.map_err(over)?;
        let subscribed = socket.subscribe(&self.subscribe).await.map_err(over)?;
        match &self.subscribe.epoch {
            Some(known) if *known != subscribed.epoch => {
                return Err(Over::Ended(ClientError::EpochChanged { epoch: subscribed.epoch }));
            }
            _ => self.subscribe.epoch = Some(subscribed.epoch),
        }
        Ok((socket, subscribed.sub))
    }
}
