//! The rules of a fuzzed exchange: tight, so that bounds are met and timers
//! fire; and who is there.

use berth_domain::{
    Address, Bounds, Digest, FeeBps, Genesis, Grant, ResourceClass, Seconds, Share, Stroops, Timing, TrustLevel,
    TrustRules, Uptime,
};

use crate::dice::{Dice, text};

/// Keys: the operator's, the treasury's, an auditor's, and traders' behind them.
pub(crate) const OPERATOR: u8 = 1;
pub(crate) const TREASURY: u8 = 2;
pub(crate) const AUDITOR: u8 = 3;
pub(crate) const TRADERS: std::ops::Range<u8> = 3..9;

pub(crate) const fn address(key: u8) -> Address {
    Address([key; 32])
}

/// Names of markets, more than a genesis opens.
pub(crate) const CLASSES: [&str; 4] = ["CPU", "H100-80", "A100-40", "RTX4090-24"];

pub(crate) fn class(name: &str) -> ResourceClass {
    name.parse().expect("a market's name")
}

/// As long as any rule may wait, in seconds.
const CENTURY: u64 = 100 * 366 * 86_400;

/// Rules out of a few bytes, which an exchange may refuse.
pub(crate) fn genesis(dice: &mut Dice<'_>) -> Genesis {
    let (bounds, timing) = (bounds(dice), timing(dice));
    let level = |key: u8| TrustLevel::ALL[usize::from(key) % TrustLevel::ALL.len()];
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: text("XLM"),
        operator: address(OPERATOR),
        treasury: address(TREASURY),
        fee: FeeBps::new(dice.pick(&[500, 0, 10_000, 333])).expect("no more than all of it"),
        default_level: TrustLevel::One,
        grants: (4..7).map(|key| Grant { address: address(key), level: level(key) }).collect(),
        markets: CLASSES[..2].iter().map(|name| class(name)).collect(),
        open_markets: true,
        timing,
        bounds,
        trust: trust(),
        auditors: vec![address(AUDITOR)],
    }
}

pub(crate) fn bounds(dice: &mut Dice<'_>) -> Bounds {
    let tightness = dice.byte();
    let pick = |shift: u8, from: [u32; 4]| from[usize::from(tightness >> shift & 3)];
    Bounds {
        scan: pick(0, [10_000, 10_000, 8, 1]),
        tick: pick(2, [1_000, 1_000, 2, 1]),
        fills: pick(4, [1_000, 1_000, 3, 1]),
        client_ids: pick(6, [4_096, 4, 1, 0]),
        orders: 12,
        bids: 12,
        providers: 3,
        replicas: 300,
        duration: Seconds(2 * 86_400),
        depth: pick(6, [1_000, 1_000, 20, 4]),
        quotes: 4,
        directed: pick(4, [256, 3, 1, 0]),
    }
}

pub(crate) fn timing(dice: &mut Dice<'_>) -> Timing {
    let (short, long) =
        dice.pick(&[(60, 600), (10, 60), (60, 3_600), (10, 600), (60, 600), (1, 2), (0, 0), (CENTURY, CENTURY)]);
    Timing {
        escrow_timeout: Seconds(long),
        start_timeout: Seconds(long),
        heartbeat_interval: Seconds(10),
        heartbeat_grace: Seconds(short),
        dark_after: Seconds(long),
        closing_timeout: Seconds(short),
        settle_grace: Seconds(long),
        reconfigure_delay: Seconds(short),
        runway_warning: Seconds(short),
        suspend_timeout: Seconds(long),
        missed_checks: 2,
        backlog_window: Seconds(long),
    }
}

/// Levels that a few leases earn.
fn trust() -> TrustRules {
    let stroops = |n| Stroops::new(n).expect("it is positive");
    let share = |bps| Share::new(bps).expect("a share");
    TrustRules {
        min_fee: stroops(1),
        tenant_share: share(10_000),
        min_tenants: 1,
        window: 3,
        stake_two: stroops(10_000),
        stake_three: stroops(20_000),
        min_leases: 1,
        completed_three: share(5_000),
        completed_four: share(9_000),
        uptime_four: Uptime::new(9_000).expect("a share"),
        uptime_days: 2,
        slash_min: stroops(10),
        slash_max: stroops(15_000),
        ..TrustRules::default()
    }
}
