//! A strategy at an exchange in process: what it hears and when it speaks.

use std::collections::BTreeMap;

use berth_audit::{Extra, Heard, Speech};
use berth_domain::{
    AccountId, Address, CancelAll, CancelBid, CancelOrder, Command, Digest, Event, MarketId, Micros, SetDeadMan,
    StopLease, Stroops,
};
use berth_exchange::{Exchange, Outcome, Reply};
use berth_wire::book::BookPicture;
use berth_wire::domain::ResourceClass;
use berth_wire::request::ProviderRequest;

use crate::out::{Action, Ended, Note, Out, Tag};
use crate::own::OwnEvent;
use crate::view::{Host, View};
use crate::{Done, Happening, Refused, Strategy};

/// Who sits there.
#[derive(Clone, Debug)]
pub struct SeatConfig {
    /// The account.
    pub address: Address,
    /// What it begins with.
    pub funds: Stroops,
    /// The market that the strategy sees.
    pub market: ResourceClass,
    /// Hosts that it registers before it begins.
    pub hosts: Vec<ProviderRequest>,
    /// From when a strategy says something until the exchange has it: microseconds,
    /// 1 at least.
    pub latency: u64,
}

/// What is due.
#[derive(Debug)]
enum Due {
    Host(Box<ProviderRequest>),
    Start,
    Say(Tag, Action),
    Wake(u32),
}

/// A strategy at an exchange in process.
#[derive(Debug)]
pub struct Seat<S> {
    strategy: S,
    config: SeatConfig,
    view: View,
    due: BTreeMap<(Micros, u64), Due>,
    /// Numbers what is due, so that what is due at one time keeps its order.
    last: u64,
    /// What the next entry that is its own answers.
    asked: Option<Option<Tag>>,
    out: Out,
    notes: Vec<Note>,
    ended: Option<Ended>,
}

impl<S: Strategy> Seat<S> {
    /// A strategy that begins at `from`, or when its account is opened if that is
    /// later.
    #[must_use]
    pub fn new(strategy: S, config: SeatConfig, from: Micros) -> Self {
        let view = View::new(config.address, config.market.clone());
        let (hosts, latency) = (config.hosts.clone(), config.latency.max(1));
        let config = SeatConfig { latency, ..config };
        let (due, out, notes) = (BTreeMap::new(), Out::default(), Vec::new());
        let mut seat = Self { strategy, config, view, due, last: 0, asked: None, out, notes, ended: None };
        for host in hosts {
            seat.put(from, Due::Host(Box::new(host)));
        }
        seat.put(from, Due::Start);
        seat
    }

    /// The strategy.
    pub const fn strategy(&self) -> &S {
        &self.strategy
    }

    /// What it sees.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// What it has told about itself.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Why it has ended, once it has.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_ref().map(|ended| ended.why.as_str())
    }

    fn put(&mut self, at: Micros, due: Due) {
        self.last += 1;
        self.due.insert((at, self.last), due);
    }

    /// Tells the strategy something and takes what it says.
    fn tell(&mut self, happening: &Happening) {
        if self.ended.is_some() {
            return;
        }
        self.strategy.on(&self.view, happening, &mut self.out);
        let (now, latency) = (self.view.now, self.config.latency);
        for (tag, action) in std::mem::take(&mut self.out.actions) {
            self.put(Micros(now.0 + latency), Due::Say(tag, action));
        }
        for (timer, at) in std::mem::take(&mut self.out.timers) {
            self.put(at.max(Micros(now.0 + 1)), Due::Wake(timer));
        }
        for (event, fields) in std::mem::take(&mut self.out.notes) {
            self.notes.push(Note { at: now, event, fields });
        }
        if let Some(why) = self.out.ended.take() {
            self.ended = Some(why);
            // What is under way arrives; then all ends.
            self.due.retain(|_, due| matches!(due, Due::Say(..)));
            self.put(Micros(now.0 + latency), Due::Say(Tag(0), Action::CancelAll));
        }
    }

    fn answer(&mut self, asked: Option<Tag>, answer: Result<Done, Refused>) {
        if let Some(tag) = asked {
            self.tell(&Happening::Answered { tag, answer });
        }
    }

    /// What of its market and of its own is another behind an entry.
    fn look(&mut self, x: &Exchange, events: &[Event]) -> bool {
        if let Some(account) = x.account_by_address(self.config.address) {
            self.view.available = Some(x.balances(account).available);
            if events.iter().any(|event| matches!(event, Event::ProviderRegistered(_) | Event::ProviderChanged(_))) {
                let own = x.providers().filter(|provider| provider.account == account);
                let market = &self.config.market;
                self.view.hosts = own.map(|own| host(&berth_render::provider(x, own), market)).collect();
            }
        }
        let Some(market) = x.market_of(&self.config.market) else { return false };
        let is_first = !std::mem::replace(&mut self.view.is_current, true);
        if !is_first && !events.iter().any(|event| may_move(event, market.id)) {
            return false;
        }
        let Some(book) = x.book(market.id) else { return false };
        let rows = |rows: Vec<berth_exchange::BookRow>| rows.into_iter().map(berth_render::row).collect();
        let picture = BookPicture::new(rows(book.bids), rows(book.orders));
        let is_other = picture != self.view.book;
        self.view.book = picture;
        is_other
    }
}

impl<S: Strategy> Extra for Seat<S> {
    fn address(&self) -> Address {
        self.config.address
    }

    fn funds(&self) -> Stroops {
        self.config.funds
    }

    fn next(&self) -> Option<Micros> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    fn say(&mut self, x: &Exchange, account: AccountId, at: Micros) -> Option<Speech> {
        let (_, due) = self.due.pop_first()?;
        self.view.now = at;
        let (tag, label, said) = match due {
            Due::Start => {
                self.look(x, &[]);
                self.tell(&Happening::Started);
                return None;
            }
            Due::Wake(timer) => {
                self.tell(&Happening::Timer(timer));
                return None;
            }
            Due::Host(host) => {
                let said = host.parse().map(|new| new.command.into()).map_err(|why| why.to_string());
                (None, "host".to_owned(), said)
            }
            Due::Say(tag, action) => {
                let label = format!("{} at {}", name(&action), at.0);
                (Some(tag), label, command(action, x, account, at))
            }
        };
        match &said {
            Ok(_) => self.asked = Some(tag),
            Err(why) => {
                let refused = Refused { code: "MALFORMED".to_owned(), detail: why.clone() };
                self.answer(tag, Err(refused));
            }
        }
        Some(Speech { label, said })
    }

    fn hear(&mut self, x: &Exchange, heard: &Heard<'_>) {
        self.view.now = self.view.now.max(heard.at);
        let is_book_other = self.look(x, heard.events);
        let events: Vec<OwnEvent> = heard.events.iter().filter_map(|event| OwnEvent::of(x, event)).collect();
        let mut own = Vec::new();
        for event in events {
            if self.view.own.take(heard.seq.0, heard.at, &event) {
                own.push(event);
            }
        }
        if let Some(tag) = self.asked.take() {
            self.answer(tag, answer(heard));
        }
        for event in own {
            self.tell(&Happening::Own(event));
        }
        if is_book_other {
            self.tell(&Happening::Book);
        }
    }

    fn unsaid(&self, end: Micros) -> Vec<String> {
        let says = self.due.iter().filter_map(|((at, _), due)| match due {
            Due::Say(_, action) => Some((at, name(action))),
            _ => None,
        });
        says.map(|(at, name)| format!("{name}: its time is {}, and the log ends at {}", at.0, end.0)).collect()
    }
}

/// A host with what it has of a market.
pub(crate) fn host(provider: &berth_wire::response::Provider, market: &ResourceClass) -> Host {
    let units = match market {
        ResourceClass::Cpu => provider.resources.cpu,
        ResourceClass::Gpu { model, vram } => {
            let gpus = provider.resources.gpus.iter();
            gpus.filter(|gpu| gpu.model == model.as_str() && gpu.vram == *vram).map(|gpu| gpu.count).sum()
        }
    };
    // Ids of hosts have 32 bits in the domain.
    Host { id: berth_domain::ProviderId(u32::try_from(provider.id).unwrap_or_default()), units }
}

/// Whether an event may make a market's book another.
fn may_move(event: &Event, market: MarketId) -> bool {
    match event {
        Event::OrderAccepted(e) => e.market == market,
        Event::OrderFilled(e) => e.market == market,
        Event::OrderCancelled(e) => e.market == market,
        Event::OrderExpired(e) => e.market == market,
        Event::OrderParked(e) => e.market == market,
        Event::OrderResumed(e) => e.market == market,
        Event::OrderAmended(e) => e.market == market,
        Event::BidAccepted(e) => e.market == market,
        Event::BidParked(e) => e.market == market,
        Event::BidResumed(e) => e.market == market,
        Event::BidCancelled(e) => e.market == market,
        Event::BidExpired(e) => e.market == market,
        Event::BidAmended(e) => e.market == market,
        Event::LeaseOpened(e) => e.market == market,
        // A level moves all that rests; a standby takes of a bid.
        Event::TrustChanged(_)
        | Event::StandbyReserved(_)
        | Event::StandbyReleased(_)
        | Event::LeaseFailedOver(_)
        | Event::OrderContinued(_)
        | Event::OrderDiscontinued(_) => true,
        _ => false,
    }
}

/// What an entry answers who said it.
fn answer(heard: &Heard<'_>) -> Result<Done, Refused> {
    let id = |reply: Reply| match reply {
        Reply::Order(id) => Some(id.0),
        Reply::Bid(id) => Some(id.0),
        Reply::Lease(id) => Some(id.0),
        _ => None,
    };
    match heard.outcome {
        Outcome::Done(reply) | Outcome::Repeated(reply) => Ok(Done { seq: heard.seq.0, id: id(reply) }),
        Outcome::Refused(code) => {
            Err(Refused { code: code.as_str().to_owned(), detail: format!("the exchange refused: {code}") })
        }
    }
}

const fn name(action: &Action) -> &'static str {
    match action {
        Action::PlaceOrder(_) => "order.place",
        Action::CancelOrder(_) => "order.cancel",
        Action::PlaceBid(_) => "bid.place",
        Action::CancelBid(_) => "bid.cancel",
        Action::MassQuote(_) => "bid.mass",
        Action::CancelAll => "cancel.all",
        Action::StopLease(_) => "lease.stop",
        Action::SetDeadMan(_) => "deadman.set",
    }
}

/// What the exchange is told.
fn command(action: Action, x: &Exchange, _account: AccountId, at: Micros) -> Result<Command, String> {
    let market = |class: &ResourceClass| x.market_of(class).map(|market| market.id);
    Ok(match action {
        Action::PlaceOrder(request) => {
            let new = request.parse().map_err(|why| why.to_string())?;
            let market = market(&new.class).ok_or_else(|| format!("there is no market {}", new.class))?;
            // What runs is nobody's here.
            new.command(market, Digest::default(), at).into()
        }
        Action::PlaceBid(request) => {
            let new = request.parse().map_err(|why| why.to_string())?;
            new.command(market).map_err(|class| format!("there is no market {class}"))?.into()
        }
        Action::MassQuote(request) => {
            let (_, new) = request.parse().map_err(|why| why.to_string())?;
            new.command(market).map_err(|field| format!("{field}: there is no such market"))?.into()
        }
        Action::CancelOrder(order) => CancelOrder { order }.into(),
        Action::CancelBid(bid) => CancelBid { bid }.into(),
        Action::CancelAll => CancelAll { market: None, session: None }.into(),
        Action::StopLease(lease) => StopLease { lease }.into(),
        Action::SetDeadMan(millis) => SetDeadMan { millis }.into(),
    })
}
