//! An exchange with a market that is full, and what is needed to speak to it.

use std::time::{Duration, Instant};

use berth_domain::{
    AccountId, Address, Authority, BidId, BidTarget, Bounds, ChainEventId, ClientId, Command, Deposit, Digest, Entry,
    Event, FeeBps, Genesis, Limits, MarketId, Micros, Mode, OpenAccount, OrderId, PlaceBid, PlaceOrder, ProviderId,
    RULES_VERSION, Rate, RegisterProvider, ResourceClass, Resources, Seconds, SelfTrade, Seq, Stroops, Text,
    TimeInForce, Timing, TrustLevel, TrustRules, Verify,
};
use berth_exchange::{Exchange, Outcome, Reply};

pub(crate) const LEVEL: TrustLevel = TrustLevel::One;
pub(crate) const MARKET: MarketId = MarketId(1);

/// Tenants, and owners behind them, each with one host.
const USERS: u32 = 1_000;

/// The first of their accounts: the genesis opens one for the platform.
const FIRST: u32 = 2;

/// Orders rest below it, bids at it and above.
pub(crate) const MIDDLE: i64 = 1_000_000;

/// An exchange, its clock, and what rests there by itself.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    entry: Entry,
    events: Vec<Event>,
    entries: Vec<Entry>,
    outcomes: Vec<Outcome>,
    /// What fills the book.
    pub(crate) orders: Vec<(AccountId, OrderId)>,
    pub(crate) bids: Vec<(AccountId, BidId)>,
    client_ids: u64,
}

pub(crate) const fn tenant(number: u32) -> AccountId {
    AccountId(FIRST + number % USERS)
}

pub(crate) const fn owner(number: u32) -> AccountId {
    AccountId(FIRST + USERS + number % USERS)
}

pub(crate) const fn host(number: u32) -> ProviderId {
    ProviderId(number % USERS + 1)
}

pub(crate) fn rate(stroops: i64) -> Rate {
    Rate::new(stroops).expect("positive")
}

impl Desk {
    /// So many orders rest, and as many bids, on prices of which each has some.
    pub(crate) fn new(depth: u32) -> Self {
        let at = Micros(1_767_225_600_000_000);
        let (account, authority, command) = (AccountId::EXCHANGE, Authority::Exchange, genesis().into());
        let entry = Entry { rules: RULES_VERSION, seq: Seq(0), at, account, authority, command };
        let mut desk = Self {
            exchange: Exchange::new(),
            entry,
            events: Vec::new(),
            entries: Vec::new(),
            outcomes: Vec::new(),
            orders: Vec::new(),
            bids: Vec::new(),
            client_ids: 0,
        };
        desk.say(AccountId::EXCHANGE, genesis());
        for number in 0..2 * USERS {
            let mut address = Address([0; 32]);
            address.0[..4].copy_from_slice(&number.to_le_bytes());
            desk.say(AccountId::EXCHANGE, OpenAccount { address });
            let (event, amount) = (ChainEventId { toid: u64::from(number) + 1, index: 0 }, Stroops::new(1 << 50));
            desk.say(AccountId::EXCHANGE, Deposit { event, address, amount: amount.expect("positive") });
        }
        for number in 0..USERS {
            desk.say(owner(number), machine());
        }
        for number in 0..depth {
            let offset = i64::from(number % 997) * i64::from(depth / 1_000);
            let place = desk.order(MIDDLE - 1 - offset, 200);
            desk.place_order(tenant(number), place);
            let place = desk.bid(host(number), MIDDLE + offset, 1_000_000);
            desk.place_bid(owner(number), place);
        }
        desk
    }

    fn place_order(&mut self, account: AccountId, place: PlaceOrder) {
        let Reply::Order(order) = self.say(account, place) else { panic!("an order has its id") };
        self.orders.push((account, order));
    }

    fn place_bid(&mut self, account: AccountId, place: PlaceBid) {
        let Reply::Bid(bid) = self.say(account, place) else { panic!("a bid has its id") };
        self.bids.push((account, bid));
    }

    /// The stamp that the next entry gets.
    pub(crate) fn next_at(&self) -> Micros {
        Micros(self.entry.at.0 + 1)
    }

    /// Applies one command that is carried out, untimed.
    pub(crate) fn say(&mut self, account: AccountId, command: impl Into<Command>) -> Reply {
        let entry = self.stamp(account, command.into());
        self.events.clear();
        match self.exchange.apply(&entry, &mut self.events) {
            Ok(Outcome::Done(reply)) => reply,
            other => panic!("{entry:?}: {other:?}"),
        }
    }

    fn stamp(&mut self, account: AccountId, command: Command) -> Entry {
        self.entry.seq = self.entry.seq.next();
        self.entry.at = self.next_at();
        let is_own = account == AccountId::EXCHANGE;
        let authority = if is_own { Authority::Exchange } else { Authority::OperatorAttested };
        Entry { account, authority, command, ..self.entry.clone() }
    }

    /// Takes a command into the round.
    pub(crate) fn add(&mut self, account: AccountId, command: impl Into<Command>) {
        let entry = self.stamp(account, command.into());
        self.entries.push(entry);
    }

    /// Applies the round's commands and gives the time that this took.
    pub(crate) fn time(&mut self, is_right: impl Fn(&Outcome) -> bool) -> Duration {
        self.events.clear();
        self.outcomes.clear();
        let start = Instant::now();
        for entry in &self.entries {
            self.outcomes.push(self.exchange.apply(entry, &mut self.events).expect("each entry is the next one"));
        }
        let spent = start.elapsed();
        for (outcome, entry) in self.outcomes.iter().zip(&self.entries) {
            assert!(is_right(outcome), "{entry:?}: {outcome:?}");
        }
        self.entries.clear();
        spent
    }

    /// What the commands of the last round answered.
    pub(crate) fn replies(&self) -> Vec<Reply> {
        self.outcomes.iter().filter_map(|o| if let Outcome::Done(reply) = o { Some(*reply) } else { None }).collect()
    }

    /// What followed from the last round.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    fn client_id(&mut self) -> Option<ClientId> {
        self.client_ids += 1;
        Some(ClientId::new(format!("{:036}", self.client_ids)).expect("36 digits"))
    }

    pub(crate) fn order(&mut self, limit: i64, replicas: u32) -> PlaceOrder {
        PlaceOrder {
            market: MARKET,
            units: 1,
            resources: Resources::default(),
            replicas,
            limits: Limits::new([(LEVEL, rate(limit))]).expect("one level"),
            duration: Seconds(86_400),
            prepay: Seconds(86_400),
            mode: Mode::Auto,
            closes_at: None,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
            requires: Vec::new(),
            min_uptime: None,
            aim: None,
            failover: false,
            verify: Verify::None,
            spec_hash: Digest::default(),
            session: None,
            client_id: self.client_id(),
        }
    }

    pub(crate) fn bid(&mut self, provider: ProviderId, price: i64, quantity: u32) -> PlaceBid {
        let (min_duration, max_duration) = (Seconds(1), Seconds(86_400));
        PlaceBid {
            provider,
            target: BidTarget::Standing { market: MARKET, quantity, min_duration, max_duration },
            price: rate(price),
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
            session: None,
            client_id: self.client_id(),
        }
    }
}

fn machine() -> RegisterProvider {
    RegisterProvider {
        resources: Resources { cpu: u32::MAX, memory: 1 << 30, storage: 1 << 30 },
        bandwidth: 1_000,
        gpus: Vec::new(),
        hostname: Text::lossy("host.example"),
        port: 443,
        attributes: Vec::new(),
        own_agent: true,
        client_id: None,
    }
}

fn genesis() -> Genesis {
    Genesis {
        network: Digest::default(),
        escrow_contract: Digest::default(),
        asset: Text::lossy("XLM"),
        operator: Address([0xff; 32]),
        treasury: Address([0xff; 32]),
        fee: FeeBps::new(500).expect("5 %"),
        default_level: LEVEL,
        grants: Vec::new(),
        markets: vec![ResourceClass::Cpu],
        open_markets: false,
        auditors: Vec::new(),
        trust: TrustRules::default(),
        timing: Timing::default(),
        bounds: Bounds { orders: u32::MAX, bids: u32::MAX, depth: u32::MAX, ..Bounds::default() },
    }
}
