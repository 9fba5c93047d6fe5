//! The gateway's own replica of the exchange, fed by what is durable. All reads
//! are answered from it, so that no client ever touches the thread that matches.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use berth_domain::{AccountId, Event, MarketId, Micros, Seq};
use berth_exchange::Exchange;
use berth_journal::{Committed, CommittedEntry, SeqEvents};
use berth_wire::channel::Candle;
use crossbeam_channel::{Receiver, Sender, bounded, select};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::answers::Answers;
use crate::book::{Channel, Following, Published, picture, snapshot_body};
use crate::concern::{accounts_of, moves_money};
use crate::fanout::Ring;
use crate::feed::{Durable, Feed};
use crate::frame::{Frame, Moved, books_of};
use crate::limits::{BOOKS_KEPT, EVENT_RING};
use crate::live::LiveLeases;
use crate::metrics;
use crate::quote::{Glance, Quote};
use crate::rate::Limiter;
use crate::sealed::Auctions;
use crate::spends::Spends;
use crate::tape::{Interval, Tapes};

/// A follower's exchange, and what goes out from it.
pub(crate) struct View {
    exchange: RwLock<Exchange>,
    /// Those of the exchange; locked behind it.
    auctions: RwLock<Auctions>,
    /// What follows from its trades; locked behind it.
    tapes: RwLock<Tapes>,
    /// Its leases by account; locked behind it.
    live: RwLock<LiveLeases>,
    /// What was paid for them; locked behind it.
    spends: RwLock<Spends>,
    applied: watch::Sender<Seq>,
    /// What waits for it.
    pub(crate) answers: Answers,
    /// The newest entries' events; positions are sequence numbers.
    pub(crate) events: Ring<Frame>,
    books: RwLock<BTreeMap<MarketId, Arc<Channel>>>,
}

/// A book as its follower first sees it.
pub(crate) struct BookStart {
    pub(crate) following: Following,
    /// Where the updates go on.
    pub(crate) position: u64,
    /// The entry that the picture follows from.
    pub(crate) seq: Seq,
    /// The picture as the body of a frame.
    pub(crate) body: String,
}

impl View {
    pub(crate) fn new(exchange: Exchange) -> Arc<Self> {
        let head = exchange.head();
        Arc::new(Self {
            auctions: RwLock::new(Auctions::of(&exchange)),
            tapes: RwLock::new(Tapes::of(&exchange)),
            live: RwLock::new(LiveLeases::of(&exchange)),
            spends: RwLock::new(Spends::of(&exchange)),
            exchange: RwLock::new(exchange),
            applied: watch::Sender::new(head),
            answers: Answers::new(head),
            events: Ring::new(head.next().0, EVENT_RING),
            books: RwLock::default(),
        })
    }

    /// Reads the exchange as the last batch left it. `read` must be quick and
    /// bounded: the next batch waits for it.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&Exchange) -> R) -> R {
        // Only the view's own thread writes, and it aborts rather than to leave
        // a torn state behind.
        read(&self.exchange.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The last entry, and the first that is not public while an auction is open.
    pub(crate) fn public(&self) -> (Seq, Option<Seq>) {
        self.read(|x| {
            let auctions = self.auctions.read().unwrap_or_else(PoisonError::into_inner);
            (x.head(), auctions.sealed_from(x))
        })
    }

    /// The last entry that can be read.
    pub(crate) fn head(&self) -> Seq {
        *self.applied.borrow()
    }

    /// Changes with every batch.
    pub(crate) fn applied(&self) -> watch::Receiver<Seq> {
        self.applied.subscribe()
    }

    /// Waits until an entry can be read.
    pub(crate) async fn reached(&self, seq: Seq) {
        // The sender is this view's own and outlives the wait.
        let _ = self.applied.subscribe().wait_for(|applied| *applied >= seq).await;
    }

    /// Stored entries as they go out. The sequencer stores events before the
    /// view has them, and an entry that is not applied yet names what cannot be
    /// looked up: those are left out, and come with a later read.
    pub(crate) fn render(&self, entries: &[SeqEvents]) -> Vec<Arc<Frame>> {
        self.read(|x| {
            let applied = entries.iter().take_while(|entry| entry.seq <= x.head());
            applied.map(|entry| Arc::new(Frame::new(entry.seq, entry.at, &entry.events, x))).collect()
        })
    }

    /// Begins to follow a book; `None` when there is no such market.
    pub(crate) fn follow_book(&self, market: MarketId) -> Option<BookStart> {
        self.read(|x| {
            // Under the exchange's lock: every batch is either in the picture
            // or sees the follower and renders an update for it.
            let book = x.book(market)?;
            let following = Following::new(self.channel(market));
            let position = following.updates().next();
            Some(BookStart { following, position, seq: x.head(), body: snapshot_body(&picture(&book)) })
        })
    }

    /// Reads the exchange with the leases of each account that are not closed.
    pub(crate) fn read_live<R>(&self, read: impl FnOnce(&Exchange, &LiveLeases) -> R) -> R {
        self.read(|x| read(x, &self.live.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the exchange with what each account has paid for its leases.
    pub(crate) fn read_spends<R>(&self, read: impl FnOnce(&Exchange, &Spends) -> R) -> R {
        self.read(|x| read(x, &self.spends.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// The candles of a market, see [`Tapes::candles`].
    pub(crate) fn candles(
        &self,
        market: MarketId,
        interval: Interval,
        from: Micros,
        to: Micros,
        limit: usize,
    ) -> Vec<Candle> {
        self.tapes.read().unwrap_or_else(PoisonError::into_inner).candles(market, interval, from, to, limit)
    }

    /// Begins to keep a market's best rows; `None` when there is no such market.
    pub(crate) fn follow_best(&self, market: MarketId) -> Option<Arc<Channel>> {
        self.read(|x| {
            // Under the exchange's lock, as a book's followers.
            let best = berth_render::best(x.market(market)?);
            let channel = self.channel(market);
            if channel.quote.get().is_none() {
                channel.quote.set(Quote::new(x.head(), best));
            }
            Some(channel)
        })
    }

    /// A market at a glance, as of its newest entry.
    pub(crate) fn glance(&self, market: MarketId, channel: &Channel) -> Arc<Glance> {
        let head = self.head();
        let before = channel.glance.get();
        if let Some(known) = before.as_ref().filter(|known| known.looked >= head) {
            return known.clone();
        }
        let (looked, ticker) = self.read(|x| {
            let tapes = self.tapes.read().unwrap_or_else(PoisonError::into_inner);
            let mut ticker = tapes.ticker(market, x.last_at());
            (ticker.bid, ticker.order) = x.market(market).map(berth_render::best).unwrap_or_default();
            (x.head(), ticker)
        });
        let text = serde_json::to_string(&ticker).expect("texts and numbers are JSON");
        let body = text.trim_start_matches('{').trim_end_matches('}');
        let glance = match before {
            Some(before) if *before.body == *body => Glance { looked, seq: before.seq, body: before.body.clone() },
            _ => Glance { looked, seq: looked, body: body.into() },
        };
        channel.glance.set(glance)
    }

    fn channel(&self, market: MarketId) -> Arc<Channel> {
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        if books.len() >= BOOKS_KEPT && !books.contains_key(&market) {
            // Every batch looks at each of them; some are followed by nobody now.
            books.retain(|_, channel| Arc::strong_count(channel) > 1);
        }
        books.entry(market).or_insert_with(|| Arc::new(Channel::new())).clone()
    }

    fn apply(&self, committed: &Committed, published: &mut Published, limiter: &Limiter) {
        let mut updates = Vec::new();
        let (head, money) = {
            let mut x = self.exchange.write().unwrap_or_else(PoisonError::into_inner);
            let books = self.books.read().unwrap_or_else(PoisonError::into_inner);
            for (market, channel) in books.iter() {
                if channel.is_followed() {
                    published.keep(*market, || x.book(*market).unwrap_or_default());
                } else {
                    published.forget(*market);
                }
            }
            let (touched, money) = follow(&mut x, committed);
            let mut auctions = self.auctions.write().unwrap_or_else(PoisonError::into_inner);
            let mut tapes = self.tapes.write().unwrap_or_else(PoisonError::into_inner);
            let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
            let mut spends = self.spends.write().unwrap_or_else(PoisonError::into_inner);
            for event in committed.entries.iter().flat_map(|done| &done.events) {
                auctions.follow(event, &x);
                tapes.follow(event, &x);
                live.follow(event, &x);
                spends.follow(event, &x);
            }
            let head = x.head();
            for market in touched {
                let Some(channel) = books.get(&market) else { continue };
                let update = published.update(market, head, || x.book(market).unwrap_or_default());
                updates.extend(update.map(|update| (update, channel.clone())));
                channel.follow_best(head, || x.market(market).map(berth_render::best).unwrap_or_default());
            }
            (head, money)
        };
        let frames: Vec<Frame> = self.read(|x| {
            refund(x, limiter, committed);
            let entries = committed.entries.iter().zip(money);
            let frame = |(done, money): (&CommittedEntry, _)| {
                Frame::new(done.entry.seq, done.entry.at, &done.events, x).with_money(money)
            };
            entries.map(frame).collect()
        });
        self.events.push(frames);
        for (update, channel) in updates {
            channel.push(update);
        }
        // Who waits for an answer comes before those who follow, and reads the head
        // already.
        self.applied.send_if_modified(|applied| {
            *applied = head;
            false
        });
        self.answers.reached(head);
        self.applied.send_modify(|_| ());
    }
}

/// Applies a batch and gives the markets whose books it may have changed, and
/// for each entry the money that it left of those whose it moved.
///
/// A replica that comes to another result than the sequencer would answer what
/// is not so. That is a fault of the program, and the node ends.
fn follow(x: &mut Exchange, committed: &Committed) -> (BTreeSet<MarketId>, Vec<Moved>) {
    let (mut touched, mut money) = (BTreeSet::new(), Vec::with_capacity(committed.entries.len()));
    let mut events: Vec<Event> = Vec::new();
    for done in &committed.entries {
        events.clear();
        let agrees = x.apply(&done.entry, &mut events) == Ok(done.outcome) && events == done.events;
        if !agrees {
            tracing::error!(seq = done.entry.seq.0, "the node stops: its view and its log disagree");
            std::process::abort();
        }
        events.iter().for_each(|event| books_of(event, x, &mut touched));
        money.push(moved(&events, x));
    }
    (touched, money)
}

/// The money of those whose some events moved, as it is behind them.
fn moved(events: &[Event], x: &Exchange) -> Moved {
    let movers = events.iter().filter(|event| moves_money(event));
    let accounts: BTreeSet<AccountId> = movers.flat_map(|event| accounts_of(event, x)).flatten().collect();
    accounts.into_iter().map(|account| (account, berth_render::balance(x, account))).collect()
}

/// The thread that keeps a view up to date.
pub(crate) struct Follower {
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Follower {
    pub(crate) fn start(view: Arc<View>, limiter: Arc<Limiter>, feed: Feed) -> io::Result<Self> {
        let (stop, stopped) = bounded(1);
        let run = move || run(&view, &limiter, &feed.0, &stopped);
        let thread = std::thread::Builder::new().name("view".into()).spawn(run)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.stop.try_send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(view: &View, limiter: &Limiter, feed: &Receiver<Durable>, stopped: &Receiver<()>) {
    let mut published = Published::default();
    loop {
        select! {
            recv(feed) -> durable => match durable {
                Ok(Durable { committed, since }) => {
                    let taken = Instant::now();
                    view.apply(&committed, &mut published, limiter);
                    metrics::applied(since, taken);
                }
                Err(_) => return,
            },
            recv(stopped) -> _ => return,
        }
    }
}

/// Who trades gets back what it took to come so far.
fn refund(x: &Exchange, limiter: &Limiter, committed: &Committed) {
    for event in committed.entries.iter().flat_map(|done| &done.events) {
        if let Event::LeaseOpened(opened) = event
            && let Some(lease) = x.lease(opened.lease)
        {
            limiter.refund(lease.tenant);
            limiter.refund(lease.provider_account);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use berth_domain::{
        AccountId, Address, Authority, Bounds, Digest, Entry, FeeBps, Genesis, Micros, RULES_VERSION, ResourceClass,
        Text, Timing, TrustLevel, TrustRules,
    };

    use super::*;
    use crate::frame::Filter;

    pub(crate) fn genesis() -> Genesis {
        Genesis {
            network: Digest([1; 32]),
            escrow_contract: Digest([2; 32]),
            asset: Text::new("XLM").expect("short"),
            operator: Address([3; 32]),
            treasury: Address([4; 32]),
            fee: FeeBps::new(500).expect("in range"),
            default_level: TrustLevel::Five,
            grants: Vec::new(),
            markets: vec![ResourceClass::Cpu],
            open_markets: true,
            timing: Timing::default(),
            bounds: Bounds::default(),
            trust: TrustRules::default(),
            auditors: Vec::new(),
        }
    }

    fn opening() -> Entry {
        Entry {
            rules: RULES_VERSION,
            seq: Seq(1),
            at: Micros(1),
            account: AccountId::EXCHANGE,
            authority: Authority::Exchange,
            command: genesis().into(),
        }
    }

    #[test]
    fn stored_entries_go_out_as_far_as_the_view_has_applied_them() {
        let (mut x, mut events) = (Exchange::new(), Vec::new());
        let behind = View::new(x.clone());
        x.apply(&opening(), &mut events).expect("a log begins with its genesis");
        let view = View::new(x);
        let stored = [Seq(1), Seq(2)].map(|seq| SeqEvents { seq, at: Micros(1), events: events.clone() });

        assert!(behind.render(&stored).is_empty());
        let frames = view.render(&stored);
        assert_eq!(frames.iter().map(|frame| frame.seq).collect::<Vec<_>>(), [Seq(1)]);
        let market = view.read(|x| x.market_of(&ResourceClass::Cpu).map(|market| market.id));
        let opened = frames[0].select(&Filter { market, ..Filter::default() }).expect("the market's event");
        assert!(opened.contains(r#""market":"CPU""#), "{opened}");
    }
}
