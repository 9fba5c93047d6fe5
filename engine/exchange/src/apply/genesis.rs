//! The first entry: opens the exchange, the accounts of its treasury and its
//! operator, and its markets.

use berth_domain::{Bounds, Code, ExchangeOpened, Genesis, Seconds, Timing, TrustRules};

use crate::exchange::{Exchange, Step};
use crate::outcome::{Outcome, Reply};
use crate::state::Terms;

/// No timeout and no lease is longer: a century. Sums of them are then far from
/// the end of time.
const DURATION_MAX: Seconds = Seconds(100 * 366 * 86_400);

/// A start names the container of each replica, and a list counts in 16 bits.
const REPLICAS_MAX: u32 = 65_535;

/// Leases that a record holds: two megabytes for one account.
const RECORD_MAX: u32 = 65_535;

/// Days that an uptime looks back.
const UPTIME_DAYS_MAX: u16 = 366;

pub(super) fn apply(x: &mut Exchange, step: &mut Step<'_>, genesis: &Genesis) -> Result<Outcome, Code> {
    if x.genesis.is_some() {
        return Err(Code::AlreadyOpened);
    }
    if !are_in_bounds(&genesis.timing, &genesis.bounds) || !are_consistent(&genesis.trust) {
        return Err(Code::OutOfBounds);
    }
    x.genesis = Some(genesis.clone());
    x.config.terms.push(Terms { fee: genesis.fee, timing: genesis.timing });
    x.config.bounds = genesis.bounds;
    step.emit(ExchangeOpened { network: genesis.network, escrow_contract: genesis.escrow_contract });
    x.treasury = x.account_of(step, genesis.treasury);
    x.operator = x.account_of(step, genesis.operator);
    for class in &genesis.markets {
        x.open_market(step, class);
    }
    Ok(Outcome::Done(Reply::None))
}

/// Whether an exchange can keep these.
pub(crate) fn are_in_bounds(timing: &Timing, bounds: &Bounds) -> bool {
    let durations = [
        timing.escrow_timeout,
        timing.start_timeout,
        timing.heartbeat_interval,
        timing.heartbeat_grace,
        timing.dark_after,
        timing.closing_timeout,
        timing.settle_grace,
        timing.reconfigure_delay,
        timing.runway_warning,
        timing.suspend_timeout,
        timing.backlog_window,
        bounds.duration,
    ];
    // A tick that fires nothing would never catch up, a scan that may skip
    // nothing would refuse every second order, and a lease that no check may
    // fail would never run.
    bounds.tick > 0
        && bounds.scan > 0
        && bounds.fills > 0
        && timing.missed_checks > 0
        && bounds.replicas <= REPLICAS_MAX
        && durations.into_iter().all(|duration| duration <= DURATION_MAX)
}

/// Whether these rules of trust go together.
pub(crate) fn are_consistent(trust: &TrustRules) -> bool {
    (1..=RECORD_MAX).contains(&trust.window)
        && (1..=UPTIME_DAYS_MAX).contains(&trust.uptime_days)
        && trust.stake_two <= trust.stake_three
        && trust.slash_min <= trust.slash_max
}
