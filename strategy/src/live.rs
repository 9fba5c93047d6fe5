//! A strategy at a live node.

mod commands;
mod feeds;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::{SystemTime, UNIX_EPOCH};

use berth_client::{Call, Client, ClientError, OwnChannel, Reply, Session};
use berth_domain::{Address, Micros, ResourceClass};
use berth_wire::address::Name;
use berth_wire::request::{CancelAllRequest, DeadManRequest};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Duration, Instant, sleep_until, timeout};

use self::feeds::{Feeds, News};
use crate::out::{Action, Ended, Note, Out, Tag};
use crate::seat::host;
use crate::view::View;
use crate::{Done, Happening, Refused, Strategy};

/// Commands that may be without an answer; more are refused here.
const UNANSWERED_MAX: usize = 512;
/// How long an answer or an event of its own is waited for in the book.
const SETTLE_MAX: Duration = Duration::from_millis(500);
/// How long the end may take.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Where and as whom a strategy runs.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    /// The account's key.
    pub address: Address,
    /// What requests name the account by: needed in open mode, and good elsewhere.
    pub name: Option<Name>,
    /// The market.
    pub market: ResourceClass,
    /// Hosts of its own that it may see.
    pub hosts: Vec<u32>,
}

/// A strategy at a node.
struct Live<S> {
    strategy: S,
    view: View,
    session: Session,
    name: Option<Name>,
    answers: FuturesUnordered<BoxFuture<'static, (Tag, Result<Reply, ClientError>)>>,
    timers: BTreeMap<(Micros, u64), u32>,
    last_timer: u64,
    /// Mass quotes and bids that are not answered.
    quotes: BTreeSet<Tag>,
    settling: Settling,
    out: Out,
    ended: Option<Ended>,
}

/// Whether book and what is its own are of one moment.
#[derive(Debug, Default)]
struct Settling {
    /// The newest entry of its own, by an answer or an event.
    newest: u64,
    /// The newest that an answer named.
    answered: u64,
    /// What the book is the state behind, and how far its bids are told.
    book: u64,
    bids: u64,
    /// When it is waited no longer: an entry need not move the book.
    until: Option<Instant>,
}

impl Settling {
    fn learn(&mut self, seq: u64) {
        if seq > self.newest {
            self.newest = seq;
            self.until = Some(Instant::now() + SETTLE_MAX);
        }
    }

    fn is_over(&self) -> bool {
        let is_there = self.book >= self.newest && self.bids >= self.answered;
        is_there || self.until.is_none_or(|until| Instant::now() >= until)
    }
}

/// Runs a strategy until it ends or `stop` is ready, and then cancels all that its
/// account has in the books. Gives why it ended; `tell` is given what it tells.
///
/// It begins when the first book and all that is its own have come, and goes on over
/// disconnects: meanwhile [`View::is_current`] is false, and commands wait. To have
/// the node cancel when the connection breaks, give it a
/// [`Client::cancelling_on_disconnect`] or let the strategy arm the dead-man timer.
///
/// # Errors
/// When the node cannot serve it: no such market or host, or no permission. What is
/// in the books by then stays, but for what the node cancels by itself.
pub async fn run<S: Strategy>(
    client: &Client,
    config: LiveConfig,
    strategy: S,
    mut tell: impl FnMut(Note),
    stop: impl Future<Output = ()>,
) -> Result<Ended, ClientError> {
    let mut view = View::new(config.address, config.market.clone());
    for id in &config.hosts {
        let provider = client.provider((*id).into()).await?;
        if provider.address == config.address {
            view.hosts.push(host(&provider, &config.market));
        }
    }
    let mut feeds = Feeds::open(client, &config);
    let mut stop = std::pin::pin!(stop);
    tokio::select! {
        () = &mut stop => return Ok(stopped()),
        begun = feeds.begin(&mut view) => begun?,
    }
    let mut live = Live {
        strategy,
        view,
        session: client.session(),
        name: config.name,
        answers: FuturesUnordered::new(),
        timers: BTreeMap::new(),
        last_timer: 0,
        quotes: BTreeSet::new(),
        settling: Settling::default(),
        out: Out::default(),
        ended: None,
    };
    live.tell(&Happening::Started, &mut tell).await;
    while live.ended.is_none() {
        let due = live.timers.first_key_value().map(|((at, _), _)| *at);
        let wait = due.map_or(Duration::from_secs(3_600), |at| Duration::from_micros(at.since(now())));
        let until = Instant::now() + wait;
        let mut happenings = tokio::select! {
            () = &mut stop => {
                live.tell(&Happening::Stopping, &mut tell).await;
                live.ended.get_or_insert_with(stopped);
                break;
            }
            news = feeds.next() => live.hear(news?),
            Some((tag, answer)) = live.answers.next() => live.answered(tag, answer),
            () = sleep_until(until), if due.is_some() => live.due(),
            () = sleep_until(live.settling.until.unwrap_or(until)), if !live.view.is_settled => vec![Happening::Book],
        };
        live.view.now = now();
        let was_settled = std::mem::replace(&mut live.view.is_settled, live.settling.is_over());
        if live.view.is_settled && !was_settled && !happenings.contains(&Happening::Book) {
            happenings.push(Happening::Book);
        }
        for happening in &happenings {
            live.tell(happening, &mut tell).await;
        }
    }
    live.end().await?;
    Ok(live.ended.unwrap_or_else(stopped))
}

fn stopped() -> Ended {
    Ended { why: "stopped".to_owned(), is_fault: false }
}

impl<S: Strategy> Live<S> {
    /// Tells the strategy something, and says what it wants said.
    async fn tell(&mut self, happening: &Happening, tell: &mut impl FnMut(Note)) {
        self.view.now = now();
        self.strategy.on(&self.view, happening, &mut self.out);
        let mut refused = Vec::new();
        for (tag, action) in std::mem::take(&mut self.out.actions) {
            refused.extend(self.say(tag, action).await.err().map(|why| (tag, why)));
        }
        for (timer, at) in std::mem::take(&mut self.out.timers) {
            self.last_timer += 1;
            self.timers.insert((at, self.last_timer), timer);
        }
        for (event, fields) in std::mem::take(&mut self.out.notes) {
            tell(Note { at: self.view.now, event, fields });
        }
        self.ended = self.ended.take().or(self.out.ended.take());
        for (tag, why) in refused {
            // As if the node had said so: the strategy hears of it like of any other.
            self.answers.push(Box::pin(async move { (tag, Err(why)) }));
        }
    }

    async fn say(&mut self, tag: Tag, action: Action) -> Result<(), ClientError> {
        let is_end = matches!(action, Action::CancelAll | Action::CancelBid(_) | Action::CancelOrder(_));
        if self.answers.len() >= UNANSWERED_MAX && !is_end {
            return Err(ClientError::Transport("too many commands have no answer yet".to_owned()));
        }
        if matches!(action, Action::MassQuote(_) | Action::PlaceBid(_)) {
            self.quotes.insert(tag);
        }
        let pending = self.session.begin(commands::call(action, self.name.as_ref())).await?;
        self.answers.push(Box::pin(async move { (tag, pending.answer().await) }));
        Ok(())
    }

    fn hear(&mut self, news: News) -> Vec<Happening> {
        self.view.now = now();
        match &news {
            News::Book(book, _) => self.settling.book = book.seq,
            News::Own(channel, change) => {
                if *channel == OwnChannel::Bids {
                    self.settling.bids = self.settling.bids.max(change.seq);
                }
                if matches!(channel, OwnChannel::Bids | OwnChannel::Leases) && !change.events.is_empty() {
                    self.settling.learn(change.seq);
                }
            }
            News::Connection(_) => {}
        }
        news.tell(&mut self.view)
    }

    fn answered(&mut self, tag: Tag, answer: Result<Reply, ClientError>) -> Vec<Happening> {
        // Only quotes and bids come to stand in the book under its own name.
        if let (Ok(reply), true) = (&answer, self.quotes.remove(&tag)) {
            let seq = reply.seq.unwrap_or_default();
            self.settling.answered = self.settling.answered.max(seq);
            self.settling.learn(seq);
        }
        vec![answered(tag, answer)]
    }

    fn due(&mut self) -> Vec<Happening> {
        let now = now();
        let mut due = Vec::new();
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= now) {
            due.push(Happening::Timer(first.remove()));
        }
        due
    }

    /// Cancels all, and lets the timer be.
    async fn end(&self) -> Result<(), ClientError> {
        let address = self.name.clone();
        let all = CancelAllRequest { address: address.clone(), ..CancelAllRequest::default() };
        let cancelled = self.session.begin(Call::cancel_all(&all).idempotent().within(END_TIMEOUT)).await?;
        let answer = match cancelled.answer().await {
            // Without an account there is nothing to cancel.
            Err(why) if why.code() == Some("UNKNOWN_ACCOUNT") => return Ok(()),
            answer => answer,
        };
        let disarm = Call::set_dead_man(&DeadManRequest { address, ms: 0 }).within(END_TIMEOUT);
        // It would end what is over already.
        let _ = timeout(END_TIMEOUT, self.session.send(disarm)).await;
        answer.map(|_| ())
    }
}

fn answered(tag: Tag, answer: Result<Reply, ClientError>) -> Happening {
    let answer = match answer {
        Ok(reply) => Ok(Done { seq: reply.seq.unwrap_or_default(), id: commands::id(&reply) }),
        Err(ClientError::Refused { code, detail, .. }) => Err(Refused { code, detail }),
        Err(ClientError::Overtaken) => Err(Refused { code: "OVERTAKEN".to_owned(), detail: String::new() }),
        Err(why @ ClientError::Transport(_)) => {
            Err(Refused { code: "UNREACHABLE".to_owned(), detail: why.to_string() })
        }
        Err(why) => Err(Refused { code: "UNKNOWN".to_owned(), detail: why.to_string() }),
    };
    Happening::Answered { tag, answer }
}

fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}
