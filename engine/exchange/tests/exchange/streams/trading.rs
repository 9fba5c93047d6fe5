//! Orders and bids: most of them sound in the state that they meet.

use berth_domain::{
    AcceptBid, AccountId, AmendBid, AmendOrder, BidId, BidState, BidTarget, CancelAll, CancelBid, CancelOrder, Command,
    Digest, MarketId, MassQuote, Micros, Mode, OrderId, PlaceBid, PlaceOrder, ProviderId, Quote, ReplaceBid,
    ReplaceOrder, Resources, Seconds, SetDeadMan, TimeInForce, Uptime, Verify,
};

use super::dice::{Dice, ids, region};
use super::failing::wants_standbys;
use crate::oracle::Oracle;

use TimeInForce::{Fok, Gtc, Gtd, Ioc};

/// Who places orders: tenants, and the owner of a host.
const BUYERS: [u32; 7] = [7, 8, 7, 9, 8, 7, 2];

pub(crate) fn bid(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, PlaceBid) {
    let (account, provider) = host(x, dice);
    let target = BidTarget::Standing {
        market: market(x, dice),
        quantity: if dice.once_in(60) { dice.pick(&[0, u32::MAX, 1_000_001]) } else { dice.some(5) },
        min_duration: Seconds(dice.pick(&[0, 0, 0, 0, 0, 0, 0, 50])),
        max_duration: Seconds(if dice.once_in(8) { dice.pick(&[2_000, 2_000, 100, 0]) } else { 20_000 }),
    };
    let mut place = place_bid(provider, target, now, dice);
    // Most live long enough to stand by; some end when a lease does that opens
    // now.
    let escrow_timeout = x.genesis.as_ref().map(|genesis| now.plus(genesis.timing.escrow_timeout));
    let end = dice.pick(&[place.expires_at, Some(now.plus(Seconds(1_000))), escrow_timeout]);
    place.expires_at = place.expires_at.and(end);
    (account, place)
}

pub(crate) fn directed(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, PlaceBid) {
    let live = x.orders.iter().filter(|order| order.is_live());
    // Most of them answer what waits for directed bids, from a host that may.
    let (wanting, others): (Vec<_>, Vec<_>) = live.partition(|order| order.place.mode != Mode::Auto);
    let from = if wanting.is_empty() || dice.once_in(4) { others } else { wanting };
    let order = match from.last() {
        Some(youngest) if dice.once_in(2) => youngest.id,
        _ => OrderId(dice.id(&ids(from.iter().map(|order| order.id.0)))),
    };
    let (mut account, mut provider) = host(x, dice);
    if let Some(order) = x.find_order(order).filter(|_| !dice.once_in(6)) {
        let fitting = ids(x.hosts.iter().filter(|host| x.suits(host, order)).map(|host| host.id.0.into()));
        provider = ProviderId(u32::try_from(dice.id(&fitting)).unwrap_or(u32::MAX));
        account = x.find_host(provider).map_or(account, |host| host.account);
    }
    let mut place = place_bid(provider, BidTarget::Directed { order }, now, dice);
    let highest = x.find_order(order).map(|order| order.place.limits.highest());
    if let Some(highest) = highest.filter(|_| !dice.once_in(8)) {
        place.price = place.price.min(highest);
    }
    (account, place)
}

fn place_bid(provider: ProviderId, target: BidTarget, now: Micros, dice: &mut Dice<'_>) -> PlaceBid {
    let is_directed = matches!(target, BidTarget::Directed { .. });
    let ways: &[TimeInForce] = if is_directed {
        &[Gtc, Gtc, Gtc, Gtd, Gtc, Gtc, Gtd, Gtc, Gtc, Gtd, Gtc, Gtc, Gtd, Gtc, Gtc, Ioc]
    } else {
        &[Gtc, Gtc, Gtc, Gtd, Ioc, Gtd, Fok]
    };
    let (time_in_force, expires_at) = dice.stays(ways, now);
    let may_rest = !is_directed && matches!(time_in_force, Gtc | Gtd);
    PlaceBid {
        provider,
        target,
        price: dice.rate(),
        time_in_force,
        expires_at,
        post_only: dice.once_in(if may_rest { 5 } else { 40 }),
        self_trade: dice.self_trade(),
        session: dice.session(),
        client_id: dice.client_id(),
    }
}

pub(crate) fn order(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, PlaceOrder) {
    let market = market(x, dice);
    let is_gpu = x.market(market).is_some_and(|class| class.is_gpu());
    let size = dice.below(256);
    let at = |n: u64| u32::try_from(n).expect("small");
    let (mut units, mut replicas) = (1 + at(size % 3), 1 + at(size / 3 % 5));
    let resources = Resources { cpu: if is_gpu { at(size % 4) } else { 0 }, memory: size % 5, storage: size % 2 };
    let duration = dice.pick(&[3_600, 3_600, 3_600, 60, 1_800, 10, 3_601]);
    let prepay = dice.pick(&[duration, duration, duration, duration, duration / 2, 1]);
    let mode = dice.pick(&[Mode::Auto, Mode::Auto, Mode::Auto, Mode::Auto, Mode::Auto, Mode::Manual, Mode::Auction]);
    let ways: &[TimeInForce] = match mode {
        Mode::Auto => &[Gtc, Gtc, Gtc, Ioc, Fok, Fok, Gtd],
        Mode::Manual => &[Gtc, Gtc, Gtc, Gtc, Gtd, Gtc, Gtc, Gtc, Gtc, Gtd, Gtc, Ioc],
        Mode::Auction => &[Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtc, Gtd],
    };
    let (time_in_force, expires_at) = dice.stays(ways, now);
    // At few moments, so that several close in one tick.
    let closes = match dice.pick(&[60, 30, 30, 60, 60, 100, 100, 0, 20_000]) {
        0 => now,
        in_seconds => Micros(now.plus(Seconds(in_seconds)).0.next_multiple_of(30_000_000)),
    };
    let closing = x.orders.iter().rev().filter(|order| order.is_live()).find_map(|order| order.place.closes_at);
    let closes = closing.filter(|at| *at > now && dice.once_in(2)).unwrap_or(closes);
    let is_sound = !dice.once_in(60);
    let closes_at = ((mode == Mode::Auction) == is_sound).then_some(closes);
    let aims = matches!(time_in_force, Ioc | Fok) && dice.once_in(4);
    let near = x.bids.iter().filter(|bid| bid.is_standing() && (bid.market == market || bid.id.0.is_multiple_of(7)));
    let aim = BidId(dice.id(&ids(near.map(|bid| bid.id.0))));
    let wants = if dice.once_in(5) { dice.pick(&["eu", "us", "eu", "mars"]) } else { "" };
    let post_only = mode == Mode::Auto && !aims && matches!(time_in_force, Gtc | Gtd) && dice.once_in(5);
    if dice.once_in(80) {
        (units, replicas) = dice.pick(&[(0, 1), (1, 0), (u32::MAX, u32::MAX), (1_024, 6)]);
    }
    let requires = match wants {
        "" => vec![],
        "mars" if dice.once_in(8) => vec![region("eu"), region("eu")],
        wants => vec![region(wants)],
    };
    let mut place = PlaceOrder {
        market,
        units,
        resources,
        replicas,
        limits: dice.limits(),
        duration: Seconds(duration),
        prepay: Seconds(prepay),
        mode,
        closes_at,
        time_in_force,
        expires_at,
        post_only: post_only != dice.once_in(60),
        self_trade: dice.self_trade(),
        requires,
        min_uptime: dice.pick(&[None, None, Uptime::new(9_900), Some(Uptime::MAX)]),
        aim: (aims != dice.once_in(80)).then_some(aim),
        failover: false,
        verify: Verify::default(),
        spec_hash: Digest([3; 32]),
        session: dice.session(),
        client_id: dice.client_id(),
    };
    wants_standbys(&mut place, dice);
    (AccountId(dice.pick(&BUYERS)), place)
}

pub(crate) fn amend_order(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, order) = own_order(x, dice);
    let replicas = x.find_order(order).map_or(1, |order| order.place.replicas);
    let mut amend = AmendOrder { order, replicas: None, limits: None, expires_at: None };
    match dice.below(8) {
        0 | 1 => amend.replicas = Some(replicas.saturating_sub(1)),
        2 => amend.replicas = Some(replicas + dice.some(3)),
        3 | 4 => amend.limits = Some(dice.limits()),
        5 => amend.expires_at = Some(now.plus(Seconds(dice.below(60)))),
        6 => amend.replicas = Some(replicas),
        _ => {
            amend.replicas = Some(dice.pick(&[2, 0, 1, 3, u32::MAX]));
            amend.limits = Some(dice.limits());
        }
    }
    (account, amend.into())
}

pub(crate) fn amend_bid(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, bid) = own_bid(x, dice);
    let quantity = x.find_bid(bid).map(|bid| bid.place.target);
    let quantity = match quantity {
        Some(BidTarget::Standing { quantity, .. }) => quantity,
        _ => 1,
    };
    let mut amend = AmendBid { bid, price: None, quantity: None, expires_at: None };
    match dice.below(9) {
        0 | 1 => amend.quantity = Some(quantity.saturating_sub(1)),
        2 => amend.quantity = Some(quantity + dice.some(3)),
        3..6 => amend.price = Some(dice.rate()),
        6 => amend.expires_at = Some(now.plus(Seconds(dice.below(60)))),
        7 => {}
        _ => {
            amend.quantity = Some(dice.pick(&[2, 0, 1, 5, u32::MAX]));
            amend.price = Some(dice.rate());
        }
    }
    (account, amend.into())
}

pub(crate) fn replace_order(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, order) = own_order(x, dice);
    let (_, place) = self::order(x, now, dice);
    (account, ReplaceOrder { order, place }.into())
}

pub(crate) fn replace_bid(x: &Oracle, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, bid) = own_bid(x, dice);
    let place = if dice.once_in(5) { directed(x, now, dice).1 } else { self::bid(x, now, dice).1 };
    let own = ids(x.hosts.iter().filter(|host| host.account == account).map(|host| host.id.0.into()));
    let provider = ProviderId(u32::try_from(dice.id(&own)).unwrap_or(u32::MAX));
    (account, ReplaceBid { bid, place: PlaceBid { provider, ..place } }.into())
}

pub(crate) fn mass_quote(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    let (market, is_zero, same) = (market(x, dice), dice.once_in(8), dice.rate());
    let count = dice.pick(&[2, 1, 2, 3, 0, 3, 4]);
    let mut quotes = Vec::new();
    for _ in 0..count {
        quotes.push(Quote {
            provider: if dice.once_in(40) { ProviderId(dice.pick(&[1, 0, 99])) } else { provider },
            market,
            price: if dice.once_in(2) { dice.rate() } else { same },
            quantity: if is_zero { 0 } else { dice.pick(&[1, 2, 3, 1, 2, 0]) },
            min_duration: Seconds(0),
            max_duration: Seconds(dice.pick(&[20_000, 20_000, 20_000, 100])),
        });
    }
    let set = dice.some(2);
    let (post_only, self_trade) = (dice.once_in(5), dice.self_trade());
    (account, MassQuote { set, post_only, self_trade, session: dice.session(), quotes }.into())
}

pub(crate) fn cancel_all(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let account = AccountId(dice.pick(&[7, 8, 2, 3]));
    let market = dice.once_in(2).then(|| market(x, dice));
    (account, CancelAll { market, session: dice.session() }.into())
}

pub(crate) fn dead_man(dice: &mut Dice<'_>) -> (AccountId, Command) {
    let account = AccountId(dice.pick(&[7, 8, 9, 2, 3, 4]));
    (account, SetDeadMan { millis: dice.pick(&[5_000, 20_000, 40_000, 1, 0, u32::MAX]) }.into())
}

/// A cancellation or an acceptance.
pub(crate) fn ending(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let is_answer = |state| matches!(state, BidState::Open | BidState::Parked | BidState::Matched);
    match dice.below(6) {
        0 => {
            let (account, order) = own_order(x, dice);
            (account, CancelOrder { order }.into())
        }
        1 => {
            let (account, bid) = own_bid(x, dice);
            (account, CancelBid { bid }.into())
        }
        _ => {
            let answers = x.bids.iter().filter(|bid| is_answer(bid.state) && !bid.is_standing());
            let answers: Vec<_> = answers.rev().take(6).collect();
            let bid = BidId(dice.id(&ids(answers.iter().map(|bid| bid.id.0))));
            let tenant = x.find_bid(bid).and_then(|bid| match bid.place.target {
                BidTarget::Directed { order } => Some(x.find_order(order)?.account),
                BidTarget::Standing { .. } => None,
            });
            (tenant.unwrap_or(AccountId(7)), AcceptBid { bid }.into())
        }
    }
}

fn own_order(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, OrderId) {
    let live = x.orders.iter().filter(|order| order.is_live());
    let order = OrderId(dice.id(&ids(live.map(|order| order.id.0))));
    (x.find_order(order).map_or(AccountId(7), |order| order.account), order)
}

fn own_bid(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, BidId) {
    let live = x.bids.iter().filter(|bid| bid.is_live());
    let bid = BidId(dice.id(&ids(live.map(|bid| bid.id.0))));
    (x.find_bid(bid).map_or(AccountId(2), |bid| bid.account), bid)
}

/// A host and its owner.
fn host(x: &Oracle, dice: &mut Dice<'_>) -> (AccountId, ProviderId) {
    let provider = dice.id(&ids(x.hosts.iter().map(|host| host.id.0.into())));
    let provider = ProviderId(u32::try_from(provider).unwrap_or(u32::MAX));
    (x.find_host(provider).map_or(AccountId(2), |host| host.account), provider)
}

fn market(x: &Oracle, dice: &mut Dice<'_>) -> MarketId {
    match dice.below(64) {
        0..44 => MarketId(2),
        44..58 => MarketId(1),
        58..62 => MarketId(u16::try_from(x.markets.len()).expect("few")),
        62 => MarketId(0),
        _ => MarketId(9),
    }
}
