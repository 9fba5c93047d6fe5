//! Frames of the WebSocket.
//!
//! A client sends [`Request`]s. The node sends an [`Answer`] to each, with the
//! request's id, and [`Push`] frames to the subscriptions.

use std::collections::BTreeSet;

use berth_domain::{Digest, ResourceClass};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::address::Name;
use crate::book::BookRow;
use crate::channel::{BboFrame, HeartbeatFrame, InstrumentsFrame, OwnFrame, TickerFrame, TradesFrame};
use crate::errors::{Problem, Retry};
use crate::event::EventFrame;
use crate::json::{Malformed, object_or_empty, objects, parse};
use crate::scalar::{WHOLE_MAX, in_text, in_text_option, whole, whole_option};

/// The longest frame that a node takes from a client, in bytes.
pub const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// The longest frame that a client takes from a node, in bytes: the events of
/// one entry are never split, and one order can open ten thousand leases.
pub const PUSH_BYTES_MAX: usize = 32 * 1024 * 1024;

/// `{"id":1,"method":"…","params":{}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Request {
    /// Chosen by the client; the answer repeats it.
    #[serde(deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub id: u64,
    /// What to do.
    pub method: String,
    /// With what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Value>,
    /// Until when, in microseconds since 1970 by the node's clock: a command that
    /// is not in the sequencer's queue by then is not carried out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub deadline: Option<u64>,
}

objects!(Request);

impl Request {
    /// Reads a frame.
    ///
    /// # Errors
    /// When it is no request.
    pub fn parse(frame: &[u8]) -> Result<Self, Malformed> {
        parse(frame)
    }

    /// The parameters; an empty object when there are none.
    #[must_use]
    pub fn take_params(self) -> Value {
        object_or_empty(self.params)
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// The request's id; null when the frame had none that could be read.
    pub id: Option<u64>,
    /// Whether it was carried out.
    pub ok: bool,
    /// For commands: their place in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// When it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<FrameError>,
    /// Of a command, and of what was throttled: what is left of the tokens that
    /// it took from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<RateState>,
}

/// A token bucket of the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateState {
    /// Tokens that it holds.
    pub limit: u64,
    /// Tokens that are left.
    pub remaining: u64,
    /// Milliseconds until it is full again.
    pub reset_ms: u64,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FrameError {
    /// Stable code.
    pub code: String,
    /// What is wrong, in words.
    pub detail: String,
    /// What trying again is worth.
    pub retry: Retry,
    /// For bad input: where, as a JSON path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl From<Problem> for FrameError {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code, detail: problem.detail, retry: problem.retry, field: problem.field }
    }
}

impl Answer {
    /// It was carried out; `seq` is a command's place in the log.
    #[must_use]
    pub const fn done(id: u64, seq: Option<u64>, result: Value) -> Self {
        Self { id: Some(id), ok: true, seq, result: Some(result), error: None, limits: None }
    }

    /// It was not; `seq` is given when the refusal itself is in the log.
    #[must_use]
    pub fn refused(id: Option<u64>, seq: Option<u64>, problem: Problem) -> Self {
        Self { id, ok: false, seq, result: None, error: Some(problem.into()), limits: None }
    }

    /// The same, with what is left of the client's tokens.
    #[must_use]
    pub fn with_limits(self, limits: Option<RateState>) -> Self {
        Self { limits, ..self }
    }
}

/// Parameters of `subscribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Subscribe {
    /// The channel, such as `book` or `events`.
    pub ch: String,
    /// `book`, `bbo`, `ticker`: the market. `events`, `trades`: only what is of
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    #[schema(value_type = Option<crate::schema::MarketName>)]
    pub market: Option<ResourceClass>,
    /// Lossless channels: the first entry wanted; the one after the newest is
    /// good too. From that one on when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub from_seq: Option<u64>,
    /// Lossless channels: the epoch that an earlier subscription was answered;
    /// when it is no longer that, the answer is `epochChanged`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// Own channels: the account. Who shows credentials may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "in_text_option")]
    pub address: Option<Name>,
    /// `events`: only these types, such as `lease.opened`, or all of a kind,
    /// `lease.*`. All when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
}

/// Result of `ping`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// Hash of the log's first entry: signed commands are for one log alone.
    #[serde(with = "in_text")]
    #[schema(value_type = crate::schema::Hex32)]
    pub log_id: Digest,
    /// The node's time, in microseconds since 1970.
    pub time: u64,
    /// The connection's session.
    pub session: u64,
}

/// Parameters of `unsubscribe`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Unsubscribe {
    /// The subscription.
    #[serde(deserialize_with = "whole::<0, WHOLE_MAX, _, _>")]
    #[schema(minimum = 0, maximum = 9007199254740991_u64)]
    pub sub: u64,
}

objects!(Subscribe, Unsubscribe);

/// Result of `subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Subscribed {
    /// The subscription's number on this connection: its frames carry it.
    pub sub: u64,
    /// The log's epoch; an opaque text.
    pub epoch: String,
}

/// Which events a subscription or a read wants, by type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    exact: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl EventFilter {
    /// Types that one filter may name.
    pub const TYPES_MAX: usize = 64;

    /// A filter for these types; everything when there is none.
    ///
    /// # Errors
    /// Names the entry of `types` that is no type.
    pub fn new<T: AsRef<str>>(types: &[T]) -> Result<Self, Malformed> {
        if types.len() > Self::TYPES_MAX {
            return Err(Malformed::new("types", format!("has more than {} entries", Self::TYPES_MAX)));
        }
        let mut filter = Self::default();
        for (i, name) in types.iter().map(AsRef::as_ref).enumerate() {
            let (kind, rest) = name.split_once('.').unwrap_or((name, ""));
            let is_word =
                |word: &str| !word.is_empty() && word.len() <= 32 && word.bytes().all(|b| b.is_ascii_alphabetic());
            if is_word(kind) && rest == "*" {
                filter.kinds.insert(kind.to_owned());
            } else if is_word(kind) && is_word(rest) {
                filter.exact.insert(name.to_owned());
            } else {
                let detail = "is no type of event such as \"lease.opened\" or \"lease.*\"";
                return Err(Malformed::new(format!("types[{i}]"), detail));
            }
        }
        Ok(filter)
    }

    /// Whether events of this type are wanted.
    #[must_use]
    pub fn wants(&self, event_type: &str) -> bool {
        (self.exact.is_empty() && self.kinds.is_empty())
            || self.exact.contains(event_type)
            || event_type.split_once('.').is_some_and(|(kind, _)| self.kinds.contains(kind))
    }
}

/// A frame that nobody asked for by id: what a subscription brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "ch", rename_all = "lowercase")]
pub enum Push {
    /// Of a `book` subscription.
    Book(BookFrame),
    /// Of a `bbo` subscription.
    Bbo(BboFrame),
    /// Of a `trades` subscription.
    Trades(TradesFrame),
    /// Of a `ticker` subscription.
    Ticker(TickerFrame),
    /// Of an `instruments` subscription.
    Instruments(InstrumentsFrame),
    /// Of a `heartbeat` subscription.
    Heartbeat(HeartbeatFrame),
    /// Of an `events` subscription.
    Events(EventsFrame),
    /// Of an `orders` subscription.
    Orders(OwnFrame),
    /// Of a `bids` subscription.
    Bids(OwnFrame),
    /// Of a `leases` subscription.
    Leases(OwnFrame),
    /// Of a `balances` subscription.
    Balances(OwnFrame),
    /// Of a `status` subscription, or to the whole connection.
    Status(StatusFrame),
}

/// Whether a frame gives the whole book or what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BookFrameType {
    /// The whole book; it replaces what came before.
    Snapshot,
    /// Rows that changed.
    Update,
}

/// A frame of a `book` subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookFrame {
    /// The subscription.
    pub sub: u64,
    /// The market.
    pub market: String,
    /// Whole or change.
    #[serde(rename = "type")]
    pub kind: BookFrameType,
    /// Place in the log that this is the state after.
    pub seq: u64,
    /// `seq` of the frame before; null in a snapshot.
    pub prev_seq: Option<u64>,
    /// Rows of supply.
    pub bids: Vec<BookRow>,
    /// Rows of demand.
    pub orders: Vec<BookRow>,
    /// Checksum of the book after this frame, see [`crate::book::crc`].
    pub crc: u32,
}

/// A frame of an `events` subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventsFrame {
    /// The subscription.
    pub sub: u64,
    /// What it brings.
    #[serde(flatten)]
    pub body: EventsBody,
}

/// What a frame of an `events` subscription brings.
pub type EventsBody = LogBody<EventFrame>;

/// What a frame of a lossless subscription brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum LogBody<F> {
    /// What an entry from before the subscription did.
    Replay {
        /// `seq` of the last frame of an entry on this subscription; null in
        /// the first.
        prev_seq: Option<u64>,
        /// What it did.
        #[serde(flatten)]
        frame: F,
    },
    /// What an entry did that was just made durable.
    Update {
        /// `seq` of the last frame of an entry on this subscription; null in
        /// the first.
        prev_seq: Option<u64>,
        /// What it did.
        #[serde(flatten)]
        frame: F,
    },
    /// All up to this entry has been sent; from here on it is live.
    CaughtUp {
        /// The newest durable entry.
        seq: u64,
    },
    /// What was asked for is no longer kept. The subscription has ended.
    CursorExpired {
        /// The oldest entry that can be had.
        oldest_seq: u64,
    },
    /// What was asked for lies beyond the log's end. The subscription has
    /// ended.
    FutureCursor {
        /// The newest durable entry.
        seq: u64,
    },
    /// The log is not the one that the client knew. The subscription has ended.
    EpochChanged {
        /// The log's epoch.
        epoch: String,
    },
    /// Who follows may do so no more, such as a key that was revoked. The
    /// subscription has ended.
    Ended {
        /// Why, such as `KEY_NOT_ALLOWED`.
        code: String,
    },
    /// The client reads too slowly; it is read to from the log, and cut off
    /// with 4008 when that does not help.
    FellBehind {
        /// The entry to go on from.
        resume_seq: u64,
    },
}

/// A frame to the whole connection, or of a `status` subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StatusFrame {
    /// How the node is, when the subscription begins.
    Snapshot {
        /// The subscription.
        sub: u64,
        /// The newest entry that can be read.
        seq: u64,
        /// Null.
        prev_seq: Option<u64>,
        /// As `status` of `GET /health`.
        status: String,
    },
    /// How it is now.
    Update {
        /// The subscription.
        sub: u64,
        /// The newest entry that can be read.
        seq: u64,
        /// `seq` of the frame before.
        prev_seq: Option<u64>,
        /// As `status` of `GET /health`.
        status: String,
    },
    /// The node stops; connect again and go on from there.
    ServerShutdown {
        /// The entry to go on from.
        resume_seq: u64,
    },
}
