//! The oracle on its own: a few cases counted by hand, so that it is not only
//! as right as the exchange.

use berth_domain::{
    AccountId, AmendOrder, Authority, BidState, BidTarget, ChainEventId, Code, Command, Deposit, Digest, Entry,
    EscrowFailed, Event, GpuInventory, LeaseId, Limits, MarketId, MassQuote, Micros, Mode, OpenAccount, OrderId,
    PlaceBid, PlaceOrder, ProviderId, Quote, RULES_VERSION, Rate, RegisterProvider, Resources, Seconds, SelfTrade,
    SetDeadMan, Stroops, Text, Tick, TimeInForce, TrustLevel, Verify,
};

use super::{Answer, Oracle, Reply};
use crate::cast::{CAST, address, class, genesis};

const H100: MarketId = MarketId(2);
const TOM: AccountId = AccountId(7);
const TIA: AccountId = AccountId(8);

/// An hour of one unit, so that prices and amounts are the same number.
const HOUR: Seconds = Seconds(3_600);

/// Two to six own hosts one to five of eight GPUs; seven and eight have money.
struct Pit {
    x: Oracle,
    at: u64,
}

impl Pit {
    fn new() -> Self {
        let mut pit = Self { x: Oracle::default(), at: 1_000_000 };
        pit.say(AccountId::EXCHANGE, genesis());
        for (name, _) in CAST {
            pit.say(AccountId::EXCHANGE, OpenAccount { address: address(name) });
        }
        for account in 2..=6 {
            pit.say(AccountId(account), host(8));
        }
        for (toid, name) in [(1, "tom"), (2, "tia")] {
            let event = ChainEventId { toid, index: 0 };
            pit.say(AccountId::EXCHANGE, Deposit { event, address: address(name), amount: amount(1_000) });
        }
        pit
    }

    /// What is said, what it comes to, and what follows in short.
    fn say(&mut self, account: AccountId, command: impl Into<Command>) -> (Answer, Vec<String>) {
        let authority = if account == AccountId::EXCHANGE { Authority::Exchange } else { Authority::OperatorAttested };
        let (seq, at) = (self.x.head().0.next(), Micros(self.at));
        let entry = Entry { rules: RULES_VERSION, seq, at, account, authority, command: command.into() };
        let (answer, events) = self.x.apply(&entry);
        let proofs = |event: &&Event| matches!(event, Event::ProofStepped(_));
        (answer, events.iter().filter(|event| !proofs(event)).map(short).collect())
    }

    fn bid(&mut self, account: u32, quantity: u32, price: i64) -> (Answer, Vec<String>) {
        self.say(AccountId(account), bid(account, quantity, price))
    }
}

fn host(gpus: u32) -> RegisterProvider {
    RegisterProvider {
        resources: Resources { cpu: 16, memory: 0, storage: 0 },
        bandwidth: 0,
        gpus: vec![GpuInventory { class: class("H100-80"), count: gpus }],
        hostname: Text::default(),
        port: 22,
        attributes: vec![],
        own_agent: false,
        client_id: None,
    }
}

fn bid(account: u32, quantity: u32, price: i64) -> PlaceBid {
    let (min_duration, max_duration) = (Seconds(0), Seconds(100_000));
    PlaceBid {
        provider: ProviderId(account - 1),
        target: BidTarget::Standing { market: H100, quantity, min_duration, max_duration },
        price: rate(price),
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        session: None,
        client_id: None,
    }
}

fn order(replicas: u32, limit: i64) -> PlaceOrder {
    PlaceOrder {
        market: H100,
        units: 1,
        resources: Resources::default(),
        replicas,
        limits: all_at(limit),
        duration: HOUR,
        prepay: HOUR,
        mode: Mode::Auto,
        closes_at: None,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        requires: vec![],
        min_uptime: None,
        aim: None,
        failover: false,
        verify: Verify::default(),
        spec_hash: Digest([0; 32]),
        session: None,
        client_id: None,
    }
}

fn all_at(limit: i64) -> Limits {
    Limits::new(TrustLevel::ALL.iter().map(|level| (*level, rate(limit)))).expect("levels")
}

fn rate(stroops: i64) -> Rate {
    Rate::new(stroops).expect("a rate")
}

fn amount(stroops: i64) -> Stroops {
    Stroops::new(stroops).expect("an amount")
}

fn short(event: &Event) -> String {
    match event {
        Event::OrderAccepted(e) => format!("o{} +{}", e.order, e.hold.get()),
        Event::OrderAmended(e) => format!("o{} amended, {} left, +{}", e.order, e.remaining, e.hold.get()),
        Event::OrderFilled(e) => format!("o{} {} left, +{}", e.order, e.remaining, e.hold.get()),
        Event::OrderCancelled(e) => format!("o{} {} -{}", e.order, e.reason, e.released.get()),
        Event::BidAccepted(e) => format!("b{}", e.bid),
        Event::BidParked(e) => format!("b{} parked", e.bid),
        Event::BidResumed(e) => format!("b{} resumed", e.bid),
        Event::BidLost(e) => format!("b{} lost", e.bid),
        Event::BidCancelled(e) => format!("b{} {}", e.bid, e.reason),
        Event::LeaseOpened(e) => format!("l{} o{} b{} {}@{}", e.lease, e.order, e.bid, e.replicas, e.price.get()),
        Event::CommandRefused(e) => format!("{}", e.code),
        other => other.name().to_owned(),
    }
}

#[test]
fn an_order_takes_price_then_level_then_age_and_pays_the_bids() {
    let mut pit = Pit::new();
    // Levels: account two is One, three is Two, four is Three.
    pit.bid(2, 1, 5);
    pit.bid(3, 1, 5);
    pit.bid(2, 1, 5);
    pit.bid(4, 1, 6);
    pit.bid(2, 1, 4);
    let (_, events) = pit.say(TOM, order(5, 6));
    let leases: Vec<_> = events.iter().filter(|event| event.starts_with('l')).map(String::as_str).collect();
    assert_eq!(leases, ["l1 o1 b5 1@4", "l2 o1 b2 1@5", "l3 o1 b1 1@5", "l4 o1 b3 1@5", "l5 o1 b4 1@6"]);
    // Of a hold of 30, 25 are in escrow and 5 are free again.
    assert_eq!((pit.x.available(TOM), pit.x.held(TOM), pit.x.in_escrow(TOM)), (975, 0, 25));
}

#[test]
fn a_bid_takes_the_highest_limit_and_earns_it() {
    let mut pit = Pit::new();
    pit.say(TOM, order(1, 5));
    pit.say(TIA, order(1, 7));
    let (_, events) = pit.bid(2, 3, 5);
    assert_eq!(events, ["b1", "l1 o2 b1 1@7", "o2 0 left, +0", "l2 o1 b1 1@5", "o1 0 left, +0"]);
    assert_eq!(pit.x.bids[0].left, 1);
}

#[test]
fn all_or_nothing_takes_several_hosts_or_none() {
    let mut pit = Pit::new();
    pit.bid(2, 2, 5);
    pit.bid(3, 2, 6);
    let fok = |replicas| PlaceOrder { time_in_force: TimeInForce::Fok, ..order(replicas, 6) };
    let (answer, events) = pit.say(TOM, fok(5));
    assert_eq!(answer, Answer::Done(Reply::Order(OrderId(1))));
    assert_eq!(events, ["o1 +30", "o1 notFilledAtOnce -30"]);
    let (_, events) = pit.say(TOM, fok(4));
    assert_eq!(events.iter().filter(|event| event.starts_with('l')).count(), 2);
}

#[test]
fn only_to_rest_is_refused_where_it_would_trade() {
    let mut pit = Pit::new();
    pit.bid(2, 1, 5);
    let (answer, events) = pit.say(TOM, PlaceOrder { post_only: true, ..order(1, 5) });
    assert_eq!((answer, events), (Answer::Refused(Code::PostOnlyWouldCross), vec!["POST_ONLY_WOULD_CROSS".to_owned()]));
    assert_eq!(pit.x.orders.len(), 0);
    let (_, events) = pit.say(TOM, PlaceOrder { post_only: true, ..order(1, 4) });
    assert_eq!(events, ["o1 +4"]);
}

#[test]
fn a_full_host_parks_its_bids_and_they_come_back_with_their_age() {
    let mut pit = Pit::new();
    pit.say(AccountId(2), host(1));
    let small = |price| PlaceBid { provider: ProviderId(6), ..bid(2, 1, price) };
    pit.say(AccountId(2), small(5));
    pit.say(AccountId(2), small(6));
    let (_, events) = pit.say(TOM, order(1, 5));
    assert_eq!(events, ["o1 +5", "l1 o1 b1 1@5", "o1 0 left, +0", "b2 parked"]);
    let age = pit.x.bids[1].age;
    pit.say(TIA, order(1, 7));
    let fact = EscrowFailed { lease: LeaseId(1), reason: Text::default() };
    let (_, events) = pit.say(AccountId::EXCHANGE, fact);
    assert_eq!(events, ["lease.closed", "b2 resumed", "l2 o2 b2 1@7", "o2 0 left, +0"]);
    assert_eq!((pit.x.bids[1].state, pit.x.bids[1].age), (BidState::Matched, age));
}

#[test]
fn fewer_replicas_keep_the_age_and_any_other_change_loses_it() {
    let mut pit = Pit::new();
    pit.say(TOM, order(3, 5));
    pit.say(TIA, order(1, 5));
    let amend = AmendOrder { order: OrderId(1), replicas: Some(2), limits: None, expires_at: None };
    let (_, events) = pit.say(TOM, amend);
    assert_eq!(events, ["o1 amended, 2 left, +10"]);
    let (_, events) = pit.bid(2, 1, 5);
    assert_eq!(events[1], "l1 o1 b1 1@5");
    pit.say(TOM, AmendOrder { replicas: Some(3), ..amend });
    let (_, events) = pit.bid(2, 1, 5);
    assert_eq!(events[1], "l2 o2 b2 1@5");
    let (answer, _) = pit.say(TOM, AmendOrder { replicas: Some(1), ..amend });
    assert_eq!(answer, Answer::Refused(Code::OutOfBounds), "one replica has a lease, so none would be left");
}

#[test]
fn a_refused_mass_quote_changes_nothing_and_one_of_nothing_always_succeeds() {
    let mut pit = Pit::new();
    let quote = |provider, quantity| Quote {
        provider: ProviderId(provider),
        market: H100,
        price: rate(5),
        quantity,
        min_duration: Seconds(0),
        max_duration: Seconds(100_000),
    };
    let mass = |quotes| MassQuote { set: 1, post_only: false, self_trade: SelfTrade::Skip, session: None, quotes };
    let (_, events) = pit.say(AccountId(2), mass(vec![quote(1, 2), quote(1, 3)]));
    assert_eq!(events, ["b1", "b2"]);
    let (answer, _) = pit.say(AccountId(2), mass(vec![quote(1, 2), quote(2, 3)]));
    assert_eq!(answer, Answer::Refused(Code::NotYours));
    assert_eq!(pit.x.book(H100).0, [(TrustLevel::One, rate(5), 5, 2)]);
    let (_, events) = pit.say(AccountId(2), mass(vec![quote(99, 0)]));
    assert_eq!(events, ["b1 replaced", "b2 replaced"]);
}

#[test]
fn silence_ends_what_a_dead_man_armed_account_has() {
    let mut pit = Pit::new();
    pit.say(TOM, order(1, 5));
    pit.say(TOM, SetDeadMan { millis: 1_000 });
    pit.at += 900_000;
    pit.say(TOM, order(1, 4));
    assert_eq!(pit.x.next_deadline(), Some(Micros(pit.at + 1_000_000)));
    pit.at += 1_000_000;
    let (_, events) = pit.say(AccountId::EXCHANGE, Tick);
    assert_eq!(events, ["o1 deadMan -5", "o2 deadMan -4", "account.deadman"]);
    assert_eq!(pit.x.next_deadline(), None);
}

#[test]
fn an_auction_takes_the_lowest_price_at_its_close() {
    let mut pit = Pit::new();
    let closes_at = Some(Micros(pit.at + 10_000_000));
    pit.say(TOM, PlaceOrder { mode: Mode::Auction, closes_at, ..order(3, 9) });
    for (account, price) in [(2, 7), (3, 6), (4, 7)] {
        let target = BidTarget::Directed { order: OrderId(1) };
        pit.say(AccountId(account), PlaceBid { target, ..bid(account, 1, price) });
    }
    pit.at += 10_000_000;
    let (_, events) = pit.say(AccountId::EXCHANGE, Tick);
    assert_eq!(events, ["l1 o1 b2 3@6", "o1 0 left, +0", "b1 lost", "b3 lost"]);
}
