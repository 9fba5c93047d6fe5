//! Strategies of bots, and what drives them.
//!
//! A [`Strategy`] is a plain value: it is told what [happens](Happening), sees its
//! market and what is its own in a [`View`], and says what it wants [`Out`]. It has
//! no clock, no socket and no randomness of its own, so the same strategy runs
//!
//! - in process, in a [`LocalExchange`]: the real engine with a clock of its own,
//!   for tests and for studies of several strategies against each other;
//! - over a recorded log, as one more account mixed in: [`replay::from_log`];
//! - live, over sessions of [`berth_client`]: [`live::run`].
//!
//! Where the three differ:
//!
//! | | in process | over a log | live |
//! |---|---|---|---|
//! | time | the exchange's; moves when nothing is left to do | the log's | the machine's |
//! | a command arrives | after the seat's latency, exactly | the same | when it does; behind the node's limits |
//! | the book | each change, at once | the same | conflated: changes that come faster than they are looked at are skipped; it can be stale, which [`View::is_current`] says |
//! | own events | with the entry, before the book of it | the same | each once and in order; those of orders, bids and leases on three channels, so that an entry's may come apart, and before or after its book |
//! | answers | before the events of the same entry | the same | in any order with them |
//! | others | who else sits there | what they said then; they do not react | everybody |
//! | leases | served well: escrowed and started at once, never fail by themselves | those of the log as they went; others served well | as they go |
//! | limits, disconnects, refusals at the node's edge | none | none | all |
//!
//! [`Maker`] and [`Tenant`] are two strategies to use and to read.

pub mod live;
mod local;
mod maker;
mod out;
mod own;
pub mod replay;
mod seat;
mod tenant;
mod view;

pub use local::LocalExchange;
pub use maker::{Maker, MakerConfig};
pub use out::{Action, Ended, Note, Out, Tag};
pub use own::{Own, OwnBid, OwnEvent, OwnLease, OwnOrder};
pub use seat::{Seat, SeatConfig};
pub use tenant::{Tenant, TenantConfig};
pub use view::{Host, View};

/// What a bot thinks.
pub trait Strategy: Send {
    /// Something happened; `view` is what is so behind it. What it wants said goes
    /// out in the order in which it is said.
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out);
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn on(&mut self, view: &View, happening: &Happening, out: &mut Out) {
        (**self).on(view, happening, out);
    }
}

/// What happens to a strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It begins: what there is, is in the view.
    Started,
    /// The market's book is another.
    Book,
    /// Whether the view is current has changed. Only live.
    Connection,
    /// Something of its own.
    Own(OwnEvent),
    /// What it said was carried out or refused.
    Answered {
        /// What [`Out::say`] gave.
        tag: Tag,
        /// What came of it.
        answer: Result<Done, Refused>,
    },
    /// The time of [`Out::wake`] has come.
    Timer(u32),
    /// It is to end. All that it has in the books is cancelled after this, whatever
    /// it says.
    Stopping,
}

/// Something was carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Its place in the log.
    pub seq: u64,
    /// The order, bid or lease that it made or touched.
    pub id: Option<u64>,
}

/// Something was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Stable code, such as `INSUFFICIENT_FUNDS`; `UNKNOWN` when it may have been
    /// done after all.
    pub code: String,
    /// In words.
    pub detail: String,
}
