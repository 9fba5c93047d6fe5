//! An exchange with hosts, makers and tenants.

use berth_domain::{AccountId, Address, Command, Micros, ProviderId, Rate, ResourceClass, Stroops};
use berth_strategy::{LocalExchange, Maker, MakerConfig, Seat, SeatConfig, Strategy, Tenant, TenantConfig};
use berth_wire::request::{OrderRequest, ProviderRequest, StandingBid};
use serde_json::{Value, json};

pub(crate) const MAKER: Address = Address([1; 32]);
pub(crate) const TENANT: Address = Address([2; 32]);
pub(crate) const RIVAL: Address = Address([3; 32]);

pub(crate) fn money(text: &str) -> Stroops {
    text.parse().expect("an amount")
}

pub(crate) fn rate(text: &str) -> Rate {
    Rate::new(money(text).get()).expect("a price")
}

pub(crate) fn exchange() -> LocalExchange {
    LocalExchange::new(vec![ResourceClass::Cpu])
}

pub(crate) fn host(cpu: u32) -> ProviderRequest {
    let resources = json!({"cpu": cpu, "memory": 65_536, "storage": 1_000, "bandwidth": 1_000});
    serde_json::from_value(json!({"resources": resources, "hostname": "h.example", "port": 443})).expect("a host")
}

pub(crate) fn seat(address: Address, funds: &str, hosts: Vec<ProviderRequest>) -> SeatConfig {
    SeatConfig { address, funds: money(funds), market: ResourceClass::Cpu, hosts, latency: 1_000 }
}

pub(crate) fn maker() -> MakerConfig {
    MakerConfig {
        provider: ProviderId(1),
        cost: rate("1"),
        margin_bps: 1_000,
        utilisation_bps: 10_000,
        alone_bps: 5_000,
        step: money("0.01"),
        levels: 2,
        set: 1,
        pause_ms: 100,
        dead_man_ms: 10_000,
        refusals_max: 3,
        failures_max: 2,
    }
}

pub(crate) fn order(max_price: &str, seconds: u64) -> OrderRequest {
    let specification = json!({"image": "none:here", "cpu": 1, "memory": 64, "storage": 1});
    serde_json::from_value(json!({"maxPrice": max_price, "durationSeconds": seconds, "timeInForce": "ioc",
                                  "specification": specification}))
    .expect("an order")
}

pub(crate) fn tenant(leases: u32) -> TenantConfig {
    TenantConfig {
        order: order("5", 3_600),
        leases,
        repeat: false,
        per_lease: money("3"),
        per_day: money("100"),
        failures_max: 3,
        pause_ms: 1_000,
    }
}

pub(crate) fn sit_maker(x: &mut LocalExchange, config: MakerConfig, cpu: u32) -> usize {
    x.sit(Maker::new(config), seat(MAKER, "0", vec![host(cpu)])).expect("it sits")
}

pub(crate) fn sit_tenant(x: &mut LocalExchange, config: TenantConfig) -> usize {
    x.sit(Tenant::new(config), seat(TENANT, "1000", Vec::new())).expect("it sits")
}

/// Lets so many milliseconds pass.
pub(crate) fn pass(x: &mut LocalExchange, millis: u64) {
    let until = Micros(x.now().0 + millis * 1_000);
    x.run(until).expect("the engine takes it");
}

/// A rival's bid.
pub(crate) fn rival(x: &mut LocalExchange, price: &str, quantity: u32) -> AccountId {
    let account = match x.exchange().account_by_address(RIVAL) {
        Some(account) => account,
        None => {
            let account = x.open(RIVAL, Stroops::ZERO).expect("it opens");
            let new = host(64).parse().expect("a host");
            x.say(account, new.command).expect("the engine takes it");
            account
        }
    };
    let own = x.exchange().providers().find(|provider| provider.account == account).expect("its host").id;
    let bid: StandingBid =
        serde_json::from_value(json!({"providerId": own.0, "market": "CPU", "bidPrice": price, "quantity": quantity}))
            .expect("a bid");
    let market = x.exchange().market_of(&ResourceClass::Cpu).map(|market| market.id);
    let bid = bid.parse().expect("a bid").command(|_| market).expect("a market");
    x.say(account, bid).expect("the engine takes it");
    account
}

/// The supply of the book, `price×units`, and whose.
pub(crate) fn supply(x: &LocalExchange) -> String {
    let of = |address: Address| match address {
        MAKER => "maker",
        RIVAL => "rival",
        _ => "?",
    };
    let exchange = x.exchange();
    let mut bids: Vec<_> = exchange.bids().filter(|bid| bid.is_live() && bid.remaining > 0).collect();
    bids.sort_by_key(|bid| (bid.price, bid.id));
    let row = |bid: &&berth_exchange::Bid| {
        let whose = exchange.account(bid.account).map_or("?", |account| of(account.address));
        format!("{whose} {}×{}", bid.price, bid.remaining)
    };
    bids.iter().map(row).collect::<Vec<_>>().join(", ")
}

/// What a seat has told, the first field of each line with it.
pub(crate) fn told(seat: &Seat<Box<dyn Strategy>>) -> Vec<&'static str> {
    seat.notes().iter().map(|note| note.event).collect()
}

pub(crate) fn last_note<'a>(seat: &'a Seat<Box<dyn Strategy>>, event: &str) -> &'a Value {
    &seat.notes().iter().rfind(|note| note.event == event).expect("it told that").fields
}

pub(crate) fn say(x: &mut LocalExchange, account: AccountId, command: impl Into<Command>) {
    x.say(account, command).expect("the engine takes it");
}
