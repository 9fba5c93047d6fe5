//! Random commands: most of them sound in the state that they meet, some with
//! ids, amounts and accounts that are not.

use berth_domain::{
    AcceptBid, AccountId, Attribute, BidId, BidState, BidTarget, CancelBid, CancelOrder, ChainEventId, Command,
    ContainerReport, Deposit, Digest, EscrowFailed, Escrowed, FinishLease, FinishOutcome, GpuInventory, Heartbeat,
    JobResult, LeaseBacklog, LeaseId, LeaseState, Limits, MarketId, Micros, Mode, OpenAccount, OrderId, OrderState,
    PlaceBid, PlaceOrder, PortBinding, ProviderId, Rate, RegisterProvider, Resources, Resumed, Seconds, SelfTrade,
    SettlementPaid, SettlementRefunded, StartLease, StopLease, Stroops, Text, Tick, TimeInForce, TopUpFailed,
    TopUpLease, ToppedUp, TrustLevel, TxHash, WithdrawalCancelled, WithdrawalFact, Withdrawn,
};
use berth_exchange::{Exchange, Lease};

use crate::cast::{address, class, genesis};
use crate::desk::Desk;

/// What to do, and with which luck.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) kind: u8,
    pub(crate) dice: [u16; 16],
}

/// Small numbers drawn one after the other; zeros when none is left.
struct Dice<'a>(std::slice::Iter<'a, u16>);

impl Dice<'_> {
    fn below(&mut self, n: u64) -> u64 {
        u64::from(self.0.next().copied().unwrap_or_default()) % n.max(1)
    }

    fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == n - 1
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let place = self.below(from.len() as u64);
        from[usize::try_from(place).expect("small")]
    }

    /// One of these ids, or one that never was.
    fn id(&mut self, ids: &[u64]) -> u64 {
        if ids.is_empty() || self.once_in(40) { self.pick(&[0, 1, 7, 1_000, u64::MAX]) } else { self.pick(ids) }
    }
}

/// Small hosts of the owners, one for a tenant, and money.
pub(crate) fn opening(tenants: &[&str]) -> Vec<(AccountId, Command)> {
    let host = |account: u32, gpus: u32, cpu: u32, region: &str| {
        let attribute = Attribute { key: text("region"), value: text(region) };
        let register = RegisterProvider {
            resources: Resources { cpu, memory: 8, storage: 100 },
            bandwidth: 100,
            gpus: if gpus == 0 { vec![] } else { vec![GpuInventory { class: class("H100-80"), count: gpus }] },
            hostname: text("host.example"),
            port: 22,
            attributes: vec![attribute],
            own_agent: false,
            client_id: None,
        };
        (AccountId(account), register.into())
    };
    let mut opening =
        vec![host(2, 3, 6, "eu"), host(3, 2, 6, "us"), host(4, 4, 4, "eu"), host(5, 2, 8, "eu"), host(6, 1, 8, "us")];
    opening.push(host(7, 3, 6, "eu"));
    for (i, tenant) in tenants.iter().enumerate() {
        let event = ChainEventId { toid: i as u64 + 1, index: 0 };
        let amount = Stroops::new(500_000).expect("positive");
        opening.push((AccountId::EXCHANGE, Deposit { event, address: address(tenant), amount }.into()));
    }
    opening
}

/// The command that a move means in the present state, and who gives it.
pub(crate) fn command(desk: &Desk, next: &Move) -> (AccountId, Command) {
    let x = &desk.exchange;
    let dice = &mut Dice(next.dice.iter());
    let has_leases = x.leases().any(|lease| !is_over(lease));
    let (account, command) = match next.kind {
        0..22 => bid(x, dice),
        22..28 => directed(x, dice),
        28..52 => order(x, desk.now, dice),
        52..60 => ending(x, dice),
        60..93 if !has_leases => {
            if next.kind.is_multiple_of(2) {
                bid(x, dice)
            } else {
                order(x, desk.now, dice)
            }
        }
        60..93 => leasing(x, next.kind, dice),
        93..96 => (AccountId::EXCHANGE, money(x, dice)),
        96..98 => again(desk, dice),
        _ => rare(desk, dice),
    };
    // Now and then somebody else says it.
    if dice.once_in(40) { (AccountId(dice.pick(&[0, 1, 2, 7, 8, 99])), command) } else { (account, command) }
}

fn bid(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    let target = BidTarget::Standing {
        market: market(x, dice),
        quantity: if dice.once_in(40) { dice.pick(&[0, u32::MAX]) } else { small(dice, 5) },
        min_duration: Seconds(dice.pick(&[0, 0, 0, 0, 0, 50])),
        max_duration: Seconds(dice.pick(&[20_000, 20_000, 20_000, 20_000, 2_000, 2_000, 100, 0])),
    };
    (account, PlaceBid { price: rate(dice), client_id: client_id(dice), ..plain_bid(provider, target) }.into())
}

fn directed(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let (account, provider) = host(x, dice);
    let open = ids(x.orders().filter(|order| order.state == OrderState::Open).map(|order| order.id.0));
    let target = BidTarget::Directed { order: OrderId(dice.id(&open)) };
    (account, PlaceBid { price: rate(dice), client_id: client_id(dice), ..plain_bid(provider, target) }.into())
}

fn order(x: &Exchange, now: Micros, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let market = market(x, dice);
    let is_gpu = x.market(market).is_some_and(|market| market.class.is_gpu());
    let size = dice.below(256);
    let (mut units, mut replicas) =
        (1 + u32::try_from(size % 3).expect("small"), 1 + u32::try_from(size / 3 % 4).expect("small"));
    let resources = Resources {
        cpu: if is_gpu { u32::try_from(size % 4).expect("small") } else { 0 },
        memory: size % 5,
        storage: 0,
    };
    let duration = dice.pick(&[10, 60, 1_800, 3_600, 3_601]);
    let prepay = dice.pick(&[duration, duration, duration, duration / 2, 1]);
    let limits = limits(dice);
    let manner = dice.below(64);
    let mode = if manner % 4 == 3 { Mode::Manual } else { Mode::Auto };
    let time_in_force = match manner / 8 {
        0 => TimeInForce::Ioc,
        1 => TimeInForce::Gtd,
        _ => TimeInForce::Gtc,
    };
    let expires_at = (time_in_force == TimeInForce::Gtd).then(|| now.plus(Seconds(dice.below(100))));
    let region = dice.pick(&["", "", "", "eu", "us", "mars"]);
    let attribute = Attribute { key: text("region"), value: text(region) };
    if dice.once_in(60) {
        (units, replicas) = dice.pick(&[(0, 1), (1, 0), (u32::MAX, u32::MAX), (1_024, 6)]);
    }
    let place = PlaceOrder {
        market,
        units,
        resources,
        replicas,
        limits,
        duration: Seconds(duration),
        prepay: Seconds(prepay),
        mode,
        time_in_force,
        expires_at,
        closes_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        requires: if region.is_empty() { vec![] } else { vec![attribute] },
        min_uptime: None,
        aim: None,
        failover: false,
        verify: Default::default(),
        session: None,
        spec_hash: Digest([3; 32]),
        client_id: client_id(dice),
    };
    (AccountId(dice.pick(&[7, 7, 8, 8, 9, 2])), place.into())
}

fn ending(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let orders = ids(x.orders().filter(|order| order.state == OrderState::Open).map(|order| order.id.0));
    let bids = ids(x.bids().filter(|bid| bid.is_live()).map(|bid| bid.id.0));
    let waits = |state| matches!(state, BidState::Open | BidState::Parked | BidState::Matched);
    let directed = |target| matches!(target, BidTarget::Directed { .. });
    let answers = ids(x.bids().filter(|bid| waits(bid.state) && directed(bid.target)).map(|bid| bid.id.0));
    match dice.below(8) {
        0 | 1 => {
            let order = OrderId(dice.id(&orders));
            (x.order(order).map_or(AccountId(7), |order| order.account), CancelOrder { order }.into())
        }
        2 | 3 => {
            let bid = BidId(dice.id(&bids));
            (x.bid(bid).map_or(AccountId(2), |bid| bid.account), CancelBid { bid }.into())
        }
        _ => {
            let bid = BidId(dice.id(&answers));
            let order = x.bid(bid).map(|bid| bid.target);
            let tenant = match order {
                Some(BidTarget::Directed { order }) => x.order(order).map(|order| order.account),
                _ => None,
            };
            (tenant.unwrap_or(AccountId(7)), AcceptBid { bid }.into())
        }
    }
}

/// A step of some lease's life, most often the next one.
fn leasing(x: &Exchange, kind: u8, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let live = ids(x.leases().filter(|lease| !is_over(lease)).map(|lease| lease.id.0));
    let id = LeaseId(dice.id(&live));
    let luck = dice.below(256);
    let Some(lease) = x.lease(id) else {
        return (AccountId(2), Heartbeat { lease: id, cpu_millis: 0, memory_bytes: 0, healthy: true }.into());
    };
    let (provider, tenant) = (lease.provider_account, lease.tenant);
    let is_any = luck % 8 == 7;
    let next = match lease.state {
        _ if is_any => luck / 8 % 12,
        LeaseState::Opened => [0, 0, 0, 0, 0, 1, 5, 0][usize::try_from(luck / 8 % 8).expect("small")],
        LeaseState::Escrowed => [2, 2, 2, 2, 2, 4, 5, 7][usize::try_from(luck / 8 % 8).expect("small")],
        LeaseState::Running | LeaseState::Suspended => {
            [3, 3, 3, 8, 4, 9, 5, 10][usize::try_from(luck / 8 % 8).expect("small")]
        }
        LeaseState::Closing => [0, 1, 3, 4, 4, 9, 0, 10][usize::try_from(luck / 8 % 8).expect("small")],
        LeaseState::Closed => [6, 6, 6, 9, 6, 10, 6, 7][usize::try_from(luck / 8 % 8).expect("small")],
        LeaseState::Verifying => [0, 3, 4, 4, 5, 6, 9, 10][usize::try_from(luck / 8 % 8).expect("small")],
    };
    let variant = u8::try_from(luck % 2).expect("small");
    match next {
        0 => (AccountId::EXCHANGE, Escrowed { lease: id, tx: TxHash([kind % 2; 32]), ledger: 1 }.into()),
        1 => (AccountId::EXCHANGE, EscrowFailed { lease: id, reason: text("no \"funds\" \\ é") }.into()),
        2 => {
            let report = ContainerReport {
                id: text("c"),
                ports: vec![PortBinding { container: 80, host: 1, udp: variant == 1 }],
            };
            let containers = vec![report; lease.replicas as usize - usize::from(dice.once_in(20))];
            (provider, StartLease { lease: id, image: text("sha256:0"), containers }.into())
        }
        3 => (
            provider,
            Heartbeat { lease: id, cpu_millis: luck, memory_bytes: u64::MAX, healthy: !luck.is_multiple_of(8) }.into(),
        ),
        4 => {
            let outcome = dice.pick(&[FinishOutcome::Stopped, FinishOutcome::Exited, FinishOutcome::Failed]);
            let exit_code = (outcome == FinishOutcome::Exited).then(|| dice.pick(&[0, 1, -1]));
            let result = (variant == 1).then(|| JobResult { sha256: Digest([7; 32]), size: dice.pick(&[5, u64::MAX]) });
            (provider, FinishLease { lease: id, outcome, exit_code, result, detail: text("over") }.into())
        }
        5 => (tenant, StopLease { lease: id }.into()),
        6 => {
            let wrong = i64::from(dice.once_in(10));
            let pay = Stroops::new(lease.pay.get() + wrong).expect("positive");
            let (fee, refund) = (lease.fee, lease.escrow - lease.pay);
            let tx = TxHash([variant; 32]);
            (AccountId::EXCHANGE, SettlementPaid { lease: id, tx, ledger: 2, pay, fee, refund }.into())
        }
        8 => {
            let left = lease.duration.0 - lease.prepay.0;
            let seconds = Seconds(dice.pick(&[left, left / 2, left / 3, 1, left + 1, u64::MAX]));
            (tenant, TopUpLease { lease: id, seconds }.into())
        }
        9 => {
            let amount = lease.funding.top_up.map_or(Stroops::ZERO, |top_up| top_up.amount);
            let amount = if dice.once_in(8) { lease.escrow } else { amount };
            let number =
                u8::try_from(lease.funding.top_ups % 256).expect("small") ^ (variant & u8::from(dice.once_in(8)));
            (AccountId::EXCHANGE, ToppedUp { lease: id, tx: TxHash([number; 32]), ledger: 1, amount }.into())
        }
        10 => {
            let number = lease.funding.top_ups + u32::from(dice.once_in(8));
            (AccountId::EXCHANGE, TopUpFailed { lease: id, number, reason: text("no") }.into())
        }
        11 => {
            let beats = lease.evidence.gap().map_or_else(Vec::new, |gap| {
                let step = dice.pick(&[5, 10, 20, 59, 60, 61]) * 1_000_000;
                (1..).map(|n| Micros(gap.from.0 + n * step)).take_while(|at| *at < gap.to).take(100).collect()
            });
            (provider, LeaseBacklog { lease: id, beats }.into())
        }
        _ => {
            let amount = if dice.once_in(4) { lease.pay } else { lease.escrow };
            (AccountId::EXCHANGE, SettlementRefunded { lease: id, tx: TxHash([9; 32]), ledger: 3, amount }.into())
        }
    }
}

fn is_over(lease: &Lease) -> bool {
    lease.state == LeaseState::Closed && (!lease.is_escrowed() || lease.paid_at.is_some())
}

fn money(x: &Exchange, dice: &mut Dice<'_>) -> Command {
    // The ids of chain events grow with the log; now and then one comes again.
    let toid = x.head().0 + 10 - if dice.once_in(6) { 9 } else { 0 };
    let event = ChainEventId { toid, index: 0 };
    let address = address(dice.pick(&["tom", "tia", "tim", "ada", "bob", "nell"]));
    let account = x.account_by_address(address).map(|id| x.balances(id)).unwrap_or_default();
    let part = dice.pick(&[
        account.available.get(),
        account.available.get() / 3,
        account.held.get(),
        account.withdrawing.get(),
    ]);
    let amount = dice.pick(&[part, part, part, part + 1, 100_000, 0, i64::MAX]);
    let amount = Stroops::new(amount).expect("positive");
    match dice.below(8) {
        0..3 => Deposit { event, address, amount: amount.min(Stroops::new(1_000_000).expect("positive")) }.into(),
        3 if dice.once_in(8) => Deposit { event, address, amount }.into(),
        3..5 => WithdrawalFact { event, address, amount }.into(),
        5..7 => Withdrawn { event, address, amount }.into(),
        _ => WithdrawalCancelled { event, address, amount }.into(),
    }
}

/// What was said before, word for word.
fn again(desk: &Desk, dice: &mut Dice<'_>) -> (AccountId, Command) {
    let place = dice.below(desk.log.len() as u64);
    let entry = &desk.log[usize::try_from(place).expect("small")].entry;
    (entry.account, entry.command.clone())
}

fn rare(desk: &Desk, dice: &mut Dice<'_>) -> (AccountId, Command) {
    match dice.below(6) {
        0 => (AccountId::EXCHANGE, Tick.into()),
        1 => (AccountId::EXCHANGE, Resumed { down_from: desk.exchange.last_at(), up_at: desk.now }.into()),
        2 => (AccountId::EXCHANGE, OpenAccount { address: address(dice.pick(&["tom", "ned", "pat"])) }.into()),
        3 => (AccountId::EXCHANGE, genesis().into()),
        _ => {
            let names = dice.pick(&[["A100-40", "H100-80"], ["H100-80", "A100-40"], ["A100-40", "A100-40"]]);
            let gpus = names.map(|name| GpuInventory { class: class(name), count: small(dice, 3) });
            let register = RegisterProvider {
                resources: Resources { cpu: small(dice, 8), memory: dice.pick(&[4, u64::MAX]), storage: 0 },
                bandwidth: 0,
                gpus: gpus.to_vec(),
                hostname: text(""),
                port: 0,
                attributes: vec![],
                own_agent: true,
                client_id: client_id(dice),
            };
            (AccountId(dice.pick(&[2, 3, 7])), register.into())
        }
    }
}

/// A host and its owner.
fn host(x: &Exchange, dice: &mut Dice<'_>) -> (AccountId, ProviderId) {
    let provider = dice.id(&ids(x.providers().map(|provider| provider.id.0.into())));
    let provider = ProviderId(u32::try_from(provider).unwrap_or(u32::MAX));
    (x.provider(provider).map_or(AccountId(2), |provider| provider.account), provider)
}

fn market(x: &Exchange, dice: &mut Dice<'_>) -> MarketId {
    let markets = x.markets().count() as u64;
    match dice.below(64) {
        0..38 => MarketId(2),
        38..56 => MarketId(1),
        56..62 => MarketId(u16::try_from(markets).expect("small")),
        62 => MarketId(0),
        _ => MarketId(9),
    }
}

/// Rates that fall together often, and some at which leases cost a stroop or
/// less.
fn rate(dice: &mut Dice<'_>) -> Rate {
    let roll = dice.below(512);
    let step = i64::try_from(roll % 7 + 1).expect("small");
    let scale = [3_600, 3_600, 3_600, 1_234, 1_234, 1, 2][usize::try_from(roll / 7 % 7).expect("small")];
    if roll == 511 { Rate::MAX } else { Rate::new(step * scale).expect("positive") }
}

fn limits(dice: &mut Dice<'_>) -> Limits {
    let (first, second, set) = (rate(dice), rate(dice), dice.below(40));
    let at = |level: &TrustLevel| match set {
        0..25 => Some((*level, first)),
        _ if (set >> level.index()) & 1 == 1 => {
            Some((*level, if level.index().is_multiple_of(2) { first } else { second }))
        }
        _ => None,
    };
    Limits::new(TrustLevel::ALL.iter().filter_map(at))
        .or_else(|| Limits::new([(TrustLevel::One, first)]))
        .expect("one level")
}

fn plain_bid(provider: ProviderId, target: BidTarget) -> PlaceBid {
    PlaceBid {
        provider,
        target,
        price: Rate::MAX,
        time_in_force: TimeInForce::Gtc,
        expires_at: None,
        post_only: false,
        self_trade: SelfTrade::ExpireTaker,
        session: None,
        client_id: None,
    }
}

fn client_id(dice: &mut Dice<'_>) -> Option<berth_domain::ClientId> {
    dice.pick(&[None, None, None, None, None, None, None, Some("a"), Some("b"), Some("c"), Some("")])
        .map(|id| berth_domain::ClientId::new(id).expect("short"))
}

fn small(dice: &mut Dice<'_>, most: u64) -> u32 {
    u32::try_from(1 + dice.below(most)).expect("small")
}

fn ids(ids: impl Iterator<Item = u64>) -> Vec<u64> {
    ids.collect()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).expect("short enough")
}
