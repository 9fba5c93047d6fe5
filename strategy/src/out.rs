//! What a strategy says.

use berth_domain::{BidId, LeaseId, Micros, OrderId};
use berth_wire::request::{MassQuoteRequest, OrderRequest, StandingBid};
use serde_json::Value;

/// Which of the things that were said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u64);

/// A command. Requests that name nobody are its own account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Places an order.
    PlaceOrder(Box<OrderRequest>),
    /// Ends what is left of an order.
    CancelOrder(OrderId),
    /// Places a bid in the book.
    PlaceBid(Box<StandingBid>),
    /// Ends what is left of a bid.
    CancelBid(BidId),
    /// Replaces all bids of a quote set.
    MassQuote(MassQuoteRequest),
    /// Ends all that it has in the books.
    CancelAll,
    /// Stops a lease: what was used is paid.
    StopLease(LeaseId),
    /// Arms the dead-man timer: without a command in so many milliseconds all that
    /// it has in the books ends. Zero disarms.
    SetDeadMan(u32),
}

/// A line of what a bot tells about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// When: microseconds since 1970.
    pub at: Micros,
    /// What kind of line, such as `quoted`.
    pub event: &'static str,
    /// More of it: an object.
    pub fields: Value,
}

/// Why a bot has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// In words.
    pub why: String,
    /// Whether it gave up.
    pub is_fault: bool,
}

/// What a strategy says, collected.
#[derive(Debug, Default)]
pub struct Out {
    pub(crate) actions: Vec<(Tag, Action)>,
    pub(crate) timers: Vec<(u32, Micros)>,
    pub(crate) notes: Vec<(&'static str, Value)>,
    pub(crate) ended: Option<Ended>,
    last: u64,
}

impl Out {
    /// Says something. The answer comes with the tag that this gives.
    pub fn say(&mut self, action: Action) -> Tag {
        self.last += 1;
        let tag = Tag(self.last);
        self.actions.push((tag, action));
        tag
    }

    /// Asks to be woken at a time; a time that is over is now. Each call is one
    /// [`crate::Happening::Timer`].
    pub fn wake(&mut self, timer: u32, at: Micros) {
        self.timers.push((timer, at));
    }

    /// Tells about itself; `fields` is an object.
    pub fn tell(&mut self, event: &'static str, fields: Value) {
        self.notes.push((event, fields));
    }

    /// Ends the bot, which has done what it was to do. All that it has in the books
    /// is cancelled then.
    pub fn end(&mut self, why: impl Into<String>) {
        self.ended.get_or_insert(Ended { why: why.into(), is_fault: false });
    }

    /// Gives up: ends the bot because of a fault, and cancels as [`Out::end`] does.
    pub fn give_up(&mut self, why: impl Into<String>) {
        self.ended.get_or_insert(Ended { why: why.into(), is_fault: true });
    }
}
