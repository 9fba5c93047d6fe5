//! Orders and bids: placed, amended, replaced, taken back.

use berth_domain::{
    AccountId, AmendBid, AmendOrder, BidId, BidTarget, CancelBid, CancelOrder, ClientId, Command, Limits, MarketId,
    MassQuote, Micros, Mode, OrderId, PlaceBid, PlaceOrder, ProviderId, Quote, ReplaceBid, ReplaceOrder, Resources,
    Seconds, TimeInForce, TrustLevel, Uptime, Verify,
};
use berth_exchange::Exchange;

use crate::dice::Dice;

pub(crate) fn place_order(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    (trader(dice), order(x, now, dice).into())
}

pub(crate) fn place_bid(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    (account, bid(x, provider, now, dice).into())
}

pub(crate) fn amend_order(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let order = live_order(x, dice);
    let replicas = dice.perhaps(Dice::count);
    let limits = dice.perhaps(limits);
    let expires_at = dice.perhaps(|dice| dice.time(now));
    (owner_of_order(x, order), AmendOrder { order, replicas, limits, expires_at }.into())
}

pub(crate) fn amend_bid(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let bid = live_bid(x, dice);
    let price = dice.perhaps(Dice::rate);
    let quantity = dice.perhaps(Dice::count);
    let expires_at = dice.perhaps(|dice| dice.time(now));
    (owner_of_bid(x, bid), AmendBid { bid, price, quantity, expires_at }.into())
}

pub(crate) fn replace_order(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let old = live_order(x, dice);
    (owner_of_order(x, old), ReplaceOrder { order: old, place: order(x, now, dice) }.into())
}

pub(crate) fn replace_bid(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let old = live_bid(x, dice);
    let provider = x.bid(old).map_or(ProviderId(1), |bid| bid.provider);
    (owner_of_bid(x, old), ReplaceBid { bid: old, place: bid(x, provider, now, dice) }.into())
}

pub(crate) fn mass_quote(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    let (set, post_only, self_trade) = (u32::from(dice.byte() % 2), dice.flag(), dice.self_trade());
    let session = dice.perhaps(|dice| u64::from(dice.byte() % 2));
    let quotes = (0..dice.byte() % 6)
        .map(|_| Quote {
            provider: if dice.rarely() { host(x, dice).1 } else { provider },
            market: market(dice),
            price: dice.rate(),
            quantity: if dice.byte() % 4 == 3 { 0 } else { dice.count() },
            min_duration: Seconds(0),
            max_duration: Seconds(u64::from(u32::MAX)),
        })
        .collect();
    (account, MassQuote { set, post_only, self_trade, session, quotes }.into())
}

pub(crate) fn cancel_order(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let order = live_order(x, dice);
    (owner_of_order(x, order), CancelOrder { order }.into())
}

pub(crate) fn cancel_bid(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let bid = live_bid(x, dice);
    (owner_of_bid(x, bid), CancelBid { bid }.into())
}

fn order(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> PlaceOrder {
    let market = market(dice);
    let is_gpu = x.market(market).is_some_and(|market| market.class.is_gpu());
    let duration = dice.seconds();
    let plain = PlaceOrder {
        market,
        units: if dice.rarely() { dice.count() } else { dice.pick(&[1, 1, 1, 1, 1, 2, 3, 8]) },
        resources: Resources {
            cpu: if is_gpu { u32::from(dice.byte() % 4) } else { 0 },
            memory: if dice.rarely() { dice.pick(&[u64::MAX, 1 << 40]) } else { u64::from(dice.byte() % 8) },
            storage: if dice.rarely() { u64::MAX } else { 0 },
        },
        replicas: dice.count(),
        limits: limits(dice),
        duration,
        prepay: if dice.rarely() { dice.seconds() } else { Seconds(duration.0 / dice.pick(&[1, 1, 1, 2, 10])) },
        mode: Mode::Auto,
        closes_at: None,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: false,
        self_trade: dice.self_trade(),
        requires: Vec::new(),
        min_uptime: None,
        aim: None,
        failover: false,
        verify: Verify::None,
        spec_hash: dice.digest(),
        session: dice.perhaps(|dice| u64::from(dice.byte() % 2)),
        client_id: client_id(dice),
    };
    let (one_way, other_way) = (dice.byte(), dice.byte());
    let wanted = wanting(x, now, plain, one_way, dice);
    // Two wishes at once, which need not go together.
    if other_way >= 0xe0 { wanting(x, now, wanted, other_way, dice) } else { wanted }
}

/// The order with one wish more.
fn wanting(x: &Exchange, now: Micros, order: PlaceOrder, way: u8, dice: &mut Dice<'_>) -> PlaceOrder {
    match way % 28 {
        0 | 1 => PlaceOrder { time_in_force: TimeInForce::Gtd, expires_at: Some(dice.time(now)), ..order },
        2 | 3 => PlaceOrder { time_in_force: TimeInForce::Ioc, ..order },
        4 | 5 => PlaceOrder { time_in_force: TimeInForce::Fok, ..order },
        6 => PlaceOrder { mode: Mode::Manual, ..order },
        7 | 8 => PlaceOrder { mode: Mode::Auction, closes_at: Some(dice.time(now)), ..order },
        9 => PlaceOrder { post_only: true, ..order },
        10 => PlaceOrder { requires: dice.attributes(), ..order },
        11 => PlaceOrder { min_uptime: Uptime::new(9_000), ..order },
        12 => {
            let bids: Vec<u64> = x.bids().filter(|bid| bid.is_live()).map(|bid| bid.id.0).collect();
            PlaceOrder { aim: Some(BidId(dice.id(&bids))), time_in_force: TimeInForce::Ioc, ..order }
        }
        13..16 => PlaceOrder { failover: true, ..order },
        16..19 => PlaceOrder { verify: Verify::Spot, ..order },
        19..22 => {
            let n = if dice.rarely() { dice.byte() } else { dice.pick(&[3, 5, 7]) };
            PlaceOrder { verify: Verify::Replicas(n), replicas: n.into(), time_in_force: TimeInForce::Fok, ..order }
        }
        _ => order,
    }
}

fn bid(x: &Exchange, provider: ProviderId, now: Micros, dice: &mut Dice<'_>) -> PlaceBid {
    let manner = dice.byte();
    let target = if manner % 4 == 3 {
        BidTarget::Directed { order: live_order(x, dice) }
    } else {
        BidTarget::Standing {
            market: market(dice),
            quantity: dice.count(),
            min_duration: if dice.rarely() { dice.seconds() } else { Seconds(dice.pick(&[0, 0, 0, 61])) },
            max_duration: if dice.rarely() { dice.seconds() } else { Seconds(dice.pick(&[u64::MAX, 86_400, 3_600])) },
        }
    };
    let time_in_force = match manner / 4 % 8 {
        5 => TimeInForce::Gtd,
        6 => TimeInForce::Ioc,
        7 => TimeInForce::Fok,
        _ => TimeInForce::Gtc,
    };
    PlaceBid {
        provider,
        target,
        price: dice.rate(),
        time_in_force,
        expires_at: (time_in_force == TimeInForce::Gtd).then(|| dice.time(now)),
        post_only: manner >= 0xc0,
        self_trade: dice.self_trade(),
        session: dice.perhaps(|dice| u64::from(dice.byte() % 2)),
        client_id: client_id(dice),
    }
}

fn limits(dice: &mut Dice<'_>) -> Limits {
    let (first, second, levels) = (dice.rate(), dice.rate(), dice.byte());
    let at = |level: &TrustLevel| match levels {
        0..0x80 => Some((*level, first)),
        _ if levels >> level.index() & 1 == 1 => {
            Some((*level, if level.index().is_multiple_of(2) { first } else { second }))
        }
        _ => None,
    };
    let chosen = Limits::new(TrustLevel::ALL.iter().filter_map(at));
    chosen.or_else(|| Limits::new([(TrustLevel::One, second)])).expect("one level is accepted")
}

fn client_id(dice: &mut Dice<'_>) -> Option<ClientId> {
    let id = dice.byte().checked_sub(0xc0)? % 16;
    let id = char::from(b'a' + id).to_string();
    Some(ClientId::new(if dice.rarely() { "" } else { &id }).expect("short enough"))
}

pub(crate) fn market(dice: &mut Dice<'_>) -> MarketId {
    MarketId(if dice.rarely() { dice.pick(&[0, u16::MAX, 5]) } else { dice.pick(&[2, 2, 2, 2, 2, 1, 1, 3]) })
}

/// An account that trades, now and then another's or nobody's.
pub(crate) fn trader(dice: &mut Dice<'_>) -> AccountId {
    AccountId(if dice.rarely() { dice.pick(&[0, 1, 2, 9, u32::MAX]) } else { 3 + u32::from(dice.byte() % 6) })
}

/// A host with its owner.
pub(crate) fn host(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, ProviderId) {
    let hosts: Vec<u64> = x.providers().map(|host| host.id.0.into()).collect();
    let provider = ProviderId(u32::try_from(dice.id(&hosts)).unwrap_or(u32::MAX));
    (x.provider(provider).map_or(AccountId(3), |host| host.account), provider)
}

fn live_order(x: &Exchange, dice: &mut Dice<'_>) -> OrderId {
    let live: Vec<u64> = x.orders().filter(|order| order.is_live()).map(|order| order.id.0).collect();
    OrderId(dice.id(&live))
}

fn live_bid(x: &Exchange, dice: &mut Dice<'_>) -> BidId {
    let live: Vec<u64> = x.bids().filter(|bid| bid.is_live()).map(|bid| bid.id.0).collect();
    BidId(dice.id(&live))
}

fn owner_of_order(x: &Exchange, order: OrderId) -> AccountId {
    x.order(order).map_or(AccountId(3), |order| order.account)
}

fn owner_of_bid(x: &Exchange, bid: BidId) -> AccountId {
    x.bid(bid).map_or(AccountId(3), |bid| bid.account)
}
