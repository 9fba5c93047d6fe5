//! Commands without end: deposits, orders, cancellations, new accounts; some of
//! them are refused.

use berth_domain::{
    AccountId, Address, CancelOrder, ChainEventId, Command, Deposit, Digest, Limits, MarketId, Micros, Mode,
    OpenAccount, OrderId, PlaceOrder, Rate, Resources, Seconds, SelfTrade, Stroops, TimeInForce, TrustLevel,
};
use berth_journal::{Clock, WallClock};

/// The first account that deposits, behind the treasury and the operator.
const TENANT: AccountId = AccountId(3);
/// Orders of the load live so long: some of a later run's timers fire.
const LIFE: Seconds = Seconds(5);

/// A load; a later run goes on where the one before ended.
#[derive(Default)]
pub(crate) struct Load {
    said: u64,
}

impl Load {
    /// Goes on behind what a load has said that was begun elsewhere.
    pub(crate) const fn from(said: u64) -> Self {
        Self { said }
    }

    pub(crate) const fn said(&self) -> u64 {
        self.said
    }

    pub(crate) fn next(&mut self) -> (AccountId, Command) {
        self.said += 1;
        let n = self.said;
        match n % 8 {
            1 | 2 | 5 => (AccountId::EXCHANGE, deposit(n).into()),
            3 | 6 => (TENANT, order(n, WallClock.now().plus(LIFE)).into()),
            4 => (TENANT, CancelOrder { order: OrderId(n.saturating_sub(1)) }.into()),
            7 => (TENANT, CancelOrder { order: OrderId(n / 2) }.into()),
            _ => (AccountId::EXCHANGE, OpenAccount { address: address(n) }.into()),
        }
    }
}

fn address(n: u64) -> Address {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    Address(bytes)
}

fn deposit(n: u64) -> Deposit {
    Deposit {
        event: ChainEventId { toid: n << 12, index: 0 },
        address: Address([7; 32]),
        amount: Stroops::new(10_000_000_000).unwrap(),
    }
}

fn order(n: u64, expires_at: Micros) -> PlaceOrder {
    PlaceOrder {
        market: MarketId(1),
        units: 1,
        resources: Resources { cpu: 0, memory: 1 << 30, storage: 1 << 30 },
        replicas: 1,
        limits: Limits::new([(TrustLevel::One, Rate::new(10_000_000).unwrap())]).unwrap(),
        duration: Seconds(3_600),
        prepay: Seconds(3_600),
        mode: Mode::Auto,
        closes_at: None,
        time_in_force: TimeInForce::Gtd,
        expires_at: Some(expires_at),
        post_only: false,
        self_trade: SelfTrade::default(),
        requires: Vec::new(),
        min_uptime: None,
        aim: None,
        failover: false,
        verify: Default::default(),
        spec_hash: Digest(address(n).0),
        session: None,
        client_id: None,
    }
}
