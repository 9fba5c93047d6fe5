//! The rules and the weather of a run, out of its seed: tight bounds, so that
//! they are met, and short timeouts, so that they pass.

use berth_domain::{
    Bounds, Digest, FeeBps, Genesis, Grant, Micros, ResourceClass, Seconds, Share, Stroops, Timing, TrustLevel,
    TrustRules, Uptime,
};

use crate::cast::{self, AUDITOR, OWNERS, TREASURY, address};
use crate::dice::Dice;

/// 2026-01-01T00:00:00Z. Some worlds begin at the end of that day, so that they
/// see a midnight.
pub(crate) const OPENING: Micros = Micros(1_767_225_600_000_000);

pub(crate) const MILLI: u64 = 1_000;
pub(crate) const SECOND: u64 = 1_000_000;

/// What may wait for the chain at the end of a run waits no longer: a job that is
/// run again twice, under the longest timeouts.
pub(crate) const LONGEST: Seconds = Seconds(20_000);

#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// When it begins.
    pub(crate) opening: Micros,
    pub(crate) genesis: Genesis,
    /// What people do of their own accord, in this many turns.
    pub(crate) turns: u64,
    /// After this long anyone may have a withdrawal paid.
    pub(crate) withdraw_delay: Seconds,
    pub(crate) weather: Weather,
}

/// How bad things get. Chances are in a thousand unless they say otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weather {
    /// Messages that never arrive.
    pub(crate) lost: u64,
    /// Messages that arrive twice.
    pub(crate) doubled: u64,
    /// The longest way of a message, in milliseconds.
    pub(crate) way_ms_max: u64,
    /// Crashes of the node in 100,000 steps.
    pub(crate) crashes: u64,
    /// The longest that the node stays down, in seconds.
    pub(crate) down_max: u64,
    /// Writes that take a second and not milliseconds.
    pub(crate) slow_disk: u64,
    /// Wakings at which the settler dies.
    pub(crate) settler_dies: u64,
    /// Ledgers that close minutes late.
    pub(crate) chain_stalls: u64,
    /// Transactions that are lost on their way to the chain.
    pub(crate) envelope_lost: u64,
    /// Wakings at which an agent dies.
    pub(crate) agent_dies: u64,
}

impl Weather {
    const CALM: Self = Self {
        lost: 0,
        doubled: 0,
        way_ms_max: 5,
        crashes: 0,
        down_max: 10,
        slow_disk: 0,
        settler_dies: 0,
        chain_stalls: 0,
        envelope_lost: 0,
        agent_dies: 0,
    };

    /// What remains when a run is drained: nothing is lost any more.
    pub(crate) const fn calmed(self) -> Self {
        Self { way_ms_max: self.way_ms_max, ..Self::CALM }
    }

    fn of(dice: &mut Dice) -> Self {
        Self {
            lost: dice.pick(&[0, 10, 30, 100]),
            doubled: dice.pick(&[0, 10, 30, 100]),
            way_ms_max: dice.pick(&[5, 50, 500, 5_000]),
            crashes: dice.pick(&[0, 10, 40, 40, 100]),
            down_max: dice.pick(&[2, 60, 300]),
            slow_disk: dice.pick(&[0, 20, 100]),
            settler_dies: dice.pick(&[0, 3, 10]),
            chain_stalls: dice.pick(&[0, 0, 5, 20]),
            envelope_lost: dice.pick(&[0, 30, 200]),
            agent_dies: dice.pick(&[0, 2, 10]),
        }
    }
}

impl Setting {
    pub(crate) fn of(dice: &mut Dice) -> Self {
        let weather = if dice.once_in(8) { Weather::CALM } else { Weather::of(dice) };
        Self {
            opening: OPENING.plus(Seconds(dice.pick(&[0, 0, 86_400 - 700]))),
            genesis: genesis(dice),
            turns: dice.between(250, 500),
            withdraw_delay: Seconds(dice.pick(&[5, 30, 600])),
            weather,
        }
    }
}

fn genesis(dice: &mut Dice) -> Genesis {
    let grant = |(name, level)| Grant { address: address(name), level };
    Genesis {
        network: Digest([1; 32]),
        escrow_contract: Digest([2; 32]),
        asset: cast::text("XLM"),
        // One key for both, so that owners are numbered from 2.
        operator: address(TREASURY),
        treasury: address(TREASURY),
        fee: FeeBps::new(dice.pick(&[500, 500, 333, 0, 10_000])).expect("at most 10,000"),
        default_level: TrustLevel::One,
        grants: OWNERS.into_iter().map(grant).collect(),
        markets: vec![ResourceClass::Cpu, cast::gpu()],
        open_markets: dice.once_in(2),
        timing: timing(dice),
        bounds: bounds(dice),
        trust: trust(dice),
        auditors: vec![address(AUDITOR), address(OWNERS[0].0)],
    }
}

/// Levels that a few leases and tenants can earn and lose.
fn trust(dice: &mut Dice) -> TrustRules {
    let amount = |stroops| Stroops::new(stroops).expect("positive");
    TrustRules {
        min_fee: amount(dice.pick(&[0, 1, 20])),
        tenant_share: Share::new(dice.pick(&[3_000, 6_000, 10_000])).expect("a share"),
        min_tenants: dice.pick(&[1, 2]),
        window: dice.pick(&[4, 20]),
        stake_two: amount(100),
        stake_three: amount(1_000),
        min_leases: dice.pick(&[1, 3]),
        completed_three: Share::new(5_000).expect("a share"),
        completed_four: Share::new(7_000).expect("a share"),
        uptime_four: Uptime::new(dice.pick(&[3_000, 9_000])).expect("a share"),
        uptime_days: dice.pick(&[1, 30]),
        completed_gain: 3,
        slash_min: amount(10),
        slash_max: amount(dice.pick(&[50, 5_000])),
        ..TrustRules::default()
    }
}

pub(crate) fn timing(dice: &mut Dice) -> Timing {
    let (escrow, start, grace, dark, closing) =
        dice.pick(&[(30, 60, 20, 40, 20), (300, 600, 60, 180, 120), (20, 30, 25, 50, 15), (60, 30, 40, 200, 0)]);
    Timing {
        escrow_timeout: Seconds(escrow),
        start_timeout: Seconds(start),
        heartbeat_interval: Seconds(dice.pick(&[10, 15, 20])),
        heartbeat_grace: Seconds(grace),
        dark_after: Seconds(dark),
        closing_timeout: Seconds(closing),
        settle_grace: Seconds(dice.pick(&[5, 60, 3_600])),
        reconfigure_delay: Seconds(dice.pick(&[30, 200])),
        runway_warning: Seconds(dice.pick(&[0, 10, 600])),
        suspend_timeout: Seconds(dice.pick(&[0, 20, 200])),
        missed_checks: dice.pick(&[1, 2, 3]),
        backlog_window: Seconds(150),
    }
}

fn bounds(dice: &mut Dice) -> Bounds {
    let client_ids = dice.pick(&[0, 2, 8, 4_096, 4_096]);
    other_bounds(client_ids, dice)
}

/// Bounds that remember as many client ids.
pub(crate) fn other_bounds(client_ids: u32, dice: &mut Dice) -> Bounds {
    Bounds {
        scan: dice.pick(&[1, 3, 10, 10_000, 10_000]),
        tick: dice.pick(&[1, 2, 1_000]),
        orders: dice.pick(&[4, 10, 100]),
        bids: dice.pick(&[6, 20, 100]),
        providers: 2,
        replicas: 6,
        duration: Seconds(10_000),
        client_ids,
        fills: dice.pick(&[1, 3, 1_000, 1_000]),
        depth: dice.pick(&[10, 1_000, 1_000]),
        quotes: 4,
        directed: dice.pick(&[0, 1, 2, 256]),
    }
}
