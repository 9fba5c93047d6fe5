//! What one socket follows.

use std::collections::BTreeMap;

use berth_domain::{Code, MarketId, Seq};
use berth_wire::errors::EdgeCode;
use berth_wire::frame::{EventFilter, Subscribe, Subscribed};
use berth_wire::json::Malformed;

use super::book::BookSubscription;
use super::events::EventsSubscription;
use crate::frame::Filter;
use crate::limits::SUBSCRIPTIONS_MAX;
use crate::node::{App, Node};
use crate::problem::Refusal;

/// Channels of the protocol that this version does not have yet.
const NOT_OFFERED: [&str; 10] =
    ["bbo", "trades", "ticker", "instruments", "status", "heartbeat", "orders", "bids", "leases", "balances"];

/// A frame for a subscription.
pub(super) struct Push {
    pub(super) text: String,
    /// From which entry to go on if it cannot be sent.
    pub(super) resume: Seq,
}

/// What a subscription has to send now.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) frames: Vec<Push>,
    /// Whether there may be more already.
    pub(super) more: bool,
    /// Whether these are its last.
    pub(super) ended: bool,
}

/// One of either channel.
pub(super) enum Subscription {
    Book(BookSubscription),
    Events(EventsSubscription),
}

impl Subscription {
    pub(super) async fn next(&mut self, node: &Node) -> Result<Batch, Refusal> {
        match self {
            Self::Book(book) => Ok(book.next(node)),
            Self::Events(events) => events.next(node).await,
        }
    }
}

/// The subscriptions of a socket, by their numbers.
pub(super) struct Subscriptions {
    by_id: BTreeMap<u64, Subscription>,
    last: u64,
    epoch: String,
}

impl Subscriptions {
    pub(super) fn new(app: &App) -> Self {
        // The log's own name: what a sequence number is a number in.
        Self { by_id: BTreeMap::new(), last: 0, epoch: app.log_id.to_string() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn ids(&self) -> Vec<u64> {
        self.by_id.keys().copied().collect()
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Subscription> {
        self.by_id.get_mut(&id)
    }

    /// Ends a subscription; whether there was one.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.by_id.remove(&id).is_some()
    }

    /// Begins a subscription.
    pub(super) fn add(&mut self, node: &Node, wanted: Subscribe) -> Result<Subscribed, Refusal> {
        if self.by_id.len() >= SUBSCRIPTIONS_MAX {
            return Err(EdgeCode::TooManySubscriptions.into());
        }
        let id = self.last + 1;
        let market = wanted.market.as_ref().map(|class| {
            let market = node.view.read(|x| x.market_of(class).map(|market| market.id));
            market.ok_or_else(|| Refusal::from(Code::UnknownMarket).at("market"))
        });
        let market = market.transpose()?;
        let subscription = match wanted.ch.as_str() {
            "book" => Subscription::Book(book(node, id, wanted, market)?),
            "events" => Subscription::Events(events(node, id, &self.epoch, wanted, market)?),
            ch if NOT_OFFERED.contains(&ch) => {
                return Err(Malformed::not_offered("ch", &format!("channel {ch}")).into());
            }
            _ => return Err(Refusal::malformed("ch", "is no channel; there are book and events")),
        };
        self.last = id;
        self.by_id.insert(id, subscription);
        Ok(Subscribed { sub: id, epoch: self.epoch.clone() })
    }

    /// From which entry to go on so that no events are missed; none when no
    /// events are followed.
    pub(super) fn resume(&self) -> Option<Seq> {
        let events = self.by_id.values().filter_map(|subscription| match subscription {
            Subscription::Events(events) => Some(events.resume()),
            Subscription::Book(_) => None,
        });
        events.min()
    }

    /// A frame of a subscription could not be sent.
    pub(super) fn rewind(&mut self, id: u64, resume: Seq) {
        if let Some(Subscription::Events(events)) = self.by_id.get_mut(&id) {
            events.rewind(resume);
        }
    }

    /// The last words to the followers of events when the socket is too slow.
    pub(super) fn fell_behind(&self) -> Vec<String> {
        let events = self.by_id.iter().filter_map(|(id, subscription)| match subscription {
            Subscription::Events(events) => Some(super::events::fell_behind(*id, events.resume())),
            Subscription::Book(_) => None,
        });
        events.collect()
    }
}

fn book(node: &Node, id: u64, wanted: Subscribe, market: Option<MarketId>) -> Result<BookSubscription, Refusal> {
    if wanted.from_seq.is_some() || wanted.epoch.is_some() || !wanted.types.is_empty() {
        return Err(Refusal::malformed("ch", "book begins with a snapshot and takes a market alone"));
    }
    let (Some(class), Some(market)) = (wanted.market, market) else {
        return Err(Refusal::malformed("market", "is missing"));
    };
    BookSubscription::new(node, id, market, class.to_string()).ok_or_else(|| Refusal::from(Code::UnknownMarket))
}

fn events(
    node: &Node,
    id: u64,
    epoch: &str,
    wanted: Subscribe,
    market: Option<MarketId>,
) -> Result<EventsSubscription, Refusal> {
    let filter = Filter { types: EventFilter::new(&wanted.types)?, market };
    let changed = wanted.epoch.is_some_and(|known| known != epoch).then(|| epoch.to_owned());
    Ok(EventsSubscription::new(node, id, wanted.from_seq.map(Seq), changed, filter))
}
