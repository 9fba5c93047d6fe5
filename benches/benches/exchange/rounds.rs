//! What is timed: a round of one kind of command, and how it is undone.

use std::time::Duration;

use berth_domain::{
    AccountId, AmendBid, AmendOrder, CancelBid, CancelOrder, Command, ContainerReport, EscrowFailed, Escrowed, Event,
    Heartbeat, LeaseId, Limits, MassQuote, Micros, OrderId, PlaceOrder, Quote, ReplaceOrder, Seconds, SelfTrade,
    StartLease, Text, Tick, TimeInForce, TxHash,
};
use berth_exchange::{Outcome, Reply};

use crate::desk::{Desk, LEVEL, MARKET, MIDDLE, host, owner, rate, tenant};

/// A round.
pub(crate) struct Round {
    pub(crate) name: &'static str,
    /// Commands in it, or timers.
    pub(crate) commands: u64,
    pub(crate) run: fn(&mut Desk) -> Duration,
}

/// Commands of most rounds.
const N: u32 = 100;

const fn round(name: &'static str, run: fn(&mut Desk) -> Duration) -> Round {
    Round { name, commands: N as u64, run }
}

pub(crate) const ROUNDS: [Round; 14] = [
    round("place an order that rests", place_orders),
    round("place a bid that rests", place_bids),
    round("place an order that is filled", cross),
    round("cancel an order", cancel_orders),
    round("cancel a bid", cancel_bids),
    round("amend an order down", amend_down),
    round("move an order", move_orders),
    round("move a bid", move_bids),
    round("replace an order", replace_orders),
    Round { name: "mass quote of 20", commands: 1, run: mass_quote },
    round("heartbeat", heartbeats),
    round("tick: an order expires", ticks),
    round("refusal", refusals),
    round("repetition", repetitions),
];

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

/// A price at which an order rests and is one of some.
fn below(number: u32) -> i64 {
    MIDDLE - 1 - i64::from(number * 7 % 900)
}

fn above(number: u32) -> i64 {
    MIDDLE + i64::from(number * 7 % 900)
}

fn rest_orders(desk: &mut Desk) -> Duration {
    for number in 0..N {
        let place = desk.order(below(number), 10);
        desk.add(tenant(number), place);
    }
    desk.time(is_done)
}

fn rest_bids(desk: &mut Desk) -> Duration {
    for number in 0..N {
        let place = desk.bid(host(number), above(number), 10);
        desk.add(owner(number), place);
    }
    desk.time(is_done)
}

/// Cancels what the last round placed.
fn cancel(desk: &mut Desk) -> Duration {
    for (number, reply) in (0..).zip(desk.replies()) {
        match reply {
            Reply::Order(order) => desk.add(tenant(number), CancelOrder { order }),
            Reply::Bid(bid) => desk.add(owner(number), CancelBid { bid }),
            other => panic!("{other:?} is nothing that rests"),
        }
    }
    desk.time(is_done)
}

fn place_orders(desk: &mut Desk) -> Duration {
    let spent = rest_orders(desk);
    cancel(desk);
    spent
}

fn place_bids(desk: &mut Desk) -> Duration {
    let spent = rest_bids(desk);
    cancel(desk);
    spent
}

fn cancel_orders(desk: &mut Desk) -> Duration {
    rest_orders(desk);
    cancel(desk)
}

fn cancel_bids(desk: &mut Desk) -> Duration {
    rest_bids(desk);
    cancel(desk)
}

fn opened(desk: &Desk) -> Vec<LeaseId> {
    let leases = desk.events().iter().filter_map(|e| if let Event::LeaseOpened(l) = e { Some(l.lease) } else { None });
    leases.collect()
}

/// Each meets the best bid and opens one lease.
fn fill(desk: &mut Desk) -> (Duration, Vec<LeaseId>) {
    for number in 0..N {
        let place = PlaceOrder { time_in_force: TimeInForce::Ioc, ..desk.order(2 * MIDDLE, 1) };
        desk.add(tenant(number), place);
    }
    let spent = desk.time(is_done);
    let leases = opened(desk);
    assert_eq!(leases.len(), N as usize, "each order opens a lease");
    (spent, leases)
}

fn fail(desk: &mut Desk, leases: Vec<LeaseId>) {
    for lease in leases {
        desk.say(AccountId::EXCHANGE, EscrowFailed { lease, reason: Text::lossy("no") });
    }
}

fn cross(desk: &mut Desk) -> Duration {
    let (spent, leases) = fill(desk);
    fail(desk, leases);
    spent
}

fn some_orders(desk: &Desk) -> Vec<(AccountId, OrderId)> {
    desk.orders.iter().step_by(desk.orders.len() / N as usize).take(N as usize).copied().collect()
}

const fn amend(order: OrderId, replicas: Option<u32>, limits: Option<Limits>) -> AmendOrder {
    AmendOrder { order, replicas, limits, expires_at: None }
}

fn replicas_of(desk: &Desk, order: OrderId) -> u32 {
    desk.exchange.order(order).expect("it rests").replicas
}

/// Each has a replica less, and stays where it stands.
fn amend_down(desk: &mut Desk) -> Duration {
    let orders = some_orders(desk);
    if replicas_of(desk, orders[0].1) == 1 {
        for (account, order) in &orders {
            desk.say(*account, amend(*order, Some(200), None));
        }
    }
    for (account, order) in orders {
        let replicas = replicas_of(desk, order) - 1;
        desk.add(account, amend(order, Some(replicas), None));
    }
    desk.time(is_done)
}

/// Each goes seven ticks down and loses its age, or back.
fn move_orders(desk: &mut Desk) -> Duration {
    for (account, order) in some_orders(desk) {
        let limit = desk.exchange.order(order).and_then(|order| order.limits.at(LEVEL)).expect("its level").get();
        let moved = if limit % 2 == 0 { limit - 7 } else { limit + 7 };
        desk.add(account, amend(order, None, Limits::new([(LEVEL, rate(moved.min(MIDDLE - 1)))])));
    }
    desk.time(is_done)
}

fn move_bids(desk: &mut Desk) -> Duration {
    let bids: Vec<_> = desk.bids.iter().step_by(desk.bids.len() / N as usize).take(N as usize).copied().collect();
    for (account, bid) in bids {
        let price = desk.exchange.bid(bid).expect("it rests").price.get();
        let moved = if price % 2 == 0 { price + 7 } else { price - 7 };
        let price = Some(rate(moved.max(MIDDLE)));
        desk.add(account, AmendBid { bid, price, quantity: None, expires_at: None });
    }
    desk.time(is_done)
}

fn replace_orders(desk: &mut Desk) -> Duration {
    rest_orders(desk);
    for (number, reply) in (0..).zip(desk.replies()) {
        let Reply::Order(order) = reply else { panic!("{reply:?} is no order") };
        let place = desk.order(below(number + 1), 10);
        desk.add(tenant(number), ReplaceOrder { order, place });
    }
    let spent = desk.time(is_done);
    cancel(desk);
    spent
}

/// One command: the twenty quotes before it end, twenty new ones rest.
fn mass_quote(desk: &mut Desk) -> Duration {
    let (min_duration, max_duration) = (Seconds(1), Seconds(86_400));
    let step = i64::try_from(desk.next_at().0 % 50).expect("below 50");
    let quote = |n: i64| {
        let price = rate(MIDDLE + 100 + 3 * n + step);
        Quote { provider: host(0), market: MARKET, price, quantity: 10, min_duration, max_duration }
    };
    let quotes = (0..20).map(quote).collect();
    desk.add(
        owner(0),
        MassQuote { set: 1, post_only: true, self_trade: SelfTrade::ExpireTaker, session: None, quotes },
    );
    desk.time(is_done)
}

/// Of leases that run, which end when the round is over.
fn heartbeats(desk: &mut Desk) -> Duration {
    let (_, leases) = fill(desk);
    let hosts: Vec<AccountId> =
        leases.iter().map(|lease| desk.exchange.lease(*lease).expect("it is open").provider_account).collect();
    for (lease, owner) in leases.iter().zip(&hosts) {
        desk.say(AccountId::EXCHANGE, Escrowed { lease: *lease, tx: TxHash([1; 32]), ledger: 1 });
        let containers = vec![ContainerReport { id: Text::lossy("c"), ports: Vec::new() }];
        desk.say(*owner, StartLease { lease: *lease, image: Text::lossy("image"), containers });
    }
    for (lease, owner) in leases.iter().zip(&hosts) {
        let beat = Heartbeat { lease: *lease, cpu_millis: 1, memory_bytes: 1 << 30, healthy: true };
        desk.add(*owner, beat);
    }
    desk.time(is_done)
}

/// One tick at which a hundred orders are due.
fn ticks(desk: &mut Desk) -> Duration {
    let expires_at = Some(Micros(desk.next_at().0 + u64::from(N)));
    for number in 0..N {
        let place = PlaceOrder { time_in_force: TimeInForce::Gtd, expires_at, ..desk.order(below(number), 10) };
        desk.say(tenant(number), place);
    }
    desk.add(AccountId::EXCHANGE, Tick);
    let spent = desk.time(is_done);
    let ended = desk.events().iter().filter(|event| matches!(event, Event::OrderExpired(_))).count();
    assert_eq!(ended, N as usize, "all are due");
    spent
}

/// Orders that never were.
fn refusals(desk: &mut Desk) -> Duration {
    for number in 0..N {
        desk.add(tenant(number), CancelOrder { order: OrderId(u64::MAX) });
    }
    desk.time(|outcome| matches!(outcome, Outcome::Refused(_)))
}

/// The same orders with the same client ids again.
fn repetitions(desk: &mut Desk) -> Duration {
    let places: Vec<(AccountId, Command)> =
        (0..N).map(|number| (tenant(number), desk.order(below(number), 10).into())).collect();
    for (account, place) in &places {
        desk.add(*account, place.clone());
    }
    desk.time(is_done);
    let placed = desk.replies();
    for (account, place) in places {
        desk.add(account, place);
    }
    let spent = desk.time(|outcome| matches!(outcome, Outcome::Repeated(_)));
    for (number, reply) in (0..).zip(placed) {
        let Reply::Order(order) = reply else { panic!("{reply:?} is no order") };
        desk.say(tenant(number), CancelOrder { order });
    }
    spent
}
