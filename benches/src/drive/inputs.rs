//! A workload in the exchange's words.
//!
//! User `u` of the workload is the tenant of account `2u` and the owner of
//! account `2u + 1` with one host, so nobody meets itself. A buyer's order is an
//! order of as many replicas, a seller's is a standing bid; a tick is a stroop
//! per unit-hour, and a lease is an hour.

use berth_domain::{
    AccountId, Address, AmendBid, AmendOrder, Authority, BidId, BidTarget, Bounds, CancelBid, CancelOrder,
    ChainEventId, ClientId, Command as Input, Deposit, Digest, FeeBps, Genesis, GpuInventory, Limits, MarketId, Mode,
    OpenAccount, OrderId, PlaceBid, PlaceOrder, ProviderId, Rate, RegisterProvider, ResourceClass, Resources, Seconds,
    SelfTrade, Stroops, Text, TimeInForce, Timing, TrustLevel, TrustRules, Verify,
};

use crate::workload::{Command, Op, Side, Workload};

/// One trust level is enough: the workload knows none.
const LEVEL: TrustLevel = TrustLevel::One;

/// What the exchange calls the workload's orders: it numbers orders and bids as
/// they come, and refuses none of them.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// By the workload's order: its id as an order or a bid.
    known: Vec<u64>,
    /// The workload's order by the exchange's, for orders and for bids.
    of_orders: Vec<u64>,
    of_bids: Vec<u64>,
}

impl Inputs {
    /// For a workload from its beginning.
    pub(crate) fn new(workload: &Workload) -> Self {
        Self {
            known: vec![0; workload.header.order_max as usize + 1],
            of_orders: Vec::with_capacity(workload.placed(Side::Buy)),
            of_bids: Vec::with_capacity(workload.placed(Side::Sell)),
        }
    }

    /// The command that opens an exchange with so many books.
    pub(crate) fn genesis(books: u32) -> Genesis {
        genesis((0..books).map(|book| class(books, book)).collect())
    }

    /// What follows the genesis: accounts are opened and funded, hosts registered.
    pub(crate) fn founding(books: u32, users: u32) -> impl Iterator<Item = (AccountId, Input)> {
        let classes = (0..books).map(move |book| class(books, book)).filter(ResourceClass::is_gpu);
        let gpus: Vec<_> = classes.map(|class| GpuInventory { class, count: 65_536 }).collect();
        (1..=users).flat_map(move |user| {
            let funded = [0, 1].into_iter().flat_map(move |role| {
                let address = address(2 * user + role);
                let event = ChainEventId { toid: (2 * user + role).into(), index: 0 };
                let amount = Stroops::new(1_000_000_000_000).expect("positive");
                [OpenAccount { address }.into(), Deposit { event, address, amount }.into()]
            });
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
            funded.map(|input| (AccountId::EXCHANGE, input)).chain([(AccountId(2 * user + 1), host.into())])
        })
    }

    /// Why an account's word is believed here.
    pub(crate) fn authority(account: AccountId) -> Authority {
        if account == AccountId::EXCHANGE { Authority::Exchange } else { Authority::OperatorAttested }
    }

    /// The workload's next command, and who says it.
    pub(crate) fn next(&mut self, command: &Command) -> (AccountId, Input) {
        let account = match command.side {
            Side::Buy => AccountId(2 * command.user),
            Side::Sell => AccountId(2 * command.user + 1),
        };
        (account, self.input(command))
    }

    /// The workload's order that became this one.
    pub(crate) fn of_order(&self, order: OrderId) -> u64 {
        self.of_orders[order.0 as usize - 1]
    }

    /// The workload's order that became this bid.
    pub(crate) fn of_bid(&self, bid: BidId) -> u64 {
        self.of_bids[bid.0 as usize - 1]
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
