//! Who trades in these tests, on which exchange, and the commands that they share.

use berth_domain::{
    AccountId, Address, Bounds, ChainEventId, Deposit, Digest, FeeBps, Genesis, Limits, MarketId, Micros, Mode,
    PlaceOrder, Rate, ResourceClass, Resources, Seconds, SelfTrade, Stroops, Text, TimeInForce, Timing, TrustLevel,
    TrustRules,
};

/// The first account that deposits, behind the treasury and the operator.
pub(crate) const TENANT: AccountId = AccountId(3);

/// The `n`th deposit on the chain, to the tenant.
pub(crate) fn deposit(n: u64) -> Deposit {
    Deposit {
        event: ChainEventId { toid: n << 12, index: 0 },
        address: Address([7; 32]),
        amount: Stroops::new(10_000_000_000).unwrap(),
    }
}

/// An order of the tenant's that nobody will fill, good until a time.
pub(crate) fn order(spec_hash: Digest, expires_at: Micros) -> PlaceOrder {
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
        spec_hash,
        session: None,
        client_id: None,
    }
}

pub(crate) fn genesis() -> Genesis {
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: Text::new("XLM").unwrap(),
        operator: Address([3; 32]),
        treasury: Address([4; 32]),
        fee: FeeBps::new(500).unwrap(),
        default_level: TrustLevel::One,
        grants: Vec::new(),
        markets: vec![ResourceClass::Cpu],
        open_markets: true,
        timing: Timing::default(),
        bounds: Bounds::default(),
        trust: TrustRules::default(),
        auditors: Vec::new(),
    }
}
