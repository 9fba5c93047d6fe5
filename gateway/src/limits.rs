//! Every bound of the gateway in one place, with their relations.

use std::time::Duration;

use berth_wire::frame::REQUEST_BYTES_MAX;

use crate::rate::RateLimits;

/// The bounds that an operator chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How much one client may ask.
    pub rates: RateLimits,
    /// Connections at once, WebSockets included; one more is answered 503 and
    /// closed.
    pub connections: u32,
    /// Of these, from one IP address; one more is answered 429 and closed.
    pub connections_per_address: u32,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of a WebSocket message that comes in.
    pub frame_bytes: usize,
    /// How long a client may take for its line and headers.
    pub head_time: Duration,
    /// How long a client may take for a body.
    pub body_time: Duration,
}

impl Limits {
    /// Bytes that a body or a message may have at least.
    pub const BODY_BYTES_MIN: usize = REQUEST_BYTES_MAX;

    /// For a node that anybody reaches.
    pub const PUBLIC: Self = Self {
        rates: RateLimits::PUBLIC,
        connections: 16_384,
        connections_per_address: 1_024,
        body_bytes: REQUEST_BYTES_MAX,
        frame_bytes: REQUEST_BYTES_MAX,
        head_time: Duration::from_secs(10),
        body_time: Duration::from_secs(10),
    };

    /// For trying out on one machine, from which everybody comes.
    pub const OPEN: Self =
        Self { rates: RateLimits::OPEN, connections_per_address: Self::PUBLIC.connections, ..Self::PUBLIC };
}

impl From<RateLimits> for Limits {
    /// Those of an open node with other rates.
    fn from(rates: RateLimits) -> Self {
        Self { rates, ..Self::OPEN }
    }
}

/// Bytes of a request's line and headers.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of a request.
pub(crate) const HEADERS_MAX: usize = 64;
/// Connections that are told at once why they are closed; further ones are
/// closed without a word.
pub(crate) const FAREWELLS_MAX: usize = 256;

/// How long a client may take for the handshake of TLS.
pub(crate) const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a connection may refuse to take bytes before it is cut.
pub(crate) const STALL_TIME_MAX: Duration = Duration::from_millis(5_800);
/// How long connections have to end when the gateway stops.
pub(crate) const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(8);

/// How long a WebSocket may take for one message that goes out.
pub(crate) const SEND_TIME_MAX: Duration = Duration::from_secs(5);
/// How long the words are tried that say why a WebSocket is closed.
pub(crate) const FAREWELL_TIME_MAX: Duration = Duration::from_millis(500);
/// How often an idle WebSocket is pinged.
pub(crate) const PING_EVERY: Duration = Duration::from_secs(20);
/// After how long a silence a WebSocket is taken for dead.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Requests of one WebSocket that wait for their answers. Further ones stay
/// unread, so the client feels it.
pub(crate) const REQUESTS_PENDING_MAX: usize = 64;
/// Subscriptions of one WebSocket.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 64;
/// Frames that one subscription is sent before the others and the requests
/// have their turn.
pub(crate) const FRAMES_AT_ONCE: usize = 128;

/// How long the log may take to make a command durable.
pub(crate) const COMMIT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a request waits until its unknown address is provisioned.
pub(crate) const PROVISION_TIME_MAX: Duration = Duration::from_secs(30);
/// Addresses that are provisioned at once.
pub(crate) const PROVISIONING_MAX: usize = 32;

/// Signed requests, logons or answered challenges that are remembered, so that
/// none is accepted again, and how many of one key.
pub(crate) const SEEN_MAX: usize = 1_000_000;
pub(crate) const SEEN_OF_KEY_MAX: usize = 250_000;

/// Items of a list when the client names no limit, and at most.
pub(crate) const LIST_DEFAULT: usize = 100;
/// Items of a list at most.
pub(crate) const LIST_MAX: usize = 1_000;
/// Items that one list request looks at, whether they pass its filters or not.
pub(crate) const LIST_SCAN_MAX: usize = 50_000;
/// Bids after which a page of reasons ends with the provider that it is at.
pub(crate) const REASONS_BIDS_MAX: usize = 10_000;
/// Days, markets and hosts of an account over which one answer adds up what it has
/// paid.
pub(crate) const SPENDS_SCAN_MAX: usize = 100_000;
/// Deposits and withdrawals for which the chain is asked at once.
pub(crate) const TRANSFERS_MAX: usize = 16;
/// How long a request waits until what it pays is in a ledger.
pub(crate) const PAYMENT_TIME_MAX: Duration = Duration::from_secs(100);
/// Entries that one `GET /events` looks at, whether they pass its filters or
/// not.
pub(crate) const EVENTS_SCAN_MAX: usize = 20_000;
/// Bytes after which `GET /events` ends with the line that it is at.
pub(crate) const EVENTS_BYTES_MAX: usize = 4 << 20;
/// Bytes after which `GET /audit/log` ends with the batch that it is at.
pub(crate) const LOG_BYTES_MAX: usize = 1 << 20;
/// Answers of `GET /audit/log` that are made or sent at once; further ones are
/// refused.
pub(crate) const LOG_ANSWERS_MAX: usize = 64;
/// Of these, how many read at once.
pub(crate) const LOG_READS_MAX: usize = 4;
/// How long one waits for its turn to read.
pub(crate) const LOG_WAIT_MAX: Duration = Duration::from_secs(5);
/// Entries that a read with `atSeq` replays on a snapshot: about as many as lie
/// between two of the newest, and so many again.
pub(crate) const PAST_ENTRIES_MAX: u64 = 1_000_000;
/// Old states that are kept. Each is as large as the live one.
pub(crate) const PAST_KEPT_MAX: usize = 2;
/// Reads with `atSeq` that go over kept states at once, beside the one that makes
/// one.
pub(crate) const PAST_READS_MAX: usize = 2;
/// How long a read with `atSeq` waits for its turn.
pub(crate) const PAST_WAIT_MAX: Duration = Duration::from_secs(5);
/// Rows of each side of a book that a REST read shows when the client names no
/// depth.
pub(crate) const DEPTH_DEFAULT: usize = 100;
/// Rows of each side of a book that a REST read shows at most.
pub(crate) const DEPTH_MAX: usize = 1_000;

/// The newest frames of the log that are kept in memory; older ones are read
/// from the event store.
pub(crate) const EVENT_RING: usize = 8_192;
/// Markets whose books, best rows or tickers somebody has followed, beyond which
/// those are forgotten that nobody follows any more.
pub(crate) const BOOKS_KEPT: usize = 1_024;
/// Updates of one book that are kept; a slower reader is given a snapshot.
pub(crate) const BOOK_RING: usize = 256;

/// Token buckets that are kept of accounts, and as many of addresses; a full one
/// is none.
pub(crate) const BUCKETS_MAX: usize = 65_536;

/// Minutes with trades that are kept of a market; a day at least.
pub(crate) const MINUTES_KEPT: usize = 24 * 60;
/// Hours with trades that are kept of a market.
pub(crate) const HOURS_KEPT: usize = 30 * 24;
/// Days with trades that are kept of a market.
pub(crate) const DAYS_KEPT: usize = 366;
/// How often heartbeats, tickers and changes of the node's status are sent.
pub(crate) const BEAT: Duration = Duration::from_secs(1);
/// Things that a snapshot of an account's own channel shows at most, the newest
/// of them.
pub(crate) const SNAPSHOT_MAX: usize = 10_000;

/// Bytes of output that are kept in memory of one lease, its lines' times included.
pub(crate) const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// Leases whose output is kept in memory, those that wrote or were read last.
pub(crate) const OUTPUTS_KEPT: usize = 1_024;
/// How often who follows a lease's output looks whether it has ended.
pub(crate) const OUTPUT_LOOK: Duration = Duration::from_secs(1);

/// How often a stream of server-sent events says something at least.
pub(crate) const STREAM_BEAT: Duration = Duration::from_secs(10);
/// Bytes after which what such a stream gives at once ends with the message that
/// it is at.
pub(crate) const STREAM_CHUNK_BYTES: usize = 64 * 1024;

const _: () = {
    assert!(Limits::PUBLIC.connections_per_address <= Limits::PUBLIC.connections);
    assert!(SEEN_OF_KEY_MAX < SEEN_MAX, "one key does not take the room of all");
    assert!(MINUTES_KEPT as u64 >= 24 * 60, "a ticker looks a day back");
    assert!(FRAMES_AT_ONCE < EVENT_RING, "a reader of the ring is given less than all of it");
    assert!(PAST_KEPT_MAX > 0, "room is made for a state by letting another go");
    assert!(LOG_READS_MAX <= LOG_ANSWERS_MAX, "who reads will be answered");
    assert!(berth_journal::RESULT_BYTES_MAX <= Limits::BODY_BYTES_MIN, "a result is the body of one request");
    assert!(LIST_DEFAULT <= LIST_MAX && LIST_MAX <= LIST_SCAN_MAX);
    assert!(SEND_TIME_MAX.as_millis() + FAREWELL_TIME_MAX.as_millis() < 6_000, "a stalled socket is cut within 6 s");
    assert!(
        STALL_TIME_MAX.as_millis() > SEND_TIME_MAX.as_millis() + FAREWELL_TIME_MAX.as_millis(),
        "a WebSocket's own deadline, which explains, is first"
    );
    assert!(STALL_TIME_MAX.as_millis() < 6_000, "a stalled connection is cut within 6 s");
    assert!(SILENCE_MAX.as_millis() > 2 * PING_EVERY.as_millis(), "one lost ping does not close a WebSocket");
};
