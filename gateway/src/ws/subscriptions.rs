//! What one socket follows.

use std::collections::BTreeMap;

use berth_domain::{Code, MarketId, Seq};
use berth_wire::errors::EdgeCode;
use berth_wire::frame::{EventFilter, Subscribe, Subscribed};

use super::beats::{HeartbeatSubscription, InstrumentsSubscription, StatusSubscription};
use super::book::BookSubscription;
use super::lossless::{LosslessSubscription, Source, Start};
use super::own::OwnSource;
use super::quotes::{BboSubscription, TickerSubscription};
use crate::caller::Caller;
use crate::frame::{Filter, Own};
use crate::limits::SUBSCRIPTIONS_MAX;
use crate::metrics::Counted;
use crate::node::{App, Node};
use crate::problem::Refusal;

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

impl Batch {
    pub(super) fn push(&mut self, text: String, resume: Seq) {
        self.frames.push(Push { text, resume });
    }
}

/// How the frames of a subscription begin that say the whole of something.
pub(super) struct Named(String);

impl Named {
    fn new(id: u64, ch: &str, market: Option<&str>) -> Self {
        let market = market.map(|market| format!(r#""market":"{market}","#)).unwrap_or_default();
        Self(format!(r#"{{"sub":{id},"ch":"{ch}",{market}"#))
    }

    /// The first frame is a snapshot and the others are updates.
    pub(super) fn frame(&self, seq: Seq, previous: Option<Seq>, body: &str) -> String {
        let (kind, previous) = match previous {
            Some(previous) => ("update", previous.to_string()),
            None => ("snapshot", "null".to_owned()),
        };
        format!(r#"{}"type":"{kind}","seq":{seq},"prevSeq":{previous},{body}}}"#, self.0)
    }
}

/// One of any channel.
pub(super) enum Subscription {
    Book(BookSubscription),
    Bbo(BboSubscription),
    Ticker(TickerSubscription),
    Lossless(LosslessSubscription),
    Instruments(InstrumentsSubscription),
    Status(StatusSubscription),
    Heartbeat(HeartbeatSubscription),
}

impl Subscription {
    pub(super) async fn next(&mut self, node: &Node) -> Result<Batch, Refusal> {
        match self {
            Self::Book(book) => Ok(book.next(node)),
            Self::Bbo(bbo) => Ok(bbo.next()),
            Self::Ticker(ticker) => Ok(ticker.next(node)),
            Self::Lossless(lossless) => lossless.next(node).await,
            Self::Instruments(instruments) => Ok(instruments.next(node)),
            Self::Status(status) => Ok(status.next(node)),
            Self::Heartbeat(heartbeat) => Ok(heartbeat.next(node)),
        }
    }

    const fn ch(&self) -> &'static str {
        match self {
            Self::Book(_) => "book",
            Self::Bbo(_) => "bbo",
            Self::Ticker(_) => "ticker",
            Self::Lossless(lossless) => lossless.ch(),
            Self::Instruments(_) => "instruments",
            Self::Status(_) => "status",
            Self::Heartbeat(_) => "heartbeat",
        }
    }

    const fn has_beat(&self) -> bool {
        matches!(self, Self::Ticker(_) | Self::Status(_) | Self::Heartbeat(_))
    }
}

struct Followed {
    subscription: Subscription,
    _counted: Counted,
}

/// The subscriptions of a socket, by their numbers.
pub(super) struct Subscriptions {
    by_id: BTreeMap<u64, Followed>,
    last: u64,
    epoch: String,
}

impl Subscriptions {
    pub(super) fn new(app: &App) -> Self {
        // The log's own name: what a sequence number is a number in.
        Self { by_id: BTreeMap::new(), last: 0, epoch: app.log_id.to_string() }
    }

    /// Whether any may have something to say after each batch. The others wait
    /// for their beat: ten thousand sockets that only listen for the heartbeat
    /// would otherwise be woken by every batch.
    pub(super) fn follow_the_log(&self) -> bool {
        self.by_id.values().any(|followed| !followed.subscription.has_beat())
    }

    pub(super) fn ids(&self) -> Vec<u64> {
        self.by_id.keys().copied().collect()
    }

    pub(super) fn get(&mut self, id: u64) -> Option<&mut Subscription> {
        self.by_id.get_mut(&id).map(|followed| &mut followed.subscription)
    }

    /// Ends a subscription; whether there was one.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.by_id.remove(&id).is_some()
    }

    /// Whether any is looked at from time to time.
    pub(super) fn have_beat(&self) -> bool {
        self.by_id.values().any(|followed| followed.subscription.has_beat())
    }

    /// It is time to look at those.
    pub(super) fn beat(&mut self) {
        for followed in self.by_id.values_mut() {
            match &mut followed.subscription {
                Subscription::Ticker(ticker) => ticker.beat(),
                Subscription::Heartbeat(heartbeat) => heartbeat.beat(),
                _ => {}
            }
        }
    }

    /// Begins a subscription.
    pub(super) fn add(&mut self, node: &Node, caller: Caller, wanted: Subscribe) -> Result<Subscribed, Refusal> {
        if self.by_id.len() >= SUBSCRIPTIONS_MAX {
            return Err(EdgeCode::TooManySubscriptions.into());
        }
        let id = self.last + 1;
        let subscription = self.begin(node, caller, id, wanted)?;
        self.last = id;
        let _counted = Counted::subscription(subscription.ch());
        self.by_id.insert(id, Followed { subscription, _counted });
        Ok(Subscribed { sub: id, epoch: self.epoch.clone() })
    }

    fn begin(&self, node: &Node, caller: Caller, id: u64, wanted: Subscribe) -> Result<Subscription, Refusal> {
        takes_alone(&wanted)?;
        let market = wanted.market.as_ref().map(|class| {
            let market = node.view.read(|x| x.market_of(class).map(|market| market.id));
            market.ok_or_else(|| Refusal::from(Code::UnknownMarket).at("market"))
        });
        let market = market.transpose()?;
        let name = wanted.market.as_ref().map(ToString::to_string);
        let named = || Named::new(id, &wanted.ch, name.as_deref());
        let needed = || market.ok_or_else(|| Refusal::malformed("market", "is missing"));
        let unknown = || Refusal::from(Code::UnknownMarket);
        Ok(match wanted.ch.as_str() {
            "book" => {
                let book = BookSubscription::new(node, id, needed()?, name.clone().unwrap_or_default());
                Subscription::Book(book.ok_or_else(unknown)?)
            }
            "bbo" => Subscription::Bbo(BboSubscription::new(node, named(), needed()?).ok_or_else(unknown)?),
            "ticker" => Subscription::Ticker(TickerSubscription::new(node, named(), needed()?).ok_or_else(unknown)?),
            "instruments" => Subscription::Instruments(InstrumentsSubscription::new(named())),
            "status" => Subscription::Status(StatusSubscription::new(named())),
            "heartbeat" => Subscription::Heartbeat(HeartbeatSubscription::new(id)),
            ch => {
                let source = source(node, caller, &wanted, market)?
                    .ok_or_else(|| Refusal::malformed("ch", format!("{ch:?} is no channel; there are {CHANNELS}")))?;
                Subscription::Lossless(LosslessSubscription::new(node, id, self.start(&wanted), source))
            }
        })
    }

    fn start(&self, wanted: &Subscribe) -> Start {
        match (&wanted.epoch, wanted.from_seq) {
            (Some(known), _) if *known != self.epoch => Start::Changed(self.epoch.clone()),
            (_, Some(from)) => Start::At(Seq(from)),
            (_, None) => Start::Now,
        }
    }

    fn lossless(&self) -> impl Iterator<Item = &LosslessSubscription> {
        self.by_id.values().filter_map(|followed| match &followed.subscription {
            Subscription::Lossless(lossless) => Some(lossless),
            _ => None,
        })
    }

    /// From which entry to go on so that nothing lossless is missed; none when
    /// nothing such is followed.
    pub(super) fn resume(&self) -> Option<Seq> {
        self.lossless().map(LosslessSubscription::resume).min()
    }

    /// A frame of a subscription could not be sent.
    pub(super) fn rewind(&mut self, id: u64, resume: Seq) {
        if let Some(Subscription::Lossless(lossless)) = self.get(id) {
            lossless.rewind(resume);
        }
    }

    /// The last words to the followers of lossless channels when the socket is
    /// too slow.
    pub(super) fn fell_behind(&self) -> Vec<String> {
        self.lossless().map(LosslessSubscription::fell_behind).collect()
    }
}

const CHANNELS: &str =
    "book, bbo, trades, ticker, instruments, status, heartbeat, orders, bids, leases, balances and events";

/// Refuses parameters that a channel does not take: a misspelt wish would
/// otherwise bring something else.
fn takes_alone(wanted: &Subscribe) -> Result<(), Refusal> {
    let ch = wanted.ch.as_str();
    let is_own = Own::from_name(ch).is_some();
    let is_lossless = is_own || matches!(ch, "events" | "trades");
    let takes_market = matches!(ch, "book" | "bbo" | "ticker" | "events" | "trades");
    let wrong = [
        ("market", wanted.market.is_some() && !takes_market),
        ("fromSeq", wanted.from_seq.is_some() && !is_lossless),
        ("epoch", wanted.epoch.is_some() && !is_lossless),
        ("types", !wanted.types.is_empty() && ch != "events"),
        ("address", wanted.address.is_some() && !is_own),
    ];
    match wrong.into_iter().find(|(_, wrong)| *wrong) {
        Some((field, _)) => Err(Refusal::malformed(field, format!("is no parameter of channel {ch:?}"))),
        None => Ok(()),
    }
}

/// What of the log a lossless channel brings; `None` when it is no such channel.
fn source(
    node: &Node,
    caller: Caller,
    wanted: &Subscribe,
    market: Option<MarketId>,
) -> Result<Option<Source>, Refusal> {
    Ok(match wanted.ch.as_str() {
        "events" => Some(Source::Events(Filter { types: EventFilter::new(&wanted.types)?, market })),
        "trades" => Some(Source::Trades(market)),
        ch => match Own::from_name(ch) {
            Some(channel) => Some(Source::Own(OwnSource::new(node, caller, channel, wanted)?)),
            None => None,
        },
    })
}
