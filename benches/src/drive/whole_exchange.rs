//! The whole exchange: the same entries through `Exchange::apply` as a node
//! applies them, with funded accounts, holds, client ids, capacity, events, and
//! the running digest over the events' canonical bytes.
//!
//! User `u` of the workload is the tenant of account `2u` and the owner of
//! account `2u + 1` with one host, so nobody meets itself. A buyer's order is an
//! order of as many replicas, a seller's is a standing bid; a tick is a stroop
//! per unit-hour, and a lease is an hour.

use berth_domain::codec::Encode;
use berth_domain::{
    AccountId, Address, AmendBid, AmendOrder, Authority, BidId, BidTarget, Bounds, CancelBid, CancelOrder,
    ChainEventId, ClientId, Command as Input, Deposit, Digest, Entry, Event, FeeBps, Genesis, GpuInventory,
    LeaseOpened, Limits, MarketId, Micros, Mode, OpenAccount, OrderId, PlaceBid, PlaceOrder, ProviderId, RULES_VERSION,
    Rate, RegisterProvider, ResourceClass, Resources, Seconds, SelfTrade, Seq, Stroops, Text, TimeInForce, Timing,
    TrustLevel, TrustRules, Verify,
};
use berth_exchange::{Capacity, Exchange, Outcome};

use super::{BATCH, Driver, Tally};
use crate::workload::{Command, Op, Side, Workload};

/// Microseconds since 1970 of the first entry: 2026-01-01.
const OPENING: u64 = 1_767_225_600_000_000;

/// One trust level is enough: the workload knows none.
const LEVEL: TrustLevel = TrustLevel::One;

/// An exchange, and what is needed to speak to it in the workload's words.
#[derive(Debug)]
pub struct WholeExchange {
    exchange: Exchange,
    /// By the workload's order: its side, and its id as an order or a bid.
    known: Vec<u64>,
    /// The workload's order by the exchange's, for orders and for bids.
    of_orders: Vec<u64>,
    of_bids: Vec<u64>,
    head: u64,
    entries: Vec<Entry>,
    /// The workload's order that each entry is about.
    takers: Vec<(u64, Side)>,
    events: Vec<Event>,
    /// Where the events of each entry end.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    digest: blake3::Hasher,
    tally: Tally,
}

impl Driver for WholeExchange {
    const NAME: &'static str = "berth-exchange";

    /// All accounts are open and funded and all hosts registered.
    fn open(workload: &Workload) -> Self {
        let header = &workload.header;
        let commands = || workload.prefill().iter().chain(workload.timed());
        let placed = |side| commands().filter(|c| c.side == side && matches!(c.op, Op::Rest | Op::Take)).count();
        let (orders, bids, users) = (placed(Side::Buy), placed(Side::Sell), header.users as usize);
        let exchange = Exchange::with_capacity(Capacity {
            accounts: 2 * users + 1,
            orders,
            bids,
            // Each trade fills a resting order or a coming one, or both.
            leases: orders + bids,
            client_ids: orders + bids,
            resting: (orders + bids) / header.books as usize + 1,
        });
        let mut this = Self {
            exchange,
            known: vec![0; header.order_max as usize + 1],
            of_orders: Vec::with_capacity(orders),
            of_bids: Vec::with_capacity(bids),
            head: 0,
            entries: Vec::with_capacity(BATCH),
            takers: Vec::with_capacity(BATCH),
            events: Vec::with_capacity(BATCH * 16),
            ends: Vec::with_capacity(BATCH),
            bytes: Vec::with_capacity(BATCH * 16 * 256),
            digest: blake3::Hasher::new(),
            tally: Tally::default(),
        };
        this.found(header.books, header.users);
        this
    }

    /// Makes entries of commands: a node decodes them on another thread.
    fn prepare(&mut self, commands: &[Command]) {
        self.entries.clear();
        self.takers.clear();
        for command in commands {
            let tenant = AccountId(2 * command.user);
            let owner = AccountId(2 * command.user + 1);
            let account = if command.side == Side::Buy { tenant } else { owner };
            let input = self.input(command);
            let entry = self.stamp(account, Authority::OperatorAttested, input);
            self.entries.push(entry);
            self.takers.push((command.order, command.side));
        }
    }

    /// Applies what was prepared, and digests the events as the log does.
    fn run(&mut self, _: &[Command]) {
        self.events.clear();
        self.ends.clear();
        self.bytes.clear();
        for group in self.entries.chunks(Exchange::AHEAD) {
            self.exchange.look_ahead(group);
            for entry in group {
                let outcome = self.exchange.apply(entry, &mut self.events);
                debug_assert!(matches!(outcome, Ok(Outcome::Done(_))), "{entry:?} is refused: {outcome:?}");
                self.ends.push(self.events.len());
            }
        }
        for event in &self.events {
            event.encode(&mut self.bytes);
        }
        self.digest.update(&self.bytes);
    }

    fn tell(&mut self) {
        let mut from = 0;
        for (end, (taker, side)) in self.ends.iter().zip(&self.takers) {
            for event in &self.events[from..*end] {
                match event {
                    Event::LeaseOpened(lease) => {
                        let maker = self.maker(lease, *side);
                        let price = u32::try_from(lease.price.get()).expect("a tick is a stroop");
                        self.tally.trade(*taker, maker, price, lease.replicas);
                    }
                    Event::CommandRefused(_) => self.tally.refused += 1,
                    _ => {}
                }
            }
            from = *end;
        }
    }

    fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    fn resting(&self) -> (u64, u64) {
        let books = self.exchange.markets().filter_map(|market| self.exchange.book(market.id));
        books
            .flat_map(|book| book.bids.into_iter().chain(book.orders))
            .fold((0, 0), |(count, sum), row| (count + u64::from(row.count), sum + row.quantity))
    }
}

impl WholeExchange {
    fn maker(&self, lease: &LeaseOpened, taker: Side) -> u64 {
        match taker {
            Side::Buy => self.of_bids[lease.bid.0 as usize - 1],
            Side::Sell => self.of_orders[lease.order.0 as usize - 1],
        }
    }

    fn stamp(&mut self, account: AccountId, authority: Authority, command: Input) -> Entry {
        self.head += 1;
        let at = Micros(OPENING + self.head);
        Entry { rules: RULES_VERSION, seq: Seq(self.head), at, account, authority, command }
    }

    /// Opens the exchange, its accounts and hosts.
    fn found(&mut self, books: u32, users: u32) {
        let classes: Vec<_> = (0..books).map(|book| class(books, book)).collect();
        self.give(AccountId::EXCHANGE, genesis(classes.clone()).into());
        let gpus: Vec<_> = classes
            .into_iter()
            .filter(ResourceClass::is_gpu)
            .map(|class| GpuInventory { class, count: 65_536 })
            .collect();
        for user in 1..=users {
            for role in [0, 1] {
                let address = address(2 * user + role);
                self.give(AccountId::EXCHANGE, OpenAccount { address }.into());
                let event = ChainEventId { toid: (2 * user + role).into(), index: 0 };
                let amount = Stroops::new(1_000_000_000_000).expect("positive");
                self.give(AccountId::EXCHANGE, Deposit { event, address, amount }.into());
            }
            let host = RegisterProvider {
                resources: Resources { cpu: u32::MAX, memory: 1 << 30, storage: 1 << 30 },
                bandwidth: 1_000,
                gpus: gpus.clone(),
                hostname: Text::lossy("host.example"),
                port: 443,
                attributes: Vec::new(),
                own_agent: true,
                client_id: None,
            };
            self.give(AccountId(2 * user + 1), host.into());
        }
    }

    fn give(&mut self, account: AccountId, command: Input) {
        let is_own = account == AccountId::EXCHANGE;
        let authority = if is_own { Authority::Exchange } else { Authority::OperatorAttested };
        let entry = self.stamp(account, authority, command);
        self.events.clear();
        let outcome = self.exchange.apply(&entry, &mut self.events);
        assert!(matches!(outcome, Ok(Outcome::Done(_))), "{entry:?} is refused: {outcome:?}");
    }

    fn input(&mut self, command: &Command) -> Input {
        let Command { op, side, order, price, .. } = *command;
        let price = Rate::new(price.into()).expect("prices are positive");
        match (op, side) {
            (Op::Rest | Op::Take, Side::Buy) => {
                self.of_orders.push(order);
                self.known[order as usize] = self.of_orders.len() as u64;
                place_order(command, price).into()
            }
            (Op::Rest | Op::Take, Side::Sell) => {
                self.of_bids.push(order);
                self.known[order as usize] = self.of_bids.len() as u64;
                place_bid(command, price).into()
            }
            (Op::Cancel, Side::Buy) => CancelOrder { order: OrderId(self.known[order as usize]) }.into(),
            (Op::Cancel, Side::Sell) => CancelBid { bid: BidId(self.known[order as usize]) }.into(),
            (Op::Move, Side::Buy) => {
                let limits = Limits::new([(LEVEL, price)]);
                let order = OrderId(self.known[order as usize]);
                AmendOrder { order, replicas: None, limits, expires_at: None }.into()
            }
            (Op::Move, Side::Sell) => {
                let bid = BidId(self.known[order as usize]);
                AmendBid { bid, price: Some(price), quantity: None, expires_at: None }.into()
            }
        }
    }
}

fn place_order(command: &Command, price: Rate) -> PlaceOrder {
    PlaceOrder {
        market: MarketId(command.book + 1),
        units: 1,
        resources: Resources::default(),
        replicas: command.quantity,
        limits: Limits::new([(LEVEL, price)]).expect("one level"),
        duration: Seconds(3_600),
        prepay: Seconds(3_600),
        mode: Mode::Auto,
        closes_at: None,
        time_in_force: time_in_force(command.op),
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
        client_id: Some(client_id(command.order)),
    }
}

fn place_bid(command: &Command, price: Rate) -> PlaceBid {
    PlaceBid {
        provider: ProviderId(command.user),
        target: BidTarget::Standing {
            market: MarketId(command.book + 1),
            quantity: command.quantity,
            min_duration: Seconds(1),
            max_duration: Seconds(86_400),
        },
        price,
        time_in_force: time_in_force(command.op),
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        session: None,
        client_id: Some(client_id(command.order)),
    }
}

const fn time_in_force(op: Op) -> TimeInForce {
    match op {
        Op::Take => TimeInForce::Ioc,
        Op::Rest | Op::Cancel | Op::Move => TimeInForce::Gtc,
    }
}

/// As long as a UUID.
fn client_id(order: u64) -> ClientId {
    ClientId::new(format!("{order:036}")).expect("36 digits")
}

/// The only book is a market of processors, so that a host is ample; several
/// are GPUs of as many models.
fn class(books: u32, book: u32) -> ResourceClass {
    if books == 1 { ResourceClass::Cpu } else { ResourceClass::gpu(&format!("M{book:05}"), 80).expect("a model") }
}

fn address(account: u32) -> Address {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&account.to_be_bytes());
    Address(bytes)
}

fn genesis(markets: Vec<ResourceClass>) -> Genesis {
    Genesis {
        network: Digest::default(),
        escrow_contract: Digest::default(),
        asset: Text::lossy("XLM"),
        operator: address(u32::MAX),
        treasury: address(u32::MAX),
        fee: FeeBps::new(500).expect("5 %"),
        default_level: LEVEL,
        grants: Vec::new(),
        markets,
        open_markets: false,
        auditors: Vec::new(),
        trust: TrustRules::default(),
        timing: Timing::default(),
        bounds: Bounds { orders: u32::MAX, bids: u32::MAX, providers: u32::MAX, depth: u32::MAX, ..Bounds::default() },
    }
}
