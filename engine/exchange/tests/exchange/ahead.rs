//! Looking ahead is a hint: where there are many orders and bids, entries that
//! name anything at all are looked at, and nothing comes of it.

use berth_domain::{
    AccountId, AmendBid, AmendOrder, Authority, BidId, BidTarget, Bounds, CancelBid, CancelOrder, Command, Digest,
    Entry, Genesis, Limits, MarketId, Mode, OrderId, PlaceBid, PlaceOrder, ProviderId, RULES_VERSION, Rate, Resources,
    Seconds, SelfTrade, Seq, TimeInForce, TrustLevel, Verify,
};
use berth_exchange::Exchange;

use crate::cast::{address, genesis};
use crate::script::Stage;

/// More than looking ahead begins with.
const BIDS: u64 = 21_000;
const ORDERS: u64 = 100;
const MARKET: MarketId = MarketId(2);

#[test]
fn what_is_looked_at_ahead_gives_the_same() {
    let bounds = Bounds { bids: u32::MAX, ..genesis().bounds };
    let stage = Stage::new(Genesis { bounds, ..genesis() });
    let mut blind = stage.desk.exchange.clone();
    let owner = blind.provider(ProviderId(1)).expect("p1 is registered").account;
    let tenant = blind.accounts().find(|account| account.address == address("tom")).expect("of the cast").id;
    let entries: Vec<Entry> = (blind.head().0 + 1..)
        .zip(commands(owner, tenant))
        .map(|(seq, (account, command))| {
            let authority = Authority::OperatorAttested;
            Entry { rules: RULES_VERSION, seq: Seq(seq), at: stage.desk.now, account, authority, command }
        })
        .collect();

    let mut sighted = blind.clone();
    let (mut events, mut expected) = (Vec::new(), Vec::new());
    for (group, later) in entries.chunks(Exchange::AHEAD).zip(entries.chunks(Exchange::AHEAD).skip(1).cycle()) {
        sighted.look_ahead(later);
        sighted.look_ahead(group);
        for entry in group {
            assert_eq!(sighted.apply(entry, &mut events), blind.apply(entry, &mut expected));
        }
        assert_eq!(events, expected);
        events.clear();
        expected.clear();
    }
    let (live, hash) = (sighted.bids().filter(|bid| bid.is_live()).count(), sighted.state_hash());
    assert!(live > 20_000 && sighted.bids().any(|bid| !bid.is_live()), "{live} bids are live");
    assert_eq!(hash, blind.state_hash());
}

fn commands(owner: AccountId, tenant: AccountId) -> Vec<(AccountId, Command)> {
    let bids = (0..BIDS).map(|n| (owner, place_bid(price(n)).into()));
    let orders = (0..ORDERS).map(|n| (tenant, place_order(limits(n)).into()));
    let ids = [0, 1, 2, 77, 3_000, BIDS, BIDS + 1, u64::MAX];
    let changes = (0..1_000).flat_map(|n: u64| {
        let id = ids.get(n as usize % 31).copied().unwrap_or(n * 37 % BIDS);
        let order = OrderId(ids.get(n as usize % 31).copied().unwrap_or(n % (ORDERS + 2)));
        let new = (!n.is_multiple_of(5)).then(|| price(n * 13));
        [
            (owner, AmendBid { bid: BidId(id), price: new, quantity: None, expires_at: None }.into()),
            (tenant, AmendOrder { order, replicas: None, limits: new.map(|_| limits(n)), expires_at: None }.into()),
            (owner, CancelBid { bid: BidId(n * 5 % 2_000) }.into()),
            (AccountId(u32::MAX), CancelOrder { order }.into()),
            (tenant, CancelOrder { order: OrderId(n / 20) }.into()),
        ]
    });
    bids.chain(orders).chain(changes).collect()
}

fn price(n: u64) -> Rate {
    Rate::new(10_000 + (n * 7_919 % 5_000) as i64).expect("positive")
}

/// Below all bids.
fn limits(n: u64) -> Limits {
    let rate = |n: u64| Rate::new(3_600 + (n * 31 % 1_000) as i64).expect("positive");
    let one = [(TrustLevel::One, rate(n))];
    let two = n.is_multiple_of(3).then(|| (TrustLevel::Four, rate(n + 1)));
    Limits::new(one.into_iter().chain(two)).expect("a level at least")
}

fn place_bid(price: Rate) -> PlaceBid {
    let (min_duration, max_duration) = (Seconds(1), Seconds(86_400));
    PlaceBid {
        provider: ProviderId(1),
        target: BidTarget::Standing { market: MARKET, quantity: 1, min_duration, max_duration },
        price,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        session: None,
        client_id: None,
    }
}

fn place_order(limits: Limits) -> PlaceOrder {
    PlaceOrder {
        market: MARKET,
        units: 1,
        resources: Resources::default(),
        replicas: 1,
        limits,
        duration: Seconds(3_600),
        prepay: Seconds(3_600),
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
        client_id: None,
    }
}
