//! Why each provider was or was not chosen, in small logs that are made by hand:
//! hosts of four processors each, and orders for all four of them.

use berth_audit::{Player, Story};
use berth_domain::{
    AcceptBid, AccountId, Address, Authority, BidId, BidTarget, ChainEventId, Command, Deposit, Digest, Entry, FeeBps,
    Genesis, Grant, Limits, MarketId, Micros, Mode, OpenAccount, OrderId, PlaceBid, PlaceOrder, ProviderId,
    RULES_VERSION, Rate, RegisterProvider, ResourceClass, Resources, Seconds, SelfTrade, Seq, Stroops, Text, Tick,
    TimeInForce, Timing, TrustLevel, Verify,
};
use berth_exchange::Outcome;
use serde_json::Value;

use crate::{log, state};

const CPU: MarketId = MarketId(1);
const ORDER: OrderId = OrderId(1);
const TENANT: AccountId = AccountId(5);
const MINUTE: Seconds = Seconds(60);

/// A log that grows, heard by the story of its first order.
struct Told {
    player: Player,
    story: Story,
    at: Micros,
    /// The last that was told of the order.
    last: Value,
}

impl Told {
    /// Three hosts, of owners of levels 1, 1 and 3, and a tenant with money.
    fn new() -> Self {
        let at = Micros(1_767_225_600_000_000);
        let story = Story::of(ORDER.into()).with_reasons();
        let mut told = Self { player: Player::new(), story, at, last: Value::Null };
        told.say(AccountId::EXCHANGE, genesis());
        for key in [2, 3, 4, 5] {
            told.say(AccountId::EXCHANGE, OpenAccount { address: address(key) });
        }
        for owner in [2, 3, 4] {
            told.say(AccountId(owner), host());
        }
        let (event, amount) = (ChainEventId { toid: 1, index: 0 }, Stroops::new(10_000_000_000).expect("positive"));
        told.say(AccountId::EXCHANGE, Deposit { event, address: address(5), amount });
        told
    }

    fn say(&mut self, account: AccountId, command: impl Into<Command>) {
        let authority = if account == AccountId::EXCHANGE { Authority::Exchange } else { Authority::OperatorAttested };
        let seq = self.player.exchange().head().next();
        let entry = Entry { rules: RULES_VERSION, seq, at: self.at, account, authority, command: command.into() };
        let moment = self.player.play(&entry).expect("it can stand there");
        assert!(!matches!(moment.outcome, Outcome::Refused(_)), "{entry:?}: {:?}", moment.outcome);
        if let Some(line) = self.story.hear(&moment) {
            self.last = line;
        }
    }

    fn bid(&mut self, host: u32, price: i64, target: Option<OrderId>) {
        let standing =
            BidTarget::Standing { market: CPU, quantity: 4, min_duration: Seconds(1), max_duration: Seconds(86_400) };
        let place = PlaceBid {
            provider: ProviderId(host),
            target: target.map_or(standing, |order| BidTarget::Directed { order }),
            price: rate(price),
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            self_trade: SelfTrade::ExpireTaker,
            session: None,
            client_id: None,
        };
        self.say(AccountId(host + 1), place);
    }

    fn order(&mut self, mode: Mode, limit: i64) {
        let limits = Limits::new(TrustLevel::ALL.iter().map(|level| (*level, rate(limit)))).expect("a level at least");
        let place = PlaceOrder {
            market: CPU,
            units: 4,
            resources: Resources::default(),
            replicas: 1,
            limits,
            duration: Seconds(3_600),
            prepay: Seconds(3_600),
            mode,
            closes_at: (mode == Mode::Auction).then(|| self.at.plus(MINUTE)),
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
        };
        self.say(TENANT, place);
    }

    /// What it waits for, and of each host whether it would trade and why it was
    /// chosen or not.
    #[track_caller]
    fn check(&self, waits: &[&str], hosts: [(bool, &str); 3]) {
        let explained = &self.last["explained"][0];
        let told: Vec<_> = explained["waits"].as_array().expect("a list").iter().map(|it| it["code"].clone()).collect();
        assert_eq!(told, waits, "{explained:#}");
        let told = explained["providers"].as_array().expect("a list").iter();
        let told: Vec<_> = told.map(|it| (it["wouldTrade"] == true, it["why"].as_str().unwrap_or_default())).collect();
        assert_eq!(told, hosts, "{explained:#}");
    }
}

fn genesis() -> Genesis {
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: Text::new("XLM").expect("short"),
        operator: address(1),
        treasury: address(1),
        fee: FeeBps::new(500).expect("below 10,000"),
        default_level: TrustLevel::One,
        grants: vec![Grant { address: address(4), level: TrustLevel::Three }],
        markets: vec![ResourceClass::Cpu],
        open_markets: true,
        timing: Timing {
            escrow_timeout: Seconds(300),
            start_timeout: Seconds(600),
            heartbeat_interval: Seconds(10),
            heartbeat_grace: Seconds(60),
            dark_after: Seconds(180),
            closing_timeout: Seconds(120),
            settle_grace: Seconds(3_600),
            reconfigure_delay: Seconds(1_000),
            runway_warning: Seconds(30),
            suspend_timeout: Seconds(300),
            missed_checks: 3,
            backlog_window: Seconds(150),
        },
        bounds: Default::default(),
        trust: Default::default(),
        auditors: Vec::new(),
    }
}

fn host() -> RegisterProvider {
    RegisterProvider {
        resources: Resources { cpu: 4, memory: 1_024, storage: 10 },
        bandwidth: 100,
        gpus: Vec::new(),
        hostname: Text::new("h.example").expect("short"),
        port: 443,
        attributes: Vec::new(),
        own_agent: false,
        client_id: None,
    }
}

fn address(key: u8) -> Address {
    Address([key; 32])
}

fn rate(whole: i64) -> Rate {
    Rate::new(whole * 10_000_000).expect("positive")
}

#[test]
fn an_order_takes_the_cheapest_and_says_of_the_others_what_put_them_behind() {
    let mut told = Told::new();
    told.bid(1, 2, None);
    told.bid(2, 1, None);
    told.bid(3, 9, None);
    told.order(Mode::Auto, 3);
    told.check(
        &[],
        [
            (true, "not chosen: bid 1 at 2, rank 2 of 2, is behind bid 2 at 1, which is cheaper"),
            (true, "chosen: lease 1, replicas 1, at 1 by bid 2, rank 1 of 2"),
            (false, "not chosen: bid 3 at 9: the bid asks 9, the order gives 3 at that level"),
        ],
    );
    let hosts = &told.last["explained"][0]["providers"];
    assert_eq!((&hosts[1]["obstacles"], &hosts[1]["chosen"]), (&serde_json::json!([]), &serde_json::json!([1])));
    assert_eq!((&hosts[0]["bids"][0]["rank"], &hosts[1]["bids"][0]["rank"]), (&2.into(), &1.into()), "{hosts}");
}

#[test]
fn at_one_price_trust_decides_and_then_age() {
    let mut told = Told::new();
    told.bid(1, 2, None);
    told.bid(2, 2, None);
    told.bid(3, 2, None);
    told.order(Mode::Auto, 3);
    let trusted = "is behind bid 3 at 2, which has more trust at the same price: level Three against One";
    let (first, second) = (
        format!("not chosen: bid 1 at 2, rank 2 of 3, {trusted}"),
        format!("not chosen: bid 2 at 2, rank 3 of 3, {trusted}"),
    );
    let third = "chosen: lease 1, replicas 1, at 2 by bid 3, rank 1 of 3";
    told.check(&[], [(true, &first), (true, &second), (true, third)]);

    let mut told = Told::new();
    told.bid(2, 2, None);
    told.bid(1, 2, None);
    told.order(Mode::Auto, 3);
    let behind =
        "not chosen: bid 2 at 2, rank 2 of 2, is behind bid 1 at 2, which is older at the same price and trust";
    let older = "chosen: lease 1, replicas 1, at 2 by bid 1, rank 1 of 2";
    let none = "not chosen: the provider has no live bid that the order could meet";
    told.check(&[], [(true, behind), (true, older), (false, none)]);
}

#[test]
fn an_order_that_waits_is_filled_by_a_bid_that_comes() {
    let mut told = Told::new();
    told.bid(2, 9, None);
    told.order(Mode::Auto, 3);
    let none = "not chosen: the provider has no live bid that the order could meet";
    let dear = "not chosen: bid 1 at 9: the bid asks 9, the order gives 3 at that level";
    told.check(&[], [(false, none), (false, dear), (false, none)]);
    told.bid(1, 2, None);
    // It trades at the price of the side that waited.
    let came = "chosen: lease 1, replicas 1, at 3 by bid 2, which came to the waiting order";
    told.check(&[], [(true, came), (false, dear), (false, none)]);
}

#[test]
fn an_auction_lists_its_bids_by_rank() {
    let mut told = Told::new();
    told.order(Mode::Auction, 5);
    let none = "not chosen: the provider has no live bid that the order could meet";
    told.check(&["auctionClose"], [(false, none); 3]);
    told.bid(1, 4, Some(ORDER));
    told.bid(2, 2, Some(ORDER));
    told.at = told.at.plus(MINUTE);
    told.say(AccountId::EXCHANGE, Tick);
    told.check(
        &[],
        [
            (true, "not chosen: bid 1 at 4, rank 2 of 2, is behind bid 2 at 2, which is cheaper"),
            (true, "chosen: lease 1, replicas 1, at 2 by bid 2, rank 1 of 2"),
            (false, none),
        ],
    );
}

#[test]
fn a_tenant_takes_the_bid_that_it_accepts() {
    let mut told = Told::new();
    told.order(Mode::Manual, 5);
    told.bid(1, 2, Some(ORDER));
    told.bid(2, 4, Some(ORDER));
    told.say(TENANT, AcceptBid { bid: BidId(2) });
    told.check(
        &[],
        [
            (true, "not chosen: nothing ruled it out, and the tenant accepted bid 2"),
            (true, "chosen: lease 1, replicas 1, at 4 by bid 2, which the tenant accepted"),
            (false, "not chosen: the provider has no live bid that the order could meet"),
        ],
    );
}

/// A story that begins behind the order's entry has no state before it, and gives
/// no reasons for that entry rather than wrong ones.
#[test]
fn nothing_is_told_without_the_state_before() {
    let mut told = Told::new();
    told.bid(1, 2, None);
    told.story = Story::of(ORDER.into()).with_reasons();
    told.order(Mode::Auto, 3);
    assert_eq!(told.last["seq"], told.player.exchange().head().0);
    assert!(told.last["explained"].is_null(), "{}", told.last);
    assert!(told.player.exchange().head() > Seq(1));
}

/// In whole worlds: who has a lease is told of each, and who has none is told why. That
/// nothing more can be said is rare.
#[test]
fn every_verdict_of_a_world_has_its_reason() {
    let (mut chosen, mut behind, mut silent, mut others) = (0, 0, 0, 0);
    for seed in 1..=12 {
        let log = log(seed);
        let orders: Vec<OrderId> = state(&log).orders().map(|order| order.id).collect();
        let mut story = orders.iter().fold(Story::of(AccountId(0).into()), |story, id| story.with(*id)).with_reasons();
        let mut player = Player::new();
        for entry in &log {
            let moment = player.play(entry).expect("the world's log is valid");
            let Some(line) = story.hear(&moment) else { continue };
            for explained in line["explained"].as_array().into_iter().flatten() {
                for host in explained["providers"].as_array().into_iter().flatten() {
                    let why = host["why"].as_str().expect("words");
                    let leases = host["chosen"].as_array().expect("a list").len();
                    assert_eq!(why.starts_with("chosen: lease "), leases > 0, "seed {seed}: {explained:#}");
                    assert!(leases > 0 || why.len() > "not chosen: ".len(), "seed {seed}: {explained:#}");
                    match leases {
                        0 if why.contains("is behind bid") => behind += 1,
                        0 if why.ends_with("which did not take it") => silent += 1,
                        0 => others += 1,
                        _ => chosen += 1,
                    }
                }
            }
        }
    }
    assert!(chosen > 100 && behind > 100 && others > 1_000, "{chosen} chosen, {behind} behind, {others} others");
    assert!(silent < chosen / 10, "of {silent} nothing can be said");
}
